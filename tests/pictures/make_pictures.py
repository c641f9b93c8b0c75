"""Makes the picture of the README from the demo itself: ``python tests/pictures/make_pictures.py``.

It runs the real bench on the simulated site, takes the second parcel (an item is missing) to the
point where the weight speaks, and writes what the screen then shows.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from returnbench.inspect.inspection import Phase
from returnbench.station.app import BenchApp
from returnbench.station.demo.goods import demo_parcels
from returnbench.station.demo.screen import DemoPort, Hints
from returnbench.station.demo.site import announce, demo_station
from returnbench.station.demo.world import DemoWorld
from returnbench.station.wiring import Station

FOLDER = Path(__file__).parent
SEED = 7
SIZE = (120, 40)


async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    end = monotonic() + seconds
    while not holds():
        if monotonic() > end:
            raise TimeoutError("the demo did not get there")
        await asyncio.sleep(0.05)


async def drive(app: BenchApp, port: DemoPort, station: Station) -> str:
    bench = station.bench

    def weighed() -> bool:
        now = bench.state().inspection
        return now is not None and bool(now.weighings) and bool(now.photos)

    async with app.run_test(size=SIZE):
        for number in range(2):
            port.key("n", 0)
            await until(weighed)
            if number == 0:
                port.key("enter", 0)
                await until(lambda: bench.state().inspection is None)
                await until(lambda: bench.snapshot().history[0].refund == "BOOKED")
        assert bench.state().inspection is not None
        assert bench.state().inspection.phase is Phase.OUTSIDE
        await asyncio.sleep(1.5)
        return app.export_screenshot(title="returnbench demo")


def main() -> int:
    parcels = demo_parcels(12, SEED)
    with tempfile.TemporaryDirectory() as folder:
        state_dir = Path(folder)
        hints = Hints()
        with (
            DemoWorld(state_dir, parcels, SEED, fast=False) as world,
            demo_station(state_dir, world, undo_seconds=1.0, hint=hints.hint) as station,
        ):
            announce(station, parcels)
            port = DemoPort(station.bench, world, list(parcels))
            hints.port = port
            station.bench.subscribe(port.follow)
            app = BenchApp(port, preview=station.preview)
            svg = asyncio.run(drive(app, port, station))
    # The picture stands for itself: it loads no fonts from elsewhere.
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    target = FOLDER / "bench.svg"
    target.write_text(svg.replace("Fira Code", "DejaVu Sans Mono"), encoding="utf-8")
    print(f"{target}: {len(svg)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
