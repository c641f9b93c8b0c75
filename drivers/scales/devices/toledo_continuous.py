"""The device's side of the Toledo continuous output. No I/O, no clock."""

from decimal import Context

from returnbench.drivers.scales.framing_toledo import CR, STX
from returnbench.drivers.scales.protocols.toledo_continuous import (
    EXPANDED,
    GRAMS,
    KILOGRAMS,
    LONG,
    MOTION,
    NEGATIVE,
    NET,
    NO_DECIMALS,
    NOT_ZEROED,
    OUT_OF_RANGE,
    PRINT_KEY,
    Form,
)
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.inspect.weighing import MILLIGRAMS_PER_UNIT, WeightUnit

_UNITS = {WeightUnit.KG: (KILOGRAMS, 0), WeightUnit.LB: (0, 0), WeightUnit.G: (0, GRAMS)}
_STEPS = {1: 0b01, 2: 0b10, 5: 0b11}
_ALWAYS = 0x20
_LARGEST = 999_999


class ToledoContinuousDevice:
    """A scale that sends a frame with every update of its display, in one of the four forms.

    Raises:
        ValueError: the unit is none of kg, g and lb.

    """

    def __init__(self, setup: DeviceSetup, form: Form = LONG) -> None:
        if setup.unit not in _UNITS:
            known = ", ".join(_UNITS)
            raise ValueError(f"a scale with Toledo output weighs in {known}, not {setup.unit}")
        self._pan = setup.pan
        self._form = form
        self._kilograms, self._unit_code = _UNITS[setup.unit]
        # A division of whole milligrams is only nearly a round number of pounds.
        division = Context(prec=3).divide(setup.pan.division_mg, MILLIGRAMS_PER_UNIT[setup.unit])
        division = division.normalize()
        self._decimals = min(5, max(0, -int(division.as_tuple().exponent)))
        self._step_bits = _STEPS.get(division.as_tuple().digits[0], _STEPS[1]) << 3
        self._step = round(division.scaleb(self._decimals))
        self._period = 1 / setup.rate_hz
        self._next_at = 0.0
        self._print_key = False
        self.zeroed = True
        """False: the scale has not found its zero since power-up."""
        self.expanded = False
        """The display shows one digit more."""
        self.hardware_error = ""
        """The output has no word for a fault: then it stops."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""
        self.stability_timeout = 5.0
        """Not used: no command waits for a stable weight."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host; letters are commands, none is answered."""
        for letter in data.decode("latin-1"):
            match letter:
                case "Z":
                    self._zero(now)
                case "T":
                    if self._pan.at_rest(now):
                        self._pan.set_tare(now)
                case "C":
                    self._pan.tare_mg = 0
                case "P":
                    self._print_key = True
                case _:
                    pass

    def due(self, now: float) -> list[bytes]:
        """The frame to send now, if it is time for one."""
        if self.hardware_error or now < self._next_at:
            return []
        self._next_at += self._period
        if self._next_at <= now:
            self._next_at = now + self._period
        return [self._frame(self.frozen or self._pan.indication(now))]

    def misread(self, data: bytes) -> bytes:
        """Nothing: commands with wrong parity are not answered."""
        del data
        return b""

    def _zero(self, now: float) -> None:
        if self._pan.at_rest(now) and self._pan.set_zero(now) is Range.INSIDE:
            self.zeroed = True

    def _frame(self, shown: Indication) -> bytes:
        weight = self._counts(shown.milligrams)
        tare = self._counts(self._pan.tare_mg)
        if self.expanded:
            weight *= 10
        beyond = shown.range is not Range.INSIDE or abs(weight) > _LARGEST
        status = bytes(
            [
                _ALWAYS | self._step_bits | (self._decimals + NO_DECIMALS),
                self._status_b(shown, weight < 0 or shown.range is Range.UNDER, beyond),
                _ALWAYS | self._unit_code | self._pressed() | (EXPANDED if self.expanded else 0),
            ]
        )
        text = f"{min(abs(weight), _LARGEST):6d}" + (f"{tare:6d}" if self._form.tare else "")
        frame = bytes([STX]) + status + text.encode("ascii") + bytes([CR])
        return frame + bytes([-sum(frame) & 0x7F]) if self._form.checksum else frame

    def _counts(self, milligrams: int) -> int:
        return round(milligrams / self._pan.division_mg) * self._step

    def _status_b(self, shown: Indication, negative: bool, beyond: bool) -> int:
        flags = {
            NET: self._pan.tare_mg != 0,
            NEGATIVE: negative,
            OUT_OF_RANGE: beyond,
            MOTION: not shown.stable,
            NOT_ZEROED: not self.zeroed,
        }
        return _ALWAYS | self._kilograms | sum(bit for bit, is_set in flags.items() if is_set)

    def _pressed(self) -> int:
        pressed, self._print_key = self._print_key, False
        return PRINT_KEY if pressed else 0
