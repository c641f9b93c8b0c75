"""The bench without a screen: scans, keys, weights and answers go in, events and views come out.

One thread handles everything that comes in, strictly in order of arrival. The Textual app, the
headless demo and the tests all drive this one object; nothing else decides what happens. A tone
that says "accepted" sounds after the events are on the disk, never before.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic_ns

from returnbench.inspect.case import RefundAnswer
from returnbench.inspect.commands import RecordRefundAnswer
from returnbench.inspect.inspection import BenchState
from returnbench.inspect.weighing import ScaleFrame
from returnbench.station.bench_desk import BenchDesk
from returnbench.station.case_desk import BenchParts
from returnbench.station.presenter import Presenter
from returnbench.station.snapshot import Snapshot
from returnbench.station.view import BenchView, Tone
from returnbench.sync.log import LogWriteFailed

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.1

DRAWING_NS = 150_000_000
"""Time for the screen to draw before anything else makes the interpreter busy."""


@dataclass(frozen=True, slots=True)
class _Scan:
    text: str
    device: str
    symbology: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class _CutOff:
    text: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class _Key:
    key: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class _Answer:
    cursor: int
    answer: RefundAnswer
    done: "Future[None]"


_STOP = object()
_WAKE = object()


class Bench:
    """One bench at work. It implements what the screen needs of it.

    ``start`` takes up what the log says was going on; ``stop`` ends the thread and leaves
    everything that was confirmed on the disk.
    """

    def __init__(self, parts: BenchParts, presenter: Presenter) -> None:
        self._desk = BenchDesk(parts, self._sound)
        self._presenter = presenter
        self._parts = parts
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._frames: deque[ScaleFrame] = deque(maxlen=600)
        self._views: list[Callable[[BenchView], None]] = []
        self._tones: list[Callable[[Tone], None]] = []
        self._changed = threading.Condition()
        self._snapshot = self._desk.snapshot()
        self._view: BenchView | None = None
        self._thread = threading.Thread(target=self._run, name="bench", daemon=True)
        self._may_leave = True
        self._drawn_size = self._snapshot.log_size
        self._drawn_ns = 0

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being handled and end. Queued acts that were not handled are lost."""
        self._inbox.put(_STOP)
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    # -- what comes in --------------------------------------------------------------------

    def scan(self, text: str, device: str, at_ns: int, symbology: str = "") -> None:
        """Take one whole code from ``device``."""
        self._inbox.put(_Scan(text, device, symbology, at_ns))

    def cut_off(self, text: str, at_ns: int) -> None:
        """Take what came of a scan that was cut off."""
        self._inbox.put(_CutOff(text, at_ns))

    def key(self, key: str, at_ns: int) -> None:
        """Take one key."""
        self._inbox.put(_Key(key, at_ns))

    def on_frame(self, frame: ScaleFrame) -> None:
        """Take one frame of the scale; called by the thread of the scale."""
        self._frames.append(frame)
        self._inbox.put(_WAKE)

    def on_answer(self, cursor: int, answer: RefundAnswer) -> None:
        """Take what the hub passed on; returns when it is on the disk.

        Raises:
            LogWriteFailed: the disk did not take it; the hub will pass it on again.
            TimeoutError: the bench did not get to it; the hub will pass it on again.

        """
        done: Future[None] = Future()
        self._inbox.put(_Answer(cursor, answer, done))
        done.result(timeout=30)

    # -- what goes out --------------------------------------------------------------------

    def subscribe(self, listener: Callable[[BenchView], None]) -> Callable[[], None]:
        """Tell ``listener`` each new view, from the thread of the bench."""
        self._views.append(listener)
        return lambda: self._views.remove(listener)

    def on_tone(self, callback: Callable[[Tone], None]) -> None:
        """Tell ``callback`` each tone that is to be heard."""
        self._tones.append(callback)

    def view(self) -> BenchView:
        """The view as it is now."""
        return self._view or self._presenter.build(self._snapshot, monotonic_ns())

    def leave(self) -> bool:
        """Whether the program may be left: always, for what was confirmed is on the disk."""
        return self._may_leave

    def snapshot(self) -> Snapshot:
        """What the bench knows now, for callers that are not a screen."""
        return self._snapshot

    def wait(self, holds: Callable[[Snapshot], bool], timeout_s: float) -> Snapshot | None:
        """Wait until ``holds`` is true of the bench; ``None`` when it did not become so in time."""
        with self._changed:
            reached = self._changed.wait_for(lambda: holds(self._snapshot), timeout_s)
        return self._snapshot if reached else None

    def state(self) -> BenchState:
        """The folded state."""
        return self._snapshot.state

    # -- the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        self._desk.begin(monotonic_ns())
        self._publish()
        while True:
            try:
                item = self._inbox.get(timeout=TICK_SECONDS)
            except queue.Empty:
                item = _WAKE
            if item is _STOP:
                self._desk.follow()
                return
            try:
                self._handle(item)
            except Exception:
                # The bench goes on: what could not be done was not confirmed either.
                _log.exception("the bench could not handle %s", type(item).__name__)
                self._desk.failed()
            self._publish()
            self._follow_at_leisure(monotonic_ns())

    def _follow_at_leisure(self, now_ns: int) -> None:
        """Let the tables follow the log once the screen had time to draw what is new."""
        if self._snapshot.log_size != self._drawn_size:
            self._drawn_size, self._drawn_ns = self._snapshot.log_size, now_ns
        elif now_ns - self._drawn_ns >= DRAWING_NS:
            self._desk.follow()

    def _handle(self, item: object) -> None:
        self._weights()
        match item:
            case _Scan():
                self._desk.scanned(item.text, item.device, item.symbology, item.at_ns)
            case _CutOff():
                self._desk.cut_off(item.text, "wedge", item.at_ns)
            case _Key():
                self._desk.pressed(item.key, item.at_ns)
            case _Answer():
                self._answered(item)
            case _:
                pass
        self._desk.tick(monotonic_ns())

    def _weights(self) -> None:
        while self._frames:
            self._desk.weighed(self._frames.popleft())

    def _answered(self, item: _Answer) -> None:
        try:
            kept = self._desk.carry_out(RecordRefundAnswer(item.answer, item.cursor))
        except Exception as error:
            item.done.set_exception(error)
            raise
        if kept:
            item.done.set_result(None)
        else:
            item.done.set_exception(LogWriteFailed("the answer of the shop could not be kept"))

    def _publish(self) -> None:
        snapshot = self._desk.snapshot()
        with self._changed:
            self._snapshot = snapshot
            self._changed.notify_all()
        try:
            self._show(snapshot)
        except Exception:
            # Scans, weights and releases must not stop because something cannot be shown.
            _log.exception("the bench could not show what it knows")

    def _show(self, snapshot: Snapshot) -> None:
        view = self._presenter.build(snapshot, monotonic_ns())
        if view == self._view:
            return
        self._view = view
        for listener in tuple(self._views):
            listener(view)

    def _sound(self, tone: Tone) -> None:
        for callback in tuple(self._tones):
            callback(tone)
