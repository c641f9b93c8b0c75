"""The refunds in the database: claimed by one worker at a time, settled once.

A lease keeps other workers off; its epoch fences: a worker that lost its lease cannot write.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from returnbench.inspect.case import CaseId, RefundAnswer
from returnbench.inspect.codes import RefundState
from returnbench.sync.hub.changes import add_change, answer_without_money
from returnbench.sync.hub.database import Database, insert_once, lock_row
from returnbench.sync.hub.outcomes import (
    Act,
    Booked,
    IntentState,
    Outcome,
    RetrySchedule,
    next_step,
)
from returnbench.sync.hub.tables import attempts, intents, orphan_answers

_IN_FLIGHT = [str(IntentState.SENDING), str(IntentState.UNKNOWN)]
_DUE = [str(IntentState.READY), str(IntentState.UNKNOWN)]


@dataclass(frozen=True, slots=True)
class Claim:
    """A refund that this worker alone may act on until its lease ends."""

    intent_id: str
    shop: str
    platform_key: str
    message_id: str
    body: bytes
    act: Act
    epoch: int
    case: str
    rma: str
    station: str
    failures: int

    @property
    def is_first(self) -> bool:
        """Whether nobody has acted on this refund before."""
        return self.epoch == 1


class RefundQueue:
    """Claims and settles refunds. ``lease_ms`` is how long a claim holds, in milliseconds."""

    def __init__(self, database: Database, schedule: RetrySchedule, lease_ms: int) -> None:
        self._database = database
        self._schedule = schedule
        self._lease_ms = lease_ms

    def recover(self, now: int, *, alone: bool) -> int:
        """Turn refunds whose sender died into unknown ones; returns how many.

        ``alone`` says that no other process sends, so every one found sending has no sender left.
        """
        dead = intents.c.state == str(IntentState.SENDING)
        if not alone:
            dead = and_(dead, intents.c.lease_until_ms < now)
            with self._database.reading() as connection:
                if connection.execute(select(intents.c.intent_id).where(dead)).first() is None:
                    return 0
        with self._database.writing() as connection:
            result = connection.execute(
                update(intents)
                .where(dead)
                .values(
                    state=str(IntentState.UNKNOWN),
                    due_ms=now,
                    lease_until_ms=0,
                    # A late writer of the old lease must not settle it any more.
                    lease_epoch=intents.c.lease_epoch + 1,
                    detail="the sender stopped before an answer came",
                    changed_ms=now,
                )
            )
            if alone:
                connection.execute(
                    update(intents).where(intents.c.lease_until_ms > 0).values(lease_until_ms=0)
                )
        return result.rowcount

    def claim(self, shops: Collection[str], now: int) -> Claim | None:
        """Claim the refund that has been due longest; ``None`` when none is due.

        The row that says what is about to happen is durable when this returns.
        """
        with self._database.reading() as connection:
            if connection.execute(select(_due(shops, now)).limit(1)).first() is None:
                return None
        with self._database.writing() as connection:
            row = connection.execute(
                select(intents)
                .where(_due(shops, now))
                .order_by(intents.c.due_ms, intents.c.created_ms)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if row is None or not _order_is_free(connection, row):
                return None
            return self._mark(connection, row, now)

    def _mark(self, connection: Connection, row: Any, now: int) -> Claim:
        sends = row.state == IntentState.READY
        epoch = row.lease_epoch + 1
        connection.execute(
            update(intents)
            .where(intents.c.intent_id == row.intent_id)
            .values(
                state=str(IntentState.SENDING if sends else IntentState.UNKNOWN),
                lease_epoch=epoch,
                lease_until_ms=now + self._lease_ms,
                changed_ms=now,
            )
        )
        act = Act.SEND if sends else Act.READ
        connection.execute(
            insert(attempts).values(
                intent_id=row.intent_id,
                lease_epoch=epoch,
                kind=str(act),
                started_ms=now,
                outcome="",
                detail="",
            )
        )
        return Claim(
            intent_id=row.intent_id,
            shop=row.shop,
            platform_key=row.platform_key,
            message_id=row.message_id,
            body=row.body,
            act=act,
            epoch=epoch,
            case=row.case_id,
            rma=row.return_ref,
            station=row.station,
            failures=row.failures,
        )

    def settle(self, claim: Claim, outcome: Outcome, now: int) -> bool:
        """Write what came of a claim. ``False`` when the lease was lost: then it changes nothing.

        The answer of a lost lease is kept aside; asking the shop decides.
        """
        step = next_step(claim.act, outcome, claim.failures, self._schedule)
        values: dict[str, Any] = {
            "state": str(step.state),
            "due_ms": now + round(step.wait * 1000),
            "lease_until_ms": 0,
            "failures": step.failures,
            "detail": step.detail,
            "changed_ms": now,
        }
        if isinstance(outcome, Booked):
            values |= {
                "refund_id": outcome.refund_id,
                "amount_minor": outcome.amount_minor,
                "currency": outcome.currency,
            }
        with self._database.writing() as connection:
            written = connection.execute(
                update(intents)
                .where(intents.c.intent_id == claim.intent_id, intents.c.lease_epoch == claim.epoch)
                .values(**values)
            )
            if written.rowcount != 1:
                _keep_orphan(connection, claim, outcome, now)
                return False
            _end_attempt(connection, claim, outcome, now)
            answer = _answer(claim, outcome, step.state, step.detail)
            if answer is not None:
                add_change(connection, claim.station, answer, now)
        return True

    def ask_again(self, intent_id: str, now: int) -> bool:
        """Let a refund that waits for a person be asked for at the shop, and sent if absent.

        ``False`` when there is no such refund waiting.
        """
        with self._database.writing() as connection:
            result = connection.execute(
                update(intents)
                .where(
                    intents.c.intent_id == intent_id,
                    intents.c.state == str(IntentState.NEEDS_PERSON),
                )
                .values(
                    state=str(IntentState.UNKNOWN),
                    due_ms=now,
                    failures=0,
                    detail="asked again by a person",
                    changed_ms=now,
                )
            )
        return result.rowcount == 1

    def next_due(self, shops: Collection[str]) -> int | None:
        """When the next refund becomes due, in Unix milliseconds."""
        with self._database.reading() as connection:
            due: int | None = connection.execute(
                select(func.min(intents.c.due_ms)).where(
                    intents.c.state.in_(_DUE), intents.c.shop.in_(shops)
                )
            ).scalar_one()
        return due


def _due(shops: Collection[str], now: int) -> ColumnElement[bool]:
    """Refunds to act on now. One order has one refund in flight at a time."""
    other = intents.alias()
    in_flight = exists().where(
        other.c.shop == intents.c.shop,
        other.c.order_ref == intents.c.order_ref,
        other.c.intent_id != intents.c.intent_id,
        other.c.state.in_(_IN_FLIGHT),
    )
    return and_(
        intents.c.shop.in_(shops),
        intents.c.due_ms <= now,
        intents.c.lease_until_ms < now,
        or_(
            intents.c.state == str(IntentState.UNKNOWN),
            and_(
                intents.c.state == str(IntentState.READY),
                or_(intents.c.order_ref == "", ~in_flight),
            ),
        ),
    )


def _order_is_free(connection: Connection, row: Any) -> bool:
    """Check once more with the order locked: another process may have claimed beside us."""
    if not row.order_ref or row.state == IntentState.UNKNOWN:
        return True
    lock_row(connection, "order", row.shop, row.order_ref)
    taken = connection.execute(
        select(intents.c.intent_id)
        .where(
            intents.c.shop == row.shop,
            intents.c.order_ref == row.order_ref,
            intents.c.intent_id != row.intent_id,
            intents.c.state.in_(_IN_FLIGHT),
        )
        .limit(1)
    ).first()
    return taken is None


def _end_attempt(connection: Connection, claim: Claim, outcome: Outcome, now: int) -> None:
    connection.execute(
        update(attempts)
        .where(attempts.c.intent_id == claim.intent_id, attempts.c.lease_epoch == claim.epoch)
        .values(
            ended_ms=now,
            outcome=type(outcome).__name__.lower(),
            detail=getattr(outcome, "detail", ""),
        )
    )


def _keep_orphan(connection: Connection, claim: Claim, outcome: Outcome, now: int) -> None:
    answer = json.dumps({"outcome": type(outcome).__name__, **asdict(outcome)})
    connection.execute(
        insert_once(connection, orphan_answers).values(
            intent_id=claim.intent_id, lease_epoch=claim.epoch, answer=answer, at_ms=now
        )
    )


def _answer(claim: Claim, outcome: Outcome, state: IntentState, detail: str) -> RefundAnswer | None:
    """What the station is told; ``None`` while the refund is not settled."""
    if isinstance(outcome, Booked):
        return RefundAnswer(
            case=CaseId(claim.case),
            rma=claim.rma,
            state=RefundState.BOOKED,
            shop_ref=outcome.refund_id,
            amount_minor=outcome.amount_minor,
            currency=outcome.currency,
            detail=outcome.detail,
        )
    told = {
        IntentState.REFUSED: RefundState.REFUSED,
        IntentState.NEEDS_PERSON: RefundState.NEEDS_PERSON,
    }
    if state not in told:
        return None
    return answer_without_money(claim.case, claim.rma, told[state], detail)
