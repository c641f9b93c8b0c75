"""Where a camera's pictures come from: a device, a network stream, a video file, a folder.

Each source is opened, read and closed by one thread only. Where the camera delivers JPEG, its own
bytes are passed on untouched, because they are the evidence; otherwise the pixels are encoded here,
and the picture says so.
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from returnbench.drivers.jpeg import jpeg_size
from returnbench.drivers.quiet_cv import cv2

_PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """One camera.

    ``source`` is a device number or path, an address (``http``, ``https``, ``rtsp``), a video file
    or a folder of pictures. ``fps`` 0 leaves the rate to the camera (10 for a folder).
    ``delay_ms`` is the known time from exposure to arrival of a network camera; it is taken off the
    time of each frame. ``jpeg_quality`` counts only for cameras that deliver no JPEG.
    """

    name: str
    source: str
    width: int = 1280
    height: int = 720
    fps: int = 0
    role: str = "overview"
    jpeg_quality: int = 90
    read_timeout_ms: int = 2000
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture as it came: ``source`` is ``camera`` (own JPEG) or ``encoded``."""

    jpeg: bytes
    width: int
    height: int
    pixfmt: str
    source: str
    frame_ns: int


class SourceError(Exception):
    """The source cannot be used. ``code`` is that of the camera's health."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class CameraSource(Protocol):
    """What a grabber thread needs. ``repeats`` says that equal frames are no fault here."""

    repeats: bool
    warms_up: bool
    identity: str

    def open(self) -> None:
        """Open the source; raises SourceError."""

    def read(self) -> Shot | None:
        """The next picture, ``None`` for one that arrived damaged; raises SourceError."""

    def close(self) -> None:
        """Give everything back."""


def public_name(source: str) -> str:
    """``source`` without user name and password, for messages and logs."""
    return re.sub(r"(?<=://)[^/@]*@", "", source)


class FolderSource:
    """The pictures of a folder in order of their names, over and over, as if a camera saw them."""

    repeats = True
    warms_up = False

    def __init__(self, settings: CameraSettings) -> None:
        self.identity = settings.name
        self._settings = settings
        self._files: list[Path] = []
        self._next = 0
        self._pace = Pace(settings.fps or 10)

    def open(self) -> None:
        """List the pictures; raises SourceError."""
        folder = Path(self._settings.source)
        try:
            files = [path for path in folder.iterdir() if path.suffix.lower() in _PICTURES]
        except OSError as error:
            raise SourceError("camera-missing", f"{folder}: {error.strerror}") from error
        if not files:
            raise SourceError("camera-missing", f"{folder} holds no picture")
        self._files = sorted(files)

    def read(self) -> Shot | None:
        """The next picture of the folder, at the configured rate; raises SourceError."""
        self._pace.wait()
        path = self._files[self._next % len(self._files)]
        self._next += 1
        now = time.monotonic_ns()
        if path.suffix.lower() in {".jpg", ".jpeg"}:
            try:
                return own_jpeg(path.read_bytes(), now)
            except OSError as error:
                raise SourceError("camera-missing", f"{path}: {error.strerror}") from error
        if not path.exists():
            raise SourceError("camera-missing", f"{path} is gone")
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        return None if pixels is None else encoded(np.asarray(pixels), self._settings, now)

    def close(self) -> None:
        """Nothing is held open between two pictures."""


class Pace:
    """Keeps the rate of sources that would otherwise run as fast as the disk."""

    def __init__(self, fps: float) -> None:
        self._step_ns = int(1_000_000_000 / min(max(fps, 0.1), 120))
        self._due = 0

    def wait(self) -> None:
        """Return when the next picture is due."""
        now = time.monotonic_ns()
        self._due = max(self._due, now - self._step_ns)
        if self._due > now:
            time.sleep((self._due - now) / 1e9)
        self._due += self._step_ns


def own_jpeg(data: bytes, frame_ns: int) -> Shot | None:
    """The camera's own file as it came; ``None`` when it is not a whole JPEG."""
    size = jpeg_size(data)
    if size is None:
        return None
    return Shot(data, size[0], size[1], "MJPG", "camera", frame_ns)


def encoded(pixels: NDArray[np.generic], settings: CameraSettings, frame_ns: int) -> Shot | None:
    """``pixels`` (grey or BGR) made into a JPEG; ``None`` when they cannot be."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or pixels.size == 0:
        return None
    options = [cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality]
    ok, data = cv2.imencode(".jpg", np.asarray(pixels, np.uint8), options)
    height, width = pixels.shape[:2]
    pixfmt = "GRAY" if pixels.ndim == 2 else "BGR3"
    return Shot(data.tobytes(), width, height, pixfmt, "encoded", frame_ns) if ok else None
