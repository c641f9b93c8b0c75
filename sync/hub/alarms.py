"""Alarms: what must not happen and did. Each is kept once, however often it is seen."""

import logging

from sqlalchemy import insert, select

from returnbench.sync.hub.entry_place import EntryPlace
from returnbench.sync.hub.tables import alarms

_log = logging.getLogger(__name__)


def raise_alarm(place: EntryPlace, code: str, detail: str, other_sha256: str = "") -> None:
    """Record an alarm in the running transaction, unless the same one stands already.

    ``other_sha256`` is the hash of the bytes that were refused, where there are any.
    """
    same = (
        (alarms.c.station == place.station)
        & (alarms.c.code == code)
        & (alarms.c.seq == place.seq)
        & (alarms.c.other_sha256 == other_sha256)
    )
    if place.connection.execute(select(alarms.c.seq).where(same)).first() is not None:
        return
    _log.error("alarm %s of station %s at entry %d: %s", code, place.station, place.seq, detail)
    place.connection.execute(
        insert(alarms).values(
            station=place.station,
            code=code,
            seq=place.seq,
            other_sha256=other_sha256,
            detail=detail,
            at_ms=place.now_ms,
        )
    )
