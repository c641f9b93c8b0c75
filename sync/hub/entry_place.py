"""Where in which log something is being applied."""

from dataclasses import dataclass

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """One entry while it is taken in: the running transaction, its station, its position.

    ``now_ms`` is the hub's time of the whole batch.
    """

    connection: Connection
    station: str
    seq: int
    now_ms: int
