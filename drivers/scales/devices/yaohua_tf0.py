"""The indicator's side of Yaohua's continuous format 0 (tF 0)."""

from returnbench.drivers.scales.display import Display
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication
from returnbench.drivers.scales.streaming_device import StreamingDevice
from returnbench.drivers.scales.xor_check import xor_check

_DIGITS = 6
_MOST_DECIMALS = 4


def frame(display: Display, shown: Indication, fault: str) -> bytes:
    """Twelve bytes, or nothing at a fault: the protocol has no way to say one.

    Above the range the number goes on, because the protocol has no sign for that either; what does
    not fit into six digits is sent as nines.
    """
    if fault:
        return b""
    number = display.number(shown.milligrams)
    sign = "-" if number.startswith("-") else "+"
    digits = number.lstrip("-").replace(".", "").zfill(_DIGITS)
    if len(digits) > _DIGITS or display.decimals > _MOST_DECIMALS:
        digits = "9" * _DIGITS
    body = f"{sign}{digits}{min(display.decimals, _MOST_DECIMALS)}".encode("ascii")
    return b"\x02" + body + xor_check(body) + b"\x03"


def yaohua_tf0_device(setup: DeviceSetup) -> StreamingDevice:
    """A Yaohua indicator that is set to format 0."""
    return StreamingDevice(setup, frame)
