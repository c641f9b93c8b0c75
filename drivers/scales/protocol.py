"""What a scale protocol is to the rest of the driver: a framer, a decoder and some commands.

A protocol is one file that fills a :class:`ScaleProtocol`. Decoding is a pure function of the bytes
of one frame, so that a recorded frame can be read again and gives the same value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from returnbench.drivers.scales.framing import Framer
from returnbench.inspect.weighing import (
    NoWeight,
    NoWeightReason,
    Reading,
    ScaleFrame,
    StabilitySource,
    WeightKind,
    WeightUnit,
)


class Outcome(StrEnum):
    """What the scale says became of a command."""

    DONE = "done"
    DONE_MOVING = "done while moving"
    MORE = "more lines follow"
    NOT_NOW = "not now: busy, or no stable weight"
    NOT_POSSIBLE = "not possible, or wrong parameter"
    TOO_HIGH = "above the range"
    TOO_LOW = "below the range"


@dataclass(frozen=True, slots=True)
class WeightLine:
    """A frame that carries a weight."""

    value: Decimal
    unit: WeightUnit
    stable: bool
    kind: WeightKind = WeightKind.UNKNOWN
    stability: StabilitySource = StabilitySource.DEVICE


@dataclass(frozen=True, slots=True)
class NoWeightLine:
    """A frame in the place of a weight, or one that cannot be read."""

    reason: NoWeightReason
    detail: str


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """The answer to the command named ``command``. ``text`` is what it carries."""

    command: str
    outcome: Outcome
    text: str = ""


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """The scale refuses the last command, whichever it was."""

    reason: NoWeightReason
    detail: str


Decoded = WeightLine | NoWeightLine | AnswerLine | ErrorLine


@dataclass(frozen=True, slots=True)
class Command:
    """One request and the names under which its answer comes.

    ``timeout_seconds`` must be longer than the scale's own wait for stability, or a late answer
    would be taken for the answer to the next command.
    """

    request: bytes
    answers: frozenset[str]
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one protocol; ``None`` where it has none.

    ``stream`` makes the scale send weights by itself, ``quiet`` ends that. ``resync`` cancels
    whatever the scale is at and is always answered. ``identify`` asks for the serial number.
    """

    stream: bytes | None = None
    quiet: bytes | None = None
    poll: bytes | None = None
    poll_seconds: float = 0.12
    resync: Command | None = None
    identify: Command | None = None
    zero: Command | None = None
    tare: Command | None = None


@dataclass(frozen=True, slots=True)
class ScaleProtocol:
    """One protocol. ``decode`` never raises, whatever the bytes."""

    name: str
    title: str
    framer: Callable[[], Framer]
    decode: Callable[[bytes], Decoded]
    commands: Commands


def frame_of(decoded: Decoded, raw: bytes, received_ns: int, device: str) -> ScaleFrame | None:
    """The frame as the rest of the station sees it; ``None`` for answers to commands."""
    match decoded:
        case WeightLine():
            return Reading(
                value=decoded.value,
                unit=decoded.unit,
                kind=decoded.kind,
                stable=decoded.stable,
                stability=decoded.stability,
                raw=raw,
                received_ns=received_ns,
                device=device,
            )
        case NoWeightLine() | ErrorLine():
            return NoWeight(decoded.reason, decoded.detail, raw, received_ns, device)
        case AnswerLine():
            return None
