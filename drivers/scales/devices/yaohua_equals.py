"""The indicator's side of Yaohua's continuous formats 1 and 2 (``=``)."""

from returnbench.drivers.scales.display import Display
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication
from returnbench.drivers.scales.streaming_device import StreamingDevice

_CHARACTERS = 7


def frame_highest_first(display: Display, shown: Indication, fault: str) -> bytes:
    """Nine bytes of format 2, or nothing at a fault: the protocol has no way to say one.

    What does not fit into the field is sent as nines.
    """
    if fault:
        return b""
    number = display.number(shown.milligrams)
    sign = "-" if number.startswith("-") else "0"
    digits = number.lstrip("-").zfill(_CHARACTERS)
    if len(digits) > _CHARACTERS:
        digits = "9" * _CHARACTERS
    return f"={sign}{digits}".encode("ascii")


def frame_lowest_first(display: Display, shown: Indication, fault: str) -> bytes:
    """Nine bytes of format 1: the field of format 2 backwards."""
    frame = frame_highest_first(display, shown, fault)
    return frame[:1] + frame[:0:-1]


def yaohua_equals_device(setup: DeviceSetup) -> StreamingDevice:
    """A Yaohua indicator that is set to format 1, the lowest digit first."""
    return StreamingDevice(setup, frame_lowest_first)


def yaohua_equals_2_device(setup: DeviceSetup) -> StreamingDevice:
    """A Yaohua indicator that is set to format 2, the highest digit first."""
    return StreamingDevice(setup, frame_highest_first)
