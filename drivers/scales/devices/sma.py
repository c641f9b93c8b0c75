"""The device's side of SMA SCP-0499: ``LF letter CR`` in, answers out. No I/O, no clock."""

from returnbench.drivers.scales.devices.nci import display_of
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range

_ESC, _LF, _CR = 0x1B, 0x0A, 0x0D
_COMMAND_LIMIT = 16
_COLUMNS = 10
_ABOUT = ("SMA:2/1.0", "MFG:RETURNBENCH", "MOD:RB-SIM", "REV:1.0")
_INFORMATION_END = "END:"


class SmaDevice:
    """A scale of levels 1 and 2. One command at a time: a new one ends the stream or the wait.

    Zero and tare wait for a stable weight. Times are monotonic seconds.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        self._pan = setup.pan
        self._display = display_of(setup, _COLUMNS)
        self._period = 1 / setup.rate_hz
        self._streams = setup.streams
        self._input = bytearray()
        self._out: list[str] = []
        self._repeats = False
        self._next_at = 0.0
        self._waiting: tuple[str, float] | None = None
        self._pages: tuple[str, ...] = ()
        self.stability_timeout = 5.0
        """Seconds that a command waits for a stable weight."""
        self.hardware_error = ""
        """When not empty: an initial zero error, which keeps every weight back."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the commands that they complete."""
        for byte in data:
            if byte == _ESC:
                self._input.clear()
                self._stop()
            elif byte == _CR and self._input:
                command = bytes(self._input[1:])
                self._input.clear()
                self._command(command.decode("latin-1"), now)
            elif byte == _LF:
                self._input[:] = b"\n"
            elif self._input and len(self._input) < _COMMAND_LIMIT:
                self._input.append(byte)

    def due(self, now: float) -> list[bytes]:
        """The answers and weights to send now."""
        if self._waiting is not None:
            self._try_waiting(*self._waiting, now)
        if self._repeats and now >= self._next_at:
            self._next_at = max(self._next_at + self._period, now)
            self._out.append(self._weight(now))
        answers, self._out = self._out, []
        return [b"\n" + answer.encode("latin-1") + b"\r" for answer in answers]

    def misread(self, data: bytes) -> bytes:
        """``!`` for each command that was heard with the wrong parity."""
        return b"\n!\r" * data.count(b"\r")

    def _stop(self) -> None:
        self._repeats, self._waiting = False, None

    def _command(self, command: str, now: float) -> None:
        self._stop()
        match command:
            case "W":
                self._out.append(self._weight(now))
            case "R" if self._streams:
                self._repeats, self._next_at = True, now
            case "P" | "Z" | "T":
                self._waiting = (command, now + self.stability_timeout)
            case "C":
                self._pan.tare_mg = 0
                self._out.append(self._weight(now))
            case "M":
                self._out.append(self._frame(" ", "T", " ", self._number(self._pan.tare_mg)))
            case "D":
                self._out.append(" E  " if self.hardware_error else "    ")
            case "A" | "I":
                self._pages = _ABOUT if command == "A" else self._information()
                self._turn_page()
            case "B" | "N" if self._pages:
                self._turn_page()
            case _:
                self._out.append("?")

    def _try_waiting(self, command: str, deadline: float, now: float) -> None:
        if not self._shown(now).stable:
            if now >= deadline:
                self._waiting = None
                self._out.append(self._refusal(command))
            return
        self._waiting = None
        done = {"Z": self._pan.set_zero, "T": self._pan.set_tare}.get(command)
        if done is not None and done(now) is not Range.INSIDE:
            self._out.append(self._refusal(command))
        else:
            self._out.append(self._weight(now))

    def _refusal(self, command: str) -> str:
        status = {"Z": "E", "T": "T"}.get(command, " ")
        return self._frame(status, self._kind(), " ", "-" * _COLUMNS)

    def _shown(self, now: float) -> Indication:
        return self._display.shown(now, self.frozen)

    def _weight(self, now: float) -> str:
        if self.hardware_error:
            return self._frame("I", self._kind(), " ", "-" * _COLUMNS)
        shown = self._shown(now)
        gross = self.frozen.milligrams if self.frozen else self._pan.gross_mg(now)
        status = {Range.OVER: "O", Range.UNDER: "U"}.get(
            shown.range, "Z" if gross == 0 and shown.stable else " "
        )
        motion = " " if shown.stable else "M"
        return self._frame(status, self._kind(), motion, self._number(shown.milligrams))

    def _frame(self, status: str, kind: str, motion: str, field: str) -> str:
        return f"{status}1{kind}{motion} {field:>{_COLUMNS}}{self._display.unit.value:<3}"

    def _kind(self) -> str:
        return "N" if self._display.net else "G"

    def _number(self, milligrams: int) -> str:
        return self._display.number(milligrams)

    def _information(self) -> tuple[str, ...]:
        decimals = self._display.decimals
        capacity, step = (
            self._display.number(mass).replace(".", "").lstrip("0")
            for mass in (self._pan.capacity_mg, self._pan.division_mg)
        )
        unit = self._display.unit.value
        return (
            "SMA:2/1.0",
            "TYP:S",
            f"CAP:{unit:<3}:{capacity}:{step}:{decimals}",
            "CMD:WRPZTCMDABIN",
            _INFORMATION_END,
        )

    def _turn_page(self) -> None:
        self._out.append(self._pages[0])
        self._pages = self._pages[1:]
