"""The fold: one event changes the state of the bench. Replaying a log gives the same state."""

from dataclasses import replace
from typing import assert_never

from returnbench.inspect.case import CaseId
from returnbench.inspect.codes import EvidenceSlot
from returnbench.inspect.events import (
    CaseEvent,
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
from returnbench.inspect.inspection import BenchState, Inspection, Phase, UnitCount


def evolve(state: BenchState, event: Event) -> BenchState:
    """The state after ``event``. Total: an event of a case that is not there changes nothing."""
    match event:
        case OperatorSignedOn():
            return replace(state, operator=event.operator)
        case ScanRecorded():
            return state
        case RefundAnswered():
            return replace(state, cursor=max(state.cursor, event.cursor))
        case CaseOpened():
            return replace(state, inspection=_opened(event))
        case VerdictGiven() | VerdictReleased() | CaseHeld() | CaseResumed() | StepUndone():
            return _moved(state, event)
        case _:
            return _on_bench(state, event)


def fold(events: "list[Event] | tuple[Event, ...]", state: BenchState | None = None) -> BenchState:
    """The state after all ``events`` in their order."""
    folded = state or BenchState()
    for event in events:
        folded = evolve(folded, event)
    return folded


def _opened(event: CaseOpened) -> Inspection:
    return Inspection(
        case=event.case,
        waybill=event.waybill,
        carrier=event.carrier,
        arrival=event.arrival,
        advice=event.advice,
        flags=event.flags,
        phase=Phase.DOOR,
    )


def _on_bench(state: BenchState, event: CaseEvent) -> BenchState:
    open_case = state.inspection
    if open_case is None or open_case.case != event.case:
        return state
    return replace(state, inspection=_inspected(open_case, event))


def _inspected(now: Inspection, event: CaseEvent) -> Inspection:
    match event:
        case DoorPassed():
            if not event.flags:
                return replace(now, phase=Phase.OUTSIDE)
            return now.stepped("door", phase=Phase.OUTSIDE)
        case ParcelRefused():
            return now.stepped("refuse", phase=Phase.VERDICT, refusal=event.reason)
        case IntegrityJudged():
            return now.stepped("integrity", phase=Phase.CONTENTS, integrity=event.integrity)
        case SplitChecked():
            return now.stepped("split", split=event.answer)
        case FindingRecorded():
            before = now.without_full_set()
            return before.stepped("finding", findings=(*now.findings, event.finding))
        case ContentsChecked():
            checked = now.stepped("contents", counted=event.counted)
            return replace(checked, phase=Phase.GRADING if checked.ungraded else Phase.VERDICT)
        case UnitsGraded():
            graded = now.stepped("grade", graded=(*now.graded, event.graded))
            return replace(graded, phase=Phase.GRADING if graded.ungraded else Phase.VERDICT)
        case UnitScanned():
            unit = UnitCount(event.code, event.line_ref)
            return now.stepped("unit", units=(*now.units, unit))
        case _:
            return _with_evidence(now, event)


def _with_evidence(now: Inspection, event: CaseEvent) -> Inspection:
    match event:
        case ParcelWeighed():
            return replace(now, weighings=(*now.weighings, (event.weight, event.assessment)))
        case WeighingFailed():
            return replace(now, without_weight=(*now.without_weight, event.purpose))
        case PhotoTaken():
            return replace(now, photos=(*now.photos, event.photo))
        case PhotoFailed():
            slot = EvidenceSlot(event.slot)
            return replace(now, without_photo=(*now.without_photo, slot))
        case _:
            return now


def _moved(
    state: BenchState,
    event: VerdictGiven | VerdictReleased | CaseHeld | CaseResumed | StepUndone,
) -> BenchState:
    match event:
        case VerdictGiven():
            if state.inspection is None or state.inspection.case != event.case:
                return state
            decided = state.inspection.stepped(
                "verdict", phase=Phase.DECIDED, verdict=event.verdict
            )
            return replace(state, inspection=None, decided=(*state.decided, decided))
        case VerdictReleased():
            rest = _without(state.decided, event.case)
            released = len(state.decided) - len(rest)
            return replace(state, decided=rest, finished=state.finished + released)
        case CaseHeld():
            if state.inspection is None or state.inspection.case != event.case:
                return state
            return replace(state, inspection=None, held=(*state.held, state.inspection))
        case CaseResumed():
            back = _find(state.held, event.case)
            if back is None:
                return state
            return replace(state, inspection=back, held=_without(state.held, event.case))
        case StepUndone():
            return _undone(state, event)
        case _:
            assert_never(event)


def _undone(state: BenchState, event: StepUndone) -> BenchState:
    on_bench = state.inspection
    if on_bench is not None and on_bench.case == event.case:
        return replace(state, inspection=on_bench.undone()) if on_bench.previous else state
    decided = _find(state.decided, event.case)
    if decided is None or on_bench is not None:
        return state
    return replace(state, inspection=decided.undone(), decided=_without(state.decided, event.case))


def _find(cases: tuple[Inspection, ...], case: CaseId) -> Inspection | None:
    return next((inspection for inspection in cases if inspection.case == case), None)


def _without(cases: tuple[Inspection, ...], case: CaseId) -> tuple[Inspection, ...]:
    return tuple(inspection for inspection in cases if inspection.case != case)
