"""Finds the state that the bench was in when it stopped, from its log."""

from sqlalchemy import Engine, func, select

from returnbench.inspect.codec import decode_event
from returnbench.inspect.evolve import evolve
from returnbench.inspect.inspection import BenchState
from returnbench.sync.log import EventLog
from returnbench.sync.projection import Projection
from returnbench.sync.tables import Case, CaseState

_UNFINISHED = (CaseState.OPEN, CaseState.HELD, CaseState.DECIDED)


def resume(log: EventLog, engine: Engine, projection: Projection) -> BenchState:
    """The state of the bench: parcels that are open, held or waiting for their release.

    Only the part of the log is folded that belongs to parcels which are not finished. Who was
    signed on is not taken up: after a restart the operator scans the badge again.
    """
    with engine.connect() as connection:
        first = connection.execute(
            select(func.min(Case.opened_seq)).where(Case.state.in_(_UNFINISHED))
        ).scalar()
    state = BenchState(cursor=projection.last_cursor())
    if first is None:
        return state
    for entry in log.entries(first):
        event = decode_event(entry.type, entry.data, log.personal_of(entry))
        if event is not None:
            state = evolve(state, event)
    return BenchState(
        inspection=state.inspection,
        decided=state.decided,
        held=state.held,
        finished=state.finished,
        cursor=max(state.cursor, projection.last_cursor()),
    )
