"""Wall clock and boot clock, with what is known about how far the wall clock can be trusted."""

import ctypes
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


@dataclass(frozen=True, slots=True)
class ClockQuality:
    """How far the wall clock can be trusted; ``None`` where nobody knows.

    ``max_err_ms`` is the bound that the synchronising program claims, in milliseconds.
    """

    synced: bool | None
    max_err_ms: int | None
    source: str


UNKNOWN_QUALITY = ClockQuality(synced=None, max_err_ms=None, source="unknown")


class Clock(Protocol):
    """The times that go into every entry."""

    @property
    def boot_id(self) -> str:
        """Names the run of the machine to which :meth:`mono_ns` belongs."""

    def utc(self) -> datetime:
        """Wall clock, in UTC."""

    def mono_ns(self) -> int:
        """Nanoseconds since the machine started, counting sleep."""

    def quality(self) -> ClockQuality:
        """How far :meth:`utc` can be trusted now."""


class SystemClock:
    """The clocks of this machine."""

    def __init__(self) -> None:
        try:
            self._boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            # No name for this run of the machine: name the run of the program instead.
            self._boot_id = str(uuid.uuid4())
        self._adjtimex = _adjtimex()

    @property
    def boot_id(self) -> str:
        """The kernel's boot id, or one made for this process where there is none."""
        return self._boot_id

    def utc(self) -> datetime:
        """Wall clock, in UTC."""
        return datetime.now(UTC)

    def mono_ns(self) -> int:
        """CLOCK_BOOTTIME in nanoseconds; CLOCK_MONOTONIC where it does not exist."""
        if sys.platform == "linux":
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return time.monotonic_ns()

    def quality(self) -> ClockQuality:
        """What the kernel says about its synchronisation: adjtimex(2), status and maxerror."""
        if self._adjtimex is None:
            return UNKNOWN_QUALITY
        timex = _Timex()
        state = self._adjtimex(ctypes.byref(timex))
        if state < 0:
            return UNKNOWN_QUALITY
        if state == _TIME_ERROR or timex.status & _STA_UNSYNC:
            return ClockQuality(synced=False, max_err_ms=None, source="os")
        # The kernel counts microseconds; a bound is rounded up.
        return ClockQuality(synced=True, max_err_ms=-(-timex.maxerror // 1000), source="os")


def rfc3339(moment: datetime) -> str:
    """``moment`` as RFC 3339 text in UTC with milliseconds and ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Timex(ctypes.Structure):
    """``struct timex`` of adjtimex(2), the part before its reserved fields."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("constant", "precision", "tolerance")),
        *((name, ctypes.c_long) for name in ("seconds", "microseconds")),
        *((name, ctypes.c_long) for name in ("tick", "ppsfreq", "jitter")),
        ("shift", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


def _adjtimex() -> "ctypes._NamedFuncPointer | None":
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)
