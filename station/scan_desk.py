"""What a scan means at this moment: from a code and the state of the bench to an intent. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from returnbench.inspect.bench_codes import BadCode, Badge, decode_badge, decode_command
from returnbench.inspect.flow import line_of_code
from returnbench.inspect.inspection import BenchState, Phase
from returnbench.inspect.waybill import Meaning, MeaningKind, ScanProblem, understand


@dataclass(frozen=True, slots=True)
class PressKey:
    """A command barcode stands for a key."""

    key: str


@dataclass(frozen=True, slots=True)
class ShowBadge:
    """Somebody scanned a badge."""

    badge: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """A parcel's code: find what was announced and begin, or go on with it."""

    text: str
    carrier: str


@dataclass(frozen=True, slots=True)
class CountUnit:
    """The code of a unit of the open parcel."""

    code: str


@dataclass(frozen=True, slots=True)
class Ignore:
    """The scan changes nothing; ``notice`` tells the operator why, empty for a soft tick."""

    notice: str
    text: str = ""


Intent = PressKey | ShowBadge | LookUp | CountUnit | Ignore

_KEYS = {
    "KEYENTER": "enter",
    "UNDO": "0",
    "HOLD": "9",
    "REFUSE": "1",
    "CAMERA": "f3",
    "ALLOK": "enter",
} | {f"KEY{digit}": str(digit) for digit in range(10)}


@dataclass(frozen=True, slots=True)
class ReadScan:
    """A scan with what it means in itself and what it asks for now."""

    meaning: Meaning
    intent: Intent


def read_scan(
    raw: str, symbology: str, state: BenchState, is_sure: Callable[[str], bool]
) -> ReadScan:
    """What ``raw`` asks of the bench in this ``state``.

    ``is_sure`` says of a code that it needs no second look, whatever its shape: it is announced,
    or it was read again after a question, which says "take it as it is".
    """
    meaning = understand(raw, symbology)
    return ReadScan(meaning, _intent(meaning, state, is_sure))


def _intent(meaning: Meaning, state: BenchState, is_sure: Callable[[str], bool]) -> Intent:
    match meaning.kind:
        case MeaningKind.COMMAND:
            word = decode_command(meaning.text)
            if isinstance(word, BadCode):
                return Ignore("BAD_COMMAND", meaning.text)
            return PressKey(_KEYS[word])
        case MeaningKind.BADGE:
            badge = decode_badge(meaning.text)
            return ShowBadge(meaning.text) if isinstance(badge, Badge) else Ignore("NOT_A_CODE")
        case MeaningKind.UNREADABLE:
            return Ignore("NOT_A_CODE", meaning.text)
        case _:
            return _code(meaning, state, is_sure)


def _code(meaning: Meaning, state: BenchState, is_sure: Callable[[str], bool]) -> Intent:
    now = state.inspection
    if now is not None:
        if meaning.text == now.waybill:
            return Ignore("")
        if now.phase is Phase.CONTENTS:
            known = line_of_code(now, meaning.text) is not None
            if known or meaning.kind is not MeaningKind.WAYBILL:
                return CountUnit(meaning.text)
        return Ignore("PARCEL_OPEN", meaning.text)
    doubt = ""
    if meaning.kind is MeaningKind.UNIT_CODE:
        doubt = "PRODUCT_CODE"
    elif meaning.problem is ScanProblem.CHECK_DIGIT_WRONG:
        doubt = "WRONG_CHECK_DIGIT"
    if doubt and not is_sure(meaning.text):
        return Ignore(doubt, meaning.text)
    carriers = {candidate.carrier for candidate in meaning.candidates}
    return LookUp(meaning.text, carriers.pop() if len(carriers) == 1 else "")
