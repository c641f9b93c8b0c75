"""CAS indicators and bench scales (CI, NT, PDI, Caston, PB): the stream of 22 bytes.

``ST|US|OL , GS|NT , device lamps , eight characters, blank, unit CR LF``. The lamps are one byte
with bit 7 set, so the line must carry eight data bits. Source: CAS, manuals of the CI-150A, CI-400,
CI-600D and NT-200.

Weak: bit 5 of the lamps is constant on some models and not on others; it is not read. A weight
counts as stable only where header and lamps agree. A weight that HOLD keeps on the display is not
what lies on the pan and is refused. There is no checksum: a changed digit,
sign or flag cannot be seen.

Commands need the number of the device, which the site enters as ``address``. Two families of them
exist: those of the NT-500 (``01MZ``) and those of the CI-200 (``D01KZ``); both are echoed.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import (
    decoded_or_why_not,
    filled_with_nines,
    unreadable,
)
from returnbench.drivers.scales.framing_cr_lf import CrLfFramer
from returnbench.drivers.scales.parity import parity_setting, without_parity
from returnbench.drivers.scales.plain_number import decimals_fault
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    Command,
    Commands,
    Decoded,
    ErrorLine,
    NoWeightLine,
    Outcome,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.sent_unit import sent_unit
from returnbench.inspect.weighing import NoWeightReason, WeightKind

TITLE = "CAS, 22 bytes"
STABLE, HOLD, GROSS, TARE, ZERO = 0x40, 0x10, 0x04, 0x02, 0x01
"""Lamps that are read or sent."""

_WEIGHT = re.compile(
    rb"(?P<state>ST|US|OL),(?P<kind>GS|NT),(?P<device>[\x31-\x93])(?P<lamps>[\x80-\xff]),"
    rb"(?P<field>[\x20-~]{8})\x20(?P<unit>kg|lb|oz|\x20g|\x20t)\r\n"
)
_SHORT = re.compile(rb"[\x20-]*[0-9.]+\r\n")
_SHORT_BYTES = 10
_BYTES = 22
_TWO_HEADERS = re.compile(rb"(?:ST|US|OL),(?:GS|NT),[\x20-~]{8}(?:kg|\x20t)\r\n")
_NUMBER = re.compile(r"\x20*-?[0-9]+(?:\.[0-9]+)?")
_ECHO = re.compile(rb"(?:[0-9]{2}(?P<nt>M[ZT])|D[0-9]{2}(?P<ci>K[ZT]))\r\n")
_ERRORS = {
    b"!\r\n": ErrorLine(NoWeightReason.COMMAND_REFUSED, "!: the scale cannot do this now"),
    b"?\r\n": ErrorLine(NoWeightReason.COMMAND_REFUSED, "?: command not known to the scale"),
}
_KINDS = {b"GS": WeightKind.GROSS, b"NT": WeightKind.NET}
_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Dialect:
    """One family of commands: how they begin and end around the number of the device."""

    name: str
    title: str
    before: str
    weight: str
    zero: str
    tare: str


_NT_500 = _Dialect("cas-22", TITLE, "", "RW", "MZ", "MT")
_CI_200 = _Dialect("cas-22-ci-200", f"{TITLE}, commands of the CI-200", "D", "KW", "KZ", "KT")


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one frame says. Never raises; what is not exactly 22 such bytes is unreadable."""
    if _lamps_lost(raw):
        return NoWeightLine(
            NoWeightReason.WRONG_PARITY, "the lamps lost their eighth bit: set 8N1 on both sides"
        )
    return decoded_or_why_not(raw, partial(_decode_known, options=options), TITLE)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The stream of one scale, with the commands of the NT-500 if ``address`` is entered."""
    return _make(options, _NT_500)


def make_ci_200(options: ProtocolOptions) -> ScaleProtocol:
    """The stream of one scale, with the commands of the CI-200 if ``address`` is entered."""
    return _make(options, _CI_200)


def _make(options: ProtocolOptions, dialect: _Dialect) -> ScaleProtocol:
    return ScaleProtocol(
        dialect.name,
        dialect.title,
        CrLfFramer,
        partial(decode, options=options),
        _commands(options.address, dialect),
    )


def _commands(address: int | None, dialect: _Dialect) -> Commands:
    if address is None:
        return Commands()

    def request(letters: str) -> bytes:
        return f"{dialect.before}{address:02}{letters}\r\n".encode("ascii")

    return Commands(
        poll=request(dialect.weight),
        zero=Command(request(dialect.zero), frozenset({dialect.zero}), _ANSWER_SECONDS),
        tare=Command(request(dialect.tare), frozenset({dialect.tare}), _ANSWER_SECONDS),
    )


def _lamps_lost(raw: bytes) -> bool:
    """A frame in seven bits, whether they were read as seven or as eight with parity."""
    if len(raw) != _BYTES or not (raw.isascii() or parity_setting(raw[:7] + raw[8:])):
        return False
    seven = without_parity(raw)
    return bool(_WEIGHT.fullmatch(seven[:7] + bytes([seven[7] | 0x80]) + seven[8:]))


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    if raw in _ERRORS:
        return _ERRORS[raw]
    if match := _WEIGHT.fullmatch(raw):
        return _weight(match, options)
    if echo := _ECHO.fullmatch(raw):
        return AnswerLine((echo["nt"] or echo["ci"]).decode("ascii"), Outcome.DONE)
    if _TWO_HEADERS.fullmatch(raw) or (len(raw) == _SHORT_BYTES and _SHORT.fullmatch(raw)):
        return unreadable("the scale sends its short format: choose the one of 22 bytes on it")
    return None


def _weight(match: re.Match[bytes], options: ProtocolOptions) -> Decoded:
    lamps = match["lamps"][0]
    field = match["field"].decode("ascii")
    if match["state"] == b"OL":
        return NoWeightLine(NoWeightReason.OVERLOAD, "OL: out of range")
    if lamps & HOLD:
        return NoWeightLine(NoWeightReason.FROZEN, "HOLD keeps an earlier weight: press HOLD")
    if not _NUMBER.fullmatch(field):
        return unreadable(f"{field!r} is no weight of eight columns")
    if filled_with_nines(field):
        return NoWeightLine(NoWeightReason.OVERLOAD, "nothing but nines: out of range")
    fault = decimals_fault(field, options.decimals)
    unit = sent_unit(match["unit"].decode("ascii").strip(), options)
    if fault is not None:
        return fault
    if isinstance(unit, NoWeightLine):
        return unit
    stable = match["state"] == b"ST" and bool(lamps & STABLE)
    return WeightLine(Decimal(field.strip()), unit, stable, _KINDS[match["kind"]])


CAS_22 = make(ProtocolOptions())
CAS_22_CI_200 = make_ci_200(ProtocolOptions())
