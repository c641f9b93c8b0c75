"""The device's side of the two-header lines: an indicator in stream mode."""

from returnbench.drivers.scales.devices.line_device import LineDevice
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range

_COLUMNS = 7


class AndTwoHeaderDevice(LineDevice):
    """Streams by itself from the start, 18 bytes a line; it takes no commands.

    Zero and tare are keys of the indicator, so :meth:`press_zero` and :meth:`press_tare`. It says
    nothing while it has a fault of its own.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup, columns=_COLUMNS)
        self._streaming = True

    def press_zero(self, now: float) -> None:
        """Somebody presses the key for zero."""
        self._pan.set_zero(now)

    def press_tare(self, now: float) -> None:
        """Somebody presses the key for tare."""
        self._pan.set_tare(now)

    def _command(self, text: str, now: float) -> None:
        del text, now

    def _weight(self, shown: Indication) -> str | None:
        if self.hardware_error:
            return None
        what = "NT" if self._pan.tare_mg else "GS"
        if shown.range is not Range.INSIDE:
            sign = "+" if shown.range is Range.OVER else "-"
            return f"OL,{what},{sign}{'9' * _COLUMNS}{self._unit:>2}"
        header = "ST" if shown.stable else "US"
        sign = "-" if shown.milligrams < 0 else "+"
        digits = self._digits(shown.milligrams)
        return f"{header},{what},{sign}{digits:0>{_COLUMNS}}{self._unit:>2}"
