"""OpenCV with its native messages silenced; every driver takes ``cv2`` from here.

OpenCV, FFmpeg, libjpeg, libpng and ZBar write from C to file descriptor 2, past Python's streams.
On a bench that descriptor is the terminal, and one line of them destroys the screen. Two measures:
the log levels are turned off here before the first use, and a program with a screen calls
:func:`divert_native_output` once at start, which also catches what has no log level (libjpeg's
"Corrupt JPEG data", libpng, ZBar).
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
# FFmpeg's AV_LOG_QUIET.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
# Whole seconds; V4L2 refuses a read timeout by property, and 10 s is far too long for a bench.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")
# TCP: over UDP a lost packet smears the picture. No demuxer queue: a queued frame is a stale frame.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|fflags;nobuffer")
# 150 million pixels: a damaged header must not ask for gigabytes.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(150_000_000))

# The settings above count only before the import.
import cv2

# The pool of OpenCV spins between short jobs and would burn a core on an idle bench.
cv2.setNumThreads(1)

__all__ = ["cv2", "divert_native_output"]


@contextmanager
def divert_native_output(log: Path | None = None) -> Iterator[None]:
    """Keep what native libraries write to descriptor 2 off the terminal, while the block runs.

    Descriptor 2 goes to the end of ``log`` (``None``: nowhere). ``sys.stderr`` and
    ``sys.__stderr__`` keep writing to where they wrote before, so tracebacks and a full-screen
    terminal program are not affected. It is for the whole process: call it once, from the main
    thread, before a screen starts.

    Raises:
        OSError: ``log`` cannot be opened for writing.

    """
    for stream in (sys.stderr, sys.__stderr__):
        if stream is not None:
            stream.flush()
    try:
        terminal = os.dup(2)
    except OSError:
        # Started with standard error closed: there is nothing to protect.
        yield
        return
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    target = os.open(log if log is not None else os.devnull, flags, 0o600)
    before = sys.stderr, sys.__stderr__
    kept = io.TextIOWrapper(
        # Buffered: a raw file may take only part of a large screen update and lose the rest.
        os.fdopen(terminal, "wb", closefd=False),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    os.dup2(target, 2)
    os.close(target)
    if before[0] is before[1]:
        sys.stderr = kept
    sys.__stderr__ = kept  # type: ignore[misc]  # Final in the stubs; screens write to it
    try:
        yield
    finally:
        kept.flush()
        os.dup2(terminal, 2)
        sys.stderr, sys.__stderr__ = before  # type: ignore[misc]  # as above
        kept.detach()
        os.close(terminal)
