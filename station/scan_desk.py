"""What a scan means at this moment: from a code and the state of the bench to an intent. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from returnbench.inspect.bench_codes import BadCode, Badge, decode_badge, decode_command
from returnbench.inspect.flow import line_of_code
from returnbench.inspect.inspection import BenchState, Inspection, Phase
from returnbench.inspect.waybill import Meaning, MeaningKind, ScanProblem, normalise, understand


@dataclass(frozen=True, slots=True)
class PressKey:
    """A command barcode stands for a key."""

    key: str


@dataclass(frozen=True, slots=True)
class NamedAct:
    """A command barcode names an act, ``REFUSE`` or ``ALLOK``, whatever key it has now."""

    word: str


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


Intent = PressKey | NamedAct | ShowBadge | LookUp | CountUnit | Ignore

_KEYS = {
    "KEYENTER": "enter",
    "UNDO": "0",
    "HOLD": "9",
    "CAMERA": "f3",
} | {f"KEY{digit}": str(digit) for digit in range(10)}

_TROUBLES: dict[ScanProblem | None, str] = {
    ScanProblem.BAD_COMMAND: "BAD_COMMAND",
    ScanProblem.BAD_BADGE: "NOT_A_CODE",
    ScanProblem.KEYBOARD_LAYOUT: "KEYBOARD_LAYOUT",
    ScanProblem.NO_WAYBILL_INSIDE: "NO_NUMBER_INSIDE",
}
"""Problems of codes that name neither a parcel nor a unit, with the notice of each."""


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
            return PressKey(_KEYS[word]) if word in _KEYS else NamedAct(word)
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
        return _while_open(meaning, now, is_sure)
    doubt = _TROUBLES.get(meaning.problem, "")
    if meaning.kind is MeaningKind.UNIT_CODE:
        doubt = "PRODUCT_CODE"
    elif meaning.problem is ScanProblem.CHECK_DIGIT_WRONG:
        doubt = "WRONG_CHECK_DIGIT"
    if doubt and not is_sure(meaning.text):
        return Ignore(doubt, meaning.text)
    carriers = {candidate.carrier for candidate in meaning.candidates}
    return LookUp(meaning.text, carriers.pop() if len(carriers) == 1 else "")


def _while_open(meaning: Meaning, now: Inspection, is_sure: Callable[[str], bool]) -> Intent:
    """A code beside an open parcel: one of its units, itself, or something that must wait."""
    known = line_of_code(now, meaning.text) is not None
    if known and now.phase is Phase.CONTENTS:
        return CountUnit(meaning.text)
    if is_code_of(now, meaning.text):
        return Ignore("")
    if meaning.problem in _TROUBLES:
        return Ignore(_TROUBLES[meaning.problem], meaning.text)
    if meaning.kind in (MeaningKind.WAYBILL, MeaningKind.RETURN_SLIP):
        return Ignore("PARCEL_OPEN", meaning.text)
    if now.phase is not Phase.CONTENTS:
        is_unit = known or meaning.kind is MeaningKind.UNIT_CODE
        return Ignore("NOT_NOW" if is_unit else "PARCEL_OPEN", meaning.text)
    if meaning.problem is ScanProblem.CHECK_DIGIT_WRONG and not is_sure(meaning.text):
        # The misread code of a unit must not make anybody suspect of a swap.
        return Ignore("WRONG_CHECK_DIGIT", meaning.text)
    return CountUnit(meaning.text)


def is_code_of(inspection: Inspection, text: str) -> bool:
    """Whether the normalised ``text`` is the waybill, the return number or the return slip."""
    advice = inspection.advice
    codes = [inspection.waybill]
    if advice is not None:
        codes += [advice.waybill, advice.rma, advice.return_slip]
    return text in {normalise(code).text for code in codes if code}
