"""The device's side of the CAS stream of 22 bytes and of CAS type 6. No I/O, no clock."""

from functools import reduce
from operator import xor

from returnbench.drivers.scales.devices.nci import display_of
from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range

_ENQ, _DC1 = 0x05, 0x11
_ACK, _NAK = b"\x06", b"\x15"
_COMMAND_LIMIT = 32
_DEVICE = 1
_COMMANDS = {
    "01RW": "weight",
    "01MZ": "zero",
    "01MT": "tare",
    "D01KW": "weight",
    "D01KZ": "zero",
    "D01KT": "tare",
}
_STREAM_COLUMNS = 8
_TYPE_6_COLUMNS = 6


class Cas22Device:
    """An indicator with number 1 that streams, or answers the commands of NT-500 and CI-200.

    The protocol cannot tell a fault of the hardware. Times are monotonic seconds.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        self._pan = setup.pan
        self._display = display_of(setup, _STREAM_COLUMNS - 1)
        self._period = 1 / setup.rate_hz
        self._streams = setup.streams
        self._next_at: float | None = None
        self._input = LineFramer(b"\n", _COMMAND_LIMIT)
        self._out: list[bytes] = []
        self.hold = False
        """HOLD was pressed: its lamp is lit."""
        self.hardware_error = ""
        """Never told."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""
        self.stability_timeout = 0.0
        """Not used: no command waits for a stable weight."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the lines that they complete."""
        for line in self._input.feed(data):
            self._command(line, now)

    def due(self, now: float) -> list[bytes]:
        """The lines to send now, each with CR LF."""
        at = now if self._next_at is None else self._next_at
        if self._streams and now >= at:
            self._next_at = max(at + self._period, now)
            self._out.append(self._weight(now))
        lines, self._out = self._out, []
        return lines

    def misread(self, data: bytes) -> bytes:
        """Nothing: what is heard with the wrong parity is dropped."""
        return b""

    def _command(self, line: bytes, now: float) -> None:
        action = _COMMANDS.get(line.decode("latin-1").removesuffix("\r\n"))
        if action is None:
            self._out.append(b"?\r\n")
        elif action == "weight":
            self._out.append(self._weight(now))
        else:
            act = self._pan.set_zero if action == "zero" else self._pan.set_tare
            done = self._pan.at_rest(now) and act(now) is Range.INSIDE
            self._out.append(line if done else b"!\r\n")

    def _weight(self, now: float) -> bytes:
        shown = self._display.shown(now, self.frozen)
        net = self._display.net
        state = "ST" if shown.stable else "US"
        if shown.range is not Range.INSIDE:
            state = "OL"
        header = f"{state},{'NT' if net else 'GS'},".encode("ascii")
        number = self._display.number(shown.milligrams)
        digits = number.lstrip("-")
        sign = "-" if number.startswith("-") else ""
        field = sign + digits.rjust(_STREAM_COLUMNS - len(sign), "0")
        unit = f"{self._display.unit.value:>2}"
        device = bytes([0x30 + _DEVICE, self._lamps(shown, now)])
        return header + device + f",{field} {unit}\r\n".encode("ascii")

    def _lamps(self, shown: Indication, now: float) -> int:
        net = self._display.net
        at_zero = shown.stable and self._pan.gross_mg(now) == 0
        return (
            0xA0
            | shown.stable << 6
            | self.hold << 4
            | (not net) << 2
            | net << 1
            | (at_zero and self.frozen is None)
        )


class CasType6Device:
    """A point-of-sale scale: ENQ, ACK, DC1, then one block with a check character.

    Times are monotonic seconds.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        self._pan = setup.pan
        self._display = display_of(setup, _TYPE_6_COLUMNS)
        self._out: list[bytes] = []
        self._asked = False
        self.hardware_error = ""
        """When not empty: ENQ is answered with NAK."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""
        self.stability_timeout = 0.0
        """Not used: no command waits for a stable weight."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host: ENQ, and DC1 after it."""
        for byte in data:
            if byte == _DC1 and self._asked:
                self._out.append(self._block(self._display.shown(now, self.frozen)))
            self._asked = byte == _ENQ and not self.hardware_error
            if byte == _ENQ:
                self._out.append(_NAK if self.hardware_error else _ACK)

    def due(self, now: float) -> list[bytes]:
        """The control characters and blocks to send now."""
        sent, self._out = self._out, []
        return sent

    def misread(self, data: bytes) -> bytes:
        """Nothing: what is heard with the wrong parity is dropped."""
        return b""

    def _block(self, shown: Indication) -> bytes:
        unit = f"{self._display.unit.value:>2}"
        if shown.range is Range.INSIDE:
            number = self._display.number(shown.milligrams)
            sign = "-" if number.startswith("-") else " "
            digits = number.lstrip("-").rjust(_TYPE_6_COLUMNS, "0")
            text = ("S" if shown.stable else "U") + sign + digits + unit
        else:
            text = "FF" + "F" * _TYPE_6_COLUMNS + unit
        checked = text.encode("ascii")
        return b"\x01\x02" + checked + bytes([reduce(xor, checked)]) + b"\x03\x04"
