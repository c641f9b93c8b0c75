"""From events to entries on the disk, and to the tables made from them."""

import hmac
import logging
from collections.abc import Sequence
from hashlib import sha256

from returnbench.inspect.codec import encode_event
from returnbench.inspect.events import CaseOpened, Event
from returnbench.sync.log import EventLog, Record
from returnbench.sync.projection import Projection, ProjectionFailed

_log = logging.getLogger(__name__)


class Recorder:
    """Writes events to the log; what it returns from is durable.

    ``secret`` keys the hashes that stand in the log for the operator and the waybill, so that the
    log finds them again without naming them.
    """

    def __init__(self, log: EventLog, projection: Projection, secret: bytes) -> None:
        self._log = log
        self._projection = projection
        self._secret = secret
        self.tables_behind = ""
        """Why the tables do not show the newest events; empty when they do."""

    @property
    def size(self) -> int:
        """Entries in the log."""
        return self._log.size

    def append(self, events: Sequence[Event], operator: str) -> int:
        """Make ``events`` durable as one group; the tables follow with :meth:`follow`.

        Returns the size of the log afterwards.

        Raises:
            LogWriteFailed: it is not certain that they are on the disk; nothing may be confirmed.

        """
        actor = self.keyed(operator) if operator else ""
        self._log.append([self._record(event, actor) for event in events])
        return self._log.size

    def follow(self) -> None:
        """Bring the tables to the state of the log; the events are safe even when that fails."""
        if self._projection.applied == self._log.size:
            return
        try:
            self._projection.catch_up()
        except ProjectionFailed as error:
            _log.exception("the tables are behind the log")
            self.tables_behind = str(error)
        else:
            self.tables_behind = ""

    def keyed(self, text: str) -> str:
        """HMAC-SHA-256 of ``text`` under the secret of the station, hexadecimal."""
        return hmac.new(self._secret, text.encode(), sha256).hexdigest()

    def _record(self, event: Event, actor: str) -> Record:
        entry_type, public, personal = encode_event(event)
        if isinstance(event, CaseOpened):
            public["waybill_h"] = f"hmac-sha256:{self.keyed(event.waybill)}"
        return Record(entry_type, public, personal, actor)
