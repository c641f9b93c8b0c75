"""What protocols made of ASCII lines have in common: line ends, numbers, units, wrong parity."""

from collections.abc import Callable
from decimal import Decimal

from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.parity import parity_setting, without_parity
from returnbench.drivers.scales.protocol import Decoded, NoWeightLine, WeightLine
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

NUMBER = r"[0-9]{1,12}(?:[.,][0-9]{1,9})?"
"""Digits with a decimal point, or with the decimal comma that some models can be set to."""

# The longest weight of these protocols has less than 30 bytes; information lines have some more.
_LINE_LIMIT = 80

# 8Ah is the line feed of a scale that sends seven bits with odd parity.
_LINE_ENDS = b"\n\x8a"

_UNITS = {unit.value: unit for unit in WeightUnit}


def line_framer() -> LineFramer:
    """Cuts at line feeds, also where seven bits with parity are read as eight."""
    return LineFramer(_LINE_ENDS, _LINE_LIMIT)


def decode_line(raw: bytes, known: Callable[[str], Decoded | None], title: str) -> Decoded:
    """What ``known`` makes of the line; else that it is unreadable, or why it may be.

    ``known`` takes the whole line with its end and gives ``None`` for what the protocol called
    ``title`` does not have.
    """
    found = known(raw.decode("ascii")) if raw.isascii() else None
    if found is not None:
        return found
    setting = parity_setting(raw)
    if setting and known(without_parity(raw).decode("ascii")) is not None:
        return NoWeightLine(
            NoWeightReason.WRONG_PARITY, f"the scale sends seven bits with parity: set {setting}"
        )
    if b"\r" in raw and not raw.endswith((b"\n", b"\x8a")):
        return unreadable(
            "the lines do not end with CR LF: choose CR LF as terminator on the scale"
        )
    return unreadable(f"not a line of {title}")


def unreadable(detail: str) -> NoWeightLine:
    """No weight, because the frame cannot be read."""
    return NoWeightLine(NoWeightReason.UNREADABLE, detail)


def other_length(found: int, expected: int) -> NoWeightLine:
    """A line that is a weight but for its length: damaged, or that of another model."""
    return unreadable(
        f"the line has {found} bytes instead of {expected}: a character is missing or too many; "
        f"if the scale always sends it so, set frame_bytes = {found} in config.toml"
    )


def weight_line(
    number: str,
    unit: str,
    *,
    stable: bool,
    kind: WeightKind = WeightKind.UNKNOWN,
    expected: WeightUnit | None = None,
) -> WeightLine | NoWeightLine:
    """The weight that ``number`` (sign, digits, point or comma) and ``unit`` make.

    A number of nothing but six or more nines is what many scales show above their range. A unit
    other than the one that the site entered (``expected``) is refused: a lost letter turns kg
    into g.
    """
    digits = number.lstrip("+-").replace(",", "").replace(".", "")
    if len(digits) >= 6 and not digits.strip("9"):
        reason = NoWeightReason.UNDER_ZERO if number[0] == "-" else NoWeightReason.OVERLOAD
        return NoWeightLine(reason, "nothing but nines: out of range")
    found = _UNITS.get(unit)
    if found is None:
        known = ", ".join(_UNITS)
        return unreadable(f"unit {unit!r} is not one of {known}: change it on the scale")
    if expected is not None and found is not expected:
        return NoWeightLine(
            NoWeightReason.UNIT_CHANGED,
            f"the scale sends {found}, config.toml says {expected}: change one of them",
        )
    return WeightLine(Decimal(number.replace(",", ".")), found, stable, kind)
