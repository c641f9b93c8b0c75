"""The balance's side of the Adam PGL commands."""

from returnbench.drivers.scales.display import Display
from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.protocols.adam_pgl import WEIGHT_COLUMNS
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.inspect.weighing import WeightUnit

_LINE_LIMIT = 40
_COMMAND_BYTES = 4


class PglDevice:
    """A PGL balance. Times are monotonic seconds.

    Out of range and at a fault it says nothing: no text for that is documented.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        self._pan = setup.pan
        self._display = Display(setup)
        self._input = LineFramer(b"\r", _LINE_LIMIT)
        self._out: list[bytes] = []
        self.stability_timeout = 0.0
        """Not used: no command waits for a stable weight."""
        self.hardware_error = ""
        """When not empty: the balance does not answer."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the commands that they complete."""
        for line in self._input.feed(data):
            if line.startswith(b"!"):
                self._command(line, now)

    def due(self, now: float) -> list[bytes]:
        """The lines to send now, each with its terminator."""
        lines, self._out = self._out, []
        return lines

    def misread(self, data: bytes) -> bytes:
        """Nothing: a damaged command is not answered."""
        return b""

    def _command(self, line: bytes, now: float) -> None:
        if line[1:2] != b"K":
            self._out.append(b"!EU\r")
        elif line[2:3] not in (b"T", b"P"):
            self._out.append(b"!EK\r")
        elif len(line) != _COMMAND_BYTES:
            self._out.append(b"!EF\r")
        elif line[2:3] == b"T":
            self._pan.set_tare(now)
        else:
            self._print(now)

    def _print(self, now: float) -> None:
        shown = self._display.shown(now, self.frozen)
        if self.hardware_error or shown.range is not Range.INSIDE:
            return
        number = self._display.number(shown.milligrams)
        sign = "-" if number.startswith("-") else " "
        unit = self._display.unit
        suffix = " g " if unit is WeightUnit.G else f"{unit.value} "
        line = f"{sign}{number.lstrip('-'):>{WEIGHT_COLUMNS}}{suffix}\r\n"
        self._out.append(line.encode("ascii"))
