"""The hands of the demo: what a person at the bench does with the parcels, without being told."""

import threading
from collections.abc import Sequence

from returnbench.inspect.codes import WeighingPurpose
from returnbench.inspect.commands import AllInOrder
from returnbench.inspect.inspection import Inspection, Phase
from returnbench.inspect.weighing import NoWeightReason
from returnbench.station.demo.goods import DemoParcel
from returnbench.station.demo.world import DemoWorld
from returnbench.station.snapshot import Snapshot

_CLOSED = (Phase.DOOR, Phase.OUTSIDE)


class Hands:
    """Keeps what lies on the simulated bench in step with the inspection.

    The parcel that is inspected lies on the bench, also after a restart or when its verdict was
    taken back; it is taken away after the verdict. The next one is laid down once the scale reads
    empty. A parcel that was set aside comes again after all others. Any thread may call.
    """

    def __init__(self, world: DemoWorld, waiting: Sequence[DemoParcel]) -> None:
        self._world = world
        self._parcels = {parcel.waybill: parcel for parcel in waiting}
        self._waiting = list(waiting)
        self._wanted = False
        self._lifted = False
        self._attended = False
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many parcels are still to come."""
        return len(self._waiting)

    @property
    def clearing(self) -> bool:
        """Whether the next parcel is held back until the scale reads empty."""
        return self._wanted

    def want_next(self, snapshot: Snapshot) -> None:
        """Lay the next parcel on the bench, if it is free, as soon as the scale reads empty."""
        with self._lock:
            busy = snapshot.state.inspection is not None or self._world.on_bench is not None
            self._wanted = bool(self._waiting) and not busy
            self._lay_wanted(snapshot)

    def before_key(self, key: str, snapshot: Snapshot) -> None:
        """Open the parcel for the key that says all is in order: it takes the picture inside."""
        meant = next((c.does for c in snapshot.choices if c.key == key), None)
        if isinstance(meant, AllInOrder):
            with self._lock:
                self._world.open()

    def follow(self, snapshot: Snapshot) -> None:
        """Do what the state of the bench asks for."""
        with self._lock:
            now = snapshot.state.inspection
            if now is not None:
                self._wanted = False
                self._attend(now, snapshot)
            else:
                self._clear(snapshot)
                self._lay_wanted(snapshot)

    def _attend(self, now: Inspection, snapshot: Snapshot) -> None:
        parcel = self._parcels.get(now.waybill)
        if parcel is None:
            return
        if self._world.on_bench is not parcel:
            self._fetch(parcel)
        self._attended = True
        if now.phase not in _CLOSED and now.refusal is None:
            self._world.open()
        self._lift_for_the_scale(now, snapshot)

    def _fetch(self, parcel: DemoParcel) -> None:
        """Lay the parcel that is inspected on the bench; one that waits there goes back."""
        if self._world.on_bench is not None:
            self._waiting.insert(0, self._world.on_bench)
        if parcel in self._waiting:
            self._waiting.remove(parcel)
        self._put(parcel)

    def _lift_for_the_scale(self, now: Inspection, snapshot: Snapshot) -> None:
        """Lift the parcel for a moment where the scale has to be seen empty first."""
        blocked = snapshot.pan.blocked
        to_weigh = now.phase is Phase.OUTSIDE and now.weighing(WeighingPurpose.GROSS) is None
        if to_weigh and not self._lifted and blocked is NoWeightReason.ZERO_NOT_SEEN:
            self._lifted = True
            self._world.shake_off()
        elif self._lifted and blocked is NoWeightReason.EMPTY_PAN:
            self._lifted = False
            self._world.put_back()

    def _clear(self, snapshot: Snapshot) -> None:
        """Take the parcel away after its inspection; one that was set aside comes again later."""
        parcel = self._world.on_bench
        if parcel is None or not self._attended:
            return
        if any(parcel.waybill == held.waybill for held in snapshot.state.held):
            self._waiting.append(parcel)
        self._world.take_off()

    def _lay_wanted(self, snapshot: Snapshot) -> None:
        if self._wanted and self._waiting and snapshot.pan.blocked is NoWeightReason.EMPTY_PAN:
            self._wanted = False
            self._put(self._waiting.pop(0))

    def _put(self, parcel: DemoParcel) -> None:
        self._attended = self._lifted = False
        self._world.put(parcel)
