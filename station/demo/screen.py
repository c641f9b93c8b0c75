"""The demo on screen: the bench's own port, with a few keys that move the simulated site."""

from collections.abc import Callable
from time import monotonic_ns

from returnbench.inspect.inspection import Phase
from returnbench.station.bench import Bench
from returnbench.station.demo.goods import DemoParcel
from returnbench.station.demo.world import SECOND_PERSON, DemoWorld
from returnbench.station.snapshot import Snapshot
from returnbench.station.view import BenchView, Tone


class Hints:
    """Gives the hint line before and after the port of the demo exists."""

    def __init__(self) -> None:
        self.port: DemoPort | None = None

    def hint(self, snapshot: Snapshot) -> str:
        """The line for this state."""
        return self.port.hint(snapshot) if self.port else ""


class DemoPort:
    """Passes everything on to the bench, except the keys with which the demo plays the site.

    ``n`` lays the next parcel on the bench, ``u`` scans the code of one of its units, ``b`` scans
    the badge of a second person. The simulated hands open the parcel when the bench asks for it
    and take it away after the verdict.
    """

    def __init__(self, bench: Bench, world: DemoWorld, waiting: list[DemoParcel]) -> None:
        self._bench = bench
        self._world = world
        self._waiting = waiting
        self._next_unit = 0

    def scan(self, text: str, device: str, at_ns: int) -> None:
        """Take one whole code."""
        self._bench.scan(text, device, at_ns)

    def cut_off(self, text: str, at_ns: int) -> None:
        """Take what came of a scan that was cut off."""
        self._bench.cut_off(text, at_ns)

    def key(self, key: str, at_ns: int) -> None:
        """Take one key; those of the demo never reach the bench."""
        match key:
            case "n":
                self._next_parcel()
            case "u":
                self._scan_unit(at_ns)
            case "b":
                self._bench.scan(SECOND_PERSON, "wedge", at_ns)
            case _:
                self._open_when_asked(key)
                self._bench.key(key, at_ns)

    def subscribe(self, listener: Callable[[BenchView], None]) -> Callable[[], None]:
        """Tell the listener each new view."""
        return self._bench.subscribe(listener)

    def view(self) -> BenchView:
        """The view as it is now."""
        return self._bench.view()

    def on_tone(self, callback: Callable[[Tone], None]) -> None:
        """Tell the callback each tone."""
        self._bench.on_tone(callback)

    def leave(self) -> bool:
        """Whether the program may be left now."""
        return self._bench.leave()

    def follow(self, _view: BenchView) -> None:
        """Play the hands: clear the bench when the parcel on it has its verdict."""
        state = self._bench.state()
        parcel = self._world.on_bench
        if parcel is None or state.inspection is not None:
            return
        done = [*state.decided, *state.held]
        if any(inspection.waybill == parcel.waybill for inspection in done):
            self._world.take_off()

    def hint(self, snapshot: Snapshot) -> str:
        """The line that tells a newcomer what to press in the demo."""
        now = snapshot.state.inspection
        parcel = self._world.on_bench
        if now is None:
            if parcel is not None:
                return f"DEMO  the camera reads the label; or press / and type {parcel.waybill}"
            if not self._waiting:
                return "DEMO  that was the last parcel. CTRL+C twice leaves."
            return f"DEMO  N lays the next parcel on the bench ({len(self._waiting)} waiting)"
        inside = ""
        if parcel is not None and now.phase in (Phase.CONTENTS, Phase.GRADING):
            titles = ", ".join(unit.title for unit in parcel.units)
            inside = f" You see: {titles}."
        if now.phase is Phase.VERDICT:
            return "DEMO  B scans the badge of a second person, where one is asked for."
        trouble = f"This one: {parcel.trouble.value}." if parcel else ""
        return f"DEMO  U scans a unit code. {trouble}{inside}"

    def _next_parcel(self) -> None:
        if self._bench.state().inspection is None and self._waiting:
            self._next_unit = 0
            self._world.put(self._waiting.pop(0))

    def _scan_unit(self, at_ns: int) -> None:
        parcel = self._world.on_bench
        if parcel is None or not parcel.units:
            return
        unit = parcel.units[self._next_unit % len(parcel.units)]
        self._next_unit += 1
        self._bench.scan(unit.code, "wedge", at_ns or monotonic_ns())

    def _open_when_asked(self, key: str) -> None:
        """The hands open the parcel when its outside was judged."""
        now = self._bench.state().inspection
        if now is not None and now.phase is Phase.OUTSIDE and key in ("enter", "1", "2", "3", "4"):
            self._world.open()
