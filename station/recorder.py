"""From events to entries on the disk, and to the tables made from them."""

import hmac
from collections.abc import Sequence
from hashlib import sha256

from returnbench.inspect.codec import encode_event
from returnbench.inspect.events import CaseOpened, Event
from returnbench.sync.log import EventLog, Record
from returnbench.sync.projection import Projection


class Recorder:
    """Writes events to the log; what it returns from is durable.

    ``secret`` keys the hashes that stand in the log for the operator and the waybill, so that the
    log finds them again without naming them.
    """

    def __init__(self, log: EventLog, projection: Projection, secret: bytes) -> None:
        self._log = log
        self._projection = projection
        self._secret = secret

    @property
    def size(self) -> int:
        """Entries in the log."""
        return self._log.size

    def append(self, events: Sequence[Event], operator: str) -> int:
        """Make ``events`` durable as one group and bring the tables up to date.

        Returns the size of the log afterwards.

        Raises:
            LogWriteFailed: it is not certain that they are on the disk; nothing may be confirmed.

        """
        actor = self.keyed(operator) if operator else ""
        self._log.append([self._record(event, actor) for event in events])
        self._projection.catch_up()
        return self._log.size

    def keyed(self, text: str) -> str:
        """HMAC-SHA-256 of ``text`` under the secret of the station, hexadecimal."""
        return hmac.new(self._secret, text.encode(), sha256).hexdigest()

    def _record(self, event: Event, actor: str) -> Record:
        entry_type, public, personal = encode_event(event)
        if isinstance(event, CaseOpened):
            public["waybill_h"] = f"hmac-sha256:{self.keyed(event.waybill)}"
        return Record(entry_type, public, personal, actor)
