"""The hub's database: SQLite on a single machine, PostgreSQL for many hub processes.

SQLite runs with ``synchronous=FULL`` and one writer at a time. WAL is used only with versions that
are free of the WAL-reset bug (fixed in SQLite 3.51.3, 3.50.7 and 3.44.6; 3.52.0 was withdrawn).
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, create_engine, event, make_url, select
from sqlalchemy.dialects import postgresql, sqlite

from returnbench.sync.hub.tables import metadata, row_locks

_BUSY_MS = 10_000
_READS = "returnbench_reads"


def wal_is_safe(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite is free of the WAL-reset bug."""
    if version[:2] == (3, 52):
        return False
    fixed = {(3, 50): (3, 50, 7), (3, 44): (3, 44, 6)}.get(version[:2], (3, 51, 3))
    return version >= fixed


def is_sqlite(url: str) -> bool:
    """Whether ``url`` names an SQLite database."""
    return make_url(url).get_backend_name() == "sqlite"


class Database:
    """An engine with its two kinds of transaction."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        self.is_sqlite = is_sqlite(url)
        self._writer = threading.Lock()
        if self.is_sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        with self.writing() as connection:
            metadata.create_all(connection)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; committed at the end of the block."""
        # Our own threads queue here, in order, instead of polling SQLite's file lock.
        guard = self._writer if self.is_sqlite else contextlib.nullcontext()
        with guard, self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._engine.connect() as connection:
            reader = connection.execution_options(**{_READS: True})
            with reader.begin():
                yield reader

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: see _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        f"journal_mode = {'WAL' if wal_is_safe() else 'DELETE'}",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write can fail without waiting, so writers say so at once.
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def insert_once(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that leaves a row that is already there alone."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def lock_row(connection: Connection, kind: str, shop: str, ref: str) -> None:
    """Keep other transactions off one return or order until this one ends.

    SQLite has a single writer anyway; PostgreSQL gets a row to lock.
    """
    if connection.dialect.name != "postgresql":
        return
    name = f"{kind} {len(shop)} {shop} {ref}"
    connection.execute(insert_once(connection, row_locks).values(name=name))
    connection.execute(select(row_locks).where(row_locks.c.name == name).with_for_update())
