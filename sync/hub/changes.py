"""Answers that flow back to a station, each under a cursor without gaps."""

import json

from sqlalchemy import Connection, insert, select, update

from returnbench.inspect.case import CaseId, RefundAnswer
from returnbench.inspect.codec import plain
from returnbench.inspect.codes import RefundState
from returnbench.sync.hub.tables import changes, stations

Json = dict[str, object]


def add_change(connection: Connection, station: str, answer: RefundAnswer, now_ms: int) -> None:
    """Queue ``answer`` for ``station`` in the running transaction.

    The cursor comes from the station's row, whose lock orders the commits: a reader never sees a
    later cursor before an earlier one.
    """
    cursor = connection.execute(
        update(stations)
        .where(stations.c.station == station)
        .values(last_cursor=stations.c.last_cursor + 1)
        .returning(stations.c.last_cursor)
    ).scalar_one()
    body = json.dumps(plain(answer), sort_keys=True, separators=(",", ":"))
    connection.execute(
        insert(changes).values(station=station, cursor=cursor, answer=body, at_ms=now_ms)
    )


def changes_after(connection: Connection, station: str, cursor: int, limit: int) -> list[Json]:
    """Changes of ``station`` behind ``cursor``, oldest first, as they go over the wire."""
    rows = connection.execute(
        select(changes.c.cursor, changes.c.answer)
        .where(changes.c.station == station, changes.c.cursor > cursor)
        .order_by(changes.c.cursor)
        .limit(limit)
    )
    return [{"cursor": row.cursor, "answer": json.loads(row.answer)} for row in rows]


def answer_without_money(case: str, rma: str, state: RefundState, detail: str) -> RefundAnswer:
    """An answer that names no booking."""
    return RefundAnswer(
        case=CaseId(case),
        rma=rma,
        state=state,
        shop_ref="",
        amount_minor=None,
        currency="",
        detail=detail,
    )
