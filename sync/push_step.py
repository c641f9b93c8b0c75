"""What is to be sent to the hub next: entries first, then the files that they name. No threads."""

import logging

from returnbench.sync.hub_client import HubClient, HubHead, HubRefused
from returnbench.sync.log import EventLog
from returnbench.sync.note import parse_checkpoint
from returnbench.sync.store import EvidenceDamaged, EvidenceMissing, EvidenceStore

_log = logging.getLogger(__name__)

_MOST_ENTRIES = 500
_MOST_BYTES = 1024 * 1024
_CONFLICT = "event-conflict"


class HistoryConflict(Exception):
    """The hub holds another history of this station than the station itself: a person must act."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


class PushStep:
    """Sends one thing at a time. Reads of the attributes from other threads are safe.

    ``head`` is what the hub held at the last contact, ``None`` while that is not known;
    ``waiting`` are the hashes of files that it waits for.
    """

    def __init__(self, log: EventLog, store: EvidenceStore, client: HubClient) -> None:
        self._log = log
        self._store = store
        self._client = client
        self.head: HubHead | None = None
        self.waiting: tuple[str, ...] = ()
        self._sent_files = False

    def forget(self) -> None:
        """Ask the hub again what it holds, before anything else is sent."""
        self.head = None

    def next(self) -> bool:
        """Send what is next; ``False`` when the hub has everything.

        Raises:
            HubUnreachable: no answer came.
            HubRefused: the hub did not take it.
            HistoryConflict: it can never take it.
            LogDamaged: the log on the disk was changed.
            StoreError: a file cannot be read now.

        """
        head = self.head
        if head is None:
            self.ask()
        elif head.size < self._signed_size():
            self._push(head.size)
        elif self.waiting:
            self._send_file(self.waiting[0])
        elif self._sent_files:
            # The hub names only the first of many; ask whether there are more.
            self.ask()
        else:
            return False
        return True

    def ask(self) -> None:
        """Ask the hub what it holds, and check that it is our history."""
        head = self._client.head()
        self._check_history(head)
        self._take(head)
        self._sent_files = False

    def has_everything(self) -> bool:
        """Whether the hub is known to hold every entry and every file."""
        head = self.head
        return (
            head is not None
            and head.size >= self._log.size
            and not self.waiting
            and not self._sent_files
        )

    def _take(self, head: HubHead) -> None:
        self.waiting = head.missing
        self.head = head

    def _signed_size(self) -> int:
        return parse_checkpoint(_note_text(self._log.checkpoint)).size

    def _check_history(self, head: HubHead) -> None:
        if head.size > self._log.size:
            raise HistoryConflict(
                "log-behind-hub",
                f"the hub holds {head.size} entries of this station, its own log has "
                f"{self._log.size}: the log was restored from an old copy; bring the newer one "
                "back, or set the station up under a new name",
            )
        if head.size and self._log.root(head.size).hex() != head.root:
            # Shown to the hub, so that it raises its alarm: the entry there is another one.
            self._push(head.size - 1, most=1)
            raise HistoryConflict(
                _CONFLICT, f"the first {head.size} entries at the hub are not those of this log"
            )

    def _push(self, start: int, most: int = _MOST_ENTRIES) -> None:
        checkpoint = self._log.checkpoint
        size = parse_checkpoint(_note_text(checkpoint)).size
        batch: list[bytes] = []
        total = 0
        for entry in self._log.entries(start, min(size, start + most)):
            total += len(entry.raw)
            if batch and total > _MOST_BYTES:
                break
            batch.append(entry.raw)
        end = start + len(batch)
        proof = self._log.tree.consistency_proof(end, size)
        try:
            head = self._client.push(start, batch, checkpoint, proof)
        except HubRefused as error:
            if error.code == _CONFLICT:
                raise HistoryConflict(error.code, error.detail) from error
            raise
        self._take(head)

    def _send_file(self, sha256: str) -> None:
        try:
            data = self._store.read(sha256)
        except EvidenceMissing:
            _log.warning("evidence %s is not held any more; the hub is told", sha256)
            self._client.declare_absent([sha256], "gone")
        except EvidenceDamaged:
            _log.exception("evidence is damaged; the hub is told")
            self._client.declare_absent([sha256], "damaged")
        else:
            self._client.put_evidence(sha256, data)
        self.waiting = tuple(item for item in self.waiting if item != sha256)
        self._sent_files = True


def _note_text(note: str) -> str:
    """The signed text of a note that this process made itself."""
    return note[: note.rfind("\n\n") + 1]
