"""What the bench screen needs of the bench: acts go in, views and tones come out."""

from collections.abc import Callable
from typing import Protocol

from returnbench.station.view import BenchView, Tone


class BenchPort(Protocol):
    """The bench as the screen sees it.

    ``scan``, ``key`` and ``leave`` are called from the screen's loop and must return at once: what
    takes time is done elsewhere and is seen in a later view. Listeners may be called from any
    thread. Times are monotonic nanoseconds.
    """

    def scan(self, text: str, device: str, at_ns: int) -> None:
        """Take one whole code; ``device`` is ``wedge``, or ``keyboard`` for one typed by hand."""
        ...

    def cut_off(self, text: str, at_ns: int) -> None:
        """Keep what came of a scan that was cut off; it must never act."""
        ...

    def key(self, key: str, at_ns: int) -> None:
        """Take one key: the character, or a name such as ``enter``, ``escape``, ``f1``."""
        ...

    def subscribe(self, listener: Callable[[BenchView], None]) -> Callable[[], None]:
        """Tell the listener each new view; the answer ends that."""
        ...

    def view(self) -> BenchView:
        """The view as it is now."""
        ...

    def on_tone(self, callback: Callable[[Tone], None]) -> None:
        """Tell the callback each tone that is to be heard."""
        ...

    def leave(self) -> bool:
        """Whether the program may be left now."""
        ...
