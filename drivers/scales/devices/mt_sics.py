"""The device's side of MT-SICS, levels 0 and 1: commands in, lines out. No I/O, no clock."""

import re
from collections.abc import Callable
from decimal import Decimal

from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.inspect.weighing import MILLIGRAMS_PER_UNIT

_COMMANDS = {
    0: ("@", "I0", "I1", "I2", "I3", "I4", "S", "SI", "SIR", "Z", "ZI"),
    1: ("SR", "T", "TA", "TAC", "TI"),
}
_PRESET_TARE = re.compile(r"TA (?P<number>[0-9]+(?:\.[0-9]+)?) (?P<unit>\S+)")
_LINE_LIMIT = 80
_SOFTWARE = "1.0"


class SicsDevice:
    """A scale that speaks MT-SICS. Times are seconds of one monotonic clock.

    :meth:`receive` takes bytes from the host, :meth:`due` gives the lines that are due at ``now``.
    One command is worked on at a time: a new one cancels a wait for stability.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        self._pan = setup.pan
        self._unit = setup.unit
        self._per_unit = MILLIGRAMS_PER_UNIT[setup.unit]
        division = (Decimal(setup.pan.division_mg) / self._per_unit).normalize()
        self._step = Decimal(1).scaleb(min(0, int(division.as_tuple().exponent)))
        self._serial_number = setup.serial_number
        self._period = 1 / setup.rate_hz
        self._streams = setup.streams
        self.stability_timeout = 5.0
        """Seconds that a command waits for a stable weight."""
        self._input = bytearray()
        self._out: list[str] = []
        self._repeats = False
        self._next_at = 0.0
        self._waiting: tuple[str, float] | None = None
        self._on_change: int | None = None
        self._announced_change = False
        self.hardware_error = ""
        """Sent in the place of each weight, for instance ``15b``."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""

    @property
    def name(self) -> str:
        """Type of the device, as I2 tells it."""
        return "RB-SIM"

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the lines that they complete."""
        for byte in data:
            self._input.append(byte)
            if byte == 0x0A:
                line = bytes(self._input)
                self._input.clear()
                self._command(line, now)
            elif len(self._input) > _LINE_LIMIT:
                self._input.clear()
                self._out.append("ES")

    def due(self, now: float) -> list[bytes]:
        """The lines to send now, each with CR LF."""
        if self._waiting is not None:
            self._try_waiting(now)
        if (self._repeats or self._on_change is not None) and now >= self._next_at:
            self._next_at = max(self._next_at + self._period, now)
            self._repeat(now)
        lines, self._out = self._out, []
        return [line.encode("ascii") + b"\r\n" for line in lines]

    def misread(self, data: bytes) -> bytes:
        """``ET`` for each line that was heard with the wrong parity."""
        return b"ET\r\n" * data.count(b"\n")

    def _command(self, raw: bytes, now: float) -> None:
        if not raw.endswith(b"\r\n") or not raw.isascii():
            self._out.append("ES" if raw.isascii() else "ET")
            return
        text = raw[:-2].decode("ascii")
        actions: dict[str, Callable[[float], None]] = {
            "@": self._cancel,
            "S": lambda at: self._wait("S", at),
            "SI": self._weight_now,
            "SIR": self._start_stream,
            "SR": self._start_on_change,
            "Z": lambda at: self._wait("Z", at),
            "ZI": lambda at: self._zero("ZI", at),
            "T": lambda at: self._wait("T", at),
            "TI": lambda at: self._tare("TI", at),
            "TA": lambda _: self._say_tare(),
            "TAC": lambda _: self._clear_tare(),
            "I0": lambda _: self._say_commands(),
            "I1": lambda _: self._out.append('I1 A "01" "2.30" "2.20" "" "" ""'),
            "I2": lambda _: self._say_model(),
            "I3": lambda _: self._out.append(f'I3 A "{_SOFTWARE}"'),
            "I4": lambda _: self._out.append(f'I4 A "{self._serial_number}"'),
        }
        preset = _PRESET_TARE.fullmatch(text)
        if preset is not None:
            self._preset_tare(preset["number"], preset["unit"])
        elif text not in actions or (text in ("SIR", "SR") and not self._streams):
            self._out.append("ES")
        else:
            actions[text](now)

    def _cancel(self, _: float) -> None:
        self._repeats, self._on_change, self._waiting = False, None, None
        self._out.append(f'I4 A "{self._serial_number}"')

    def _weight_now(self, now: float) -> None:
        self._repeats, self._on_change, self._waiting = False, None, None
        self._out.append(self._weight(now))

    def _start_stream(self, now: float) -> None:
        self._repeats, self._on_change, self._waiting = True, None, None
        self._next_at = now

    def _start_on_change(self, now: float) -> None:
        self._wait("SR", now)

    def _wait(self, command: str, now: float) -> None:
        if command == "S":
            self._repeats, self._on_change = False, None
        self._waiting = (command, now + self.stability_timeout)

    def _try_waiting(self, now: float) -> None:
        assert self._waiting is not None
        command, deadline = self._waiting
        shown = self._shown(now)
        if not shown.stable:
            if now >= deadline:
                self._waiting = None
                self._out.append(f"{'S' if command == 'SR' else command} I")
            return
        self._waiting = None
        if command == "Z":
            self._zero("Z", now)
        elif command == "T":
            self._tare("T", now)
        else:
            self._out.append(self._weight(now))
            if command == "SR":
                self._on_change, self._announced_change = shown.milligrams, False
                self._next_at = now + self._period

    def _repeat(self, now: float) -> None:
        if self._repeats:
            self._out.append(self._weight(now))
            return
        assert self._on_change is not None
        shown = self._shown(now)
        threshold = max(30 * self._pan.division_mg, abs(self._on_change) // 8)
        changed = abs(shown.milligrams - self._on_change) >= threshold
        if self._announced_change and shown.stable:
            self._out.append(self._weight(now))
            self._on_change, self._announced_change = shown.milligrams, False
        elif changed and not self._announced_change:
            self._out.append(self._weight(now))
            self._announced_change = not shown.stable
            if shown.stable:
                self._on_change = shown.milligrams

    def _zero(self, command: str, now: float) -> None:
        stable = self._pan.at_rest(now)
        answer = {Range.OVER: "+", Range.UNDER: "-"}.get(self._pan.set_zero(now))
        if answer is None:
            answer = "A" if command == "Z" else ("S" if stable else "D")
        self._out.append(f"{command} {answer}")

    def _tare(self, command: str, now: float) -> None:
        stable = self._pan.at_rest(now)
        answer = {Range.OVER: "+", Range.UNDER: "-"}.get(self._pan.set_tare(now))
        if answer is None:
            answer = f"{'S' if stable else 'D'} {self._field(self._pan.tare_mg)}"
        self._out.append(f"{command} {answer}")

    def _say_tare(self) -> None:
        self._out.append(f"TA A {self._field(self._pan.tare_mg)}")

    def _preset_tare(self, number: str, unit: str) -> None:
        milligrams = Decimal(number) * self._per_unit
        if unit != self._unit.value or milligrams > self._pan.capacity_mg:
            self._out.append("TA L")
            return
        steps = round(milligrams / self._pan.division_mg)
        self._pan.tare_mg = steps * self._pan.division_mg
        self._say_tare()

    def _clear_tare(self) -> None:
        self._pan.tare_mg = 0
        self._out.append("TAC A")

    def _say_commands(self) -> None:
        entries = [(level, name) for level, names in _COMMANDS.items() for name in names]
        for number, (level, name) in enumerate(entries, start=1):
            status = "A" if number == len(entries) else "B"
            self._out.append(f'I0 {status} {level} "{name}"')

    def _say_model(self) -> None:
        capacity = self._field(self._pan.capacity_mg).strip()
        self._out.append(f'I2 A "{self.name} {capacity}"')

    def _shown(self, now: float) -> Indication:
        return self.frozen or self._pan.indication(now)

    def _weight(self, now: float) -> str:
        shown = self._shown(now)
        if self.hardware_error:
            return f"S S Error {self.hardware_error}"
        if shown.range is Range.OVER:
            return "S +"
        if shown.range is Range.UNDER:
            return "S -"
        return f"S {'S' if shown.stable else 'D'} {self._field(shown.milligrams)}"

    def _field(self, milligrams: int) -> str:
        value = (Decimal(milligrams) / self._per_unit).quantize(self._step)
        return f"{value:>10} {self._unit.value}"
