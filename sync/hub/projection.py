"""What the hub reads out of a station's log: cases, verdicts, refunds that are due, evidence.

Runs in the transaction that stores the entries, so the two can never differ.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select

from returnbench.inspect.codec import CodecError, decode_event
from returnbench.inspect.codes import REFUNDING_VERDICTS, RefundState, VerdictKind
from returnbench.inspect.events import CaseOpened, VerdictReleased
from returnbench.sync.hub.alarms import raise_alarm
from returnbench.sync.hub.changes import add_change, answer_without_money
from returnbench.sync.hub.database import insert_once, lock_row
from returnbench.sync.hub.entry_place import EntryPlace
from returnbench.sync.hub.outcomes import IntentState
from returnbench.sync.hub.refund_order import (
    FIRST_CYCLE,
    WHOLE_RETURN,
    RefundOrder,
    make_order,
    verdict_json,
)
from returnbench.sync.hub.tables import cases, evidence, intents, verdicts
from returnbench.sync.note import Signer

Json = dict[str, Any]

_SHA256 = re.compile(r"[0-9a-f]{64}")

OPEN_VERDICTS: frozenset[VerdictKind] = frozenset(
    {VerdictKind.HOLD, VerdictKind.ESCALATE, VerdictKind.NO_ACTION}
)
"""Verdicts that decide nothing about the return yet; another may follow them."""


class Taken(StrEnum):
    """What the hub made of a released verdict."""

    REFUND_DUE = "refund_due"
    NO_REFUND = "no_refund"
    REPEATED = "repeated"
    """The same verdict of the same case once more."""
    DISPUTED = "disputed"
    """The return has another verdict already; a person has to decide between them."""
    ALREADY_REFUNDED = "already_refunded"
    UNIDENTIFIED = "unidentified"
    """It names no return or no shop, so there is nothing that a refund could be bound to."""


class Projector:
    """Applies entries in the order of the log. ``signer`` makes the keys of the refunds."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def apply(self, place: EntryPlace, entry: Json) -> None:
        """Apply one entry. An entry that cannot be understood raises an alarm, not an error."""
        for digest in evidence_of(entry):
            _refer_to(place, digest)
        try:
            event = decode_event(str(entry.get("type")), entry, {})
        except CodecError as error:
            raise_alarm(place, "undecodable", str(error))
            return
        match event:
            case CaseOpened():
                _open_case(place, event)
            case VerdictReleased():
                self._take_verdict(place, event, str(entry["utc"]))
            case _:
                pass

    def _take_verdict(self, place: EntryPlace, released: VerdictReleased, utc: str) -> None:
        lock_row(place.connection, "return", released.shop, released.rma)
        taken = _judge(place, released)
        place.connection.execute(
            insert(verdicts).values(
                station=place.station,
                seq=place.seq,
                case_id=released.case,
                shop=released.shop,
                rma=released.rma,
                order_ref=released.order_ref,
                kind=str(released.verdict.kind),
                body=verdict_json(released),
                status=str(taken),
                at_ms=place.now_ms,
            )
        )
        if taken is Taken.REFUND_DUE:
            _queue_refund(place, make_order(self._signer, released, utc))
        elif taken in _TOLD:
            state, detail = _TOLD[taken]
            answer = answer_without_money(released.case, released.rma, state, detail)
            add_change(place.connection, place.station, answer, place.now_ms)


def _open_case(place: EntryPlace, event: CaseOpened) -> None:
    advice = event.advice
    place.connection.execute(
        insert_once(place.connection, cases).values(
            station=place.station,
            case_id=event.case,
            rma=advice.rma if advice else "",
            already_refunded=int(advice.already_refunded) if advice else 0,
        )
    )


_TOLD: dict[Taken, tuple[RefundState, str]] = {
    Taken.DISPUTED: (RefundState.NEEDS_PERSON, "another verdict for this return came first"),
    Taken.UNIDENTIFIED: (RefundState.NEEDS_PERSON, "the verdict names no return or no shop"),
    Taken.ALREADY_REFUNDED: (RefundState.NONE_DUE, "the shop had refunded before the inspection"),
}
"""What the station is told at once about a verdict that leads to no refund order."""


def _judge(place: EntryPlace, released: VerdictReleased) -> Taken:
    refunds = released.verdict.kind in REFUNDING_VERDICTS
    if not released.rma or not released.shop:
        return Taken.UNIDENTIFIED if refunds else Taken.NO_REFUND
    earlier = place.connection.execute(
        select(verdicts).where(
            verdicts.c.shop == released.shop,
            verdicts.c.rma == released.rma,
            verdicts.c.kind.not_in([str(kind) for kind in OPEN_VERDICTS]),
        )
    ).all()
    body = verdict_json(released)
    if any(
        (row.station, row.case_id, row.body) == (place.station, released.case, body)
        for row in earlier
    ):
        return Taken.REPEATED
    if earlier and released.verdict.kind not in OPEN_VERDICTS:
        return Taken.DISPUTED
    if not refunds:
        return Taken.NO_REFUND
    if _was_refunded_before(place, released.case):
        return Taken.ALREADY_REFUNDED
    return Taken.REFUND_DUE


def _was_refunded_before(place: EntryPlace, case: str) -> bool:
    known = place.connection.execute(
        select(cases.c.already_refunded).where(
            cases.c.station == place.station, cases.c.case_id == case
        )
    ).scalar_one_or_none()
    return bool(known)


def _queue_refund(place: EntryPlace, order: RefundOrder) -> None:
    place.connection.execute(
        insert(intents).values(
            intent_id=order.intent_id,
            shop=order.shop,
            return_ref=order.return_ref,
            line_ref=WHOLE_RETURN,
            cycle=FIRST_CYCLE,
            platform_key=order.platform_key,
            message_id=order.message_id,
            order_ref=order.order_ref,
            station=place.station,
            seq=place.seq,
            case_id=order.case,
            body=order.body,
            state=str(IntentState.READY),
            due_ms=place.now_ms,
            lease_epoch=0,
            lease_until_ms=0,
            failures=0,
            refund_id="",
            amount_minor=None,
            currency="",
            detail="",
            created_ms=place.now_ms,
            changed_ms=place.now_ms,
        )
    )


def evidence_of(value: Any) -> Iterator[str]:
    """Hashes of the files that an entry refers to.

    They are the 64 hex digits under every key ``sha256`` or ending in ``_sha256``.
    """
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            for key, item in node.items():
                named = key == "sha256" or key.endswith("_sha256")
                if named and isinstance(item, str) and _SHA256.fullmatch(item):
                    yield item
                else:
                    waiting.append(item)


def _refer_to(place: EntryPlace, digest: str) -> None:
    held = place.connection.execute(
        select(evidence.c.sha256)
        .where(evidence.c.sha256 == digest, evidence.c.state == "stored")
        .limit(1)
    ).first()
    place.connection.execute(
        insert_once(place.connection, evidence).values(
            station=place.station,
            sha256=digest,
            seq=place.seq,
            state="stored" if held else "missing",
            reason="",
        )
    )
