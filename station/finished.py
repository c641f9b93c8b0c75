"""The parcels with a verdict: how long each may be taken back, and what became of its money."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from returnbench.inspect.case import CaseId, RefundAnswer
from returnbench.inspect.codes import REFUNDING_VERDICTS, RefundState
from returnbench.inspect.inspection import Inspection
from returnbench.station.snapshot import Finished
from returnbench.sync.lookups import CaseSummary

SHOWN = 8


class FinishedParcels:
    """The newest finished parcels, and when the verdict of each is released to the shop."""

    def __init__(self, undo_seconds: float) -> None:
        self._undo_ns = round(undo_seconds * 1e9)
        self._newest: deque[Finished] = deque(maxlen=SHOWN)
        self._release_at: dict[CaseId, int] = {}

    @property
    def newest(self) -> tuple[Finished, ...]:
        """The newest parcels, newest first."""
        return tuple(self._newest)

    @property
    def waiting(self) -> tuple[tuple[CaseId, int], ...]:
        """Verdicts that may still be taken back, with the monotonic time of their release."""
        return tuple(self._release_at.items())

    def add(self, decided: Inspection, seconds: float) -> None:
        """Put a parcel with its verdict at the head of the list."""
        if decided.verdict is None:
            raise ValueError(f"case {decided.case} has no verdict")
        kind = decided.verdict.kind
        due = kind in REFUNDING_VERDICTS
        self._newest.appendleft(
            Finished(
                case=decided.case,
                rma=decided.advice.rma if decided.advice else "",
                waybill=decided.waybill,
                verdict=kind,
                seconds=seconds,
                refund=RefundState.WAITING_RELEASE if due else RefundState.NONE_DUE,
            )
        )

    def recall(self, cases: Sequence[CaseSummary]) -> None:
        """Show what was finished before the bench was started; ``cases`` newest first."""
        for case in reversed(cases):
            if case.verdict is not None and case.verdict_utc:
                self._newest.appendleft(
                    Finished(
                        case=case.case,
                        rma=case.rma,
                        waybill=case.waybill,
                        verdict=case.verdict,
                        seconds=_seconds_between(case.opened_utc, case.verdict_utc),
                        refund=case.refund or RefundState.NONE_DUE,
                    )
                )

    def await_release(self, case: CaseId, now_ns: int) -> None:
        """Let the time for undo of this verdict begin."""
        self._release_at[case] = now_ns + self._undo_ns

    def due(self, now_ns: int) -> tuple[CaseId, ...]:
        """Verdicts whose time for undo is over."""
        return tuple(case for case, at_ns in self._release_at.items() if at_ns <= now_ns)

    def released(self, case: CaseId) -> None:
        """The verdict left: its refund is on its way, if one is due."""
        self._release_at.pop(case, None)
        self._change(case, RefundState.PENDING, only_from=RefundState.WAITING_RELEASE)

    def take_back(self, case: CaseId) -> bool:
        """The verdict was taken back; ``False`` when this case had none that waited."""
        if self._release_at.pop(case, None) is None:
            return False
        self._newest = deque((f for f in self._newest if f.case != case), SHOWN)
        return True

    def answered(self, answer: RefundAnswer) -> None:
        """The shop answered."""
        self._change(answer.case, answer.state)

    def _change(
        self, case: CaseId, state: RefundState, only_from: RefundState | None = None
    ) -> None:
        self._newest = deque(
            (
                replace(f, refund=state) if f.case == case and only_from in (None, f.refund) else f
                for f in self._newest
            ),
            SHOWN,
        )


def _seconds_between(opened_utc: str, verdict_utc: str) -> float:
    opened, verdict = datetime.fromisoformat(opened_utc), datetime.fromisoformat(verdict_utc)
    return (verdict - opened).total_seconds()
