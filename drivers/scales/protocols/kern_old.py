"""KERN's older remote control, by single letters: 572, 573, KB, DS, FKB, FKT and their like.

``s`` asks for a stable weight, ``w`` for the weight now, ``t`` tares without an answer; nothing
follows the letter. A stable weight takes 18 bytes, one that moves lacks its unit and takes 15, a
fault takes 14. Source: KERN, "FKB-A operating instructions", remote control.

What is weak, and how it is read here:

- A weight without unit is in motion and carries no number here, because its unit is not known. KDE
  scales fill the missing unit with blanks to 18 bytes: read alike.
- ``M`` in the first column is not explained: such a weight is refused.
- ``Error`` does not say whether the load is out of range or the scale at fault.
- Net is not told from gross. There is no command to zero.
- There is no checksum: a changed digit, sign or point, or ``k`` that became ``m``, cannot be seen.
  A lost or added character can.
"""

import re
from decimal import Decimal

from returnbench.drivers.scales.decoding import decoded_or_why_not, filled_with_nines, unreadable
from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.protocol import (
    Command,
    Commands,
    Decoded,
    NoWeightLine,
    ScaleProtocol,
    WeightLine,
)
from returnbench.inspect.weighing import NoWeightReason, WeightUnit

NUMBER_COLUMNS = 11

# The sign stands before the digits or, on other models, in the first column of the number.
_NUMBER = re.compile(r"(?:\x20*-?|-\x20+)[0-9]{1,11}(?:\.[0-9]{1,9})?")
_UNIT = re.compile(r"[!-~]{1,3}\x20{0,2}|\x20{3}|")
_ERRORS = (f"{'Error':>12}", f"{'Error':>16}")
_LENGTHS = (13, 16)
"""A line without CR LF: first column, number, blank, and three columns for the unit or none."""

# 8Ah is the line feed of a scale that sends seven bits with odd parity.
_LINE_ENDS = b"\n\x8a"
_LINE_LIMIT = 32
_UNITS = {unit.value: unit for unit in WeightUnit}


def decode(raw: bytes) -> Decoded:
    """What one line says. Never raises; what is not exactly a line is unreadable."""
    return decoded_or_why_not(raw, _known, "KERN's remote control by letters")


def _known(raw: bytes) -> Decoded | None:
    if not raw.isascii():
        return None
    line = raw.decode("ascii").removesuffix("\r\n")
    if len(raw) != len(line) + 2:
        return None
    if line in _ERRORS:
        return NoWeightLine(
            NoWeightReason.DEVICE_ERROR, "Error: out of range or a fault; see the display"
        )
    return _weight(line) if len(line) in _LENGTHS else None


def _weight(line: str) -> Decoded | None:
    first, number = line[0], line[1 : 1 + NUMBER_COLUMNS]
    blank, unit_columns = line[1 + NUMBER_COLUMNS], line[2 + NUMBER_COLUMNS :]
    if first not in " M" or blank != " ":
        return None
    if not _NUMBER.fullmatch(number) or not _UNIT.fullmatch(unit_columns):
        return None
    unit_text = unit_columns.strip()
    if not unit_text:
        return NoWeightLine(NoWeightReason.IN_MOTION, "without unit: not stable")
    if first == "M":
        return unreadable("M in the first column: what it means is not published")
    if filled_with_nines(number):
        return NoWeightLine(NoWeightReason.OVERLOAD, "nothing but nines: out of range")
    unit = _UNITS.get(unit_text)
    if unit is None:
        known = ", ".join(_UNITS)
        return unreadable(f"unit {unit_text!r} is not one of {known}: change it on the scale")
    return WeightLine(Decimal(number.replace(" ", "")), unit, stable=True)


def _framer() -> LineFramer:
    return LineFramer(_LINE_ENDS, _LINE_LIMIT)


KERN_OLD = ScaleProtocol(
    "kern-old",
    "KERN remote control by letters (572, 573, KB, DS, FKB, FKT)",
    _framer,
    decode,
    Commands(poll=b"w", poll_seconds=0.15, tare=Command(b"t", frozenset(), 1.0)),
)
