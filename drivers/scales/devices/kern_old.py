"""The device's side of KERN's older remote control by letters. No I/O, no clock."""

from decimal import Context, Decimal

from returnbench.drivers.scales.protocols.kern_old import NUMBER_COLUMNS
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.inspect.weighing import MILLIGRAMS_PER_UNIT


class KernOldDevice:
    """A scale that answers ``s`` once its weight is stable, ``w`` at once, and tares on ``t``."""

    def __init__(self, setup: DeviceSetup) -> None:
        self._pan = setup.pan
        self._unit = setup.unit
        self._per_unit = MILLIGRAMS_PER_UNIT[setup.unit]
        # A division of whole milligrams is only nearly a round number of pounds.
        division = Context(prec=3).divide(setup.pan.division_mg, self._per_unit).normalize()
        self._step = Decimal(1).scaleb(min(0, int(division.as_tuple().exponent)))
        self._out: list[bytes] = []
        self._waits_until: float | None = None
        self.hardware_error = ""
        """When not empty: ``Error`` in the place of each weight."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""
        self.stability_timeout = 5.0
        """Seconds that ``s`` waits; after that it stays unanswered."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host; each letter is a command."""
        for letter in data.decode("latin-1"):
            match letter:
                case "s":
                    self._waits_until = now + self.stability_timeout
                case "w":
                    self._out.append(self._weight(self._shown(now)))
                case "t":
                    if self._pan.at_rest(now):
                        self._pan.set_tare(now)
                case _:
                    pass

    def due(self, now: float) -> list[bytes]:
        """The frames to send now."""
        if self._waits_until is not None:
            shown = self._shown(now)
            if shown.stable:
                self._out.append(self._weight(shown))
            if shown.stable or now >= self._waits_until:
                self._waits_until = None
        frames, self._out = self._out, []
        return frames

    def misread(self, data: bytes) -> bytes:
        """Nothing: letters with wrong parity are not commands."""
        del data
        return b""

    def _shown(self, now: float) -> Indication:
        return self.frozen or self._pan.indication(now)

    def _weight(self, shown: Indication) -> bytes:
        if self.hardware_error or shown.range is not Range.INSIDE:
            return b"       Error\r\n"
        value = (Decimal(shown.milligrams) / self._per_unit).quantize(self._step)
        unit = f"{self._unit.value:<3}" if shown.stable else ""
        return f" {value:>{NUMBER_COLUMNS}} {unit}\r\n".encode("ascii")
