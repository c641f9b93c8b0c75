"""The gates of the inspection: what must be there before a step may be taken.

Each refusal has a code for which the screen has a sentence that says what to do next.
"""

from returnbench.inspect.codes import (
    BROKEN_INTEGRITY,
    MISSING_FINDINGS,
    NOT_HERE_FINDINGS,
    DoorFlag,
    EvidenceSlot,
    FindingCode,
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
    JudgeIntegrity,
    OpenCase,
    PassDoor,
    Refused,
    RefuseParcel,
    ScanUnit,
)
from returnbench.inspect.inspection import Inspection, Phase
from returnbench.inspect.policy import Policy, propose

PHASES: dict[type, frozenset[Phase]] = {
    PassDoor: frozenset({Phase.DOOR}),
    RefuseParcel: frozenset({Phase.DOOR, Phase.OUTSIDE}),
    JudgeIntegrity: frozenset({Phase.OUTSIDE}),
    ScanUnit: frozenset({Phase.CONTENTS}),
    AnswerSplit: frozenset({Phase.CONTENTS}),
    AddFinding: frozenset({Phase.CONTENTS}),
    FinishContents: frozenset({Phase.CONTENTS}),
    GradeLine: frozenset({Phase.GRADING}),
    AllInOrder: frozenset({Phase.OUTSIDE, Phase.CONTENTS, Phase.GRADING}),
    ConfirmVerdict: frozenset({Phase.VERDICT}),
}
"""The phases in which a command makes sense; commands not listed fit every phase."""

_PICTURE_OF_FINDING: dict[FindingCode, EvidenceSlot] = {
    FindingCode.DAMAGED_TRANSIT: EvidenceSlot.DEFECT_CLOSE,
    FindingCode.DAMAGED_USE: EvidenceSlot.DEFECT_CLOSE,
    FindingCode.DEFECT_MAKER: EvidenceSlot.DEFECT_CLOSE,
    FindingCode.SOILED: EvidenceSlot.DEFECT_CLOSE,
    FindingCode.WRONG_ITEM: EvidenceSlot.ITEM_FRONT,
    FindingCode.EXTRA_ITEM: EvidenceSlot.ITEM_FRONT,
    FindingCode.FOREIGN_ITEM: EvidenceSlot.ITEM_FRONT,
    FindingCode.HAZARD: EvidenceSlot.ITEM_FRONT,
    FindingCode.SWAP_SUSPECT: EvidenceSlot.UNIT_CODE,
}


def door_flags(command: OpenCase) -> tuple[DoorFlag, ...]:
    """All that the operator must see before the parcel is opened, each once."""
    flags = list(command.flags)
    if command.advice is None:
        flags.append(DoorFlag.NO_INFO)
    elif command.advice.already_refunded:
        flags.append(DoorFlag.ALREADY_REFUNDED)
    return tuple(dict.fromkeys(flags))


def required_slots(now: Inspection, command: Command) -> tuple[EvidenceSlot, ...]:
    """Pictures that must be there before ``command``; those already taken included."""
    match command:
        case RefuseParcel():
            return (EvidenceSlot.LABEL,)
        case JudgeIntegrity():
            if command.integrity in BROKEN_INTEGRITY:
                return (EvidenceSlot.LABEL, EvidenceSlot.SIX_SIDES_A)
            return (EvidenceSlot.LABEL,)
        case AddFinding():
            slot = _PICTURE_OF_FINDING.get(command.finding.code)
            return (slot,) if slot else ()
        case AllInOrder() if now.phase is Phase.OUTSIDE:
            return (EvidenceSlot.LABEL, EvidenceSlot.ALL_ITEMS)
        case FinishContents() | AllInOrder():
            if needs_full_set(now):
                return (EvidenceSlot.ALL_ITEMS, EvidenceSlot.FULL_SET_ON_SCALE)
            return (EvidenceSlot.ALL_ITEMS,)
        case _:
            return ()


def missing_slots(now: Inspection, command: Command) -> tuple[EvidenceSlot, ...]:
    """Pictures that ``command`` still waits for.

    A slot that was given up counts as settled, but never for a shortage: "missing" is not said
    without the picture of the full set on the scale.
    """
    return tuple(
        slot
        for slot in required_slots(now, command)
        if not now.has_photo(slot)
        and (slot is EvidenceSlot.FULL_SET_ON_SCALE or slot not in now.without_photo)
    )


