"""Keeps the station's tables at the state of the event log, and makes them again when in doubt."""

import logging
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from returnbench.inspect.codec import Json
from returnbench.sync.announcing import apply_import, forget_imports
from returnbench.sync.applying import apply_event
from returnbench.sync.batch import Batch
from returnbench.sync.entry import Entry
from returnbench.sync.log import EventLog
from returnbench.sync.lookups import Lookups
from returnbench.sync.store import StoreError
from returnbench.sync.tables import SCHEMA, Announced, Base, Erased, Meta

_log = logging.getLogger(__name__)
_ENTRIES_PER_TRANSACTION = 1000
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class ProjectionFailed(Exception):
    """The tables could not be brought to the state of the log; the log itself is not affected."""


class Projection(Lookups):
    """The tables behind ``engine``, made from ``log``. Up to date once it is made.

    A database that is damaged, of another version or of another log is made again.

    Raises:
        ProjectionFailed: the database cannot be written.

    """

    def __init__(self, engine: Engine, log: EventLog) -> None:
        super().__init__(engine)
        self._log = log
        self._writing = threading.Lock()
        self._applied = 0
        with self._writing:
            if not _exists(engine):
                self._make()
            elif doubt := self._doubt():
                _log.warning("the station's tables are made again: %s", doubt)
                self._make()
        self.catch_up()

    @property
    def applied(self) -> int:
        """Number of entries that are in the tables."""
        return self._applied

    def catch_up(self) -> int:
        """Apply the entries that are not in the tables yet; returns how many there are now.

        Raises:
            ProjectionFailed: the database cannot be written.

        """
        with self._writing:
            try:
                self._apply_rest()
            except (SQLAlchemyError, OverflowError) as error:
                if not _is_corrupt(error):
                    raise _failed(self._engine, error) from error
                _log.warning("the station's tables are damaged and made again", exc_info=error)
                self._make()
                self._apply_again()
            return self._applied

    def rebuild(self) -> int:
        """Throw the tables away and make them again; returns how many entries are in them.

        Raises:
            ProjectionFailed: the database cannot be written.

        """
        with self._writing:
            self._make()
        return self.catch_up()

    def _doubt(self) -> str:
        """Why the tables cannot be used as they are; empty when they can."""
        try:
            with self._reading.connect() as connection:
                version = connection.exec_driver_sql("PRAGMA user_version").scalar()
                if version != SCHEMA:
                    return f"they have version {version}, {SCHEMA} is needed"
                verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
                if verdict != "ok":
                    return f"the database is damaged: {verdict}"
                return self._doubt_of_origin(connection)
        except DatabaseError as error:
            if _is_corrupt(error):
                return f"the database is damaged: {error.orig}"
            raise _failed(self._engine, error) from error

    def _doubt_of_origin(self, connection: Connection) -> str:
        rows = connection.execute(select(Meta.key, Meta.value)).all()
        meta = {row.key: row.value for row in rows}
        applied = int(meta.get("applied", "0"))
        if applied > self._log.size:
            return f"they have {applied} entries, the log has {self._log.size}"
        if meta != self._meta(applied):
            return "they were made from another log"
        self._applied = applied
        return ""

    def _meta(self, applied: int) -> dict[str, str]:
        return {
            "origin": self._log.origin,
            "applied": str(applied),
            # The root names all entries up to here: no other log has it.
            "root": self._log.root(applied).hex(),
        }

    def _make(self) -> None:
        """Begin with empty tables in a new file."""
        self._engine.dispose()
        try:
            _remove(self._engine)
            with self._engine.begin() as connection:
                Base.metadata.create_all(connection)
                self._set_applied(connection, 0)
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
        except (SQLAlchemyError, OSError) as error:
            raise _failed(self._engine, error) from error
        self._applied = 0

    def _set_applied(self, connection: Connection, applied: int) -> None:
        rows = [{"key": key, "value": value} for key, value in self._meta(applied).items()]
        connection.execute(insert(Meta).prefix_with("OR REPLACE"), rows)

    def _apply_rest(self) -> None:
        end = self._log.size
        while self._applied < end:
            stop = min(self._applied + _ENTRIES_PER_TRANSACTION, end)
            with self._engine.begin() as connection:
                batch = Batch(connection)
                for entry in self._log.entries(self._applied, stop):
                    self._apply(connection, batch, entry)
                batch.write()
                self._set_applied(connection, stop)
            self._applied = stop

    def _apply_again(self) -> None:
        try:
            self._apply_rest()
        except (SQLAlchemyError, OverflowError) as error:
            raise _failed(self._engine, error) from error

    def _apply(self, connection: Connection, batch: Batch, entry: Entry) -> None:
        if entry.type == "import":
            self._apply_import(connection, entry)
        elif entry.type == "erase":
            self._apply_erase(connection, batch, entry)
        else:
            apply_event(batch, entry, self._personal(entry))

    def _personal(self, entry: Entry) -> Json:
        try:
            return self._log.personal_of(entry)
        except StoreError:
            # The tables show it as erased; the check of the log names the damaged file.
            _log.exception("personal data of entry %d cannot be read", entry.seq)
            return {}

    def _apply_import(self, connection: Connection, entry: Entry) -> None:
        sha256 = entry.data.get("sha256", "")
        if entry.data.get("kind") != "announced":
            return
        if connection.execute(select(Erased).where(Erased.sha256 == sha256)).first():
            return
        try:
            addendum = self._log.evidence(sha256)
        except StoreError:
            _log.exception("the announced returns of entry %d cannot be read", entry.seq)
            return
        apply_import(connection, addendum, sha256)

    def _apply_erase(self, connection: Connection, batch: Batch, entry: Entry) -> None:
        addenda: Sequence[str] = entry.data.get("addenda", [])
        rows = [{"sha256": sha256} for sha256 in addenda]
        if not rows:
            return
        connection.execute(insert(Erased).prefix_with("OR REPLACE"), rows)
        batch.erase(list(addenda))
        named = select(Announced.rma).where(Announced.source.in_(addenda)).limit(1)
        if connection.execute(named).first():
            # What it had replaced may be valid again: take in all imports without it.
            forget_imports(connection)
            for earlier in self._log.entries(0, entry.seq):
                if earlier.type == "import":
                    self._apply_import(connection, earlier)


def _is_corrupt(error: Exception) -> bool:
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    # The low byte is the primary code, the rest says more exactly what it is.
    return (code & 0xFF) in _CORRUPT


def _exists(engine: Engine) -> bool:
    path = Path(engine.url.database or "")
    return path.is_file() and path.stat().st_size > 0


def _remove(engine: Engine) -> None:
    if engine.url.database:
        path = Path(engine.url.database)
        for suffix in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _failed(engine: Engine, error: Exception) -> ProjectionFailed:
    return ProjectionFailed(
        f"the station's tables in {engine.url.database} cannot be written: {error}. Check space "
        "and permissions; the event log has everything and they are made again at the next start"
    )
