"""A simulated scale that speaks in lines of ASCII: commands in, weights out. No I/O, no clock."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication
from returnbench.inspect.weighing import MILLIGRAMS_PER_UNIT

_LINE_LIMIT = 80
_FINEST = -6


@dataclass(frozen=True, slots=True)
class _Wait:
    act: Callable[[float], None]
    refusal: str
    until: float


class LineDevice(ABC):
    """What such scales share: lines of commands, a wait for stability, a stream of weights.

    ``columns`` is the room for the digits of a weight with their point.

    Raises:
        ValueError: the capacity of the pan does not fit into ``columns``.

    """

    def __init__(self, setup: DeviceSetup, columns: int) -> None:
        self._pan = setup.pan
        self._unit = setup.unit.value
        self._per_unit = MILLIGRAMS_PER_UNIT[setup.unit]
        self._decimals = self._decimals_of(setup.pan.division_mg)
        if len(self._digits(setup.pan.capacity_mg)) > columns:
            raise ValueError(
                f"a capacity of {self._digits(setup.pan.capacity_mg)} {self._unit} does not fit "
                f"into {columns} columns: choose a larger division or unit"
            )
        self._serial_number = setup.serial_number
        self._can_stream = setup.streams
        self._period = 1 / setup.rate_hz
        self._streaming = False
        self._next_at = 0.0
        self._waiting: _Wait | None = None
        self._input = bytearray()
        self._out: list[str] = []
        self.stability_timeout = 5.0
        """Seconds that a command waits for a stable weight."""
        self.hardware_error = ""
        """When not empty: the scale has a fault of its own and gives no weight."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the lines that they complete."""
        for byte in data:
            self._input.append(byte)
            if byte == 0x0A:
                line = bytes(self._input)
                self._input.clear()
                if line.endswith(b"\r\n") and line.isascii():
                    self._command(line[:-2].decode("ascii"), now)
            elif len(self._input) > _LINE_LIMIT:
                self._input.clear()

    def due(self, now: float) -> list[bytes]:
        """The lines to send now, each with CR LF."""
        if self._waiting is not None:
            self._try_waiting(self._waiting, now)
        if self._streaming and now >= self._next_at:
            self._next_at = max(self._next_at + self._period, now)
            self._print(now)
        lines, self._out = self._out, []
        return [line.encode("ascii") + b"\r\n" for line in lines]

    def misread(self, data: bytes) -> bytes:
        """Nothing: what is heard with the wrong parity is no command."""
        del data
        return b""

    @abstractmethod
    def _command(self, text: str, now: float) -> None:
        """Carry out one command."""

    @abstractmethod
    def _weight(self, shown: Indication) -> str | None:
        """The line for what is shown; ``None`` where this scale then sends nothing."""

    def _print(self, now: float) -> None:
        line = self._weight(self._shown(now))
        if line is not None:
            self._out.append(line)

    def _shown(self, now: float) -> Indication:
        return self.frozen or self._pan.indication(now)

    def _start_stream(self, now: float) -> None:
        self._streaming, self._next_at = True, now

    def _when_stable(self, act: Callable[[float], None], refusal: str, now: float) -> None:
        """Do ``act`` as soon as the weight is stable; say ``refusal`` if that takes too long."""
        self._waiting = _Wait(act, refusal, now + self.stability_timeout)

    def _try_waiting(self, wait: _Wait, now: float) -> None:
        if self._shown(now).stable:
            self._waiting = None
            wait.act(now)
        elif now >= wait.until:
            self._waiting = None
            if wait.refusal:
                self._out.append(wait.refusal)

    def _digits(self, milligrams: int) -> str:
        """The amount without its sign, in the unit and with the decimals of the display."""
        amount = abs(Decimal(milligrams)) / self._per_unit
        return format(amount.quantize(Decimal(1).scaleb(-self._decimals)), "f")

    def _decimals_of(self, division_mg: int) -> int:
        division = (Decimal(division_mg) / self._per_unit).normalize()
        exponent = int(division.as_tuple().exponent)
        # A division of grams has no short decimal in pounds: its leading digit counts then.
        return max(0, -exponent if exponent >= _FINEST else -division.adjusted())
