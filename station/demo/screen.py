"""The demo on screen: the bench's own port, with a few keys that move the simulated site."""

from collections import Counter
from collections.abc import Callable

from returnbench.inspect.inspection import Phase
from returnbench.station.bench import Bench
from returnbench.station.demo.goods import DemoParcel, Trouble
from returnbench.station.demo.hands import Hands
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
    the badge of a second person. :class:`Hands` do what needs no key.
    """

    def __init__(self, bench: Bench, world: DemoWorld, waiting: list[DemoParcel]) -> None:
        self._bench = bench
        self._world = world
        self._hands = Hands(world, waiting)
        self._scanned = ("", 0)

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
                self._hands.want_next(self._bench.snapshot())
            case "u":
                self._scan_unit(at_ns)
            case "b":
                self._bench.scan(SECOND_PERSON, "wedge", at_ns)
            case _:
                self._hands.before_key(key, self._bench.snapshot())
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
        """Let the hands do what the state of the bench asks for."""
        self._hands.follow(self._bench.snapshot())

    def hint(self, snapshot: Snapshot) -> str:
        """The line that tells a newcomer what to press in the demo."""
        now = snapshot.state.inspection
        parcel = self._world.on_bench
        if now is None:
            return self._hint_between(parcel)
        if now.phase is Phase.VERDICT:
            return "DEMO  B scans the badge of a second person, where one is asked for."
        if parcel is None:
            return ""
        if now.phase in (Phase.CONTENTS, Phase.GRADING):
            return f"DEMO  You see {_seen(parcel)}. U scans a unit."
        return f"DEMO  This one: {parcel.trouble.value}."

    def _hint_between(self, parcel: DemoParcel | None) -> str:
        if parcel is not None:
            return f"DEMO  the camera reads the label; or press / and type {parcel.waybill}"
        if self._hands.clearing:
            return "DEMO  the next parcel comes as soon as the scale reads empty"
        if not self._hands.waiting:
            return "DEMO  that was the last parcel. CTRL+C twice leaves."
        return f"DEMO  N lays the next parcel on the bench ({self._hands.waiting} waiting)"

    def _scan_unit(self, at_ns: int) -> None:
        """Scan the next unit of the parcel on the bench, the first one again after the last."""
        parcel = self._world.on_bench
        if parcel is None or not parcel.units:
            return
        of, count = self._scanned
        number = count if of == parcel.waybill else 0
        self._scanned = (parcel.waybill, number + 1)
        self._bench.scan(parcel.units[number % len(parcel.units)].code, "wedge", at_ns)


def _seen(parcel: DemoParcel) -> str:
    """What eyes see when the parcel is open, in few words."""
    state = {Trouble.WORN: " (soiled)", Trouble.DEFECT: " (defect)"}.get(parcel.trouble, "")
    titles = Counter(
        unit.title + (state if unit.line_ref == parcel.troubled_line else "")
        for unit in parcel.units
    )
    seen = (f"{count} x {title}" if count > 1 else title for title, count in titles.items())
    return " + ".join(seen) or "nothing"
