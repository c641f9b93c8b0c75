"""The device's side of Sartorius SBI, with 16 or 22 characters a line."""

from returnbench.drivers.scales.devices.line_device import LineDevice
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range

_ESCAPE = 0x1B
_LONG_COMMANDS = b"fkosx"
_LONG_END = b"_"
_LONG_LIMIT = 8


class Sbi16Device(LineDevice):
    """Prints after ``<ESC>P``; sets zero after ``<ESC>V``, tare after ``<ESC>T`` or ``<ESC>U``.

    Nothing confirms zero and tare. ``auto_print``: it prints by itself, and ``<ESC>P`` stops and
    starts that instead of giving one weight. CR and LF after a command do not matter.
    """

    def __init__(self, setup: DeviceSetup, auto_print: bool = False) -> None:
        super().__init__(setup, columns=9)
        self._auto_print = auto_print
        self._streaming = auto_print

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the commands that they complete."""
        for byte in data:
            if byte == _ESCAPE:
                self._input[:] = [byte]
            elif self._input:
                self._input.append(byte)
                self._carry_out_if_complete(now)

    def _carry_out_if_complete(self, now: float) -> None:
        is_long = self._input[1] in _LONG_COMMANDS
        if is_long and not self._input.endswith(_LONG_END) and len(self._input) < _LONG_LIMIT:
            return
        text = self._input[1:].decode("latin-1")
        self._input.clear()
        self._command(text, now)

    def _command(self, text: str, now: float) -> None:
        match text:
            case "P" | "kP_" if self._auto_print:
                self._streaming, self._next_at = not self._streaming, now
            case "P" | "kP_":
                self._print(now)
            case "V":
                self._when_stable(self._zero, "", now)
            case "U":
                self._when_stable(self._tare, "", now)
            case "T":
                self._when_stable(self._zero_or_tare, "", now)

    def _zero(self, now: float) -> None:
        self._pan.set_zero(now)

    def _tare(self, now: float) -> None:
        self._pan.set_tare(now)

    def _zero_or_tare(self, now: float) -> None:
        if self._pan.set_zero(now) is not Range.INSIDE:
            self._pan.set_tare(now)

    def _weight(self, shown: Indication) -> str | None:
        special = self._special(shown)
        return special or self._block(shown)

    def _special(self, shown: Indication) -> str | None:
        if self.hardware_error:
            return f"{f'Err {self._error_number()}':^14}"
        if shown.range is not Range.INSIDE:
            return f"{'High' if shown.range is Range.OVER else 'Low':>10}    "
        return None

    def _error_number(self) -> str:
        code = "".join(filter(str.isdigit, self.hardware_error)) or "0"
        return f"{int(code) % 1000:03}"

    def _block(self, shown: Indication) -> str:
        sign = "-" if shown.milligrams < 0 else ("+" if shown.milligrams else " ")
        unit = self._unit if shown.stable else ""
        return f"{sign}{self._digits(shown.milligrams):>9} {unit:<3}"


class Sbi22Device(Sbi16Device):
    """The same with six columns in front: ``N`` for what is displayed, ``Stat`` for the rest."""

    def _weight(self, shown: Indication) -> str | None:
        special = self._special(shown)
        if special is not None:
            return f"{'Stat':<6}{special}"
        return f"{'N':<6}{self._block(shown)}"

    def _special(self, shown: Indication) -> str | None:
        if self.hardware_error:
            return f"   ERR {self._error_number()}    "
        return super()._special(shown)
