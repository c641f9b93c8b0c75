"""The scale's side of the Adam CPWplus commands."""

from returnbench.drivers.scales.display import Display
from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.protocols.adam_cpwplus import WEIGHT_COLUMNS
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range

_LINE_LIMIT = 40


class CpwplusDevice:
    """A CPWplus scale. Times are monotonic seconds.

    ``Z`` is the tare/zero key: it zeroes within the zero range and tares above it, without an
    answer. Out of range and at a fault it says nothing: no text for that is documented.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        self._pan = setup.pan
        self._display = Display(setup)
        self._input = LineFramer(b"\n", _LINE_LIMIT)
        self._out: list[str] = []
        self.stability_timeout = 0.0
        """Not used: no command waits for a stable weight."""
        self.hardware_error = ""
        """When not empty: the scale does not answer."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the lines that they complete."""
        for line in self._input.feed(data):
            self._command(line, now)

    def due(self, now: float) -> list[bytes]:
        """The lines to send now, each with CR LF."""
        lines, self._out = self._out, []
        return [line.encode("ascii") + b"\r\n" for line in lines]

    def misread(self, data: bytes) -> bytes:
        """Nothing: a damaged command is not answered."""
        return b""

    def _command(self, line: bytes, now: float) -> None:
        if line == b"Z\r\n":
            if self._pan.set_zero(now) is not Range.INSIDE:
                self._pan.set_tare(now)
            return
        shown = self._display.shown(now, self.frozen)
        if self.hardware_error or shown.range is not Range.INSIDE:
            return
        milligrams = {
            b"G\r\n": shown.milligrams + self._pan.tare_mg,
            b"N\r\n": shown.milligrams,
            b"T\r\n": self._pan.tare_mg,
        }.get(line)
        if milligrams is not None:
            number = self._display.number(milligrams)
            sign = "-" if number.startswith("-") else "+"
            field = f"{number.lstrip('-'):>{WEIGHT_COLUMNS}}"
            self._out.append(f"{chr(line[0])}  {sign}{field} {self._display.unit.value}")
