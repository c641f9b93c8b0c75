"""Cameras read through OpenCV: devices (V4L2), network streams and video files (FFmpeg)."""

import errno
import os
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from returnbench.drivers.camera_source import (
    CameraSettings,
    Pace,
    Shot,
    SourceError,
    encoded,
    own_jpeg,
    public_name,
)
from returnbench.drivers.quiet_cv import cv2

_STREAMS = {"http", "https", "rtsp", "rtsps"}
_NEWEST_PLAUSIBLE_AGE_NS = 2_000_000_000


def present_cameras() -> tuple[str, ...]:
    """The camera devices of this computer, stable names first."""
    by_id = sorted(str(path) for path in Path("/dev/v4l/by-id").glob("*"))
    plain = sorted(str(path) for path in Path("/dev").glob("video*"))
    return (*by_id, *plain)


class VideoSource:
    """A camera device, network stream or video file, read through OpenCV."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._device = _device_path(settings.source)
        self._capture: cv2.VideoCapture | None = None
        self._passes_jpeg = False
        self._first: bytes | None = None
        # Not urlsplit: it raises for some addresses, which are a matter of open().
        scheme, mark, _ = settings.source.partition("://")
        self._is_stream = bool(mark) and scheme.lower() in _STREAMS
        self._is_file = self._device is None and not self._is_stream
        self._pace: Pace | None = None
        self.repeats = self._is_file
        self.warms_up = self._device is not None
        self.identity = _stable_name(self._device) or settings.name

    def open(self) -> None:
        """Open the camera; raises SourceError with what is wrong."""
        if self._device is not None:
            self._open_device(self._device)
        elif self._is_stream or Path(self._settings.source).is_file():
            self._open_stream()
        elif "://" in self._settings.source:
            known = ", ".join(sorted(_STREAMS))
            shown = public_name(self._settings.source)
            raise SourceError("camera-missing", f"{shown}: only {known} addresses are read")
        else:
            raise SourceError("camera-missing", f"{self._settings.source} does not exist")

    def _open_device(self, device: str) -> None:
        try:
            os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
        except OSError as error:
            codes = {errno.EACCES: "camera-denied", errno.EBUSY: "camera-busy"}
            code = codes.get(error.errno or 0, "camera-missing")
            present = ", ".join(present_cameras()) or "none"
            raise SourceError(
                code, f"{device}: {error.strerror}; cameras present: {present}"
            ) from error
        # FOURCC first: with the size alone the driver silently falls to a small raw mode.
        wanted = [cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")]
        wanted += [cv2.CAP_PROP_FRAME_WIDTH, self._settings.width]
        wanted += [cv2.CAP_PROP_FRAME_HEIGHT, self._settings.height]
        if self._settings.fps:
            wanted += [cv2.CAP_PROP_FPS, self._settings.fps]
        capture = cv2.VideoCapture(device, cv2.CAP_V4L2, wanted)
        if not capture.isOpened():
            capture.release()
            raise SourceError("camera-busy", f"{device} is there but gives no pictures")
        # What set() answers is no proof; only what the device says afterwards counts.
        is_jpeg = int(capture.get(cv2.CAP_PROP_FOURCC)) == cv2.VideoWriter.fourcc(*"MJPG")
        self._passes_jpeg = is_jpeg and capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        self._capture = capture

    def _open_stream(self) -> None:
        # FORMAT -1 hands out the packets as they are: for MJPEG the camera's own files.
        capture = self._connect([cv2.CAP_PROP_FORMAT, -1])
        ok, packet = capture.read()
        self._passes_jpeg = bool(ok) and packet is not None and _bytes(packet)[:2] == b"\xff\xd8"
        if self._passes_jpeg:
            self._first = _bytes(packet)
        else:
            capture.release()
            capture = self._connect([])
        self._capture = capture
        if self._is_file:
            self._pace = Pace(self._settings.fps or capture.get(cv2.CAP_PROP_FPS) or 10)

    def _connect(self, wanted: list[int]) -> cv2.VideoCapture:
        limit = self._settings.read_timeout_ms
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit]
        source = self._settings.source
        capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, wanted + timeouts)
        if not capture.isOpened():
            capture.release()
            if self._is_file:
                raise SourceError("camera-missing", f"{source} is not a video that can be read")
            raise SourceError(*_why_unreachable(source, limit / 1000))
        return capture

    def read(self) -> Shot | None:
        """The next frame, ``None`` when it came damaged; raises SourceError."""
        if self._capture is None:
            raise SourceError("camera-missing", "read before open")
        if self._pace is not None:
            self._pace.wait()
        if self._first is not None:
            data, self._first = self._first, None
            return own_jpeg(data, self._frame_ns(self._capture))
        started = time.monotonic_ns()
        try:
            ok, frame = self._capture.read()
            if not ok and self._is_file:
                self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
                ok, frame = self._capture.read()
        except cv2.error as error:
            # OpenCV asserts what a driver answers; a driver that fails mid-way trips over that.
            raise SourceError("camera-missing", f"the driver fails: {error.err}") from error
        if not ok or frame is None:
            raise self._loss(time.monotonic_ns() - started)
        frame_ns = self._frame_ns(self._capture)
        if self._passes_jpeg:
            return own_jpeg(_bytes(frame), frame_ns)
        return encoded(np.asarray(frame), self._settings, frame_ns)

    def _loss(self, waited_ns: int) -> SourceError:
        shown = public_name(self._settings.source)
        # V4L2 has its own limit, in whole seconds by environment; unplugging ends a read at once.
        limit_ms = 1000 if self._device is not None else self._settings.read_timeout_ms
        if waited_ns >= limit_ms * 900_000:
            return SourceError("stalled", f"{shown}: no picture for {waited_ns // 1_000_000} ms")
        return SourceError("camera-missing", f"{shown}: the connection ended")

    def _frame_ns(self, capture: cv2.VideoCapture) -> int:
        """Time of exposure where the device tells it (V4L2, monotonic), else of arrival."""
        now = time.monotonic_ns()
        if self._device is not None:
            exposed = int(capture.get(cv2.CAP_PROP_POS_MSEC) * 1_000_000)
            if 0 <= now - exposed <= _NEWEST_PLAUSIBLE_AGE_NS:
                return exposed
        return now - self._settings.delay_ms * 1_000_000

    def close(self) -> None:
        """Release the camera."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None
        self._first = None


def _bytes(frame: object) -> bytes:
    return np.asarray(frame, np.uint8).tobytes()


def _device_path(source: str) -> str | None:
    if source.isdecimal():
        return f"/dev/video{int(source)}"
    return source if source.startswith("/dev/") else None


def _stable_name(device: str | None) -> str | None:
    """The name that stays with this camera whichever socket of the computer it is plugged into."""
    if device is None:
        return None
    for link in sorted(Path("/dev/v4l/by-id").glob("*")):
        if os.path.realpath(link) == os.path.realpath(device):
            return link.name
    return None


def _why_unreachable(source: str, timeout_s: float) -> tuple[str, str]:
    """Health code and detail for a stream that FFmpeg could not open and says nothing about."""
    shown = public_name(source)
    try:
        parts = urlsplit(source)
        if not parts.hostname:
            return "camera-missing", f"{shown}: the address names no computer"
        port = parts.port or {"https": 443, "rtsp": 554, "rtsps": 322}.get(parts.scheme, 80)
        socket.create_connection((parts.hostname, port), timeout_s).close()
    except (OSError, ValueError) as error:
        return "camera-missing", f"{shown}: {error}"
    return "stalled", f"{shown}: the address answers, but sends no picture"
