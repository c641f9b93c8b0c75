"""Notices when the whole program stood still, so that a late reading is not taken for a late key.

On a busy or suspended machine the thread that reads the terminal stops between two characters of
a scan, and the times of the characters then lie apart although the scanner sent them together.
"""

import threading
import time
from collections import deque

TICK_NS = 20_000_000
"""How often the watch looks at the clock: a third of the gap that tells keys from scans."""

LATE_NS = 15_000_000
"""Later than this is a standstill; ordinary scheduling is late by a few milliseconds at most."""


class PauseWatch:
    """A thread that wakes regularly and remembers when it was kept from doing so."""

    def __init__(self) -> None:
        self._pauses: deque[tuple[int, int]] = deque(maxlen=64)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pause-watch", daemon=True)
        self._lock = threading.Lock()
        self._woke_ns = time.monotonic_ns()

    def start(self) -> None:
        """Begin to watch."""
        self._woke_ns = time.monotonic_ns()
        self._thread.start()

    def stop(self) -> None:
        """End the watch; returns at once."""
        self._stop.set()

    def join(self, timeout_s: float) -> None:
        """Wait until the watch has ended."""
        self._thread.join(timeout_s)

    @property
    def is_alive(self) -> bool:
        """Whether the watch runs."""
        return self._thread.is_alive()

    def note(self, expected_ns: int, woke_ns: int) -> None:
        """Record one waking: when it was due and when it came (monotonic nanoseconds)."""
        with self._lock:
            self._woke_ns = woke_ns
            if woke_ns - expected_ns > LATE_NS:
                self._pauses.append((expected_ns, woke_ns))

    def between(self, from_ns: int, to_ns: int) -> int:
        """Nanoseconds of standstill between two monotonic times."""
        with self._lock:
            pauses = list(self._pauses)
            due_ns = self._woke_ns + TICK_NS
        if self._thread.is_alive() and to_ns - due_ns > LATE_NS:
            # The watch itself is still late: the standstill has only just ended.
            pauses.append((due_ns, to_ns))
        return sum(max(0, min(to_ns, end) - max(from_ns, start)) for start, end in pauses)

    def _watch(self) -> None:
        while not self._stop.is_set():
            due_ns = time.monotonic_ns() + TICK_NS
            self._stop.wait(TICK_NS / 1e9)
            self.note(due_ns, time.monotonic_ns())
