"""Which protocol a scale may speak, found by listening alone.

Nothing is ever sent: the same letter weighs on one scale and tares, recalibrates or switches off
another. A scale that must be asked stays silent here; for it the site has to enter the protocol.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from returnbench.drivers.scales.parity import without_parity
from returnbench.drivers.scales.protocol import NoWeightLine, ScaleProtocol, WeightLine
from returnbench.drivers.scales.refused_protocols import why_refused
from returnbench.drivers.scales.signatures import SIGNATURES, Signature
from returnbench.inspect.weighing import NoWeightReason

# In so many bytes, random ones hardly ever carry the same parity.
_PARITY_BYTES = 12
_PARITY_SHARE = 0.95
# Less than this is what garbage looks like now and then.
_LEAST_SCORE = 0.1
_NOT_OF_THE_PROTOCOL = frozenset({NoWeightReason.UNREADABLE, NoWeightReason.WRONG_PARITY})


class Candidate(NamedTuple):
    """A protocol that what was heard may be.

    ``score`` lies between 0 and 1: the share of the bytes that complete frames explain (not
    counting a frame that was cut at either end), times n / (n + 1) for n frames. Equal scores are a
    tie, and ``reason`` says so.
    """

    name: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Evidence:
    frames: int
    covered: int
    head: int
    tail: int
    longest: int

    def score(self, total: int) -> float:
        # A capture begins and ends in the middle of a frame: that speaks against nobody.
        cut = min(self.head, self.longest) + min(self.tail, self.longest)
        share = min(1.0, self.covered / max(1, total - cut))
        return round(share * self.frames / (self.frames + 1), 2)


def line_setting(data: bytes) -> str | None:
    """``7E1`` or ``7O1`` when nearly all bytes carry that parity in bit 7; else ``None``.

    The line must have been read with eight data bits and no parity.
    """
    if len(data) < _PARITY_BYTES or not any(byte & 0x80 for byte in data):
        return None
    odd = sum(byte.bit_count() & 1 for byte in data) / len(data)
    if odd <= 1 - _PARITY_SHARE:
        return "7E1"
    return "7O1" if odd >= _PARITY_SHARE else None


def candidates(data: bytes, protocols: Iterable[ScaleProtocol]) -> list[Candidate]:
    """The protocols that ``data`` may be, the best first; empty when nothing fits.

    ``data`` is what a scale sent by itself, read with eight data bits. ``protocols`` are those that
    the station speaks; others that are known by their shape are named, too, with the reason why
    they cannot be used.
    """
    spoken = {protocol.name: protocol for protocol in protocols}
    found: dict[str, Candidate] = {}
    for seen, setting in _views(data):
        for candidate in (*_by_shape(seen, spoken), *_by_decoding(seen, spoken)):
            named = candidate if setting is None else _with(candidate, f"set {setting}")
            known = found.get(named.name)
            if known is None or known.score < named.score:
                found[named.name] = named
    likely = [candidate for candidate in found.values() if candidate.score >= _LEAST_SCORE]
    ranked = sorted(likely, key=lambda candidate: (-candidate.score, candidate.name))
    return [_with_ties(candidate, ranked) for candidate in ranked]


def _views(data: bytes) -> list[tuple[bytes, str | None]]:
    setting = line_setting(data)
    views: list[tuple[bytes, str | None]] = [(data, None)]
    if setting is not None:
        views.append((without_parity(data), setting))
    return views


def _by_shape(data: bytes, spoken: Mapping[str, ScaleProtocol]) -> list[Candidate]:
    found = []
    for signature in SIGNATURES:
        matches = list(signature.shape.finditer(data))
        if not matches:
            continue
        evidence = _Evidence(
            len(matches),
            sum(len(match[0]) for match in matches),
            matches[0].start(),
            len(data) - matches[-1].end(),
            max(len(match[0]) for match in matches),
        )
        more = signature.more([match[0] for match in matches])
        found += [
            _shaped(signature, name, evidence.score(len(data)), more, spoken)
            for name in signature.names
        ]
    return found


def _shaped(
    signature: Signature, name: str, score: float, more: str, spoken: Mapping[str, ScaleProtocol]
) -> Candidate:
    reason = signature.seen + (f"; {more}" if more else "")
    if name not in spoken:
        reason += f"; {why_refused(name) or 'this station does not speak it'}"
    return Candidate(name, score, reason)


def _by_decoding(data: bytes, spoken: Mapping[str, ScaleProtocol]) -> list[Candidate]:
    found = []
    for protocol in spoken.values():
        evidence = _decoded(data, protocol)
        if evidence is not None:
            frames = "one frame" if evidence.frames == 1 else f"{evidence.frames} frames"
            reason = f"{frames} read as {protocol.title}"
            found.append(Candidate(protocol.name, evidence.score(len(data)), reason))
    return found


def _decoded(data: bytes, protocol: ScaleProtocol) -> _Evidence | None:
    frames = covered = at = longest = end = 0
    head: int | None = None
    for raw in protocol.framer().feed(data):
        decoded = protocol.decode(raw)
        read = isinstance(decoded, WeightLine) or (
            isinstance(decoded, NoWeightLine) and decoded.reason not in _NOT_OF_THE_PROTOCOL
        )
        if read:
            head = at if head is None else head
            frames, covered = frames + 1, covered + len(raw)
            longest, end = max(longest, len(raw)), at + len(raw)
        at += len(raw)
    return None if head is None else _Evidence(frames, covered, head, len(data) - end, longest)


def _with(candidate: Candidate, remark: str) -> Candidate:
    return candidate._replace(reason=f"{candidate.reason}; {remark}")


def _with_ties(candidate: Candidate, ranked: list[Candidate]) -> Candidate:
    same = [
        other.name
        for other in ranked
        if other.score == candidate.score and other.name != candidate.name
    ]
    if not same:
        return candidate
    return _with(candidate, f"cannot be told from {', '.join(same)} by listening")
