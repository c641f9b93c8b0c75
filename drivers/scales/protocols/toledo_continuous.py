"""Toledo continuous output: the scale sends 17 or 18 bytes with every update of its display.

``STX A B C weight tare CR checksum``: three status bytes, six characters each for weight and tare,
without sign and point, which stand in the status bytes. Source: Mettler Toledo, "WILDCAT Scale
Technical Manual", appendix 2, and Rice Lake, "RL520" status tables. Four forms are in use, with and
without the tare, with and without the checksum; each is a protocol of its own here, because a frame
of one form that was cut could be taken for a whole one of another.

What is weak, and how it is read here:

- Makers disagree about the constant bits of the status bytes: they are not checked.
- Whether the zeros of a display in tens or hundreds (``XXXXX0``, ``XXXX00``) are on the wire is not
  documented: such weights are refused.
- Unit codes above 1 (gram) in byte C differ between models: refused.
- Zero and tare are not answered. Some scales want CR LF after the letter and others list the bare
  letter; CR LF is sent.
- Without the checksum a changed digit or status bit (sign, point, unit) cannot be seen, nor can two
  frames that a gap of exactly one length has joined. Switch the checksum on wherever the scale has
  one: it shows every single character that was changed or lost.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, filled_with_nines, unreadable
from returnbench.drivers.scales.framing_toledo import CR, STX, ToledoFramer, checksum_fits
from returnbench.drivers.scales.protocol import (
    Command,
    Commands,
    Decoded,
    NoWeightLine,
    ScaleProtocol,
    WeightLine,
)
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

POINT_OF_A = 0b111
"""Bits of status A that place the point: 2 means none, 3 to 7 mean one to five decimals."""

NO_DECIMALS = 2
NET, NEGATIVE, OUT_OF_RANGE, MOTION, KILOGRAMS = 0x01, 0x02, 0x04, 0x08, 0x10
NOT_ZEROED = 0x40
"""Bits of status B."""

UNIT_OF_C, GRAMS, PRINT_KEY, EXPANDED = 0b111, 1, 0x08, 0x10
"""Status C: the bits for the unit, the code for gram, and two flags."""

_WEIGHT = re.compile(rb"\x20{0,5}[0-9]{1,6}")
_TARE = re.compile(rb"\x20{0,6}[0-9]{0,6}")


@dataclass(frozen=True, slots=True)
class Form:
    """One of the four forms of the frame."""

    name: str
    tare: bool
    checksum: bool

    @property
    def cr_index(self) -> int:
        """Place of CR, counted from 0."""
        return 16 if self.tare else 10

    def holds(self, raw: bytes) -> bool:
        """``raw`` is whole in this form: its length, its first and last character, its checksum."""
        return (
            len(raw) == self.cr_index + 1 + self.checksum
            and raw[0] == STX
            and raw[self.cr_index] == CR
            and raw.isascii()
            and (not self.checksum or checksum_fits(raw))
        )


LONG = Form("toledo-continuous", tare=True, checksum=True)
LONG_UNCHECKED = Form("toledo-continuous-no-checksum", tare=True, checksum=False)
SHORT = Form("toledo-continuous-short", tare=False, checksum=True)
SHORT_UNCHECKED = Form("toledo-continuous-short-no-checksum", tare=False, checksum=False)
_FORMS = (LONG, LONG_UNCHECKED, SHORT, SHORT_UNCHECKED)


def decode(raw: bytes, form: Form = LONG) -> Decoded:
    """What one frame says. Never raises; what is not exactly a frame is unreadable."""
    return decoded_or_why_not(raw, partial(_known, form=form), f"{form.name}{_hint(raw, form)}")


def _hint(raw: bytes, form: Form) -> str:
    for other in _FORMS:
        if other is not form and other.holds(raw):
            return f"; it looks like one of protocol {other.name}"
    if not form.tare and raw[:1] == bytes([STX]) and CR not in raw[4:]:
        return "; it is longer: if the scale sends the tare, too, choose a protocol with tare"
    return ""


def _known(raw: bytes, form: Form) -> Decoded | None:
    if not form.holds(raw):
        return None
    weight, tare = raw[4:10], raw[10 : form.cr_index]
    if not _TARE.fullmatch(tare):
        return None
    a, b, c = raw[1:4]
    return _without_weight(b, c) or _weight(a, b, c, weight)


def _without_weight(b: int, c: int) -> NoWeightLine | None:
    if b & OUT_OF_RANGE:
        if b & NEGATIVE:
            return NoWeightLine(NoWeightReason.UNDER_ZERO, "out of range, below")
        return NoWeightLine(NoWeightReason.OVERLOAD, "out of range, above")
    if b & NOT_ZEROED:
        return NoWeightLine(
            NoWeightReason.NOT_READY, "not zeroed since power-up: empty the pan and zero the scale"
        )
    if c & EXPANDED:
        return NoWeightLine(
            NoWeightReason.NOT_READY, "the display is expanded tenfold: switch that off"
        )
    return None


def _weight(a: int, b: int, c: int, digits: bytes) -> Decoded | None:
    if not _WEIGHT.fullmatch(digits):
        return None
    if filled_with_nines(digits.decode("ascii")):
        return NoWeightLine(NoWeightReason.OVERLOAD, "nothing but nines: out of range")
    decimals = (a & POINT_OF_A) - NO_DECIMALS
    if decimals < 0:
        return unreadable(
            "the scale shows tens or hundreds; whether it sends their zeros is not known: set "
            "another unit on the scale"
        )
    unit = _unit(b, c)
    if unit is None:
        return unreadable(f"unit code {c & UNIT_OF_C} is not known: set the scale to kg, g or lb")
    value = Decimal(digits.decode("ascii").strip()).scaleb(-decimals)
    return WeightLine(
        value=value.copy_negate() if b & NEGATIVE else value,
        unit=unit,
        stable=not b & MOTION,
        kind=WeightKind.NET if b & NET else WeightKind.GROSS,
    )


def _unit(b: int, c: int) -> WeightUnit | None:
    match c & UNIT_OF_C:
        case 0:
            return WeightUnit.KG if b & KILOGRAMS else WeightUnit.LB
        case 1:
            return WeightUnit.G
        case _:
            return None


_COMMANDS = Commands(
    zero=Command(b"Z\r\n", frozenset(), 1.0),
    tare=Command(b"T\r\n", frozenset(), 1.0),
)


def _protocol(form: Form, title: str) -> ScaleProtocol:
    framer = partial(ToledoFramer, form.cr_index, form.checksum)
    return ScaleProtocol(form.name, title, framer, partial(decode, form=form), _COMMANDS)


TOLEDO_CONTINUOUS = _protocol(LONG, "Toledo continuous output with tare and checksum")
TOLEDO_CONTINUOUS_NO_CHECKSUM = _protocol(
    LONG_UNCHECKED, "Toledo continuous output with tare, without checksum"
)
TOLEDO_CONTINUOUS_SHORT = _protocol(SHORT, "Toledo continuous output without tare, with checksum")
TOLEDO_CONTINUOUS_SHORT_NO_CHECKSUM = _protocol(
    SHORT_UNCHECKED, "Toledo continuous output without tare and checksum"
)
