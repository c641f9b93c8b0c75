"""Adam Equipment CPWplus platform scales.

The host asks with ``G`` for the gross and with ``N`` for the net weight; the answer is one line of
label, sign, number, unit, CR LF: ``G  +    2.00 kg``. Source: Adam Equipment, CPWplus user manual,
chapter RS-232 interface. On this family ``Z`` is the tare/zero key and ``T`` sends the tare weight:
the letters do not mean what they mean on other scales of the same maker.

The line says nothing about stability (``UNAVAILABLE``; no reading is called stable here) nor about
the range, and has no checksum: a digit that was changed to another digit cannot be detected. No
answer to ``Z`` is documented, and it tares where it does not zero, so the station sends neither
zero nor tare: the key on the scale does it. These scales show kg, lb or oz; ``g`` alone is refused,
because it may be what is left of ``kg``. A number without a point is accepted only where the
site enters ``decimals = 0``.

Weak: the width of the number is known from the printed example alone, and a driver in use says that
some scales leave the label out or pad in another way. Such lines are refused here, because a lost
digit could not be noticed; ``adam-cpwplus-any-width`` accepts them.
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
from returnbench.inspect.weighing import (
    NoWeightReason,
    StabilitySource,
    WeightKind,
    WeightUnit,
)

WEIGHT_COLUMNS = 8

_LINE_ENDS = b"\n\x8a"
_LINE_LIMIT = 64
_WEIGHT = re.compile(
    r"(?:(?P<label>[GN])(?:/W)?:?\x20{1,4})?(?P<sign>[+-])"
    r"(?P<field>\x20*(?P<number>[0-9]{1,8}(?:\.[0-9]{1,4})?))\x20{1,2}(?P<unit>kg|lb|oz)\r\n"
)
_KINDS = {"G": WeightKind.GROSS, "N": WeightKind.NET, None: WeightKind.UNKNOWN}
_TITLE = "Adam CPWplus"
_COMMANDS = Commands(poll=b"G\r\n", poll_seconds=0.5)


def decode(raw: bytes, options: ProtocolOptions, columns: int | None = WEIGHT_COLUMNS) -> Decoded:
    """What one line says. Never raises.

    ``columns`` is the width of the number between sign and unit; ``None`` accepts any width, and
    lines without a label.
    """
    known = partial(_decode_known, options=options, columns=columns)
    return decoded_or_why_not(raw, known, _TITLE)


def _decode_known(raw: bytes, options: ProtocolOptions, columns: int | None) -> Decoded | None:
    match = _WEIGHT.fullmatch(raw.decode("latin-1"))
    if match is None:
        return None
    width = len(match["field"])
    if columns is not None and (width != columns or match["label"] is None):
        return unreadable(
            f"the number has {width} columns instead of {columns}, or its label is missing: a "
            "character was lost; if the scale always sends it so, set protocol "
            "adam-cpwplus-any-width"
        )
    number = match["number"]
    if filled_with_nines(match["field"]):
        return NoWeightLine(NoWeightReason.OVERLOAD, "all nines: above the range")
    fault = decimals_fault(number, options.decimals)
    if fault is not None:
        return fault
    return WeightLine(
        Decimal(match["sign"] + number),
        WeightUnit(match["unit"]),
        stable=False,
        kind=_KINDS[match["label"]],
        stability=StabilitySource.UNAVAILABLE,
    )


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one scale; ``decimals`` is checked if given."""
    return ScaleProtocol(
        "adam-cpwplus", _TITLE, _framer, partial(decode, options=options), _COMMANDS
    )


def make_any_width(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for a scale with other widths; entering ``decimals`` makes it safer."""
    return ScaleProtocol(
        "adam-cpwplus-any-width",
        "Adam CPWplus with another width of the number, or without a label",
        _framer,
        partial(decode, options=options, columns=None),
        _COMMANDS,
    )


def _framer() -> LineFramer:
    return LineFramer(_LINE_ENDS, _LINE_LIMIT)


ADAM_CPWPLUS = make(ProtocolOptions())
ADAM_CPWPLUS_ANY_WIDTH = make_any_width(ProtocolOptions())
