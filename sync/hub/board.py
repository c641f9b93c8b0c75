"""Everything that is not finished, in one place: nothing waits unseen."""

from typing import Any

from sqlalchemy import Column, Connection, func, select

from returnbench.sync.hub.clock import now_ms
from returnbench.sync.hub.database import Database
from returnbench.sync.hub.outcomes import OPEN_STATES
from returnbench.sync.hub.projection import Taken
from returnbench.sync.hub.tables import alarms, evidence, intents, stations, verdicts

Json = dict[str, Any]

MOST_ROWS = 500
"""Longest list shown; the counts beside the lists are always complete."""

_OPEN_VERDICTS = [str(Taken.DISPUTED), str(Taken.UNIDENTIFIED)]


def board(database: Database, shops: frozenset[str]) -> Json:
    """Open refunds with their age, stations with their backlog, alarms and disputed verdicts.

    Ages are in seconds. ``shops`` are those that refunds can be sent to.
    """
    now = now_ms()
    with database.reading() as connection:
        return {
            "counts": _counts(connection),
            "refunds": _refunds(connection, shops, now),
            "stations": _stations(connection, now),
            "alarms": _alarms(connection, now),
            "disputed": _disputed(connection, now),
        }


def _counts(connection: Connection) -> Json:
    return {
        "refunds": _by(connection, intents.c.state),
        "verdicts": _by(connection, verdicts.c.status),
        "evidence": _by(connection, evidence.c.state),
        "alarms": connection.execute(select(func.count()).select_from(alarms)).scalar_one(),
    }


def _by(connection: Connection, column: Column[str]) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).group_by(column))
    return {str(value): int(count) for value, count in rows}


def _refunds(connection: Connection, shops: frozenset[str], now: int) -> list[Json]:
    rows = connection.execute(
        select(intents)
        .where(intents.c.state.in_([str(state) for state in OPEN_STATES]))
        .order_by(intents.c.created_ms)
        .limit(MOST_ROWS)
    )
    return [
        {
            "intent_id": row.intent_id,
            "shop": row.shop,
            "shop_configured": row.shop in shops,
            "rma": row.return_ref,
            "order_ref": row.order_ref,
            "station": row.station,
            "case": row.case_id,
            "state": row.state,
            "age_s": _seconds(now - row.created_ms),
            "due_in_s": _seconds(max(row.due_ms - now, 0)),
            "failures": row.failures,
            "detail": row.detail,
        }
        for row in rows
    ]


def _stations(connection: Connection, now: int) -> list[Json]:
    counted: dict[tuple[str, str], int] = {}
    for station, state, count in connection.execute(
        select(evidence.c.station, evidence.c.state, func.count()).group_by(
            evidence.c.station, evidence.c.state
        )
    ):
        counted[station, state] = count
    return [
        {
            "station": row.station,
            "size": row.size,
            "log_size": row.log_size,
            "backlog": max(row.log_size - row.size, 0),
            "seen_s": None if row.seen_ms is None else _seconds(now - row.seen_ms),
            "evidence_missing": counted.get((row.station, "missing"), 0),
            "evidence_absent": counted.get((row.station, "absent"), 0),
        }
        for row in connection.execute(select(stations).order_by(stations.c.station))
    ]


def _alarms(connection: Connection, now: int) -> list[Json]:
    rows = connection.execute(select(alarms).order_by(alarms.c.at_ms).limit(MOST_ROWS))
    return [
        {
            "station": row.station,
            "code": row.code,
            "seq": row.seq,
            "detail": row.detail,
            "age_s": _seconds(now - row.at_ms),
        }
        for row in rows
    ]


def _disputed(connection: Connection, now: int) -> list[Json]:
    rows = connection.execute(
        select(verdicts)
        .where(verdicts.c.status.in_(_OPEN_VERDICTS))
        .order_by(verdicts.c.at_ms)
        .limit(MOST_ROWS)
    )
    return [
        {
            "station": row.station,
            "seq": row.seq,
            "case": row.case_id,
            "shop": row.shop,
            "rma": row.rma,
            "verdict": row.kind,
            "status": row.status,
            "age_s": _seconds(now - row.at_ms),
        }
        for row in rows
    ]


def _seconds(milliseconds: int) -> float:
    return round(milliseconds / 1000, 1)
