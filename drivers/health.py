"""How a device is doing, as a value that the screen shows and nothing else interprets."""

from dataclasses import dataclass
from enum import StrEnum


class DeviceState(StrEnum):
    """The four states that an operator has to tell apart."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    """It answers, but what it says cannot be used (never stable, wrong parity, dark picture)."""
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """State of one device.

    ``code`` is stable and is looked up for the sentence that tells the operator what to do;
    ``detail`` is for the log and support. ``since_ns`` is monotonic time in nanoseconds.
    """

    state: DeviceState
    code: str
    detail: str
    since_ns: int
