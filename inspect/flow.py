"""The inspection as a state machine: a command is answered with events, or refused with a code.

``decide`` checks, :func:`returnbench.inspect.evolve.evolve` changes. Neither reads a clock, draws
a random number or does I/O. The gates stand here and nowhere else, so no screen, interface or
import can go round them.
"""

from typing import assert_never

from returnbench.inspect import gates
from returnbench.inspect.case import CaseId, GradedUnits
from returnbench.inspect.codes import (
    ArrivalType,
    Grade,
    Integrity,
)
from returnbench.inspect.commands import (
    AddFinding,
    AllInOrder,
    AnswerSplit,
    Command,
    ConfirmVerdict,
    FinishContents,
    GoOnWithoutPhoto,
    GoOnWithoutWeight,
    GradeLine,
    HoldCase,
    JudgeIntegrity,
    NoteScan,
    OpenCase,
    PassDoor,
    RecordPhoto,
    RecordRefundAnswer,
    RecordWeighing,
    Refused,
    RefuseParcel,
    ReleaseVerdict,
    ResumeCase,
    ScanUnit,
    SignOn,
    UndoStep,
)
from returnbench.inspect.events import (
    CaseHeld,
    CaseOpened,
    CaseResumed,
    ContentsChecked,
    DoorPassed,
    Event,
    FindingRecorded,
    IntegrityJudged,
    OperatorSignedOn,
    ParcelRefused,
    ParcelWeighed,
    PhotoFailed,
    PhotoTaken,
    RefundAnswered,
    ScanRecorded,
    SplitChecked,
    StepUndone,
    UnitScanned,
    UnitsGraded,
    VerdictGiven,
    VerdictReleased,
    WeighingFailed,
)
from returnbench.inspect.evolve import evolve
from returnbench.inspect.inspection import BenchState, Inspection, Phase
from returnbench.inspect.policy import Policy, propose
from returnbench.inspect.waybill import unit_key

Decision = tuple[Event, ...] | Refused


def decide(state: BenchState, command: Command, policy: Policy) -> Decision:
    """The events that ``command`` leads to, or why it is refused. Never raises for bad input."""
    match command:
        case SignOn():
            return (OperatorSignedOn(command.operator),)
        case NoteScan():
            return (_scan(state, command),)
        case RecordRefundAnswer():
            return _refund_answer(state, command)
        case OpenCase():
            return _open(state, command)
        case ReleaseVerdict():
            return _release(state, command.case)
        case ResumeCase():
            return _resume(state, command.case)
        case UndoStep():
            return _undo(state)
        case _:
            if state.inspection is None:
                return Refused("NO_PARCEL")
            return _with_parcel(state, state.inspection, command, policy)


def _with_parcel(
    state: BenchState,
    now: Inspection,
    command: PassDoor
    | RefuseParcel
    | RecordWeighing
    | GoOnWithoutWeight
    | RecordPhoto
    | GoOnWithoutPhoto
    | JudgeIntegrity
    | ScanUnit
    | AnswerSplit
    | AddFinding
    | FinishContents
    | GradeLine
    | AllInOrder
    | ConfirmVerdict
    | HoldCase,
    policy: Policy,
) -> Decision:
    refused = gates.refusal(now, command, state.operator, policy)
    if refused is not None:
        return refused
    match command:
        case PassDoor():
            return (DoorPassed(now.case, now.flags),)
        case RefuseParcel():
            return (ParcelRefused(now.case, command.reason),)
        case RecordWeighing():
            return (ParcelWeighed(now.case, command.weight, command.assessment),)
        case GoOnWithoutWeight():
            return (WeighingFailed(now.case, command.purpose, command.reason, command.detail),)
        case RecordPhoto():
            return (PhotoTaken(now.case, command.photo),)
        case GoOnWithoutPhoto():
            return (PhotoFailed(now.case, command.slot, command.reason, command.rejected),)
        case _:
            return _judged(state, now, command, policy)


