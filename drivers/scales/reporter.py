"""Tells the station what a scale says and how it is doing, and keeps the last seconds of it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from returnbench.drivers.health import DeviceHealth, DeviceState
from returnbench.drivers.scales.protocol import Decoded, frame_of
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scales.watch import Judgement, LineWatch
from returnbench.inspect.weighing import NoWeight, NoWeightReason, ScaleFrame

log = logging.getLogger(__name__)

KEPT_SECONDS = 30
"""How long frames are kept for the record of a weighing."""

_KEPT_FRAMES = 4096
_REPEAT_NS = 1_000_000_000


class Reporter:
    """The outward side of one scale. Used by the device's thread; read by others.

    ``on_frame`` is called in the device's thread with every frame, and with a ``NoWeight`` when the
    scale cannot be heard: once when that begins and again every second.
    """

    def __init__(self, settings: ScaleSettings, on_frame: Callable[[ScaleFrame], None]) -> None:
        self._settings = settings
        self._on_frame = on_frame
        self._lock = threading.Lock()
        self._frames: deque[ScaleFrame] = deque(maxlen=_KEPT_FRAMES)
        self._watch: LineWatch | None = None
        self._last_frame_ns = 0
        self.was_ready = False
        """The scale was ready at some time since the port was opened."""
        self.identity = settings.name
        self.health = DeviceHealth(
            DeviceState.STARTING, "starting", "not started", time.monotonic_ns()
        )

    def connected(self) -> None:
        """A port was opened: watch it from now on."""
        now = time.monotonic_ns()
        self.was_ready = False
        self._watch = LineWatch(
            now,
            round(self._settings.silent_seconds * 1e9),
            round(self._settings.never_stable_seconds * 1e9),
        )

    def received(self, now_ns: int) -> None:
        """Bytes arrived."""
        if self._watch:
            self._watch.received(now_ns)

    def decoded(self, line: Decoded, now_ns: int) -> None:
        """A frame was decoded, whether it is delivered or dropped."""
        if self._watch:
            self._watch.decoded(line, now_ns)

    def deliver(self, line: Decoded, raw: bytes, now_ns: int) -> None:
        """Hand a weight, or the reason why there is none, to the station."""
        frame = frame_of(line, raw, now_ns, self.identity)
        if frame is not None:
            self._emit(frame)

    def tick(self, now_ns: int) -> None:
        """Judge the line; called at least every read."""
        if self._watch:
            self._show(self._watch.judge(now_ns), now_ns)

    def down(self, judgement: Judgement) -> None:
        """There is no connection, and why. Called again while that lasts."""
        self._watch = None
        self._show(judgement, time.monotonic_ns())

    def recent(self, seconds: float) -> tuple[ScaleFrame, ...]:
        """All frames of the last ``seconds``, oldest first (at most ``KEPT_SECONDS``)."""
        since = time.monotonic_ns() - round(min(seconds, KEPT_SECONDS) * 1e9)
        with self._lock:
            return tuple(frame for frame in self._frames if frame.received_ns >= since)

    def _show(self, judgement: Judgement, now_ns: int) -> None:
        before = self.health
        changed = (before.state, before.code) != (judgement.state, judgement.code)
        if changed:
            self.health = DeviceHealth(judgement.state, judgement.code, judgement.detail, now_ns)
            self._note_change(judgement)
        elif before.detail != judgement.detail:
            self.health = replace(before, detail=judgement.detail)
        if judgement.reason is None:
            return
        if (changed and _no_frames(judgement)) or now_ns - self._last_frame_ns >= _REPEAT_NS:
            self._emit(NoWeight(judgement.reason, judgement.detail, b"", now_ns, self.identity))

    def _emit(self, frame: ScaleFrame) -> None:
        self._last_frame_ns = frame.received_ns
        oldest = frame.received_ns - KEPT_SECONDS * 1_000_000_000
        with self._lock:
            self._frames.append(frame)
            while self._frames and self._frames[0].received_ns < oldest:
                self._frames.popleft()
        self._on_frame(frame)

    def _note_change(self, now: Judgement) -> None:
        if now.state is DeviceState.READY:
            self.was_ready = True
            log.info("scale %s (%s) is ready", self._settings.name, self.identity)
        elif now.reason is not None or now.state is DeviceState.DEGRADED:
            log.warning("scale %s: %s: %s", self._settings.name, now.code, now.detail)


def _no_frames(judgement: Judgement) -> bool:
    return judgement.reason not in (NoWeightReason.UNREADABLE, NoWeightReason.WRONG_PARITY)
