"""Reads waybills with the bench camera while no parcel is open.

A code counts when two different frames show it and agree; it counts once for as long as it stays in
view. Codes that are in view beside an open parcel are its own: they are not delivered, neither then
nor when it is finished and still lies there.
"""

import logging
import threading
from collections.abc import Callable
from time import monotonic_ns
from typing import Protocol

from returnbench.drivers.camera import Frame
from returnbench.drivers.decode import decode_picture
from returnbench.inspect.inspection import BenchState
from returnbench.inspect.waybill import MeaningKind, understand

_log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.15
GONE_AFTER_NS = 1_000_000_000
"""A code that was out of view this long may be read again."""

FIRST_LOOK_NS = 2_000_000_000
"""How long after the first picture something counts as lying there already."""

LABEL_SYMBOLOGIES = ("Code128", "ITF", "QRCode")
LIMIT_MS = 250


class FrameSource(Protocol):
    """What the scanner needs of a camera."""

    def latest(self) -> Frame | None:
        """The newest frame."""
        ...


class ScanTaker(Protocol):
    """What the scanner needs of the bench."""

    def scan(self, text: str, device: str, at_ns: int, symbology: str = "") -> None:
        """Take one code."""
        ...

    def state(self) -> BenchState:
        """The state of the bench."""
        ...


class CameraScanner:
    """A scanner made of the bench camera, in a thread of its own."""

    def __init__(
        self, camera: FrameSource, bench: ScanTaker, was_inspected: Callable[[str], bool]
    ) -> None:
        self._camera = camera
        self._bench = bench
        self._was_inspected = was_inspected
        self._began_ns: int | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera-scanner", daemon=True)
        self._last_seq = -1
        self._seen_once: frozenset[str] = frozenset()
        self._in_view: dict[str, int] = {}

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the thread is gone."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            try:
                self._look()
            except Exception:
                _log.exception("a frame could not be looked at")

    def _look(self) -> None:
        frame = self._camera.latest()
        if frame is None or frame.seq == self._last_seq:
            return
        self._last_seq = frame.seq
        decoded = decode_picture(frame.jpeg, limit_ms=LIMIT_MS, symbologies=LABEL_SYMBOLOGIES)
        reads = {read.text: read.symbology_identifier for read in decoded.results}
        labels = {text for text, aim in reads.items() if _is_label(text, aim)}
        now_ns = monotonic_ns()
        self._remember_what_lies_there(labels, now_ns)
        agreed = labels & self._seen_once
        self._seen_once = frozenset(labels)
        for text in [t for t, seen in self._in_view.items() if now_ns - seen > GONE_AFTER_NS]:
            del self._in_view[text]
        new = sorted(agreed - self._in_view.keys())
        self._in_view.update((text, now_ns) for text in labels & (self._in_view.keys() | agreed))
        if len(new) == 1 and self._bench.state().inspection is None:
            self._bench.scan(new[0], "camera", frame.frame_ns, reads[new[0]])

    def _remember_what_lies_there(self, labels: set[str], now_ns: int) -> None:
        """A parcel that was inspected before the start and still lies there was read before."""
        if self._began_ns is None:
            self._began_ns = now_ns
        if now_ns - self._began_ns <= FIRST_LOOK_NS:
            lying = (text for text in labels - self._in_view.keys() if self._was_inspected(text))
            self._in_view.update((text, now_ns) for text in lying)


def _is_label(text: str, symbology_identifier: str) -> bool:
    meaning = understand(text, symbology_identifier)
    return meaning.kind in (MeaningKind.WAYBILL, MeaningKind.RETURN_SLIP)
