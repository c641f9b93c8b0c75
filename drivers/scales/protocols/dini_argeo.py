"""Dini Argeo indicators (DFW, DGT, 3590, LTP), also sold by others under their own names.

ASCII lines closed by CR LF. The standard string is ``status,kind,weight,unit`` with the weight
right aligned in eight columns; the extended string begins with the number of the scale and carries
net weight, tare and pieces in ten columns each. Both may begin with the two digits of an RS-485
address. Sources: Dini Argeo, technical manuals of the 3590, DGT and LTP series, chapters on
transmission protocols and serial commands; DFW serial protocol.

``ST`` is stable, ``US`` unstable, ``OL`` and ``UL`` are out of range, ``TL`` is not level (LTP);
``VL`` and ``RZ`` in the place of the kind are signals of the converter and no weight. There is no
checksum: a digit that was changed to another digit on the line cannot be detected.

Weak: models differ in the extended string (widths, a comma after the number of the scale), so the
station asks for the standard string alone; an extended one is read only in the widths of the LTP
and 3590 manuals and only from scale 1. ``OK`` says that a command was understood, not that it is
done. 9600 baud, 8N1 is what a driver in use has, not a documented default.
"""

import re
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, filled_with_nines, unreadable
from returnbench.drivers.scales.framing import LineFramer
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
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

WEIGHT_COLUMNS = 8

_LINE_ENDS = b"\n\x8a"
_LINE_LIMIT = 128
_ADDRESS = "(?P<address>[0-9]{2})?"
_STATUS = "(?P<status>ST|US|OL|UL|TL)"
_STANDARD = re.compile(
    rf"{_ADDRESS}{_STATUS},(?P<kind>GS|NT|VL|RZ),"
    rf"(?P<field>[\x20-~]{{{WEIGHT_COLUMNS}}}),(?P<unit>[\x20-~]{{2}})\r\n"
)
_EXTENDED = re.compile(
    rf"{_ADDRESS}1,?{_STATUS},(?P<field>[\x20-~]{{10}}),(?:PT|\x20\x20)[\x20.0-9-]{{10}},"
    r"[\x200-9]{1,10},(?:[\x200-9]{10},)?(?P<unit>[\x20-~]{2})\r\n"
)
_ANSWER = re.compile(rf"{_ADDRESS}(?P<answer>OK|ERR0[1-4])\r\n")
_NUMBER = re.compile(r"\x20*-?[0-9]+(?:\.[0-9]+)?")
_KINDS = {"GS": WeightKind.GROSS, "NT": WeightKind.NET}
_NO_WEIGHT = {
    "OL": NoWeightLine(NoWeightReason.OVERLOAD, "OL: overload"),
    "UL": NoWeightLine(NoWeightReason.UNDER_ZERO, "UL: below the weighing range"),
    "TL": NoWeightLine(
        NoWeightReason.DEVICE_ERROR, "TL: the scale is not level: turn its feet until it is"
    ),
}
_UNITS = {
    "kg": WeightUnit.KG,
    "Kg": WeightUnit.KG,
    "KG": WeightUnit.KG,
    " g": WeightUnit.G,
    "g ": WeightUnit.G,
    "lb": WeightUnit.LB,
    "oz": WeightUnit.OZ,
}
_ERRORS = {
    "ERR01": ErrorLine(NoWeightReason.COMMAND_REFUSED, "ERR01: letters after the command"),
    "ERR02": ErrorLine(NoWeightReason.COMMAND_REFUSED, "ERR02: wrong data in the command"),
    "ERR03": ErrorLine(NoWeightReason.NOT_READY, "ERR03: busy, or not allowed in this mode"),
    "ERR04": ErrorLine(NoWeightReason.COMMAND_REFUSED, "ERR04: command not known to the scale"),
}
_UNDERSTOOD = AnswerLine("OK", Outcome.DONE, "understood; the scale does not say when it is done")
_TITLE = "Dini Argeo"


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one line says. Never raises."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), _TITLE)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    if not raw.isascii():
        return None
    line = raw.decode("ascii")
    answer = _ANSWER.fullmatch(line)
    standard = _STANDARD.fullmatch(line)
    match = answer or standard or _EXTENDED.fullmatch(line)
    if match is None:
        return None
    if match["address"] != _address(options):
        return _wrong_address(match["address"])
    if answer:
        return _ERRORS.get(answer["answer"], _UNDERSTOOD)
    if match["status"] in _NO_WEIGHT:
        return _NO_WEIGHT[match["status"]]
    if standard and standard["kind"] not in _KINDS:
        return NoWeightLine(
            NoWeightReason.NOT_READY,
            f"{standard['kind']}: the scale sends signals of its converter: end its diagnosis",
        )
    # The weight of an extended string is the net weight.
    kind = _KINDS[standard["kind"]] if standard else WeightKind.NET
    return _weight(match, kind, options)


def _weight(match: re.Match[str], kind: WeightKind, options: ProtocolOptions) -> Decoded:
    field = match["field"]
    if _NUMBER.fullmatch(field) is None:
        return unreadable(f"{field!r} is not a number right aligned in {len(field)} columns")
    if filled_with_nines(field):
        return NoWeightLine(NoWeightReason.OVERLOAD, "all nines: above the range")
    unit = _UNITS.get(match["unit"])
    if unit is None:
        return unreadable(
            f"unit {match['unit']!r} is not one of kg, g, lb, oz: change it on the scale"
        )
    number = field.strip()
    if options.decimals is not None and (fault := decimals_fault(number, options.decimals)):
        return fault
    return WeightLine(Decimal(number), unit, match["status"] == "ST", kind)


def _address(options: ProtocolOptions) -> str | None:
    return None if options.address is None else f"{options.address:02d}"


def _wrong_address(found: str | None) -> NoWeightLine:
    if found is None:
        return unreadable("a line without an address: remove address from config.toml")
    return unreadable(f"a line of the scale with address {found}: is address in config.toml right?")


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one indicator.

    ``address`` is needed on an RS-485 line, ``decimals`` is checked if given.
    """
    address = (_address(options) or "").encode("ascii")
    done = frozenset({_UNDERSTOOD.command})
    commands = Commands(
        poll=address + b"READ\r\n",
        poll_seconds=0.2,
        zero=Command(address + b"ZERO\r\n", done, 2.0),
        tare=Command(address + b"TARE\r\n", done, 2.0),
    )
    return ScaleProtocol("dini-argeo", _TITLE, _framer, partial(decode, options=options), commands)


def _framer() -> LineFramer:
    return LineFramer(_LINE_ENDS, _LINE_LIMIT)


DINI_ARGEO = make(ProtocolOptions())
