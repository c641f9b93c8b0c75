"""SMA SCP-0499, levels 1 and 2: the standard protocol of the Scale Manufacturers Association.

Commands are ``LF letter CR``; a weight has 20 bytes: ``LF``, status, range, gross or net, motion,
a reserved blank, the number right aligned in ten columns, the unit in three, ``CR``. Sources: SMA,
"Standard Scale Serial Communication Protocol", SCP-0499; Sartorius, manual of the PR 5220; B-Tek,
manual of the T419S.

Zero and tare are answered with a weight. There is no checksum: a changed digit, sign or flag
cannot be seen.
A tare weight and a weight of high resolution are never taken for the weight of a parcel.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, unreadable
from returnbench.drivers.scales.dialogue import ReadCommand
from returnbench.drivers.scales.framing_delimited import DelimitedFramer
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
from returnbench.drivers.scales.sent_unit import sent_unit
from returnbench.inspect.weighing import NoWeightReason, WeightKind

NAME = "sma"
TITLE = "SMA SCP-0499"

_WEIGHT = re.compile(
    r"\n(?P<status>[ZOUEIT\x20])[1-9](?P<kind>[GNTgn])(?P<motion>[M\x20])\x20"
    r"(?P<field>[\x20-~]{10})(?P<unit>[A-Za-z\x20]{3})\r"
)
_NUMBER = re.compile(r"\x20*-?[0-9]+(?:\.[0-9]+)?")
_INFORMATION = re.compile(r"\n(?P<name>[A-Z]{3}):(?P<text>[\x20-~]{0,40})\r")
_DIAGNOSIS = re.compile(r"\n(?P<text>[R\x20][E\x20][C\x20][\x20-~])\r")
_LIMIT = 64
_STARTS, _ENDS = b"\n\x8a", b"\r\x8d"

_ERRORS = {
    b"\n?\r": ErrorLine(NoWeightReason.COMMAND_REFUSED, "?: command not known to the scale"),
    b"\n!\r": ErrorLine(
        NoWeightReason.WRONG_PARITY, "!: the scale cannot read us: check baud rate and parity"
    ),
}
_NO_WEIGHT = {
    "O": NoWeightLine(NoWeightReason.OVERLOAD, "O: over capacity"),
    "U": NoWeightLine(NoWeightReason.UNDER_ZERO, "U: under capacity"),
    "E": NoWeightLine(NoWeightReason.DEVICE_ERROR, "E: zero error: empty the pan and zero it"),
    "I": NoWeightLine(
        NoWeightReason.DEVICE_ERROR, "I: zero error at switch-on: empty the pan and zero it"
    ),
    "T": NoWeightLine(NoWeightReason.COMMAND_REFUSED, "T: tare error"),
}
_OUTCOMES = {
    "O": Outcome.TOO_HIGH,
    "U": Outcome.TOO_LOW,
    "E": Outcome.NOT_POSSIBLE,
    "I": Outcome.NOT_POSSIBLE,
    "T": Outcome.NOT_POSSIBLE,
}
_NOT_STABLE = NoWeightLine(NoWeightReason.NOT_READY, "no stable weight in time")
_KINDS = {"G": WeightKind.GROSS, "N": WeightKind.NET}


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one frame says. Never raises; what is not exactly an answer is unreadable."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), TITLE)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """SMA as one scale speaks it. ``unit`` and ``decimals`` are checked where they are entered."""
    return ScaleProtocol(NAME, TITLE, _framer, partial(decode, options=options), _COMMANDS)


def _framer() -> DelimitedFramer:
    return DelimitedFramer(_STARTS, _ENDS, _LIMIT)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    if raw in _ERRORS:
        return _ERRORS[raw]
    if not raw.isascii():
        return None
    text = raw.decode("ascii")
    if match := _WEIGHT.fullmatch(text):
        return _weight(match, options)
    if match := _INFORMATION.fullmatch(text):
        # A is answered with the level, and B or N bring the next line.
        return AnswerLine(match["name"], Outcome.MORE, match["text"])
    if match := _DIAGNOSIS.fullmatch(text):
        return AnswerLine("D", Outcome.DONE, match["text"].strip())
    return None


def _weight(match: re.Match[str], options: ProtocolOptions) -> Decoded:
    status, kind = match["status"], match["kind"]
    if blocked := _NO_WEIGHT.get(status):
        return blocked
    field, unit_text = match["field"], match["unit"].rstrip()
    if _dashed(field):
        return _NOT_STABLE
    if not _NUMBER.fullmatch(field):
        return unreadable(f"{field!r} is no weight of ten columns")
    if kind == "T":
        return AnswerLine("M", Outcome.DONE, f"{field.strip()} {unit_text}")
    if kind not in _KINDS:
        return unreadable("a weight of high resolution, which nobody asked for")
    value = Decimal(field.strip())
    if status == "Z" and kind == "G" and value:
        return unreadable("the status says centre of zero and the gross weight does not")
    # Twenty bytes: a lost k would be missing.
    unit = sent_unit(unit_text, options, lone_g=True)
    fault = decimals_fault(field, options.decimals)
    if fault is not None:
        return fault
    if isinstance(unit, NoWeightLine):
        return unit
    return WeightLine(value, unit, match["motion"] != "M", _KINDS[kind])


def _zeroed(raw: bytes) -> AnswerLine | None:
    """The weight that answers ``Z``: status Z when it is done."""
    return _answer("Z", raw, lambda match: match["status"] == "Z")


def _tared(raw: bytes) -> AnswerLine | None:
    """The weight that answers ``T``: a net weight when it is done."""
    return _answer("T", raw, lambda match: match["kind"] == "N")


def _answer(command: str, raw: bytes, done: Callable[[re.Match[str]], bool]) -> AnswerLine | None:
    match = _WEIGHT.fullmatch(raw.decode("latin-1"))
    if match is None:
        return None
    if match["status"] in _OUTCOMES:
        return AnswerLine(command, _OUTCOMES[match["status"]])
    if match["motion"] == "M" or _dashed(match["field"]):
        return AnswerLine(command, Outcome.NOT_NOW)
    return AnswerLine(command, Outcome.DONE if done(match) else Outcome.NOT_POSSIBLE)


def _dashed(field: str) -> bool:
    return set(field.strip()) == {"-"}


# A command ends the stream that R began. A is answered whatever the scale is at, once ESC has
# cancelled it. Zero and tare wait for stability as long as the scale is set to.
_COMMANDS = Commands(
    stream=b"\nR\r",
    quiet=b"\nW\r",
    poll=b"\nW\r",
    poll_seconds=0.12,
    resync=Command(b"\x1b\nA\r", frozenset({"SMA"}), 1.0),
    zero=ReadCommand(b"\nZ\r", frozenset(), 12.0, _zeroed),
    tare=ReadCommand(b"\nT\r", frozenset(), 12.0, _tared),
)

SMA = make(ProtocolOptions())
