"""The device's side of Ohaus: a Defender, or a Navigator with its other layout."""

from enum import Enum

from returnbench.drivers.scales.devices.line_device import LineDevice
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range


class Layout(Enum):
    """How the scale lays out a weight."""

    DEFENDER = "defender"
    RANGER_RC = "ranger-rc"
    NAVIGATOR = "navigator"


class OhausDevice(LineDevice):
    """Prints on request (``IP``, ``P``, ``SP``) or continuously (``CP`` until ``0P``).

    ``Z`` and ``T`` are keys: nothing confirms them. Out of range, and with a fault of its own, it
    prints nothing, as no line for that is published.
    """

    def __init__(self, setup: DeviceSetup, layout: Layout = Layout.DEFENDER) -> None:
        super().__init__(setup, columns=10 if layout is Layout.NAVIGATOR else 7)
        self._layout = layout
        self._stable_only = False

    def _command(self, text: str, now: float) -> None:
        match text:
            case "IP":
                self._print(now)
            case "P" if not self._stable_only:
                self._print(now)
            case "P" | "SP":
                self._when_stable(self._print, "ES", now)
            case "CP" if self._can_stream:
                self._start_stream(now)
            case "0P":
                self._streaming, self._waiting = False, None
            case "0S" | "1S":
                self._stable_only = text == "1S"
            case "Z":
                self._when_stable(self._zero, "", now)
            case "T":
                self._when_stable(self._tare, "", now)
            case "0T":
                self._pan.tare_mg = 0
            case _:
                self._out.append("ES")

    def _zero(self, now: float) -> None:
        self._pan.set_zero(now)

    def _tare(self, now: float) -> None:
        self._pan.set_tare(now)

    def _weight(self, shown: Indication) -> str | None:
        if self.hardware_error or shown.range is not Range.INSIDE:
            return None
        digits = self._digits(shown.milligrams)
        sign = "-" if shown.milligrams < 0 else " "
        moving = " " if shown.stable else "?"
        tared = self._pan.tare_mg != 0
        if self._layout is Layout.DEFENDER:
            legend = "NET" if tared else "G"
            return f"{sign} {digits:>7} {self._unit:<5}{moving}{legend:<3}"
        if self._layout is Layout.RANGER_RC:
            legend = "NET" if tared else "B/G"
            return f"{sign}  {digits:>7} {self._unit:<2} {moving} {legend}"
        end = f"{moving}NET" if tared else moving.strip()
        return f"{sign.strip() + digits:>11} {self._unit} {end}"
