"""A bench camera: one thread that always reads, and the newest frames for whoever asks.

Reading all the time is the only cure for stale pictures: drivers and networks queue frames, and
what is read after a pause is old.
"""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from returnbench.drivers.camera_frames import Frame, FrameReader, grey_of
from returnbench.drivers.camera_source import (
    CameraSettings,
    CameraSource,
    FolderSource,
    SourceError,
    public_name,
)
from returnbench.drivers.health import DeviceHealth, DeviceState
from returnbench.drivers.video_source import VideoSource

__all__ = ["REMEDIES", "Camera", "CameraFault", "CameraSettings", "Frame", "grey_of"]

log = logging.getLogger(__name__)

REMEDIES: dict[str, str] = {
    "ok": "",
    "starting": "Wait a moment: the camera is being opened.",
    "stopped": "Start the bench: the camera is not in use.",
    "camera-missing": "Plug the camera in and check its cable and the [camera] source in the"
    " configuration.",
    "camera-busy": "Close the other program that uses the camera, or unplug it and plug it in"
    " again.",
    "camera-denied": "Allow this user to use the camera: add it to the group 'video' and log in"
    " again.",
    "stalled": "Unplug the camera and plug it in again; for a network camera check its power.",
    "frozen": "The camera repeats one picture: unplug it and plug it in again.",
    "dark": "Take off the lens cover and switch the light on.",
    "damaged": "Shots arrive damaged: use a shorter cable or another USB socket.",
}
"""What to do, for each health code of a camera."""

_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0)
_KEPT_FRAMES = 8


@dataclass(frozen=True, slots=True)
class CameraFault:
    """No picture could be had. ``reason`` is a health code or ``timeout``."""

    reason: str
    detail: str


class Camera:
    """Delivers the frames of one camera, and says how it is doing."""

    def __init__(self, settings: CameraSettings) -> None:
        self.settings = settings
        self._news = threading.Condition()
        self._frames: deque[Frame] = deque(maxlen=_KEPT_FRAMES)
        self._health = DeviceHealth(DeviceState.LOST, "stopped", "", time.monotonic_ns())
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read. A camera that is not there is a matter of :attr:`health`, not an error."""
        if self._thread is not None:
            return
        self._stop = threading.Event()
        self._say(DeviceState.STARTING, "starting", public_name(self.settings.source))
        name = f"dev-camera-{self.settings.name}"
        self._thread = threading.Thread(
            target=self._run, args=(self._stop,), name=name, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop reading and give the camera back."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stop.set()
        with self._news:
            self._news.notify_all()
        # Opening and reading have their own time limits; only the thread may release the device.
        thread.join(3 * self.settings.read_timeout_ms / 1000 + 2)
        if thread.is_alive():
            log.warning("camera %s does not let go", self.settings.name)
        self._say(DeviceState.LOST, "stopped", "")

    @property
    def health(self) -> DeviceHealth:
        """How the camera is doing; :data:`REMEDIES` has a sentence for each code."""
        return self._health

    def latest(self) -> Frame | None:
        """The newest frame; ``None`` when there is none or the camera is lost."""
        with self._news:
            if self._health.state is DeviceState.LOST or not self._frames:
                return None
            return self._frames[-1]

    def fresh(self, after_ns: int, timeout_s: float) -> Frame | CameraFault:
        """The first frame that was taken at or after ``after_ns`` (monotonic nanoseconds).

        Waits for it up to ``timeout_s``; answers at once when the camera is lost or frozen.
        """
        deadline = time.monotonic() + timeout_s
        with self._news:
            while True:
                for frame in self._frames:
                    if frame.frame_ns >= after_ns:
                        return frame
                health = self._health
                if health.state is DeviceState.LOST or health.code == "frozen":
                    return CameraFault(health.code, health.detail)
                left = deadline - time.monotonic()
                if left <= 0:
                    return self._late(health, timeout_s)
                self._news.wait(left)

    @staticmethod
    def _late(health: DeviceHealth, timeout_s: float) -> CameraFault:
        if health.code == "ok":
            return CameraFault("timeout", f"no new picture within {timeout_s:g} s")
        return CameraFault(health.code, health.detail)

    def grey(self, frame: Frame, width: int = 960) -> NDArray[np.uint8] | None:
        """The grey copy of ``frame`` for the quality gate; ``None`` when it cannot be decoded."""
        return grey_of(frame.jpeg, width)

    def _say(self, state: DeviceState, code: str, detail: str) -> None:
        """Publish the health; log when a camera goes and when it is back, not each attempt."""
        with self._news:
            before = self._health
            if (before.state, before.code, before.detail) == (state, code, detail):
                return
            since = before.since_ns if before.code == code else time.monotonic_ns()
            self._health = DeviceHealth(state, code, detail, since)
            if state is DeviceState.LOST:
                self._frames.clear()
            self._news.notify_all()
        if before.code != code:
            level = logging.INFO if code in ("ok", "starting", "stopped") else logging.WARNING
            log.log(level, "camera %s: %s %s", self.settings.name, code, detail)

    def _publish(self, frame: Frame) -> None:
        with self._news:
            self._frames.append(frame)
            self._news.notify_all()

    def _run(self, stop: threading.Event) -> None:
        reader = FrameReader(self._say, self._publish)
        failures = 0
        while not stop.is_set():
            before = reader.seq
            try:
                self._read_once(reader, stop)
            except SourceError as error:
                self._say(DeviceState.LOST, error.code, error.detail)
            except Exception as error:
                detail = f"{type(error).__name__}: {error}"
                if detail != self._health.detail:
                    log.exception("camera %s failed", self.settings.name)
                self._say(DeviceState.LOST, "camera-missing", detail)
            failures = 0 if reader.seq > before else failures + 1
            stop.wait(_BACK_OFF_S[min(failures, len(_BACK_OFF_S) - 1)])

    def _read_once(self, reader: FrameReader, stop: threading.Event) -> None:
        source = _source_of(self.settings)
        try:
            source.open()
            reader.read(source, stop)
        finally:
            source.close()


def _source_of(settings: CameraSettings) -> CameraSource:
    if settings.source and Path(settings.source).is_dir():
        return FolderSource(settings)
    return VideoSource(settings)
