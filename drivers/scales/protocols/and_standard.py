"""A&D standard format: balances and scales of A&D (GX, FX, FZ, FG, HV and others).

Lines of 15 characters, closed by CR LF: header (``ST`` stable, ``US`` unstable, ``QT`` stable
count, ``OL`` out of range), comma, sign, 8 digits with their point, unit right aligned in 3
columns. The number may have a decimal comma. Out of range the number reads 9999999E+19 or is
filled with nines. Source: A&D, instruction manuals of the GX-A/GF-A balances and the FG scales,
chapters on the RS-232C output and commands. The format does not tell net from gross.

Weak: error codes E03, E04 and E11 are known from balances only. Whether the scale confirms zero
and tare (ACK) depends on its setting ``erCd``; the driver does not rely on it. On balances
"re-zero" tares as well. The formats DP, KF, MT and NU of the same port are refused: NU has no
status at all. Scales must be set to CR LF as terminator.
"""

import re
from functools import partial

from returnbench.drivers.scales.ascii_lines import (
    NUMBER,
    decode_line,
    line_framer,
    unreadable,
    weight_line,
)
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    Command,
    Commands,
    Decoded,
    ErrorLine,
    NoWeightLine,
    Outcome,
    ScaleProtocol,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.weighing import NoWeightReason

_TITLE = "A&D standard format"

_WEIGHT = re.compile(
    r"(?P<header>ST|US|QT),(?P<sign>[+-])(?P<field>[0-9.,]{8})(?P<unit>[\x20-~]{2}[!-~])\r\n"
)
_NUMBER = re.compile(NUMBER)
_OUT_OF_RANGE = re.compile(
    r"OL,(?P<sign>[+-])(?:9999999E\+19|[9.,]{8}[\x20-~]{3}|\x20{8}[\x20-~]{3})\r\n"
)
_ERROR = re.compile(r"EC,E(?P<code>[0-9]{2})\r\n")
_TWO_HEADERS = re.compile(r"(?:ST|US|OL),[GNTP][A-Z~]?,[\x20-~]{8,16}\r\n")

_ERRORS = {
    "00": (NoWeightReason.WRONG_PARITY, "the scale cannot read us: check baud rate and parity"),
    "01": (NoWeightReason.COMMAND_REFUSED, "command not known to the scale"),
    "02": (NoWeightReason.NOT_READY, "the scale is not ready"),
    "03": (NoWeightReason.NOT_READY, "the scale waited too long"),
    "04": (NoWeightReason.COMMAND_REFUSED, "too many characters"),
    "06": (NoWeightReason.COMMAND_REFUSED, "the command has a wrong format"),
    "07": (NoWeightReason.COMMAND_REFUSED, "a value is out of range"),
    "11": (NoWeightReason.NOT_READY, "no stable weight in time"),
}


def decode(raw: bytes, options: ProtocolOptions | None = None) -> Decoded:
    """What one line says. Never raises; what is not exactly of this format is unreadable."""
    entered = options or ProtocolOptions()
    return decode_line(raw, lambda line: _known(line, entered), _TITLE)


def _known(line: str, options: ProtocolOptions) -> Decoded | None:
    if match := _OUT_OF_RANGE.fullmatch(line):
        return out_of_range(match["sign"])
    if match := _WEIGHT.fullmatch(line):
        return _weight(match, options)
    if line == "\x06\r\n":
        return AnswerLine("ACK", Outcome.DONE)
    if match := _ERROR.fullmatch(line):
        code = match["code"]
        reason, meaning = _ERRORS.get(
            code, (NoWeightReason.DEVICE_ERROR, "meaning not published; see the scale's manual")
        )
        return ErrorLine(reason, f"E{code}: {meaning}")
    if _TWO_HEADERS.fullmatch(line):
        return unreadable('the lines have two headers: set protocol = "and-two-header"')
    return None


def out_of_range(sign: str) -> NoWeightLine:
    """The header OL: over the range, or below it when the sign is minus."""
    if sign == "-":
        return NoWeightLine(NoWeightReason.UNDER_ZERO, "OL: below the weighing range")
    return NoWeightLine(NoWeightReason.OVERLOAD, "OL: overload")


def _weight(match: re.Match[str], options: ProtocolOptions) -> Decoded | None:
    if _NUMBER.fullmatch(match["field"]) is None:
        return None
    unit = match["unit"].lstrip()
    if match["header"] == "QT":
        return unreadable(f"the scale counts ({unit}): switch it to weighing")
    return weight_line(
        match["sign"] + match["field"],
        unit,
        stable=match["header"] == "ST",
        expected=options.unit,
    )


# Without the setting erCd nothing confirms zero and tare: an empty set of answers says so.
_COMMANDS = Commands(
    stream=b"SIR\r\n",
    quiet=b"C\r\n",
    poll=b"Q\r\n",
    poll_seconds=0.2,
    zero=Command(b"Z\r\n", frozenset(), 2.0),
    tare=Command(b"T\r\n", frozenset(), 2.0),
)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one scale. Where ``unit`` is entered, another unit is refused."""
    return ScaleProtocol("and", _TITLE, line_framer, partial(decode, options=options), _COMMANDS)


AND_STANDARD = make(ProtocolOptions())
