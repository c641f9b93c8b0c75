"""What a simulated scale is to the simulator: bytes from the host go in, frames come out.

One file in ``drivers/scales/devices`` speaks one protocol from the device's side; the pan under it
(:class:`~returnbench.drivers.scales.simulator_physics.Pan`) is the same for all.
"""

from dataclasses import dataclass
from typing import Protocol

from returnbench.drivers.scales.simulator_physics import Indication, Pan
from returnbench.inspect.weighing import WeightUnit


@dataclass(frozen=True, slots=True)
class DeviceSetup:
    """What a simulated device is made of. ``streams``: whether it can send by itself at all."""

    pan: Pan
    unit: WeightUnit
    serial_number: str
    rate_hz: float
    streams: bool = True


class SimulatedDevice(Protocol):
    """The device side of one protocol. Times are monotonic seconds."""

    hardware_error: str
    """When not empty: the device reports a fault of its own instead of a weight, if it can."""
    frozen: Indication | None
    """Shown whatever lies on the pan."""
    stability_timeout: float
    """Seconds that a command waits for a stable weight."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the commands that they complete."""
        ...

    def due(self, now: float) -> list[bytes]:
        """The frames to send now, each whole with its terminator."""
        ...

    def misread(self, data: bytes) -> bytes:
        """What the device answers to bytes that it hears with the wrong parity; often nothing."""
        ...
