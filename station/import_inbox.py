"""Announced returns for a bench that is at work: an import leaves an order, the bench takes it in.

The event log has one writer. While a bench has it open, ``returnbench import`` stores the returns
and puts an order into the folder ``inbox``; the bench looks there, makes the entry, and removes the
order. An order that is taken in twice changes nothing.
"""

import json
import logging
import threading
from pathlib import Path

from returnbench.inspect.codec import Json
from returnbench.sync.files import Files, part_of, write_new
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import EntryError, EventLog, LogWriteFailed, Record
from returnbench.sync.projection import Projection, ProjectionFailed

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


def hand_over(layout: DataLayout, fields: Json) -> Path:
    """Leave the order for an import with these entry ``fields``; durable when this returns.

    Raises:
        OSError: the order could not be written.

    """
    folder = layout.root / "inbox"
    folder.mkdir(mode=0o700, exist_ok=True)
    order = folder / f"{fields['sha256']}.json"
    if not order.exists():
        files = Files()
        part = part_of(order)
        write_new(files, part, json.dumps(fields).encode(), 0o600)
        files.rename(part, order)
        files.sync_directory(folder)
    return order


class ImportInbox:
    """Takes orders in, in a thread of its own, while the bench works."""

    def __init__(self, layout: DataLayout, log: EventLog, projection: Projection) -> None:
        self._folder = layout.root / "inbox"
        self._event_log = log
        self._projection = projection
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="import-inbox", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; an order that is being taken in is finished first."""
        self._stop.set()
        self._thread.join(timeout=60)

    def take_in(self) -> int:
        """Take in all orders that wait; returns how many."""
        taken = 0
        for order in sorted(self._folder.glob("*.json")):
            if self._take(order):
                taken += 1
        return taken

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.take_in()

    def _take(self, order: Path) -> bool:
        try:
            fields = json.loads(order.read_bytes())
            self._event_log.append([Record("import", fields)])
            self._projection.catch_up()
            order.unlink()
        except (OSError, ValueError, EntryError, LogWriteFailed, ProjectionFailed):
            # It stays, and is tried again; what is in the log already does no harm.
            _log.exception("the import order %s was not taken in", order.name)
            return False
        _log.info("import order %s taken in", order.name)
        return True
