"""Questions that the bench asks the station's tables. Any thread may ask."""

import json
import logging
from dataclasses import dataclass

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from returnbench.inspect.case import AnnouncedReturn, CaseId, RefundAnswer
from returnbench.inspect.codec import CodecError, join
from returnbench.inspect.codes import RefundState, VerdictKind
from returnbench.sync.announcing import lookup_key
from returnbench.sync.tables import DEFERRED, Announced, Case, CaseState, Refund, VerdictRow

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One case as lists show it. Times are RFC 3339 texts in UTC, empty when not reached."""

    case: CaseId
    rma: str
    shop: str
    waybill: str
    carrier: str
    state: CaseState
    verdict: VerdictKind | None
    refund: RefundState | None
    opened_utc: str
    verdict_utc: str
    closed_utc: str
    hold_reason: str
    owner: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of what there is."""

    announced: int
    cases: int
    open: int
    held: int
    decided: int
    """Verdicts that wait for the end of the time for undo."""
    released: int
    refunds_pending: int
    refunds_need_person: int


class Lookups:
    """Answers from the tables behind ``engine``, as far as the log is applied to them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(**{DEFERRED: True})

    def find_announced(self, code: str) -> AnnouncedReturn | None:
        """The announced return whose waybill, rma or return slip is ``code``, in this order."""
        key = lookup_key(code)
        if key is None:
            return None
        with Session(self._reading) as session:
            for column in (Announced.waybill_key, Announced.rma_key, Announced.slip_key):
                wanted = select(Announced.advice).where(column == key).order_by(Announced.rma)
                advice = session.scalars(wanted.limit(1)).first()
                if advice is not None:
                    return _announced(advice)
        return None

    def case_for_waybill(self, code: str) -> CaseSummary | None:
        """The newest case of this waybill."""
        key = lookup_key(code)
        if key is None:
            return None
        wanted = _cases().where(Case.waybill_key == key).order_by(Case.opened_seq.desc())
        return next(iter(self._summaries(wanted.limit(1))), None)

    def open_cases(self) -> tuple[CaseSummary, ...]:
        """Cases that are on the bench or set aside, the oldest first."""
        unfinished = Case.state.in_([CaseState.OPEN, CaseState.HELD])
        return self._summaries(_cases().where(unfinished).order_by(Case.opened_seq))

    def recent_cases(self, count: int) -> tuple[CaseSummary, ...]:
        """The ``count`` newest cases, the newest first."""
        return self._summaries(_cases().order_by(Case.opened_seq.desc()).limit(count))

    def verdicts_waiting_release(self) -> tuple[CaseSummary, ...]:
        """Cases whose verdict may still be taken back, in the order of the verdicts."""
        waiting = (
            _cases()
            .join(VerdictRow, VerdictRow.case_id == Case.case_id)
            .where(Case.state == CaseState.DECIDED)
            .order_by(VerdictRow.seq)
        )
        return self._summaries(waiting)

    def refund_of(self, rma: str) -> RefundAnswer | None:
        """What is known about the money of this return; the newest answer of the shop, if any."""
        wanted = select(Refund).where(Refund.rma == rma)
        with Session(self._reading) as session:
            newest = wanted.order_by(Refund.cursor.desc(), Refund.case_id.desc()).limit(1)
            row = session.scalars(newest).first()
            if row is None:
                return None
            return RefundAnswer(
                case=CaseId(row.case_id),
                rma=row.rma,
                state=RefundState(row.state),
                shop_ref=row.shop_ref,
                amount_minor=row.amount_minor,
                currency=row.currency,
                detail=row.detail,
            )

    def last_cursor(self) -> int:
        """The hub's position of the newest answer that is recorded; 0 before the first."""
        with Session(self._reading) as session:
            return session.scalar(select(func.max(Refund.cursor))) or 0

    def counts(self) -> Counts:
        """How much of what there is."""
        with Session(self._reading) as session:
            announced = session.scalar(select(func.count()).select_from(Announced)) or 0
            by_state = select(Case.state, func.count()).group_by(Case.state)
            cases = {row[0]: row[1] for row in session.execute(by_state)}
            by_money = select(Refund.state, func.count()).group_by(Refund.state)
            refunds = {row[0]: row[1] for row in session.execute(by_money)}
        return Counts(
            announced=announced,
            cases=sum(cases.values()),
            open=cases.get(CaseState.OPEN, 0),
            held=cases.get(CaseState.HELD, 0),
            decided=cases.get(CaseState.DECIDED, 0),
            released=cases.get(CaseState.RELEASED, 0),
            refunds_pending=refunds.get(RefundState.PENDING, 0),
            refunds_need_person=refunds.get(RefundState.NEEDS_PERSON, 0),
        )

    def _summaries(self, wanted: Select[Case, str | None]) -> tuple[CaseSummary, ...]:
        with Session(self._reading) as session:
            return tuple(_summary(case, money) for case, money in session.execute(wanted))


def _announced(advice: str) -> AnnouncedReturn | None:
    try:
        return join(AnnouncedReturn, json.loads(advice))
    except CodecError:
        # Such a parcel goes the way of one that nobody announced; the bench must not stop.
        _log.exception("an announced return has not the fields that it needs")
        return None


def _cases() -> Select[Case, str | None]:
    return select(Case, Refund.state).outerjoin(Refund, Refund.case_id == Case.case_id)


def _summary(case: Case, money: str | None) -> CaseSummary:
    return CaseSummary(
        case=CaseId(case.case_id),
        rma=case.rma,
        shop=case.shop,
        waybill=case.waybill,
        carrier=case.carrier,
        state=CaseState(case.state),
        verdict=VerdictKind(case.verdict) if case.verdict else None,
        refund=RefundState(money) if money else None,
        opened_utc=case.opened_utc,
        verdict_utc=case.verdict_utc,
        closed_utc=case.closed_utc,
        hold_reason=case.hold_reason,
        owner=case.owner,
    )
