"""The indicator's side of the Dini Argeo commands and strings."""

from collections.abc import Callable

from returnbench.drivers.scales.display import Display
from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.inspect.weighing import WeightUnit

NOT_LEVEL = "TL"
"""As ``hardware_error``: the scale is not level, and says so in its status."""

_LINE_LIMIT = 40
_UNITS = {WeightUnit.G: " g"}


class DiniArgeoDevice:
    """An indicator on its own line (no address). Times are monotonic seconds.

    ``ZERO`` and ``TARE`` are answered ``OK`` at once and carried out when the pan comes to rest, or
    never, as on the real indicator.
    """

    def __init__(self, setup: DeviceSetup) -> None:
        self._pan = setup.pan
        self._display = Display(setup)
        self._input = LineFramer(b"\n", _LINE_LIMIT)
        self._out: list[str] = []
        self._waiting: tuple[Callable[[float], Range], float] | None = None
        self.stability_timeout = 5.0
        """Seconds that ``ZERO`` and ``TARE`` wait for a stable weight."""
        self.hardware_error = ""
        """``TL``: not level. Anything else: every weight is refused with ``ERR03``."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the host and carry out the lines that they complete."""
        for line in self._input.feed(data):
            if line.endswith(b"\r\n"):
                self._command(line[:-2].decode("latin-1"), now)

    def due(self, now: float) -> list[bytes]:
        """The lines to send now, each with CR LF."""
        if self._waiting is not None:
            action, deadline = self._waiting
            if self._display.shown(now, self.frozen).stable:
                action(now)
                self._waiting = None
            elif now >= deadline:
                self._waiting = None
        lines, self._out = self._out, []
        return [line.encode("ascii") + b"\r\n" for line in lines]

    def misread(self, data: bytes) -> bytes:
        """Nothing: a damaged command is not answered."""
        return b""

    def _command(self, text: str, now: float) -> None:
        match text:
            case "READ" | "R":
                self._out.append(self._weight(now))
            case "REXT":
                self._out.append(self._extended(now))
            case "ZERO" | "Z":
                self._wait(self._pan.set_zero, now)
            case "TARE" | "T":
                self._wait(self._pan.set_tare, now)
            case "CLEAR" | "C":
                self._pan.tare_mg = 0
                self._out.append("OK")
            case "PCOK":
                self._out.append("OK")
            case _ if text.startswith(("READ", "REXT", "ZERO", "TARE", "CLEAR")):
                self._out.append("ERR01")
            case _:
                self._out.append("ERR04")

    def _wait(self, action: Callable[[float], Range], now: float) -> None:
        self._waiting = (action, now + self.stability_timeout)
        self._out.append("OK")

    def _weight(self, now: float) -> str:
        if self.hardware_error not in ("", NOT_LEVEL):
            return "ERR03"
        status, number = self._status_and_number(now, 8)
        return f"{status},{'NT' if self._display.net else 'GS'},{number},{self._unit}"

    def _extended(self, now: float) -> str:
        if self.hardware_error not in ("", NOT_LEVEL):
            return "ERR03"
        status, number = self._status_and_number(now, 10)
        tare = f"{self._display.number(self._pan.tare_mg):>10}"
        return f"1{status},{number},  {tare},{0:>10},{self._unit}"

    def _status_and_number(self, now: float, columns: int) -> tuple[str, str]:
        shown = self._display.shown(now, self.frozen)
        number = f"{self._display.number(shown.milligrams):>{columns}}"
        if self.hardware_error == NOT_LEVEL:
            return NOT_LEVEL, number
        if shown.range is Range.UNDER:
            return "UL", " " * columns
        if shown.range is Range.OVER or len(number) > columns:
            return "OL", " " * columns
        return ("ST" if shown.stable else "US"), number

    @property
    def _unit(self) -> str:
        return _UNITS.get(self._display.unit, self._display.unit.value)
