"""Yaohua XK3190-A12 and A12E indicators: a continuous stream of lines with check digits.

Fifteen bytes: ``W``, ``G`` or ``N`` for gross or net, seven characters of number with its point and
a minus sign in the first of them, ``kg``, two hexadecimal digits, CR LF. Overload is nine blanks,
``OL`` and the check digits; below -20 divisions it is ``LO`` instead. Source: Shanghai Yaohua,
manual of the XK3190-A12(E), chapter on serial communication.

The manual calls the check digits a checksum; its worked example is the exclusive or of the first
eleven bytes, and that is required here: a sum would refuse every frame, not accept a wrong one.
Only kg is documented, so nothing else is accepted. Stability is not sent: it is ``UNAVAILABLE`` and
no reading is called stable here. How a number without decimals looks is not documented: it is
accepted without a point only where the site enters ``decimals = 0``.
"""

import re
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, filled_with_nines, unreadable
from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.plain_number import decimals_fault
from returnbench.drivers.scales.protocol import (
    Commands,
    Decoded,
    NoWeightLine,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.xor_check import xor_check
from returnbench.inspect.weighing import NoWeightReason, StabilitySource, WeightKind, WeightUnit

_LINE_ENDS = b"\n\x8a"
_LINE_LIMIT = 30
_FRAME = re.compile(
    rb"(?P<checked>W(?P<kind>[GN])(?P<number>[-0-9][.0-9]{6})kg"
    rb"|\x20{9}(?P<range>OL|LO))(?P<check>[0-9A-F]{2})\r\n"
)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_KINDS = {b"G": WeightKind.GROSS, b"N": WeightKind.NET}
_RANGES = {
    b"OL": NoWeightLine(NoWeightReason.OVERLOAD, "OL: overload"),
    b"LO": NoWeightLine(NoWeightReason.UNDER_ZERO, "LO: more than 20 divisions below zero"),
}
_TITLE = "Yaohua A12"


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one line says. Never raises."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), _TITLE)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    match = _FRAME.fullmatch(raw)
    if match is None:
        return None
    if xor_check(match["checked"]) != match["check"]:
        return unreadable("the check digits do not fit: a byte was damaged on the line")
    if match["range"]:
        return _RANGES[match["range"]]
    number = match["number"].decode("ascii")
    if _NUMBER.fullmatch(number) is None:
        return unreadable(f"{number!r} is not a number")
    if filled_with_nines(number):
        return NoWeightLine(NoWeightReason.OVERLOAD, "all nines: above the range")
    fault = decimals_fault(number, options.decimals)
    if fault is not None:
        return fault
    return WeightLine(
        Decimal(number),
        WeightUnit.KG,
        stable=False,
        kind=_KINDS[match["kind"]],
        stability=StabilitySource.UNAVAILABLE,
    )


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one indicator; ``decimals`` is checked if given."""
    return ScaleProtocol(
        "yaohua-a12", _TITLE, _framer, partial(decode, options=options), Commands()
    )


def _framer() -> LineFramer:
    return LineFramer(_LINE_ENDS, _LINE_LIMIT)


YAOHUA_A12 = make(ProtocolOptions())
