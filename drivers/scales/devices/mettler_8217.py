"""The device's side of the Mettler Toledo 8217 protocol. No I/O, no clock."""

from decimal import Decimal

from returnbench.drivers.scales.protocols.mettler_8217 import (
    ALWAYS,
    CENTRE_OF_ZERO,
    DECIMALS,
    MOTION,
    NET,
    OUTSIDE_ZERO,
    OVER,
    UNDER,
)
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.inspect.weighing import MILLIGRAMS_PER_UNIT

_ZERO_RANGE = Decimal("0.02")
_TARE_SECONDS = 0.15
_KNOWN_TARE_DIGITS = 5
_HIGHEST = 100


class Mettler8217Device:
    """A checkout scale. It never sends by itself and never says a negative weight.

    ``tells_net=False`` is a model that has bit 5 always set and never sends ``N``.

    Raises:
        ValueError: the unit is neither kg nor lb.

    """

    def __init__(self, setup: DeviceSetup, *, tells_net: bool = True) -> None:
        if setup.unit not in DECIMALS:
            raise ValueError(f"a scale of the 8217 protocol weighs in kg or lb, not {setup.unit}")
        self._pan = setup.pan
        self._per_unit = MILLIGRAMS_PER_UNIT[setup.unit]
        self._width = 3 + DECIMALS[setup.unit]
        self._step = Decimal(1).scaleb(-DECIMALS[setup.unit])
        self._tells_net = tells_net
        self._echoes = False
        self._out: list[bytes] = []
        self._tare_digits: str | None = None
        self._tare_at = 0.0
        self.hardware_error = ""
        """The protocol has no word for a fault: then weights are not answered."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""
        self.stability_timeout = 5.0
        """Not used: no command of the protocol waits for a stable weight."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host; each letter is a command."""
        for letter in data.decode("latin-1"):
            if self._echoes:
                self._echo(letter)
            elif self._tare_digits is not None and letter.isdecimal():
                self._tare_digits += letter
            else:
                self._command(letter, now)

    def due(self, now: float) -> list[bytes]:
        """The frames to send now."""
        if self._tare_digits is not None and now >= self._tare_at:
            self._tare(self._tare_digits, now)
            self._tare_digits = None
            self._out.append(self._status(now))
        frames, self._out = self._out, []
        return frames

    def misread(self, data: bytes) -> bytes:
        """Nothing: commands with wrong parity are not answered."""
        del data
        return b""

    def _echo(self, letter: str) -> None:
        if letter == "F":
            self._echoes = False
        else:
            self._out.append(letter.encode("latin-1"))

    def _command(self, letter: str, now: float) -> None:
        match letter:
            case "W":
                if not self.hardware_error:
                    self._out.append(self._weight(now))
            case "Z":
                self._out.append(self._status(now))
                if self._pan.at_rest(now) and not self._pan.tare_mg:
                    self._pan.set_zero(now)
            case "T":
                self._tare_digits, self._tare_at = "", now + _TARE_SECONDS
            case "C":
                if self._pan.at_rest(now):
                    self._pan.tare_mg = 0
                self._out.append(self._status(now))
            case "E":
                self._echoes = True
                self._out.append(b"\x02E\r")
            case _:
                pass

    def _tare(self, digits: str, now: float) -> None:
        if len(digits) == _KNOWN_TARE_DIGITS:
            self._pan.tare_mg = round(int(digits) * self._step * self._per_unit)
        elif not digits and self._pan.at_rest(now) and not self._pan.tare_mg:
            self._pan.set_tare(now)

    def _shown(self, now: float) -> Indication:
        return self.frozen or self._pan.indication(now)

    def _weight(self, now: float) -> bytes:
        status = self._flags(now)
        if status & (MOTION | OVER | UNDER):
            return _status_frame(status)
        value = self._value(self._shown(now).milligrams)
        net = "N" if self._tells_net and self._pan.tare_mg else ""
        return f"\x02{value:0{self._width}f}{net}\r".encode("ascii")

    def _status(self, now: float) -> bytes:
        return _status_frame(self._flags(now))

    def _value(self, milligrams: int) -> Decimal:
        # A weight that rounds to zero has no sign on this wire.
        return (Decimal(milligrams) / self._per_unit).quantize(self._step) + 0

    def _flags(self, now: float) -> int:
        shown = self._shown(now)
        gross = shown.milligrams + self._pan.tare_mg
        value = self._value(shown.milligrams)
        flags = {
            MOTION: not shown.stable,
            OVER: shown.range is Range.OVER or value >= _HIGHEST,
            UNDER: shown.range is Range.UNDER or value < 0,
            OUTSIDE_ZERO: abs(gross) > _ZERO_RANGE * self._pan.capacity_mg,
            CENTRE_OF_ZERO: shown.milligrams == 0,
            NET: not self._tells_net or self._pan.tare_mg != 0,
            ALWAYS: True,
        }
        return sum(bit for bit, is_set in flags.items() if is_set)


def _status_frame(status: int) -> bytes:
    return b"\x02?" + bytes([status]) + b"\r"
