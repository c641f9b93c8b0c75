"""The demo's station: the real parts, put together over the simulated site."""

import json
from collections.abc import Callable
from pathlib import Path

from returnbench.inspect.codec import plain
from returnbench.station.demo.goods import DemoParcel
from returnbench.station.demo.world import OPERATOR, DemoWorld
from returnbench.station.snapshot import Snapshot
from returnbench.station.wiring import OwnHub, Station, StationPlan
from returnbench.sync.hub.settings import HubSettings
from returnbench.sync.log import Record

STATION = "demo"
ORIGIN = f"returnbench.example/bench/{STATION}"


def demo_station(
    state_dir: Path,
    world: DemoWorld,
    *,
    undo_seconds: float,
    hint: Callable[[Snapshot], str] = lambda _: "",
) -> Station:
    """The station of the demo, with its data in ``state_dir``."""
    return Station(
        StationPlan(
            data_dir=state_dir,
            station=STATION,
            origin=ORIGIN,
            scale=world.scale,
            camera=world.camera,
            hub=OwnHub(
                HubSettings(data_dir=state_dir / "hub", shops=world.shops, retry_base_seconds=0.2)
            ),
            undo_seconds=undo_seconds,
            operator=OPERATOR,
            scan_with_camera=True,
            hint=hint,
        )
    )


def announce(station: Station, parcels: tuple[DemoParcel, ...]) -> int:
    """Import the announced returns of ``parcels`` that the bench does not know yet."""
    known = station.projection.find_announced
    new = [p.advice for p in parcels if p.advice is not None and known(p.advice.waybill) is None]
    if not new:
        return 0
    lines = [json.dumps(plain(advice), sort_keys=True, separators=(",", ":")) for advice in new]
    sha256 = station.store.put(("\n".join(lines) + "\n").encode())
    fields = {"kind": "announced", "sha256": sha256, "count": len(new), "source_name": "demo"}
    station.log.append([Record("import", fields)])
    station.projection.catch_up()
    return len(new)


def is_finished(station: Station, parcel: DemoParcel) -> bool:
    """Whether this parcel has a verdict already, from an earlier run in the same folder."""
    case = station.projection.case_for_waybill(parcel.waybill)
    return case is not None and case.verdict is not None
