"""What a simulated scale shows: its pan in its own unit, with the decimals of its division."""

from decimal import Decimal

from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication
from returnbench.inspect.weighing import MILLIGRAMS_PER_UNIT


class Display:
    """The display of a simulated scale. Times are monotonic seconds."""

    def __init__(self, setup: DeviceSetup) -> None:
        self._pan = setup.pan
        self._per_unit = MILLIGRAMS_PER_UNIT[setup.unit]
        division = (Decimal(setup.pan.division_mg) / self._per_unit).normalize()
        self.unit = setup.unit
        self.decimals = max(0, -int(division.as_tuple().exponent))
        """Digits after the point."""

    @property
    def net(self) -> bool:
        """A tare is in effect."""
        return self._pan.tare_mg != 0

    def shown(self, now: float, frozen: Indication | None) -> Indication:
        """What is shown now; ``frozen`` is shown whatever lies on the pan."""
        return frozen or self._pan.indication(now)

    def number(self, milligrams: int) -> str:
        """``milligrams`` as the display writes it: a minus sign or none, all decimals."""
        value = (Decimal(milligrams) / self._per_unit).quantize(Decimal(1).scaleb(-self.decimals))
        # A display that rounds to zero shows no sign.
        return f"{value.copy_abs() if value == 0 else value:f}"
