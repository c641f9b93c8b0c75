"""Which keys mean what, now: from the state of the bench to a menu. Pure.

The same number means the same everywhere: 1 is "yes, complete, go on", 0 takes back, 9 sets aside,
Enter goes on in the normal case, 8 goes on without what is missing. Every key has a printed barcode
(``XCMD KEY1`` and so on), so gloves never matter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from returnbench.inspect.case import ExpectedLine, Finding
from returnbench.inspect.codes import (
    DoorFlag,
    FindingCode,
    Grade,
    IntakeRefusal,
    Integrity,
    SplitAnswer,
    WeighingPurpose,
)
from returnbench.inspect.commands import (
    AddFinding,
    AllInOrder,
    AnswerSplit,
    Command,
    ConfirmVerdict,
    FinishContents,
    GradeLine,
    HoldCase,
    JudgeIntegrity,
    PassDoor,
    RefuseParcel,
    UndoStep,
)
from returnbench.inspect.gates import needs_full_set
from returnbench.inspect.inspection import BenchState, Inspection, Phase

HOLD_OWNER = "returns-desk"
"""The role that looks after parcels that were set aside at the bench."""

LINES_PER_PAGE = 5


class Act(StrEnum):
    """What a key does that is not a command of the inspection."""

    WEIGH_FULL_SET = "WEIGH_FULL_SET"
    GO_WITHOUT = "GO_WITHOUT"
    BACK = "BACK"
    NEXT_PAGE = "NEXT_PAGE"


@dataclass(frozen=True, slots=True)
class Submenu:
    """A key that leads to another choice; ``line_ref`` is the line it is about."""

    name: str
    line_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One key: what it is called (an id of a text, with parameters) and what it does."""

    key: str
    label: str
    does: Command | Submenu | Act
    params: tuple[tuple[str, str], ...] = ()
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where the operator is in the menu: the submenu, and which page of lines."""

    submenu: Submenu | None = None
    page: int = 0


def menu(state: BenchState, place: Place, *, may_go_without: bool) -> tuple[Choice, ...]:
    """All keys that are valid now, in the order in which they are shown."""
    now = state.inspection
    if now is None:
        return _undo_choice(state)
    if place.submenu is not None:
        return (*_submenu(now, place), Choice("0", "key.back", Act.BACK))
    choices = list(_PHASE_MENUS[now.phase](now))
    if may_go_without:
        choices.append(Choice("8", "key.go_without", Act.GO_WITHOUT))
    choices.append(Choice("9", "key.hold", HoldCase("set aside at the bench", HOLD_OWNER)))
    return (*choices, *_undo_choice(state))


def refusing(state: BenchState) -> Command | Submenu | None:
    """What refuses the parcel now: its one reason, or the choice of reasons; ``None``: nothing."""
    now = state.inspection
    if now is None or now.phase not in (Phase.DOOR, Phase.OUTSIDE):
        return None
    stopped = [choice.does for choice in _door(now) if isinstance(choice.does, RefuseParcel)]
    return stopped[0] if stopped else Submenu("refuse")


def _undo_choice(state: BenchState) -> tuple[Choice, ...]:
    now = state.inspection or (state.decided[-1] if state.decided else None)
    if now is None or now.previous is None:
        return ()
    return (Choice("0", "key.undo", UndoStep()),)


def _door(now: Inspection) -> tuple[Choice, ...]:
    if DoorFlag.FREIGHT_COLLECT in now.flags:
        refuse = RefuseParcel(IntakeRefusal.FREIGHT_COLLECT)
        return (Choice("1", "key.refuse", refuse, primary=True),)
    if DoorFlag.CARRIER_NOT_ACCEPTED in now.flags:
        refuse = RefuseParcel(IntakeRefusal.CARRIER_NOT_ACCEPTED)
        return (Choice("1", "key.refuse", refuse, primary=True),)
    return (
        Choice("1", "key.take_in", PassDoor(), primary=True),
        Choice("2", "key.refuse", Submenu("refuse")),
    )


def _outside(now: Inspection) -> tuple[Choice, ...]:
    choices = [
        Choice("1", "integrity.INTACT", JudgeIntegrity(Integrity.INTACT)),
        Choice("2", "integrity.RETAPED", JudgeIntegrity(Integrity.RETAPED)),
        Choice("3", "integrity.DENTED", JudgeIntegrity(Integrity.DENTED)),
        Choice("4", "integrity.TORN", JudgeIntegrity(Integrity.TORN)),
        Choice("5", "key.more", Submenu("outside")),
    ]
    weighed = (
        now.weighing(WeighingPurpose.GROSS) is not None
        or WeighingPurpose.GROSS in now.without_weight
    )
    if now.advice is not None and weighed and not now.weight_contradicts:
        choices.insert(0, Choice("enter", "key.all_in_order", AllInOrder(), primary=True))
    return tuple(choices)


def _contents(now: Inspection) -> tuple[Choice, ...]:
    finish = _finish_choice(now)
    return (
        finish,
        Choice("2", "key.damaged", Submenu("damaged")),
        Choice("3", "key.wrong_item", Submenu("wrong")),
        Choice("4", "key.missing", Submenu("missing" if now.split else "split")),
        Choice("5", "key.extra", Submenu("extra")),
    )


def _finish_choice(now: Inspection) -> Choice:
    if needs_full_set(now) and now.weighing(WeighingPurpose.FULL_SET) is None:
        return Choice("enter", "key.weigh_full_set", Act.WEIGH_FULL_SET, primary=True)
    if now.findings:
        return Choice("enter", "key.that_is_all", FinishContents(), primary=True)
    if now.weight_contradicts:
        return Choice("1", "key.counted", FinishContents(counted=True), primary=True)
    label = "key.nothing_announced" if now.advice is None else "key.complete"
    return Choice("1", label, FinishContents(), primary=True)


def _grading(now: Inspection) -> tuple[Choice, ...]:
    line = now.ungraded[0]
    keys = (
        ("1", Grade.A_SEALED),
        ("2", Grade.B_LIKE_NEW),
        ("3", Grade.C_GOOD),
        ("4", Grade.D_SOILED),
        ("5", Grade.E_DAMAGED),
    )
    choices = [
        Choice(key, f"grade.{grade}", GradeLine(line.line_ref, grade)) for key, grade in keys
    ]
    everything = GradeLine(None, Grade.B_LIKE_NEW)
    return (Choice("enter", "key.rest_like_new", everything, primary=True), *choices)


def _verdict(now: Inspection) -> tuple[Choice, ...]:
    return (Choice("enter", "key.confirm", ConfirmVerdict(), primary=True),)


def _nothing(now: Inspection) -> tuple[Choice, ...]:
    return ()


_PHASE_MENUS = {
    Phase.DOOR: _door,
    Phase.OUTSIDE: _outside,
    Phase.CONTENTS: _contents,
    Phase.GRADING: _grading,
    Phase.VERDICT: _verdict,
    Phase.DECIDED: _nothing,
    Phase.RELEASED: _nothing,
}


def _submenu(now: Inspection, place: Place) -> tuple[Choice, ...]:
    submenu = place.submenu
    if submenu is None:
        return ()
    if submenu.name in _FIXED:
        return _FIXED[submenu.name]
    if submenu.line_ref is not None:
        return _damage_causes(submenu.line_ref)
    if submenu.name == "damaged":
        return _lines(now, place, lambda line: Submenu("damaged", line.line_ref))
    code = _missing_code(now) if submenu.name == "missing" else _wrong_code(now)
    unit_code = now.units[-1].code if code is FindingCode.SWAP_SUSPECT else None
    return _lines(now, place, lambda line: AddFinding(Finding(code, line.line_ref, 1, unit_code)))


def _missing_code(now: Inspection) -> FindingCode:
    """What travels in another parcel is pending, not missing."""
    pending = now.split is SplitAnswer.OTHER_PARCEL_EXPECTED
    return FindingCode.SPLIT_PENDING if pending else FindingCode.SHORT_QTY


def _wrong_code(now: Inspection) -> FindingCode:
    """A unit code that fits no line makes a wrong item a suspected swap."""
    swapped = bool(now.units) and now.units[-1].line_ref is None
    return FindingCode.SWAP_SUSPECT if swapped else FindingCode.WRONG_ITEM


def _lines(
    now: Inspection, place: Place, does: Callable[[ExpectedLine], Command | Submenu]
) -> tuple[Choice, ...]:
    """Present lines as 1 to 5; ``6`` turns the page."""
    present = [line for line in now.lines if now.present_of(line) > 0]
    start = place.page * LINES_PER_PAGE
    shown = present[start : start + LINES_PER_PAGE]
    choices = [
        Choice(str(number), "key.line", does(line), (("title", line.title),))
        for number, line in enumerate(shown, start=1)
    ]
    if len(present) > LINES_PER_PAGE:
        choices.append(Choice("6", "key.next_page", Act.NEXT_PAGE))
    return tuple(choices)


def _damage_causes(line_ref: str) -> tuple[Choice, ...]:
    causes = (
        ("1", FindingCode.DAMAGED_TRANSIT),
        ("2", FindingCode.DAMAGED_USE),
        ("3", FindingCode.DEFECT_MAKER),
        ("4", FindingCode.SOILED),
        ("5", FindingCode.TAG_REMOVED),
    )
    return tuple(
        Choice(key, f"finding.{code}", AddFinding(Finding(code, line_ref, 1)))
        for key, code in causes
    )


_FIXED: dict[str, tuple[Choice, ...]] = {
    "refuse": (
        Choice("1", "refusal.NOT_OURS", RefuseParcel(IntakeRefusal.NOT_OURS)),
        Choice("2", "refusal.LABEL_UNREADABLE", RefuseParcel(IntakeRefusal.LABEL_UNREADABLE)),
        Choice("3", "refusal.LABEL_HANDWRITTEN", RefuseParcel(IntakeRefusal.LABEL_HANDWRITTEN)),
        Choice("4", "refusal.HAZARD", RefuseParcel(IntakeRefusal.HAZARD)),
        Choice("5", "refusal.FREIGHT_COLLECT", RefuseParcel(IntakeRefusal.FREIGHT_COLLECT)),
    ),
    "outside": (
        Choice("1", "integrity.WET", JudgeIntegrity(Integrity.WET)),
        Choice("2", "integrity.OPEN", JudgeIntegrity(Integrity.OPEN)),
        Choice("3", "integrity.EMPTY_FEEL", JudgeIntegrity(Integrity.EMPTY_FEEL)),
        Choice("4", "key.refuse", Submenu("refuse")),
    ),
    "split": (
        Choice("1", "split.SLIP_LISTS_ALL", AnswerSplit(SplitAnswer.SLIP_LISTS_ALL)),
        Choice("2", "split.NO_SLIP_NO_SIBLING", AnswerSplit(SplitAnswer.NO_SLIP_NO_SIBLING)),
        Choice("3", "split.OTHER_PARCEL_EXPECTED", AnswerSplit(SplitAnswer.OTHER_PARCEL_EXPECTED)),
    ),
    "extra": (
        Choice("1", "finding.EXTRA_ITEM", AddFinding(Finding(FindingCode.EXTRA_ITEM, None, 1))),
        Choice("2", "finding.FOREIGN_ITEM", AddFinding(Finding(FindingCode.FOREIGN_ITEM, None, 1))),
        Choice("3", "finding.HAZARD", AddFinding(Finding(FindingCode.HAZARD, None, 1))),
        Choice("4", "finding.EMPTY_PARCEL", AddFinding(Finding(FindingCode.EMPTY_PARCEL, None, 1))),
        Choice(
            "5",
            "finding.COUNTERFEIT_SUSPECT",
            AddFinding(Finding(FindingCode.COUNTERFEIT_SUSPECT, None, 1)),
        ),
    ),
}
