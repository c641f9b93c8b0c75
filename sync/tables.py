"""The station's tables for looking up. All of them are made from the event log, again if need be.

Hashes, times and money of record are in the log; nothing here is evidence.
"""

import sqlite3
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Text, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = 1
"""Stored as SQLite's ``user_version``; tables of another number are made again."""

DEFERRED = "deferred"
"""Execution option of connections that only read."""

_BUSY_MS = 5000


class CaseState(StrEnum):
    """Where a case stands, as far as lists and counters need it."""

    OPEN = "OPEN"
    HELD = "HELD"
    DECIDED = "DECIDED"
    """The verdict is given and may still be taken back."""
    RELEASED = "RELEASED"


class Base(DeclarativeBase):
    """Tables of the station. STRICT: SQLite then refuses values of another type."""

    __table_args__: Any = {"sqlite_strict": True}  # noqa: RUF012 - the form SQLAlchemy reads
    type_annotation_map = {str: Text}  # noqa: RUF012 - the form SQLAlchemy reads


class Meta(Base):
    """How far the log is applied, and which log it is."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Announced(Base):
    """A return that the shop announced; the newest announcement of an rma or waybill counts."""

    __tablename__ = "announced"
    rma: Mapped[str] = mapped_column(primary_key=True)
    rma_key: Mapped[str] = mapped_column(index=True)
    waybill_key: Mapped[str | None] = mapped_column(unique=True)
    slip_key: Mapped[str | None] = mapped_column(index=True)
    shop: Mapped[str]
    advice: Mapped[str]
    source: Mapped[str] = mapped_column(index=True)
    """The addendum that it came in."""


class Case(Base):
    """One parcel that was on the bench."""

    __tablename__ = "cases"
    case_id: Mapped[str] = mapped_column(primary_key=True)
    rma: Mapped[str] = mapped_column(index=True)
    shop: Mapped[str]
    waybill: Mapped[str]
    waybill_key: Mapped[str | None] = mapped_column(index=True)
    carrier: Mapped[str]
    arrival: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    refusal: Mapped[str]
    hold_reason: Mapped[str]
    owner: Mapped[str]
    verdict: Mapped[str]
    verdict_utc: Mapped[str]
    opened_seq: Mapped[int] = mapped_column(index=True)
    opened_utc: Mapped[str]
    closed_utc: Mapped[str]
    last_seq: Mapped[int]
    pii: Mapped[str] = mapped_column(index=True)
    """The addendum with the waybill; empty when there is none."""


class PhotoRow(Base):
    """A picture; its file has the name ``sha256``."""

    __tablename__ = "photos"
    seq: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(index=True)
    slot: Mapped[str]
    sha256: Mapped[str]
    media: Mapped[str]
    gate: Mapped[str]
    utc: Mapped[str]


class WeighingRow(Base):
    """A weighing, or why there is none; ``mass_mg`` is in milligrams."""

    __tablename__ = "weighings"
    seq: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(index=True)
    purpose: Mapped[str]
    mass_mg: Mapped[int | None]
    value: Mapped[str]
    unit: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str]


class FindingRow(Base):
    """A finding that was not taken back."""

    __tablename__ = "findings"
    seq: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(index=True)
    code: Mapped[str]
    line_ref: Mapped[str | None]
    quantity: Mapped[int]
    unit_code: Mapped[str | None]


class VerdictRow(Base):
    """The verdict of a case, unless it was taken back. ``document`` is its JSON form."""

    __tablename__ = "verdicts"
    case_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    rma: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    liable_party: Mapped[str]
    released: Mapped[int]
    utc: Mapped[str]
    document: Mapped[str]


class Refund(Base):
    """What is known about the money of a case; ``cursor`` is 0 before the shop has answered."""

    __tablename__ = "refunds"
    case_id: Mapped[str] = mapped_column(primary_key=True)
    rma: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    shop_ref: Mapped[str]
    amount_minor: Mapped[int | None]
    currency: Mapped[str]
    detail: Mapped[str]
    cursor: Mapped[int] = mapped_column(index=True)


class ScanRow(Base):
    """A code that was read; ``raw`` is empty once it is erased."""

    __tablename__ = "scans"
    seq: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str | None] = mapped_column(index=True)
    raw: Mapped[str]
    meaning: Mapped[str]
    symbology: Mapped[str]
    device: Mapped[str]
    utc: Mapped[str]
    pii: Mapped[str] = mapped_column(index=True)


class Erased(Base):
    """An addendum that was erased: it is not read again, even if a copy comes back."""

    __tablename__ = "erased"
    sha256: Mapped[str] = mapped_column(primary_key=True)


def journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """The journal mode that is safe with this SQLite: ``WAL`` or ``DELETE``.

    Until 3.51.2 WAL may corrupt a file that has several connections (the "WAL-reset" defect in
    SQLite's list of changes); 3.44.6 and 3.50.7 have the correction too, 3.52.0 was withdrawn.
    """
    corrected = (
        version >= (3, 53)
        or (3, 51, 3) <= version < (3, 52)
        or (3, 50, 7) <= version < (3, 51)
        or (3, 44, 6) <= version < (3, 45)
    )
    return "WAL" if corrected else "DELETE"


def open_database(path: Path) -> Engine:
    """The station's database in the file ``path``, which is made on first use.

    Transactions take the write lock when they begin; connections with the execution option
    ``deferred`` read beside each other.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite+pysqlite:///{path}")
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    # We begin transactions ourselves: the driver would begin them late, without the write lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        cursor.execute(f"PRAGMA journal_mode = {journal_mode()}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
    finally:
        cursor.close()


def _on_begin(connection: Connection) -> None:
    deferred = connection.get_execution_options().get(DEFERRED)
    connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")
