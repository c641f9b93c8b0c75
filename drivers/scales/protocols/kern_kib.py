"""KERN displays of the KIB-TM kind (EOC, EOE, KFB-TM, SFB): ``ST,GS 1.000KG`` as an answer.

``S`` asks for a stable weight, ``W`` for the weight now, ``T`` tares and ``Z`` zeroes without an
answer; nothing follows the letter. Source: KERN, "KFB/KFN-TM operating instructions", remote
control. The field layout of the GAB family, with a comma before the unit, is another one.

What is weak, and how it is read here:

- How wide the number is, and where its sign stands, is not published. So one of two constants must
  be entered: ``weight_columns``, everything between header and unit, where the scale always sends
  the same number of characters; else ``decimals``, the digits behind the point of the display. The
  width shows every lost character. The decimals show a lost point and a lost decimal, but not a
  lost first digit or minus sign. A changed digit shows in neither case; there is no checksum.
- A lone ``G`` may be what is left of ``KG``: it is a unit only when ``unit`` says that the scale
  weighs in grams. When ``unit`` is set, every other unit is refused.
- One owner saw an FFh byte before an answer: one such byte is passed over.
- What is sent while the load is out of range is not published; it is unreadable here.
"""

import re
from decimal import Decimal
from functools import partial

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
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

_WEIGHT = re.compile(
    rb"\xff?(?P<header>ST|US),(?P<kind>GS|NT)"
    rb"(?P<field>(?:\x20{1,8}(?P<sign>-?)|(?P<first_sign>-)\x20{0,8})"
    rb"(?P<number>[0-9]{1,7}(?:\.(?P<decimals>[0-9]{1,5}))?)\x20?)"
    rb"(?P<unit>KG|kg|LB|lb|G|g)\r\n"
)
_KINDS = {b"GS": WeightKind.GROSS, b"NT": WeightKind.NET}
_UNITS = {b"kg": WeightUnit.KG, b"lb": WeightUnit.LB, b"g": WeightUnit.G}

# 8Ah is the line feed of a scale that sends seven bits with odd parity.
_LINE_ENDS = b"\n\x8a"
_LINE_LIMIT = 40

# Fewer nines may be a weight: 9.999 kg.
_MANY_NINES = 6


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one line says. Never raises; what is not exactly a line is unreadable."""
    return decoded_or_why_not(raw, partial(_known, options=options), "KERN's KIB-TM answers")


def _known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    match = _WEIGHT.fullmatch(raw)
    if match is None:
        return None
    fault = _number_fault(match, options)
    if fault is not None:
        return fault
    unit = _UNITS[match["unit"].lower()]
    fault = _unit_fault(unit, options.unit)
    if fault is not None:
        return fault
    value = Decimal(match["number"].decode("ascii"))
    negative = bool(match["sign"] or match["first_sign"])
    return WeightLine(
        value=value.copy_negate() if negative else value,
        unit=unit,
        stable=match["header"] == b"ST",
        kind=_KINDS[match["kind"]],
    )


def _number_fault(match: re.Match[bytes], options: ProtocolOptions) -> NoWeightLine | None:
    width, decimals = len(match["field"]), len(match["decimals"] or b"")
    if len(match["number"]) >= _MANY_NINES and filled_with_nines(match["number"].decode("ascii")):
        return NoWeightLine(NoWeightReason.OVERLOAD, "nothing but nines: out of range")
    if options.weight_columns is None and options.decimals is None:
        return unreadable(
            "the form of a weight is not published, so a lost character would not be seen: set "
            "weight_columns or decimals in config.toml"
        )
    if options.weight_columns is not None and width != options.weight_columns:
        return unreadable(
            f"{width} characters between header and unit instead of {options.weight_columns}: one "
            "was lost or added"
        )
    if options.decimals is not None and decimals != options.decimals:
        return unreadable(
            f"{decimals} decimals instead of {options.decimals}: a character was lost or changed"
        )
    return None


def _unit_fault(unit: WeightUnit, expected: WeightUnit | None) -> NoWeightLine | None:
    if expected is not None and unit is not expected:
        return NoWeightLine(
            NoWeightReason.UNIT_CHANGED, f"unit {unit} instead of {expected}: change it back"
        )
    if expected is None and unit is WeightUnit.G:
        return unreadable(
            "unit g, which may be kg with a lost k: if the scale weighs in grams, set unit in "
            "config.toml"
        )
    return None


def _framer() -> LineFramer:
    return LineFramer(_LINE_ENDS, _LINE_LIMIT)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for a scale with this setup. It needs ``weight_columns`` or ``decimals``."""
    return ScaleProtocol(
        "kern-kib",
        "KERN KIB-TM displays (EOC, EOE, KFB-TM, SFB)",
        _framer,
        partial(decode, options=options),
        Commands(
            poll=b"W",
            poll_seconds=0.15,
            zero=Command(b"Z", frozenset(), 1.0),
            tare=Command(b"T", frozenset(), 1.0),
        ),
    )


KERN_KIB = make(ProtocolOptions())
