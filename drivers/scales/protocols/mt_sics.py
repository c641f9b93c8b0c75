"""MT-SICS, levels 0 and 1: Mettler Toledo's standard interface command set.

Lines of ASCII, closed by CR LF. A weight is ``ID status weight unit`` with single blanks between
and the weight right aligned in ten columns. Source: Mettler Toledo, "MT-SICS Interface Commands",
reference manuals of the balances and weigh modules. MT-SICS does not tell net from gross.
"""

import re
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.parity import parity_setting, without_parity
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
from returnbench.inspect.weighing import NoWeightReason, WeightUnit

WEIGHT_COLUMNS = 10

# The longest lines of levels 0 and 1 are those of I2 and stay well below this.
_LINE_LIMIT = 128

# 8Ah is the line feed of a scale that sends seven bits with odd parity.
_LINE_ENDS = b"\n\x8a"

# The answer to SI begins with S; some devices repeat the command that was sent.
_WEIGHT_IDS = "S|SI|SIR|SR|SNR"

_WEIGHT = re.compile(
    rf"(?:{_WEIGHT_IDS}) (?P<status>[SD]) "
    r"(?P<field>\x20*(?P<number>-?[0-9]{1,12}(?:\.[0-9]{1,9})?)) (?P<unit>[!-~]{1,10})\r\n"
)
_POUND_OUNCE = re.compile(
    rf"(?:{_WEIGHT_IDS}) (?P<status>[SD]) "
    r"\x20*(?P<sign>-?)(?P<lb>[0-9]{1,6}):(?P<oz>[0-9]{1,2}(?:\.[0-9]{1,4})?) lb:oz\r\n"
)
_DEVICE_ERROR = re.compile(
    rf"(?:{_WEIGHT_IDS}) [SD] "
    r"\x20*Error (?P<code>[0-9]{1,4})(?P<part>[bt]?)\r\n"
)
_STATUS_ONLY = re.compile(rf"(?:{_WEIGHT_IDS}) (?P<status>[I+-])\r\n")
_TARE = re.compile(
    r"(?P<id>T|TI) (?P<status>[SD]) (?P<text>\x20*-?[0-9]{1,12}(?:\.[0-9]{1,9})? [!-~]{1,10})\r\n"
)
_ANSWER = re.compile(
    r"(?P<id>@|DW?|I[0-9]{1,2}|K|TAC|TA|TI|T|ZI|Z) (?P<status>[ABDILRS+-])"
    r"(?: (?P<text>[\x20-~]*))?\r\n"
)
_ERRORS = {
    b"ES\r\n": ErrorLine(NoWeightReason.COMMAND_REFUSED, "ES: command not known to the scale"),
    b"EL\r\n": ErrorLine(NoWeightReason.COMMAND_REFUSED, "EL: the scale cannot do this"),
    b"ET\r\n": ErrorLine(
        NoWeightReason.WRONG_PARITY, "ET: the scale cannot read us: check baud rate and parity"
    ),
}
_NO_WEIGHT = {
    "I": NoWeightLine(NoWeightReason.NOT_READY, "I: busy, or no stable weight in time"),
    "+": NoWeightLine(NoWeightReason.OVERLOAD, "+: overload"),
    "-": NoWeightLine(NoWeightReason.UNDER_ZERO, "-: below the weighing range"),
}
_OUTCOMES = {
    "A": Outcome.DONE,
    "S": Outcome.DONE,
    "D": Outcome.DONE_MOVING,
    "B": Outcome.MORE,
    "I": Outcome.NOT_NOW,
    "L": Outcome.NOT_POSSIBLE,
    "R": Outcome.DONE,
    "+": Outcome.TOO_HIGH,
    "-": Outcome.TOO_LOW,
}
_UNITS = {unit.value: unit for unit in WeightUnit}
_ERROR_CODES = {
    "1": "boot error",
    "2": "brand error",
    "3": "checksum error",
    "9": "option failure",
    "10": "EEPROM error",
    "11": "device mismatch",
    "12": "module unplugged",
    "14": "module and electronics do not match",
    "15": "adjustment needed",
}
_ERROR_PARTS = {"b": "weigh module", "t": "terminal", "": "device"}
_OUNCES_PER_POUND = 16


