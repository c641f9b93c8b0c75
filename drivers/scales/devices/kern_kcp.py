"""The device's side of KERN KCP: a scale of the MT-SICS shape with KERN's own answers."""

from returnbench.drivers.scales.devices.mt_sics import SicsDevice
from returnbench.drivers.scales.simulator_physics import Range


class KcpDevice(SicsDevice):
    """A KERN scale set to KCP. It answers ``T A`` to tare, as the KCP manual has it."""

    @property
    def name(self) -> str:
        """Type of the device, as I2 tells it."""
        return "RB-KCP"

    def _tare(self, command: str, now: float) -> None:
        if command != "T":
            super()._tare(command, now)
            return
        answer = {Range.OVER: "+", Range.UNDER: "-"}.get(self._pan.set_tare(now), "A")
        self._out.append(f"T {answer}")
