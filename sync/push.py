"""Brings the station's log and evidence to the hub, and the hub's answers back to the station.

Runs beside the bench and never holds it up: what is not sent yet is a number on the screen.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from returnbench.inspect.case import RefundAnswer
from returnbench.sync.calling import Caller
from returnbench.sync.hub_client import HubClient, HubRefused, HubUnreachable
from returnbench.sync.log import EventLog
from returnbench.sync.push_step import HistoryConflict, PushStep
from returnbench.sync.recovery import LogDamaged
from returnbench.sync.store import EvidenceStore, StoreError

_log = logging.getLogger(__name__)

_PROBE_SECONDS = 15.0
_POLL_SECONDS = 20.0
_QUICK_NS = 20_000_000


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """How the sync is doing, for the screen.

    ``hub_size`` is ``None`` until the hub was reached once; ``oldest_unsent_s`` is the age in
    seconds of the oldest entry that the hub has not confirmed, ``None`` when there is none.
    ``last_error`` starts with a stable code, then a colon. ``halted`` says that a person has to
    act: the hub holds another history of this station than the station itself.
    """

    connected: bool
    hub_size: int | None
    log_size: int
    backlog: int
    evidence_backlog: int
    oldest_unsent_s: float | None
    last_error: str
    halted: bool


class _Pause:
    """Time between two tries: base, doubled up to the longest, of that a random part."""

    def __init__(self, base: float, longest: float) -> None:
        self._base = base
        self._longest = longest
        self._failures = 0
        self._random = random.SystemRandom()

    def reset(self) -> None:
        self._failures = 0

    def after_failure(self, at_least: float = 0.0) -> float:
        most = min(self._base * 2.0 ** min(self._failures, 60), self._longest)
        self._failures += 1
        return max(self._random.uniform(0, most), at_least)


class SyncWorker:
    """Keeps the hub up to date from threads of its own.

    ``on_change(cursor, answer)`` is called for each answer of the hub behind ``cursor``, in order
    and at least once; it returns when the answer is durable, and is called again when it raises.
    Waits between tries start at ``retry_base_seconds`` and grow to ``retry_longest_seconds``. New
    entries are sent ``gather_seconds`` after the first of them.
    """

    def __init__(  # noqa: PLR0913 - each is one thing that the worker needs from outside
        self,
        log: EventLog,
        store: EvidenceStore,
        *,
        hub_url: str,
        token: str,
        station: str,
        on_change: Callable[[int, RefundAnswer], None],
        cursor: int = 0,
        retry_base_seconds: float = 1.0,
        retry_longest_seconds: float = 60.0,
        gather_seconds: float = 0.25,
    ) -> None:
        self._log = log
        self._caller = Caller()
        self._client = HubClient(self._caller, hub_url, token, station)
        self._step = PushStep(log, store, self._client)
        self._on_change = on_change
        self._gather_seconds = gather_seconds
        self._cursor = cursor
        self._push_pause = _Pause(retry_base_seconds, retry_longest_seconds)
        self._poll_pause = _Pause(retry_base_seconds, retry_longest_seconds)
        self._signal = threading.Condition()
        self._grown = 0
        self._woken = 0
        self._stopping = False
        self._stopped = False
        self._connected = False
        self._hub_size: int | None = None
        self._error = ""
        self._poll_error = ""
        self._halted = False
        self._oldest: tuple[int, datetime] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._threads = [
            threading.Thread(target=self._push_loop, name="sync-push", daemon=True),
            threading.Thread(target=self._poll_loop, name="sync-answers", daemon=True),
        ]

    def start(self) -> None:
        """Start sending, and listening for answers."""
        self._unsubscribe = self._log.subscribe(self._log_grew)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop; what is under way is cut off and sent again next time. May be called twice."""
        if self._stopped:
            return
        self._stopped = True
        self._unsubscribe()
        with self._signal:
            self._stopping = True
            self._signal.notify_all()
        self._caller.close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def wake(self) -> None:
        """Try now, whatever the waiting time."""
        with self._signal:
            self._woken += 1
            self._signal.notify_all()

    def drain(self, timeout: float) -> bool:
        """Wait until the hub has every entry and file of now; ``False`` after ``timeout`` s."""
        self.wake()
        with self._signal:
            self._signal.wait_for(
                lambda: self._step.has_everything() or self._halted or self._stopping, timeout
            )
            return self._step.has_everything()

    def status(self) -> SyncStatus:
        """How it is doing now."""
        log_size = self._log.size
        with self._signal:
            confirmed = self._hub_size or 0
            return SyncStatus(
                connected=self._connected,
                hub_size=self._hub_size,
                log_size=log_size,
                backlog=max(log_size - confirmed, 0),
                evidence_backlog=len(self._step.waiting),
                oldest_unsent_s=self._age_of(confirmed) if log_size > confirmed else None,
                last_error=self._error or self._poll_error,
                halted=self._halted,
            )

    def _age_of(self, seq: int) -> float | None:
        """Seconds since entry ``seq`` was made; ``None`` when it cannot be read."""
        if self._oldest is None or self._oldest[0] != seq:
            try:
                entry = next(self._log.entries(seq, seq + 1), None)
            except (LogDamaged, OSError):
                entry = None
            if entry is None:
                return None
            self._oldest = (seq, datetime.fromisoformat(entry.data["utc"]))
        return max((datetime.now(UTC) - self._oldest[1]).total_seconds(), 0.0)

    def _log_grew(self, _size: int) -> None:
        with self._signal:
            self._grown += 1
            self._signal.notify_all()

    def _push_loop(self) -> None:
        probed = time.monotonic_ns()
        while not self._stopping:
            with self._signal:
                grown, woken = self._grown, self._woken
            try:
                if (time.monotonic_ns() - probed) / 1e9 >= _PROBE_SECONDS:
                    self._step.forget()
                    probed = time.monotonic_ns()
                went_on = self._step.next()
            except HistoryConflict as error:
                self._halt(error)
                return
            except (HubUnreachable, HubRefused, StoreError, LogDamaged, OSError) as error:
                self._fail(error, woken)
            except Exception as error:
                _log.exception("the sync failed; it tries again")
                self._fail(error, woken)
            else:
                self._succeed()
                if not went_on:
                    self._rest(grown, woken)

    def _rest(self, grown: int, woken: int) -> None:
        """Wait for new entries since the counts were taken, or for the next probe."""
        with self._signal:
            self._signal.wait_for(
                lambda: self._stopping or (self._grown, self._woken) != (grown, woken),
                _PROBE_SECONDS,
            )
            # What a person did comes in bursts: one push takes it all, when the screen has it.
            self._signal.wait_for(
                lambda: self._stopping or self._woken != woken, self._gather_seconds
            )

    def _succeed(self) -> None:
        self._push_pause.reset()
        with self._signal:
            head = self._step.head
            if head is not None:
                self._hub_size = head.size
            self._connected = True
            self._error = ""
            self._signal.notify_all()

    def _fail(self, error: Exception, woken: int) -> None:
        self._step.forget()
        pause = self._push_pause.after_failure(getattr(error, "retry_after", 0.0))
        with self._signal:
            if self._stopping:
                return
            text = _describe(error)
            if text != self._error:
                _log.warning("sync: %s", text)
            self._connected = False
            self._error = text
            self._signal.notify_all()
            # New entries alone do not cut the pause short, or a busy bench would hammer the hub.
            self._signal.wait_for(lambda: self._stopping or self._woken != woken, pause)

    def _halt(self, error: HistoryConflict) -> None:
        _log.critical("sync halted, a person must act: %s", error)
        with self._signal:
            self._error = str(error)
            self._halted = True
            self._signal.notify_all()

    def _poll_loop(self) -> None:
        while not self._stopping:
            with self._signal:
                woken = self._woken
            started = time.monotonic_ns()
            try:
                # After a failure a quick look first: only its answer says that all is well again.
                wait = 0 if self._poll_error else _POLL_SECONDS
                for change in self._client.changes(self._cursor, wait):
                    if change.cursor > self._cursor:
                        self._on_change(change.cursor, change.answer)
                        self._cursor = change.cursor
            except Exception as error:
                if self._stopping:
                    return
                if not isinstance(error, HubUnreachable | HubRefused):
                    _log.exception("an answer of the hub could not be taken; it is asked for again")
                self._poll_failed(error, woken)
            else:
                self._poll_pause.reset()
                self._poll_error = ""
                if time.monotonic_ns() - started < _QUICK_NS:
                    # A hub that is stopping answers at once; do not hammer it meanwhile.
                    with self._signal:
                        self._signal.wait_for(lambda: self._stopping, 0.05)

    def _poll_failed(self, error: Exception, woken: int) -> None:
        pause = self._poll_pause.after_failure(getattr(error, "retry_after", 0.0))
        with self._signal:
            self._poll_error = _describe(error)
            self._signal.wait_for(lambda: self._stopping or self._woken != woken, pause)


def _describe(error: Exception) -> str:
    """A stable code and what was said."""
    match error:
        case HubRefused():
            return str(error)
        case HubUnreachable():
            return f"hub-unreachable: {error}"
        case LogDamaged():
            return f"log-damaged: {error}"
        case StoreError() | OSError():
            return f"store-unreadable: {error}"
    return f"sync-defect: {type(error).__name__}"
