"""The device's side of KERN displays of the KIB-TM kind. No I/O, no clock."""

from decimal import Context, Decimal

from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.inspect.weighing import MILLIGRAMS_PER_UNIT, WeightUnit

_UNITS = (WeightUnit.KG, WeightUnit.G, WeightUnit.LB)


class KernKibDevice:
    """A scale that answers ``S`` once its weight is stable and ``W`` at once.

    While the load cannot be shown, or the scale is at fault, it sends nothing: what real ones send
    then is not published.

    Raises:
        ValueError: the unit is none of kg, g and lb.

    """

    def __init__(self, setup: DeviceSetup) -> None:
        if setup.unit not in _UNITS:
            raise ValueError(f"a KIB-TM display shows {', '.join(_UNITS)}, not {setup.unit}")
        self._pan = setup.pan
        self._unit = setup.unit
        self._per_unit = MILLIGRAMS_PER_UNIT[setup.unit]
        # A division of whole milligrams is only nearly a round number of pounds.
        division = Context(prec=3).divide(setup.pan.division_mg, self._per_unit).normalize()
        self._step = Decimal(1).scaleb(min(0, int(division.as_tuple().exponent)))
        self._out: list[bytes] = []
        self._waits_until: float | None = None
        self.hardware_error = ""
        """When not empty: weights are not answered."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""
        self.stability_timeout = 5.0
        """Seconds that ``S`` waits; after that it stays unanswered."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host; each letter is a command."""
        for letter in data.decode("latin-1"):
            match letter:
                case "S":
                    self._waits_until = now + self.stability_timeout
                case "W":
                    self._answer(self._shown(now))
                case "T":
                    if self._pan.at_rest(now):
                        self._pan.set_tare(now)
                case "Z":
                    if self._pan.at_rest(now):
                        self._pan.set_zero(now)
                case _:
                    pass

    def due(self, now: float) -> list[bytes]:
        """The frames to send now."""
        if self._waits_until is not None:
            shown = self._shown(now)
            if shown.stable:
                self._answer(shown)
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

    def _answer(self, shown: Indication) -> None:
        if self.hardware_error or shown.range is not Range.INSIDE:
            return
        value = (Decimal(shown.milligrams) / self._per_unit).quantize(self._step)
        header = "ST" if shown.stable else "US"
        kind = "NT" if self._pan.tare_mg else "GS"
        text = f"{header},{kind} {value}{self._unit.value.upper()}\r\n"
        self._out.append(text.encode("ascii"))
