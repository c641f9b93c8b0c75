"""The indicator's side of the stream of Yaohua XK3190-A12 indicators. They show kilograms only."""

from returnbench.drivers.scales.display import Display
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.drivers.scales.streaming_device import StreamingDevice
from returnbench.drivers.scales.xor_check import xor_check
from returnbench.inspect.weighing import WeightUnit

_CHARACTERS = 7


def frame(display: Display, shown: Indication, fault: str) -> bytes:
    """Fifteen bytes, or nothing at a fault: the protocol has no way to say one."""
    if fault:
        return b""
    number = display.number(shown.milligrams)
    sign = "-" if number.startswith("-") else ""
    digits = number.lstrip("-").zfill(_CHARACTERS - len(sign))
    if shown.range is Range.UNDER:
        body = f"{'':9}LO"
    elif shown.range is Range.OVER or len(sign + digits) > _CHARACTERS:
        body = f"{'':9}OL"
    else:
        body = f"W{'N' if display.net else 'G'}{sign}{digits}kg"
    line = body.encode("ascii")
    return line + xor_check(line) + b"\r\n"


def yaohua_a12_device(setup: DeviceSetup) -> StreamingDevice:
    """A Yaohua A12 indicator.

    Raises:
        ValueError: the unit is not kg: the protocol knows no other.

    """
    if setup.unit is not WeightUnit.KG:
        raise ValueError(f"a Yaohua A12 shows kg, not {setup.unit.value}: set unit kg")
    return StreamingDevice(setup, frame)
