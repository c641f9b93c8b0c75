"""Radwag balances and scales (also KERN AET, KLB and ILT).

A weight is a line of fixed columns and CR LF: command left aligned in 3 columns, blank, stability
(blank stable, ``?`` unstable, ``^`` over, ``v`` under the range), blank, sign, number right
aligned in 9 columns, blank, unit left aligned in 3 columns. Commands are answered in two steps:
``Z A`` accepted, then ``Z D`` done, or ``I``, ``^``, ``v``, ``E`` (no stability in time). Source:
Radwag, R series and PS series manuals, chapters on the communication protocol.

Weak: by the layout table the line has 22 bytes, in the same manuals' example 21 (no blank before
the stability), and newer models send the number with its sign in 11 or 12 columns (23 or 24
bytes). A line that lost a character looks like that of a shorter layout, so only one length is
taken: 22 bytes or ``frame_bytes`` of the site. The answer to ``NB`` (serial number) is taken as
quoted text.
"""

import re
from functools import partial

from returnbench.drivers.scales.ascii_lines import (
    decode_line,
    line_framer,
    other_length,
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

_TITLE = "Radwag"
_FRAME_BYTES = 22
_ACCEPTED_BYTES = (21, 22, 23, 24)
_SHORTEST_MARKER_AT = 3

_WEIGHT_IDS = ("S", "SI", "SU", "SUI")
_NUMBER = re.compile(
    r"(?P<sign>-?)\x20*(?P<digits>[0-9]+(?:\.[0-9]*)?)(?:\[(?P<unverified>[0-9])\])?"
)
_STATUS = re.compile(r"(?P<id>S|SI|SU|SUI) (?P<status>[I^vE])\r\n")
_ANSWER = re.compile(
    r"(?P<id>S|SU|Z|T|UT|OT|NB|PC|C0|C1|CU0|CU1) (?P<status>A|D|I|\^|v|E|OK)"
    r'(?: (?P<text>"[\x20-~]{0,50}"))?\r\n'
)
_UNIT = re.compile(r"[!-~]{1,3}\x20*")

_OVER = NoWeightLine(NoWeightReason.OVERLOAD, "^: above the range")
_UNDER = NoWeightLine(NoWeightReason.UNDER_ZERO, "v: below the range")
_NO_WEIGHT = {
    "I": NoWeightLine(NoWeightReason.NOT_READY, "I: not possible now"),
    "E": NoWeightLine(NoWeightReason.NOT_READY, "E: no stable weight in time"),
    "^": _OVER,
    "v": _UNDER,
}
_OUTCOMES = {
    "A": Outcome.DONE,
    "D": Outcome.DONE,
    "OK": Outcome.DONE,
    "I": Outcome.NOT_NOW,
    "E": Outcome.NOT_NOW,
    "^": Outcome.TOO_HIGH,
    "v": Outcome.TOO_LOW,
}
_TWO_STEPS = ("S", "SU", "Z", "T")


def decode(raw: bytes, options: ProtocolOptions | None = None) -> Decoded:
    """What one line says. Never raises; a line of another length than expected is no weight."""
    entered = options or ProtocolOptions()
    return decode_line(raw, lambda line: _known(line, entered), _TITLE)


def _known(line: str, options: ProtocolOptions) -> Decoded | None:
    if line == "ES\r\n":
        return ErrorLine(NoWeightReason.COMMAND_REFUSED, "ES: command not known to the scale")
    if match := _STATUS.fullmatch(line):
        return _NO_WEIGHT[match["status"]]
    if match := _ANSWER.fullmatch(line):
        return _answer(match["id"], match["status"], match["text"])
    expected = options.frame_bytes or _FRAME_BYTES
    if len(line) not in _ACCEPTED_BYTES or not line.endswith("\r\n"):
        return None
    found = _weight(line, options)
    if found is None or len(line) == expected:
        return found
    return other_length(len(line), expected)


def _answer(command: str, status: str, text: str | None) -> AnswerLine:
    """``A`` to a command of two steps promises the second: it has a name of its own."""
    if status == "A" and text is None and command in _TWO_STEPS:
        return AnswerLine(f"{command} A", Outcome.MORE)
    return AnswerLine(command, _OUTCOMES[status], text or "")


def _weight(line: str, options: ProtocolOptions) -> Decoded | None:
    at = _SHORTEST_MARKER_AT + (len(line) > _ACCEPTED_BYTES[0])
    command, marker, field, unit = line[:at], line[at], line[at + 1 : -6], line[-6:-2]
    number = _NUMBER.fullmatch(field.lstrip(" "))
    bracketed = number is not None and number["unverified"] is not None
    fits = (
        command.rstrip(" ") in _WEIGHT_IDS
        and command[:1] != " "
        and marker in " ?^v"
        and field[:1] == " "
    )
    if not fits or unit[0] != " " or _UNIT.fullmatch(unit[1:]) is None:
        return None
    if marker in "^v":
        return _NO_WEIGHT[marker]
    if number is None or not (bracketed or number["digits"][-1].isdigit()):
        return None
    return weight_line(
        number["sign"] + number["digits"] + (number["unverified"] or ""),
        unit.strip(),
        stable=marker == " ",
        expected=options.unit,
    )


_COMMANDS = Commands(
    stream=b"C1\r\n",
    quiet=b"C0\r\n",
    poll=b"SI\r\n",
    poll_seconds=0.2,
    identify=Command(b"NB\r\n", frozenset({"NB"}), 1.0),
    zero=Command(b"Z\r\n", frozenset({"Z"}), 12.0),
    tare=Command(b"T\r\n", frozenset({"T"}), 12.0),
)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one scale. ``frame_bytes`` and ``unit`` are used where entered.

    Raises:
        ValueError: no Radwag scale sends weights of ``frame_bytes``.

    """
    if options.frame_bytes not in (None, *_ACCEPTED_BYTES):
        raise ValueError(
            f"frame_bytes = {options.frame_bytes}: one of 21, 22, 23, 24 is expected for radwag"
        )
    return ScaleProtocol("radwag", _TITLE, line_framer, partial(decode, options=options), _COMMANDS)


RADWAG = make(ProtocolOptions())
