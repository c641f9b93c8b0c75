"""Checks of the machine: Python, libraries, clock, disk, terminal. None of them may raise."""

import importlib
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

from returnbench.station.checkup import Check, fail, ok, warn

LEAST_FREE_BYTES = 2 << 30
"""About four hundred parcels with pictures: a day's reserve."""

SLOW_FSYNC_MS = 200.0
"""Slower than this, every verdict makes the operator wait."""

_OLDEST_PYTHON = (3, 11)
_PROGRAM_FROM = datetime(2026, 1, 1, tzinfo=UTC)


def load(module: str) -> Any:
    """A module that may be missing or broken on this machine.

    Raises:
        ImportError: it cannot be loaded, for whatever reason.

    """
    try:
        return importlib.import_module(module)
    except OSError as error:  # a wheel whose system library is missing
        raise ImportError(str(error)) from error


def check_python() -> Check:
    """The interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return fail("python", version, "install Python 3.11 or newer")
    return ok("python", version)


def check_sqlite() -> Check:
    """The SQLite that is loaded, and the journal mode that is safe with it."""
    mode = load("returnbench.sync.tables").journal_mode()
    why = "" if mode == "WAL" else " (WAL may lose data in this version)"
    return ok("sqlite", f"{sqlite3.sqlite_version}, journal mode {mode}{why}")


def check_library(name: str, module: str, remedy: str) -> Check:
    """Whether a library can be loaded, and which version it is."""
    try:
        version = getattr(load(module), "__version__", None) or metadata.version(name)
    except ImportError as error:
        return fail(name, f"cannot be loaded: {error}", remedy)
    return ok(name, str(version))


def check_zbar() -> Check:
    """The second barcode reader; the bench reads without it, but with one opinion less."""
    try:
        reason = load("returnbench.drivers.barcode_engines").zbar_available()
    except ImportError as error:
        return warn("zbar", f"cannot be tried: {error}", "put the other libraries right first")
    if reason is None:
        return ok("zbar", "present")
    return warn("zbar", str(reason), "apt-get install --no-install-recommends libzbar0")


def check_clock() -> Check:
    """Whether the wall clock can be trusted: it stands in every piece of evidence."""
    now = datetime.now(UTC)
    shown = now.isoformat(timespec="seconds")
    remedy = "switch time synchronisation on: timedatectl set-ntp true"
    if now < _PROGRAM_FROM:
        return fail("clock", f"{shown} is in the past", f"set the clock; then {remedy}")
    quality = load("returnbench.sync.clock").SystemClock().quality()
    if quality.synced:
        return ok("clock", f"{shown}, synchronised, error at most {quality.max_err_ms} ms")
    if quality.synced is None:
        return warn("clock", f"{shown}, nobody says whether it is synchronised", remedy)
    return warn("clock", f"{shown}, not synchronised", remedy)


def check_disk(folder: Path) -> Check:
    """Free space where the evidence goes."""
    place = existing_parent(folder)
    free = shutil.disk_usage(place).free
    found = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free < LEAST_FREE_BYTES:
        remedy = f"free at least {LEAST_FREE_BYTES >> 30} GiB, or move station.data_dir"
        return fail("disk", found, remedy)
    return ok("disk", found)


def check_data_folder(folder: Path) -> Check:
    """Whether the data folder can be written durably, and how long that takes."""
    place = existing_parent(folder)
    try:
        milliseconds = _fsync_ms(place)
    except OSError as error:
        found = f"{place} cannot be written: {error.strerror or error}"
        return fail("data folder", found, "give this user the folder, or set station.data_dir")
    where = str(folder) if place == folder else f"{folder} (is made on first start)"
    found = f"{where}, a durable write takes {milliseconds:.1f} ms"
    if milliseconds > SLOW_FSYNC_MS:
        return warn("data folder", found, "use a faster disk: every verdict waits for it")
    return ok("data folder", found)


def check_terminal(stream: TextIO, environment: Mapping[str, str]) -> Check:
    """Whether the bench screen can be drawn here."""
    encoding = (stream.encoding or "").lower().replace("-", "")
    if not stream.isatty():
        return warn("terminal", "the output is no terminal", "run this in the bench's terminal")
    size = os.get_terminal_size(stream.fileno())
    kind = environment.get("TERM", "")
    found = f"{size.columns} x {size.lines}, {kind or 'no TERM'}, {stream.encoding}"
    if kind in ("", "dumb"):
        return fail("terminal", found, "use a terminal such as foot, kitty or xterm-256color")
    if encoding != "utf8":
        return fail("terminal", found, "set a UTF-8 locale: export LANG=C.UTF-8")
    if size.columns < 80 or size.lines < 24:
        return warn("terminal", found, "make it at least 80 x 24: larger window or smaller text")
    if kind == "linux" or not ("256" in kind or environment.get("COLORTERM") or _modern(kind)):
        return warn("terminal", found, "few colours: set TERM=xterm-256color if it can do more")
    return ok("terminal", found)


def existing_parent(folder: Path) -> Path:
    """``folder``, or the nearest folder above it that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _modern(kind: str) -> bool:
    return kind.rsplit("-", maxsplit=1)[-1] in ("kitty", "foot", "ghostty", "alacritty", "direct")


def _fsync_ms(folder: Path) -> float:
    """Median of five durable writes of 4 KiB in ``folder``, in milliseconds."""
    times = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(5):
            start = time.monotonic_ns()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append((time.monotonic_ns() - start) / 1e6)
    return statistics.median(times)