def needs_full_set(now: Inspection) -> bool:
    """Whether everything received must be weighed together before "missing" may stand."""
    return now.says_missing and now.integrity not in BROKEN_INTEGRITY


def refusal(now: Inspection, command: Command, operator: str, policy: Policy) -> Refused | None:
    """Why ``command`` may not be carried out now; ``None`` when it may."""
    allowed = PHASES.get(type(command))
    if allowed is not None and now.phase not in allowed:
        return Refused("NOT_NOW", now.phase)
    if allowed is not None and not operator:
        return Refused("SIGN_ON_FIRST")
    refused = _rule(now, command, operator, policy)
    if refused is not None:
        return refused
    waiting = missing_slots(now, command)
    return Refused("PHOTO_FIRST", waiting[0]) if waiting else None


def _rule(now: Inspection, command: Command, operator: str, policy: Policy) -> Refused | None:
    match command:
        case PassDoor():
            if DoorFlag.FREIGHT_COLLECT in now.flags or (
                DoorFlag.CARRIER_NOT_ACCEPTED in now.flags
            ):
                return Refused("DOOR_MUST_REFUSE")
        case JudgeIntegrity():
            return _weighed(now)
        case AnswerSplit():
            if command.answer is SplitAnswer.OTHER_PARCEL_EXPECTED and now.says_missing:
                return Refused("TAKE_BACK_MISSING_FIRST")
        case AddFinding():
            return _finding(now, command)
        case FinishContents():
            return _contents(now, counted=command.counted)
        case AllInOrder():
            return _all_in_order(now)
        case ConfirmVerdict():
            return _second_person(now, command, operator, policy)
        case _:
            pass
    return None


def _weighed(now: Inspection) -> Refused | None:
    purpose = WeighingPurpose.GROSS
    if now.weighing(purpose) is None and purpose not in now.without_weight:
        return Refused("WEIGH_FIRST")
    return None


def _finding(now: Inspection, command: AddFinding) -> Refused | None:
    finding = command.finding
    if finding.quantity < 1:
        return Refused("QUANTITY_NOT_POSITIVE")
    if finding.line_ref is not None:
        line = now.line(finding.line_ref)
        if line is None:
            return Refused("NO_SUCH_LINE", finding.line_ref)
        takes_units = NOT_HERE_FINDINGS | {FindingCode.WRONG_ITEM, FindingCode.SWAP_SUSPECT}
        if finding.code in takes_units and finding.quantity > now.present_of(line):
            return Refused("MORE_THAN_EXPECTED", finding.line_ref)
    if finding.code in MISSING_FINDINGS:
        if now.split is None:
            return Refused("SPLIT_CHECK_FIRST")
        if now.split is SplitAnswer.OTHER_PARCEL_EXPECTED:
            return Refused("OTHER_PARCEL_EXPECTED")
    return None


def _contents(now: Inspection, *, counted: bool) -> Refused | None:
    if now.weight_contradicts and not now.findings and not counted:
        return Refused("COUNT_FIRST")
    if needs_full_set(now) and now.weighing(WeighingPurpose.FULL_SET) is None:
        return Refused("FULL_SET_FIRST")
    return None


def _all_in_order(now: Inspection) -> Refused | None:
    if now.phase is Phase.OUTSIDE:
        refused = _weighed(now)
        if refused is not None:
            return refused
    if now.advice is None:
        return Refused("NOT_ANNOUNCED")
    if now.findings or now.integrity not in (None, Integrity.INTACT):
        return Refused("NOT_IN_ORDER")
    if now.weight_contradicts and not now.counted:
        return Refused("COUNT_FIRST")
    return None


def _second_person(
    now: Inspection, command: ConfirmVerdict, operator: str, policy: Policy
) -> Refused | None:
    if not propose(now, policy).needs_second_person:
        return None
    if not command.second_person:
        return Refused("SECOND_PERSON")
    if command.second_person == operator:
        return Refused("SECOND_PERSON_IS_OPERATOR")
    return None
