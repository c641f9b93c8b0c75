"""The device's side of NCI SCP-01, SCP-02 and SCP-12: letters in, answers out. No I/O, no clock."""

from abc import ABC, abstractmethod
from decimal import Decimal

from returnbench.drivers.scales.display import Display
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.inspect.weighing import MILLIGRAMS_PER_UNIT, WeightUnit

RAM, EEPROM, ROM, CALIBRATION = "ram", "eeprom", "rom", "calibration"
"""Faults that the status can tell, as ``hardware_error``."""

_FIRST_FAULTS = {RAM: 0x04, EEPROM: 0x08}
_SECOND_FAULTS = {ROM: 0x04, CALIBRATION: 0x08}
_COMMAND_LIMIT = 16
_DECIMALS_LIMIT = 6
_OUNCE_COLUMNS = 5


def display_of(setup: DeviceSetup, columns: int) -> Display:
    """The display; a division of milligrams that is no short decimal in pounds is rounded.

    Raises:
        ValueError: the capacity does not fit into ``columns`` characters.

    """
    display = Display(setup)
    if display.decimals > _DECIMALS_LIMIT:
        division = Decimal(setup.pan.division_mg) / MILLIGRAMS_PER_UNIT[setup.unit]
        display.decimals = max(0, -division.adjusted())
    capacity = display.number(setup.pan.capacity_mg)
    if len(capacity) > columns:
        raise ValueError(
            f"a capacity of {capacity} {setup.unit} does not fit into {columns} characters: choose "
            "a larger division or unit"
        )
    return display


class NciDevice(ABC):
    """A scale that answers single letters closed by CR. It never sends by itself.

    Times are monotonic seconds. ``columns`` is the room for the digits of a weight.
    """

    def __init__(self, setup: DeviceSetup, columns: int) -> None:
        self._pan = setup.pan
        self._columns = columns
        self._display = display_of(setup, columns)
        self._input = bytearray()
        self._out: list[bytes] = []
        self.hardware_error = ""
        """One of the faults above; anything else counts as a calibration fault."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""
        self.stability_timeout = 0.0
        """Not used: no command waits for a stable weight."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the commands that they complete."""
        for byte in data:
            if byte == 0x0D:
                command = bytes(self._input)
                self._input.clear()
                self._command(command, now)
            elif len(self._input) < _COMMAND_LIMIT:
                self._input.append(byte)

    def due(self, now: float) -> list[bytes]:
        """The answers to send now."""
        answers, self._out = self._out, []
        return answers

    def misread(self, data: bytes) -> bytes:
        """Nothing: what is heard with the wrong parity is dropped."""
        return b""

    @abstractmethod
    def _command(self, command: bytes, now: float) -> None: ...

    def _shown(self, now: float) -> Indication:
        return self._display.shown(now, self.frozen)

    def _status(self, now: float) -> bytes:
        shown = self._shown(now)
        gross = self.frozen.milligrams if self.frozen else self._pan.gross_mg(now)
        second_fault = "" if self.hardware_error in _FIRST_FAULTS else self.hardware_error
        first = 0x30 | (not shown.stable) | (shown.stable and gross == 0) << 1
        first |= _FIRST_FAULTS.get(self.hardware_error, 0)
        second = 0x30 | (shown.range is Range.UNDER) | (shown.range is Range.OVER) << 1
        if second_fault:
            second |= _SECOND_FAULTS.get(second_fault, _SECOND_FAULTS[CALIBRATION])
        if not self._display.net:
            return bytes([first, second])
        return bytes([first, second | 0x40, 0x34])

    def _zero(self, now: float) -> None:
        if self._pan.at_rest(now) and self._shown(now).range is Range.INSIDE:
            self._pan.set_zero(now)

    def _number(self, milligrams: int) -> str:
        number = self._display.number(milligrams)
        digits = number.lstrip("-").rjust(self._columns, "0")
        return f"-{digits}" if number.startswith("-") else digits


class NciScp01Device(NciDevice):
    """SCP-01: ``LF weight unit CR LF status CR ETX``; seven columns, a minus sign before them."""

    pounds_and_ounces = False
    """Show pounds and ounces; the unit of the setup is ounces then."""

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup, columns=7)

    def _command(self, command: bytes, now: float) -> None:
        match command:
            case b"W":
                weight = self._weight(self._shown(now))
                self._out.append(b"\n" + weight.encode("ascii") + b"\r" + self._status_frame(now))
            case b"S" | b"Z" | b"T":
                if command == b"Z":
                    self._zero(now)
                elif command == b"T" and self._pan.at_rest(now):
                    self._pan.set_tare(now)
                self._out.append(self._status_frame(now))
            case _:
                self._out.append(b"\n?\r\x03")

    def _status_frame(self, now: float) -> bytes:
        return b"\n" + self._status(now) + b"\r\x03"

    def _weight(self, shown: Indication) -> str:
        unit = self._display.unit.value
        if shown.range is not Range.INSIDE:
            return ("^" if shown.range is Range.OVER else "_") * 7 + unit
        if self.pounds_and_ounces:
            return self._pounds(self._display.number(shown.milligrams))
        return self._number(shown.milligrams) + unit

    def _pounds(self, ounces: str) -> str:
        pounds, rest = divmod(abs(Decimal(ounces)), 16)
        sign = "-" if ounces.startswith("-") else ""
        return f"{sign}{pounds:02}lb {rest:04.1f}oz"


class NciScp02Device(NciDevice):
    """SCP-02: a weight only when it is stable, in range and not negative; else the status."""

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup, columns=6)

    def _command(self, command: bytes, now: float) -> None:
        status = b"\nS" + self._status(now) + b"\r\x03"
        shown = self._shown(now)
        match command:
            case b"W" if shown.stable and shown.range is Range.INSIDE and shown.milligrams >= 0:
                weight = self._number(shown.milligrams) + self._display.unit.value.upper()
                self._out.append(b"\n" + weight.encode("ascii") + b"\r" + status)
            case b"W" | b"S":
                self._out.append(status)
            case b"Z":
                self._zero(now)
                self._out.append(b"\nS" + self._status(now) + b"\r\x03")
            case _:
                self._out.append(b"\n?\r\x03")


class NciScp12Device(NciDevice):
    """SCP-12: ``LF p weight UNIT CR status ETX``; the command to zero is not answered."""

    initial_zero_error = False
    """The pan was loaded when the scale was switched on: it gives no weight."""
    inverted_status = False
    """Moving and zero are told as 0."""

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup, columns=_OUNCE_COLUMNS if setup.unit is WeightUnit.OZ else 6)

    def _command(self, command: bytes, now: float) -> None:
        match command:
            case b"W" if not self.initial_zero_error:
                self._out.append(self._weight(now))
            case b"W" | b"S":
                self._out.append(b"\n" + self._status(now) + b"\r\x03")
            case b"Z":
                self._zero(now)
            case _:
                self._out.append(b"\n?\r")

    def _status(self, now: float) -> bytes:
        status = super()._status(now)
        return bytes([status[0] ^ 0x03]) + status[1:] if self.inverted_status else status

    def _weight(self, now: float) -> bytes:
        number = self._number(self._shown(now).milligrams)
        if self._display.unit is WeightUnit.OZ:
            sign, digits = number[:-_OUNCE_COLUMNS], number[-_OUNCE_COLUMNS:]
            number = f"{sign}00{digits}"
        text = number if number.startswith("-") else f" {number}"
        unit = self._display.unit.value.upper()
        return b"\n" + (text + unit).encode("ascii") + b"\r" + self._status(now) + b"\x03"