def decode(raw: bytes, columns: int | None = WEIGHT_COLUMNS) -> Decoded:
    """What one line says. Never raises; what is not exactly a line of MT-SICS is unreadable.

    ``columns`` is the width of a weight that is padded with blanks: a padded weight of another
    width lost or gained a character on the way. ``None`` accepts any width.
    """
    known = _decode_known(raw, columns)
    if known is not None:
        return known
    setting = parity_setting(raw)
    if setting and _decode_known(without_parity(raw), columns) is not None:
        return NoWeightLine(
            NoWeightReason.WRONG_PARITY, f"the scale sends seven bits with parity: set {setting}"
        )
    return NoWeightLine(NoWeightReason.UNREADABLE, "not a line of MT-SICS")


def _decode_known(raw: bytes, columns: int | None) -> Decoded | None:
    if raw in _ERRORS:
        return _ERRORS[raw]
    if not raw.isascii():
        return None
    line = raw.decode("ascii")
    if match := _WEIGHT.fullmatch(line):
        return _weight(match, columns)
    if match := _POUND_OUNCE.fullmatch(line):
        return _pounds_and_ounces(match)
    if match := _STATUS_ONLY.fullmatch(line):
        return _NO_WEIGHT[match["status"]]
    if match := _DEVICE_ERROR.fullmatch(line):
        return _device_error(match)
    if match := _TARE.fullmatch(line) or _ANSWER.fullmatch(line):
        text = (match["text"] or "").strip()
        return AnswerLine(match["id"], _OUTCOMES[match["status"]], text)
    return None


def _weight(match: re.Match[str], columns: int | None) -> Decoded:
    field = match["field"]
    width = len(field)
    if columns is not None and (width > columns or (field.startswith(" ") and width < columns)):
        return NoWeightLine(
            NoWeightReason.UNREADABLE,
            f"the weight has {width} columns instead of {columns}: a character is missing or "
            "too many; if the scale always sends it so, set protocol mt-sics-any-width",
        )
    unit = _UNITS.get(match["unit"])
    if unit is None:
        return NoWeightLine(
            NoWeightReason.UNREADABLE,
            f"unit {match['unit']!r} is not one of {', '.join(_UNITS)}, lb:oz: change it on the "
            "scale",
        )
    return WeightLine(Decimal(match["number"]), unit, match["status"] == "S")


def _pounds_and_ounces(match: re.Match[str]) -> Decoded:
    ounces = Decimal(match["oz"])
    if ounces >= _OUNCES_PER_POUND:
        return NoWeightLine(NoWeightReason.UNREADABLE, "16 ounces or more beside the pounds")
    total = int(match["lb"]) * _OUNCES_PER_POUND + ounces
    signed = total.copy_negate() if match["sign"] else total
    return WeightLine(signed, WeightUnit.OZ, match["status"] == "S")


def _device_error(match: re.Match[str]) -> NoWeightLine:
    code, part = match["code"], match["part"]
    meaning = _ERROR_CODES.get(code, "meaning not published")
    return NoWeightLine(
        NoWeightReason.DEVICE_ERROR, f"error {code}{part}: {meaning} ({_ERROR_PARTS[part]})"
    )


_COMMANDS = Commands(
    stream=b"SIR\r\n",
    quiet=b"SI\r\n",
    poll=b"SI\r\n",
    # KERN's KCP, the same command set, asks for more than 100 ms between two requests.
    poll_seconds=0.12,
    resync=Command(b"@\r\n", frozenset({"I4", "@"}), 1.0),
    identify=Command(b"I4\r\n", frozenset({"I4"}), 1.0),
    zero=Command(b"Z\r\n", frozenset({"Z"}), 12.0),
    tare=Command(b"T\r\n", frozenset({"T"}), 12.0),
)


def _framer() -> LineFramer:
    return LineFramer(_LINE_ENDS, _LINE_LIMIT)


MT_SICS = ScaleProtocol("mt-sics", "Mettler Toledo MT-SICS", _framer, decode, _COMMANDS)

MT_SICS_ANY_WIDTH = ScaleProtocol(
    "mt-sics-any-width",
    "MT-SICS of devices that pad the weight to another width than ten columns",
    _framer,
    partial(decode, columns=None),
    _COMMANDS,
)