def _judged(
    state: BenchState,
    now: Inspection,
    command: JudgeIntegrity
    | ScanUnit
    | AnswerSplit
    | AddFinding
    | FinishContents
    | GradeLine
    | AllInOrder
    | ConfirmVerdict
    | HoldCase,
    policy: Policy,
) -> Decision:
    match command:
        case JudgeIntegrity():
            return (IntegrityJudged(now.case, command.integrity),)
        case ScanUnit():
            return (UnitScanned(now.case, command.code, line_of_code(now, command.code)),)
        case AnswerSplit():
            return (SplitChecked(now.case, command.answer),)
        case AddFinding():
            return (FindingRecorded(now.case, command.finding),)
        case FinishContents():
            return (ContentsChecked(now.case, counted=command.counted),)
        case GradeLine():
            return _grade(now, command.line_ref, command.grade)
        case AllInOrder():
            return _all_in_order(state, now, policy)
        case ConfirmVerdict():
            verdict = propose(now, policy)
            return (VerdictGiven(now.case, verdict, command.second_person),)
        case HoldCase():
            return (CaseHeld(now.case, command.reason, command.owner),)
        case _:
            assert_never(command)


def line_of_code(now: Inspection, code: str) -> str | None:
    """The line that a unit code belongs to: by its serial first, then by a code of its kind."""
    key = unit_key(code)
    for line in now.lines:
        if key in map(unit_key, line.serials):
            return line.line_ref
    for line in now.lines:
        if key in map(unit_key, (*line.unit_codes, line.sku)):
            return line.line_ref
    return None


def _scan(state: BenchState, command: NoteScan) -> ScanRecorded:
    case = state.inspection.case if state.inspection else None
    return ScanRecorded(command.raw, command.meaning, command.symbology, command.device, case)


def _refund_answer(state: BenchState, command: RecordRefundAnswer) -> Decision:
    if command.cursor <= state.cursor:
        return ()
    return (RefundAnswered(command.answer, command.cursor),)


def _open(state: BenchState, command: OpenCase) -> Decision:
    if state.inspection is not None:
        return Refused("PARCEL_OPEN", state.inspection.waybill)
    if not state.operator:
        return Refused("SIGN_ON_FIRST")
    flags = gates.door_flags(command)
    arrival = command.advice.arrival if command.advice else ArrivalType.NO_INFO
    opened = CaseOpened(
        command.case, command.waybill, command.carrier, arrival, command.advice, flags
    )
    return (opened,) if flags else (opened, DoorPassed(command.case))


def _release(state: BenchState, case: CaseId) -> Decision:
    for decided in state.decided:
        if decided.case == case and decided.verdict is not None:
            advice = decided.advice
            return (
                VerdictReleased(
                    case,
                    rma=advice.rma if advice else "",
                    shop=advice.shop if advice else "",
                    order_ref=advice.order_ref if advice else "",
                    verdict=decided.verdict,
                ),
            )
    return Refused("NOTHING_TO_RELEASE")


def _resume(state: BenchState, case: CaseId) -> Decision:
    if state.inspection is not None:
        return Refused("PARCEL_OPEN", state.inspection.waybill)
    if all(held.case != case for held in state.held):
        return Refused("NOT_HELD")
    return (CaseResumed(case),)


def _undo(state: BenchState) -> Decision:
    now = state.inspection or (state.decided[-1] if state.decided else None)
    if now is None or now.previous is None:
        return Refused("NOTHING_TO_UNDO")
    return (StepUndone(now.case, now.step),)


def _grade(now: Inspection, line_ref: str | None, grade: Grade) -> Decision:
    wanted = [line for line in now.ungraded if line_ref in (None, line.line_ref)]
    if not wanted:
        return Refused("NOTHING_TO_GRADE")
    return tuple(
        UnitsGraded(now.case, GradedUnits(line.line_ref, now.ungraded_of(line), grade))
        for line in wanted
    )


def _all_in_order(state: BenchState, now: Inspection, policy: Policy) -> Decision:
    """Everything that one key says for a parcel in order, up to the verdict."""
    events: list[Event] = []
    if now.phase is Phase.OUTSIDE:
        events.append(IntegrityJudged(now.case, Integrity.INTACT))
    if now.phase in (Phase.OUTSIDE, Phase.CONTENTS):
        events.append(ContentsChecked(now.case))
    reached = state
    for event in events:
        reached = evolve(reached, event)
    if reached.inspection is not None and reached.inspection.ungraded:
        graded = _grade(reached.inspection, None, Grade.B_LIKE_NEW)
        if isinstance(graded, tuple):
            events += graded
            for event in graded:
                reached = evolve(reached, event)
    if reached.inspection is not None:
        verdict = propose(reached.inspection, policy)
        if not verdict.needs_second_person:
            events.append(VerdictGiven(now.case, verdict))
    return tuple(events)
