"""The hub put together: logs and evidence in, refunds out, answers back."""

import fcntl
import logging
import random
from pathlib import Path
from typing import Any

from returnbench.sync.calling import Caller
from returnbench.sync.hub.bell import Bell
from returnbench.sync.hub.board import board
from returnbench.sync.hub.changes import changes_after
from returnbench.sync.hub.clock import now_ms
from returnbench.sync.hub.database import Database, is_sqlite
from returnbench.sync.hub.dispatcher import Dispatcher
from returnbench.sync.hub.evidence_shelf import EvidenceShelf
from returnbench.sync.hub.inbox import Batch, Head, Inbox
from returnbench.sync.hub.outcomes import RetrySchedule
from returnbench.sync.hub.projection import Projector
from returnbench.sync.hub.refund_queue import RefundQueue
from returnbench.sync.hub.settings import HubSettings
from returnbench.sync.hub.shop_client import ShopClient
from returnbench.sync.hub.stations import Stations
from returnbench.sync.keys import load_or_create_signer
from returnbench.sync.store import EvidenceStore

_log = logging.getLogger(__name__)

_MOST_CHANGES = 200


class HubBusyError(RuntimeError):
    """Another hub process uses this data folder."""


class Hub:
    """One hub over one database and one folder.

    Raises:
        HubBusyError: another process has the folder.
        KeyFileError: the hub's key is damaged or readable by others.

    """

    def __init__(self, settings: HubSettings) -> None:
        self.settings = settings
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # With SQLite this process is the only one that sends; PostgreSQL shares by row locks.
        self._alone = is_sqlite(settings.url)
        self._lock = _take_folder(settings.data_dir) if self._alone else None
        try:
            self._assemble()
        except BaseException:
            if self._lock is not None:
                self._lock.close()
            raise
        self._caller: Caller | None = None
        self._dispatcher: Dispatcher | None = None
        self._closed = False

    def _assemble(self) -> None:
        settings = self.settings
        signer = load_or_create_signer(settings.data_dir / "hub.key", settings.name)
        self.vkey = signer.witness_vkey
        self._database = Database(settings.url)
        self.stations = Stations(self._database)
        self.evidence = EvidenceShelf(self._database, EvidenceStore(settings.data_dir / "evidence"))
        self.bell = Bell()
        self._inbox = Inbox(self._database, signer, Projector(signer))
        self._queue = RefundQueue(
            self._database,
            RetrySchedule(
                settings.retry_base_seconds,
                settings.retry_longest_seconds,
                settings.retry_most,
                random.SystemRandom().random,
            ),
            round(settings.lease_seconds * 1000),
        )

    def enrol(self, station: str, vkey: str, token: str) -> None:
        """Let a station in with the verifier key of its log and its token.

        Raises:
            EnrolmentError: key or token are unusable, or the station has another key already.

        """
        self.stations.enrol(station, vkey, token)

    def start_dispatcher(self) -> None:
        """Start to send refunds; what an earlier run left open is asked for first."""
        if self._dispatcher is not None:
            return
        settings = self.settings
        # Each money call has its own connection: one that went stale would make it unclear.
        caller = self._caller = Caller(keep_alive=False, max_answer=256 * 1024)
        self._dispatcher = Dispatcher(
            self._queue,
            {shop.shop: ShopClient(shop, caller, settings.call_seconds) for shop in settings.shops},
            self.bell.ring,
            settings,
            alone=self._alone,
        )
        self._dispatcher.start()

    def stop(self) -> None:
        """Stop sending and close the database. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self.bell.close()
        if self._dispatcher is not None:
            self._dispatcher.stop()
        if self._caller is not None:
            self._caller.close()
        self._database.close()
        if self._lock is not None:
            self._lock.close()

    def accept(self, station: str, batch: Batch) -> Head:
        """Take entries of a station's log; see :meth:`Inbox.accept`."""
        head = self._inbox.accept(station, batch)
        if batch.entries:
            self.bell.ring()
            if self._dispatcher is not None:
                self._dispatcher.ring()
        return head

    def head(self, station: str) -> Head:
        """What the hub holds of a station's log."""
        return self._inbox.head(station)

    def changes(self, station: str, cursor: int) -> list[dict[str, Any]]:
        """Answers for a station behind ``cursor``, oldest first."""
        with self._database.reading() as connection:
            return changes_after(connection, station, cursor, _MOST_CHANGES)

    def board(self) -> dict[str, Any]:
        """Everything that is not finished."""
        return board(self._database, frozenset(shop.shop for shop in self.settings.shops))

    def ask_again(self, intent_id: str) -> bool:
        """Ask the shop about a refund that waits for a person, and send it if it is absent there.

        ``False`` when it does not wait for a person.
        """
        done = self._queue.ask_again(intent_id, now_ms())
        if done and self._dispatcher is not None:
            self._dispatcher.ring()
        return done


def _take_folder(folder: Path) -> Any:
    lock = (folder / "hub.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise HubBusyError(
            f"another hub runs on {folder}; stop it first, or use another folder"
        ) from error
    return lock
