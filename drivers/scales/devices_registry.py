"""The simulated scales, by the name of the protocol that they speak."""

from collections.abc import Callable

from returnbench.drivers.scales.devices.mt_sics import SicsDevice
from returnbench.drivers.scales.simulated_device import DeviceSetup, SimulatedDevice

DEVICES: dict[str, Callable[[DeviceSetup], SimulatedDevice]] = {
    "mt-sics": SicsDevice,
}
