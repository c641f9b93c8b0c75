"""Frames out of shots: what a camera delivers is counted, judged and passed on.

Frames that are byte for byte equal are not passed on as new: a real sensor is never free of noise,
so they come from a frozen device.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from returnbench.drivers.camera_source import CameraSource, Shot, SourceError
from returnbench.drivers.health import DeviceState
from returnbench.drivers.quiet_cv import cv2

_FROZEN_AT = 3
_REOPEN_FROZEN_NS = 5_000_000_000
_DAMAGED_AT = 5
_DARK_MEAN = 16
_LIGHT_EVERY_NS = 500_000_000
_WARM_UP_FRAMES = 10
_WARM_UP_LEAST_NS = 700_000_000
_WARM_UP_MOST_NS = 3_000_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a camera.

    ``seq`` counts the frames since the start. ``frame_ns`` is monotonic time: of the exposure where
    the device tells it, else of the arrival. ``source`` is ``camera`` when ``jpeg`` is the camera's
    own file, ``encoded`` when we made it from pixels of format ``pixfmt``.
    """

    seq: int
    frame_ns: int
    jpeg: bytes
    width: int
    height: int
    pixfmt: str
    source: str
    camera: str
    identical_frames: int = 1


class FrameReader:
    """Reads one source after the other and judges what they deliver."""

    def __init__(
        self, say: Callable[[DeviceState, str, str], None], publish: Callable[[Frame], None]
    ) -> None:
        self._say = say
        self._publish = publish
        self.seq = 0
        self._identical = 1
        self._damaged = 0
        self._before = b""
        self._changed_ns = 0
        self._light_ns = 0
        self._is_dark = False

    def read(self, source: CameraSource, stop: threading.Event) -> None:
        """Read and publish until ``stop``; raises SourceError when the source is lost."""
        self._changed_ns = time.monotonic_ns()
        self._light_ns = 0
        warm_up = _WarmUp() if source.warms_up else None
        while not stop.is_set():
            shot = source.read()
            if shot is None:
                self._damage()
            elif warm_up is None:
                self._take(shot, source)
            elif warm_up.is_over(shot):
                warm_up = None

    def _damage(self) -> None:
        self._damaged += 1
        if self._damaged >= _DAMAGED_AT:
            self._say(DeviceState.DEGRADED, "damaged", "pictures arrive incomplete")

    def _take(self, shot: Shot, source: CameraSource) -> None:
        self._damaged = 0
        self._count_identical(shot, source.repeats)
        if self._identical >= _FROZEN_AT:
            self._freeze()
            return
        self.seq += 1
        frame = Frame(
            seq=self.seq,
            frame_ns=shot.frame_ns,
            jpeg=shot.jpeg,
            width=shot.width,
            height=shot.height,
            pixfmt=shot.pixfmt,
            source=shot.source,
            camera=source.identity,
            identical_frames=self._identical,
        )
        self._watch_light(shot)
        if self._is_dark:
            self._say(DeviceState.DEGRADED, "dark", "the picture is almost black")
        else:
            self._say(DeviceState.READY, "ok", "")
        self._publish(frame)

    def _count_identical(self, shot: Shot, repeats: bool) -> None:
        if shot.jpeg == self._before and not repeats:
            self._identical += 1
        else:
            self._identical = 1
            self._changed_ns = time.monotonic_ns()
        self._before = shot.jpeg

    def _freeze(self) -> None:
        """Some backends repeat the last picture for ever after unplugging: opening anew tells."""
        detail = "the picture does not change"
        self._say(DeviceState.DEGRADED, "frozen", detail)
        if time.monotonic_ns() - self._changed_ns > _REOPEN_FROZEN_NS:
            raise SourceError("frozen", detail)

    def _watch_light(self, shot: Shot) -> None:
        """Twice a second: decoding each frame would cost more than reading it."""
        now = time.monotonic_ns()
        if now - self._light_ns < _LIGHT_EVERY_NS:
            return
        self._light_ns = now
        mean = _mean_grey(shot.jpeg)
        self._is_dark = mean is not None and mean < _DARK_MEAN


class _WarmUp:
    """The time in which a device finds its exposure; its pictures are too dark or too bright.

    At least 10 frames and 0.7 s, until the mean of the last 5 stays within 2 %; after 3 s the
    camera is taken as it is.
    """

    def __init__(self) -> None:
        self._began_ns = time.monotonic_ns()
        self._seen = 0
        self._means: deque[float] = deque(maxlen=5)

    def is_over(self, shot: Shot) -> bool:
        """Count one more frame."""
        self._seen += 1
        mean = _mean_grey(shot.jpeg)
        if mean is not None:
            self._means.append(mean)
        waited = time.monotonic_ns() - self._began_ns
        if waited >= _WARM_UP_MOST_NS:
            return True
        if self._seen < _WARM_UP_FRAMES or waited < _WARM_UP_LEAST_NS or len(self._means) < 5:
            return False
        return max(self._means) - min(self._means) <= 0.02 * max(self._means)


def _mean_grey(jpeg: bytes) -> float | None:
    small = _decoded(jpeg, cv2.IMREAD_REDUCED_GRAYSCALE_8)
    return None if small is None else float(small.mean())


def _decoded(jpeg: bytes, how: int) -> NDArray[np.uint8] | None:
    try:
        pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), how)
    except cv2.error:
        return None
    return None if pixels is None else np.asarray(pixels, np.uint8)


def grey_of(picture: bytes, width: int = 960) -> NDArray[np.uint8] | None:
    """A grey copy of a picture file, ``width`` pixels wide (never enlarged).

    ``None`` when the bytes are not a shot.
    """
    grey = _decoded(picture, cv2.IMREAD_GRAYSCALE) if picture else None
    if grey is None or grey.shape[1] <= width:
        return grey
    height = max(1, round(grey.shape[0] * width / grey.shape[1]))
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
