"""CAS point-of-sale scales, type 6 (PD-II, AD, ER; also Gram and the Ohaus Aviator).

The host sends ENQ, the scale ACK, the host DC1, the scale
``SOH STX state sign number unit check ETX EOT``. The check character is the exclusive or of
everything from the state to the unit. Source: CAS, manual of the PD-II, type 6 interface; Gram,
manual of the ZFOC.

A number has six characters and a unit two; some clones send seven and one, which the check
character makes safe to take. Weak: which characters the check covers, and ``F`` as the state of an
overload, come from secondary sources; a frame with another check is refused. A clone that sends
81h as its first byte and the rest without parity is not read. There are no commands to zero or
tare.
"""

import re
from decimal import Decimal
from functools import partial, reduce
from operator import xor

from returnbench.drivers.scales.decoding import (
    decoded_or_why_not,
    filled_with_nines,
    unreadable,
)
from returnbench.drivers.scales.dialogue import TwoStepCommands
from returnbench.drivers.scales.framing_cas import CasBlockFramer
from returnbench.drivers.scales.plain_number import decimals_fault
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    Decoded,
    NoWeightLine,
    Outcome,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.sent_unit import sent_unit
from returnbench.inspect.weighing import NoWeightReason

NAME = "cas-type-6"
TITLE = "CAS type 6 (ENQ, DC1)"
ENQ, ACK, DC1, NAK = b"\x05", b"\x06", b"\x11", b"\x15"

_BLOCK = re.compile(
    rb"\x01\x02(?P<checked>(?P<state>[SUF])(?P<sign>[\x20F-])(?P<field>[\x20-~]{6,7}?)"
    rb"(?P<unit>[A-Za-z]{2}|\x20?[A-Za-z]))(?P<check>[\x00-\x7f])\x03\x04",
    re.DOTALL,
)
_NUMBER = re.compile(r"\x20*[0-9]+(?:\.[0-9]+)?")
_SINGLE: dict[bytes, Decoded] = {
    ACK: AnswerLine("ENQ", Outcome.MORE),
    NAK: NoWeightLine(NoWeightReason.NOT_READY, "NAK: the scale has no weight to give"),
}


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one frame says. Never raises; a wrong check character makes it unreadable."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), TITLE)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """Type 6 as one scale speaks it. ``decimals`` is needed where no point is sent."""
    commands = TwoStepCommands(poll=ENQ, poll_seconds=0.2, proceed=DC1)
    return ScaleProtocol(NAME, TITLE, CasBlockFramer, partial(decode, options=options), commands)


def check_character(checked: bytes) -> int:
    """The exclusive or of the bytes from the state to the unit."""
    return reduce(xor, checked, 0)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    if raw in _SINGLE:
        return _SINGLE[raw]
    match = _BLOCK.fullmatch(raw)
    if match is None:
        return None
    if match["check"][0] != check_character(match["checked"]):
        return unreadable("the check character does not fit: the frame was damaged on the way")
    return _weight(match, options)


def _weight(match: re.Match[bytes], options: ProtocolOptions) -> Decoded:
    field, sign = match["field"].decode("ascii"), match["sign"]
    if b"F" in (match["state"], sign) or "F" in field:
        return NoWeightLine(NoWeightReason.OVERLOAD, "F: overload")
    if not _NUMBER.fullmatch(field):
        return unreadable(f"{field!r} is no weight")
    if filled_with_nines(field):
        return NoWeightLine(NoWeightReason.OVERLOAD, "nothing but nines: out of range")
    number = _with_point(field.strip(), options.decimals)
    # The check character shows a lost k.
    unit = sent_unit(match["unit"].decode("ascii").strip().lower(), options, lone_g=True)
    fault = decimals_fault(number, options.decimals)
    if fault is not None:
        return fault
    if isinstance(unit, NoWeightLine):
        return unit
    value = Decimal(number)
    signed = value.copy_negate() if sign == b"-" else value
    return WeightLine(signed, unit, match["state"] == b"S")


def _with_point(number: str, decimals: int | None) -> str:
    """The number with the point that the scale leaves out, where the site has said so."""
    if not decimals or "." in number:
        return number
    return f"{Decimal(number).scaleb(-decimals):f}"


CAS_TYPE_6 = make(ProtocolOptions())
