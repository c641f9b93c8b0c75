"""What the NCI protocols SCP-01, SCP-02 and SCP-12 have in common: status bytes, units, numbers.

Two or more status characters: in the second and each later one bit 6 says that another follows,
bits 4 and 5 are always 1. Source: NCI / Weigh-Tronix SCP-01, document 8408-14788-01, and the
service manuals that repeat its table. Makers disagree about bits 0 and 1 of the third character and
about the fourth: they are not read.

There is no checksum. A width that must be right shows a lost character. What cannot be seen: a
digit, sign or status that became another one, and a minus sign lost where it has no column.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from returnbench.drivers.scales.decoding import filled_with_nines, unreadable
from returnbench.drivers.scales.plain_number import decimals_fault
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    Decoded,
    ErrorLine,
    NoWeightLine,
    Outcome,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.sent_unit import sent_unit
from returnbench.inspect.weighing import NoWeightReason, WeightKind

STATUS = r"(?P<status>[0-?][0-?p-\x7f]{1,5})"
"""Two to six status characters, in a regular expression."""

UNIT = r"(?P<unit>lb|kg|oz|g|LB|KG|OZ|G)"
"""A unit, in a regular expression."""

RESPONSE_SECONDS = 1.0
"""The time that the manuals tell the host to wait for an answer."""

POLL_SECONDS = 0.2

REFUSED = ErrorLine(NoWeightReason.COMMAND_REFUSED, "?: command not known to the scale")

_NUMBER = re.compile(r"\x20*-?[0-9]+(?:\.[0-9]+)?")
_QUESTIONS = frozenset({b"\n?\r\x03", b"\n?\r", b"\r?\n"})
_FORMS = {
    "nci-scp-01": re.compile(rf"\n[\x20-~]+\r\n{STATUS}\r\x03"),
    "nci-scp-02": re.compile(rf"\n(?:[\x20-~]+\r\n)?S{STATUS}\r\x03"),
    "nci-scp-12": re.compile(rf"\n[\x20-~]+\r{STATUS}\x03"),
}
_FAULTS = (
    (0, 0x04, "RAM error"),
    (0, 0x08, "EEPROM error"),
    (1, 0x04, "ROM error"),
    (1, 0x08, "calibration fault"),
    (2, 0x08, "zero error at switch-on: empty the pan and switch the scale off and on"),
)
_FILLS = {
    "^": NoWeightLine(NoWeightReason.OVERLOAD, "above the capacity"),
    "_": NoWeightLine(NoWeightReason.UNDER_ZERO, "below the weighing range"),
    "-": NoWeightLine(NoWeightReason.DEVICE_ERROR, "zero error: empty the pan and zero the scale"),
}


@dataclass(frozen=True, slots=True)
class Status:
    """The status characters of an answer. ``fault`` is empty when nothing is wrong."""

    moving: bool
    at_zero: bool
    under: bool
    over: bool
    fault: str
    kind: WeightKind


def status_of(characters: str, *, inverted: bool = False) -> Status | None:
    """The status, or ``None`` when a character is missing or is none of a status.

    ``inverted``: in the first character 0 means moving and 0 means at zero.
    """
    codes = [ord(character) for character in characters]
    follows = [bool(code & 0x40) for code in codes]
    if len(codes) < 2 or any(code & 0xB0 != 0x30 for code in codes):
        return None
    if follows[0] or follows[-1] or not all(follows[1:-1]):
        return None
    first = codes[0] ^ (0x03 if inverted else 0)
    kind = WeightKind.UNKNOWN
    if len(codes) > 2:
        kind = WeightKind.NET if codes[2] & 0x04 else WeightKind.GROSS
    faults = [text for at, bit, text in _FAULTS if at < len(codes) and codes[at] & bit]
    return Status(
        moving=bool(first & 0x01),
        at_zero=bool(first & 0x02),
        under=bool(codes[1] & 0x01),
        over=bool(codes[1] & 0x02),
        fault=", ".join(faults),
        kind=kind,
    )


def question(raw: bytes) -> ErrorLine | None:
    """The answer to an unknown command, in each of the forms that makers print."""
    return REFUSED if raw in _QUESTIONS else None


def blocked_by(status: Status) -> NoWeightLine | None:
    """Why there is no weight whatever the digits say; ``None``: nothing forbids one."""
    if status.fault:
        return NoWeightLine(NoWeightReason.DEVICE_ERROR, status.fault)
    if status.over:
        return _FILLS["^"]
    if status.under:
        return _FILLS["_"]
    return None


def without_weight(status: Status) -> NoWeightLine:
    """What a status alone says in the place of a weight."""
    if blocked := blocked_by(status):
        return blocked
    if status.moving:
        return NoWeightLine(NoWeightReason.IN_MOTION, "in motion")
    return NoWeightLine(
        NoWeightReason.NOT_READY,
        "a status without a weight: below zero, or not yet zeroed: empty the pan and zero it",
    )


def filled(field: str) -> NoWeightLine | None:
    """What a field says that is filled with one sign instead of digits."""
    marks = set(field.strip())
    if len(marks) == 1 and (fill := _FILLS.get(next(iter(marks)))):
        return fill
    if filled_with_nines(field):
        return _FILLS["^"]
    return None


def weight_line(field: str, unit_text: str, status: Status, options: ProtocolOptions) -> Decoded:
    """A weight whose width has been found right and that nothing forbids."""
    if not any(character.isdigit() for character in field):
        return NoWeightLine(NoWeightReason.NOT_READY, f"the display shows {field.strip()!r}")
    if not _NUMBER.fullmatch(field):
        return unreadable(f"{field!r} is no weight")
    unit = sent_unit(unit_text.lower(), options)
    fault = decimals_fault(field, options.decimals)
    if fault is not None:
        return fault
    if isinstance(unit, NoWeightLine):
        return unit
    return WeightLine(Decimal(field.strip()), unit, not status.moving, status.kind)


def other_form(raw: bytes, name: str) -> NoWeightLine | None:
    """Which of the three protocols the frame belongs to, if it is not the one named ``name``."""
    text = raw.decode("latin-1")
    for other, form in _FORMS.items():
        if other != name and (match := form.fullmatch(text)) and status_of(match["status"]):
            return unreadable(f"a frame of another NCI protocol: set protocol {other}")
    return None


def zero_answer(status: Status) -> AnswerLine:
    """The status as the answer to the command to zero."""
    if blocked := blocked_by(status):
        outcomes = {
            NoWeightReason.OVERLOAD: Outcome.TOO_HIGH,
            NoWeightReason.UNDER_ZERO: Outcome.TOO_LOW,
        }
        return AnswerLine("Z", outcomes.get(blocked.reason, Outcome.NOT_POSSIBLE), blocked.detail)
    if status.moving:
        return AnswerLine("Z", Outcome.NOT_NOW)
    return AnswerLine("Z", Outcome.DONE if status.at_zero else Outcome.NOT_POSSIBLE)


def tare_answer(status: Status) -> AnswerLine:
    """The status as the answer to the command to tare: done only if it says net."""
    if status.moving:
        return AnswerLine("T", Outcome.NOT_NOW)
    done = status.kind is WeightKind.NET and blocked_by(status) is None
    return AnswerLine("T", Outcome.DONE if done else Outcome.NOT_POSSIBLE)
