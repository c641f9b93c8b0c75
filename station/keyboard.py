"""All keys of the terminal on their way to the bench: wedge, hand-typed number, standstills."""

import time
from collections.abc import Callable

from returnbench.station.pauses import PauseWatch
from returnbench.station.typing_line import TypingLine
from returnbench.station.wedge import GAP_NS, Wedge, WedgeEvent


class Keyboard:
    """Turns key events into scans and keys of the bench.

    Call ``start`` before the first key and ``stop`` at the end. ``due_in_s`` says when ``settle``
    has to be called; the caller makes sure that keys which wait are given first.
    """

    def __init__(
        self,
        *,
        gap_ns: int = GAP_NS,
        prefix: str = "",
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wedge = Wedge(gap_ns=gap_ns, prefix=prefix)
        self._line = TypingLine()
        self._pauses = PauseWatch()
        self._clock_ns = clock_ns

    def start(self) -> None:
        """Begin to watch for standstills of the program."""
        self._pauses.start()

    def stop(self) -> None:
        """End the watch."""
        self._pauses.stop()

    @property
    def typed(self) -> str | None:
        """The number that is being typed by hand, or nothing."""
        return self._line.text

    @property
    def due_in_s(self) -> float | None:
        """Seconds until the open burst is over, or nothing when there is none."""
        due_ns = self._wedge.due_ns
        if due_ns is None:
            return None
        paused_ns = self._pauses.between(self._wedge.last_ns, self._clock_ns())
        return max(0, due_ns + paused_ns - self._clock_ns()) / 1e9

    def key(self, name: str, character: str | None, at_ns: int) -> list[WedgeEvent]:
        """Take one key; ``at_ns`` is when it was read from the terminal."""
        paused_ns = self._pauses.between(self._wedge.last_ns, at_ns)
        return self._through_line(self._wedge.key(name, character, at_ns, paused_ns))

    def paste(self, text: str, at_ns: int) -> list[WedgeEvent]:
        """Take pasted text."""
        return self._through_line(self._wedge.paste(text, at_ns))

    def settle(self, at_ns: int) -> list[WedgeEvent]:
        """End the open burst if its time was over at ``at_ns``; earlier keys were all given."""
        paused_ns = self._pauses.between(self._wedge.last_ns, at_ns)
        return self._through_line(self._wedge.settle(at_ns, paused_ns))

    def _through_line(self, events: list[WedgeEvent]) -> list[WedgeEvent]:
        onward = [event for event in map(self._line.take, events) if event is not None]
        self._wedge.typing = self._line.is_open
        return onward
