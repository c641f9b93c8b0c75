"""Changes to the station's tables that are collected over some entries and written together."""

import logging
from typing import Any

from sqlalchemy import Connection, delete, insert, inspect, select, update

from returnbench.sync.entry import Entry
from returnbench.sync.tables import Base, Case, FindingRow, Refund, ScanRow, VerdictRow

_log = logging.getLogger(__name__)

Row = dict[str, Any]


class KeyedRows:
    """Rows of one table by their key: read once, changed in memory, written together."""

    def __init__(self, connection: Connection, table: type[Base]) -> None:
        self._connection = connection
        self._table = table
        (self._key,) = inspect(table).primary_key
        self._rows: dict[str, Row | None] = {}

    def get(self, key: str) -> Row | None:
        """The row of this key, to be changed in place."""
        if key not in self._rows:
            wanted = select(inspect(self._table).local_table).where(self._key == key)
            found = self._connection.execute(wanted).mappings().first()
            self._rows[key] = None if found is None else dict(found)
        return self._rows[key]

    def put(self, row: Row) -> None:
        """Set the row of its key."""
        self._rows[row[self._key.name]] = row

    def drop(self, key: str) -> None:
        """Remove the row of this key."""
        self._rows[key] = None

    def write(self) -> None:
        """Bring the table to what was changed, and forget what was read."""
        gone = [key for key, row in self._rows.items() if row is None]
        rows = [row for row in self._rows.values() if row is not None]
        for key in gone:
            self._connection.execute(delete(self._table).where(self._key == key))
        if rows:
            self._connection.execute(insert(self._table).prefix_with("OR REPLACE"), rows)
        self._rows.clear()


class Batch:
    """The changes of some entries, written to ``connection`` by :meth:`write`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.cases = KeyedRows(connection, Case)
        self.verdicts = KeyedRows(connection, VerdictRow)
        self.refunds = KeyedRows(connection, Refund)
        self._new: dict[type[Base], list[Row]] = {}

    def write(self) -> None:
        """Write all changes."""
        for rows in (self.cases, self.verdicts, self.refunds):
            rows.write()
        for table, new in self._new.items():
            self._connection.execute(insert(table).prefix_with("OR REPLACE"), new)
        self._new.clear()

    def erase(self, addenda: list[str]) -> None:
        """Blank what came from addenda that are erased."""
        self.write()
        for sha256 in addenda:
            self._connection.execute(
                update(Case).where(Case.pii == sha256).values(waybill="", waybill_key=None)
            )
            self._connection.execute(update(ScanRow).where(ScanRow.pii == sha256).values(raw=""))

    def add(self, table: type[Base], entry: Entry, **values: Any) -> None:
        """Add the row of one entry to a table that has one row for each."""
        self._new.setdefault(table, []).append({"seq": entry.seq, **values})

    def case(self, entry: Entry, case: str) -> Row | None:
        """The row of ``case``, to be changed in place by ``entry``."""
        row = self.cases.get(case)
        if row is None:
            _log.error("entry %d belongs to a case that was never opened", entry.seq)
            return None
        row["last_seq"] = entry.seq
        return row

    def drop_newest_finding(self, case: str) -> None:
        """Take back the last finding of ``case``."""
        self.write()
        newest = (
            select(FindingRow.seq)
            .where(FindingRow.case_id == case)
            .order_by(FindingRow.seq.desc())
            .limit(1)
        )
        seq = self._connection.execute(newest).scalar()
        if seq is not None:
            self._connection.execute(delete(FindingRow).where(FindingRow.seq == seq))
