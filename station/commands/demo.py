"""``returnbench demo``: a whole site on one machine, on screen or without one."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from returnbench.station.commands.stopping import stop_on_sigterm
from returnbench.station.demo.goods import demo_parcels
from returnbench.station.demo.headless import HeadlessRun, run_headless
from returnbench.station.demo.operator import OperatorStuck
from returnbench.station.demo.site import announce, demo_station, is_finished
from returnbench.station.demo.world import DemoWorld
from returnbench.station.logs import start_logging
from returnbench.station.settings import LogConfig

SCREEN_UNDO_SECONDS = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--headless", action="store_true", help="no screen; print a summary")
    parser.add_argument("--parcels", type=_count, default=None, help="how many (24; headless 25)")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same parcels (%(default)s)")
    parser.add_argument("--dir", type=Path, help="keep everything here, and go on from here")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--theme", default="dark", help="dark, light, high-contrast, monochrome")
    parser.add_argument("--trace", type=Path, help="headless: a line for everything confirmed")


def run(options: argparse.Namespace) -> int:
    """Run the demo."""
    stop_on_sigterm()
    state_dir = options.dir or Path(tempfile.mkdtemp(prefix="returnbench-demo-"))
    problem = start_logging(LogConfig(), state_dir)
    if problem:
        print(f"returnbench demo: {problem}", file=sys.stderr)
    return _headless(options, state_dir) if options.headless else _on_screen(options, state_dir)


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100_000:
        raise argparse.ArgumentTypeError("1 to 100000 parcels")
    return number


def _headless(options: argparse.Namespace, state_dir: Path) -> int:
    wanted = HeadlessRun(state_dir, options.parcels or 25, options.seed, options.trace)
    try:
        summary = run_headless(wanted)
    except OperatorStuck as error:
        print(f"the demo got stuck: {error}\nIts log and data are in {state_dir}", file=sys.stderr)
        return 1
    print(json.dumps(summary) if options.json else _as_text(summary))
    refunds = summary["refunds"]
    bad = refunds["doubled"] or refunds["lost"] or refunds["pending"]
    return 1 if bad or refunds["not_due_but_booked"] else 0


def _as_text(summary: dict[str, Any]) -> str:
    verdicts = ", ".join(f"{count} {kind}" for kind, count in summary["verdicts"].items())
    refunds = ", ".join(f"{count} {name}" for name, count in summary["refunds"].items())
    seconds = ", ".join(f"{step} {s:.2f}" for step, s in summary["seconds_per_parcel"].items())
    return "\n".join(
        (
            f"{summary['parcels']} parcels: {verdicts}",
            f"refunds: {refunds}",
            f"{summary['events']} events, {summary['evidence_files']} evidence files",
            f"seconds per parcel: {seconds}",
            "checkpoint:",
            summary["checkpoint"].rstrip(),
            f"everything is kept in {summary['state_dir']}",
        )
    )


def _on_screen(options: argparse.Namespace, state_dir: Path) -> int:
    # The screen takes a second to import; the headless run does not need it.
    from returnbench.station.app import BenchApp, run_bench  # noqa: PLC0415
    from returnbench.station.demo.screen import DemoPort, Hints  # noqa: PLC0415

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(
            "the demo needs a terminal; without one: returnbench demo --headless", file=sys.stderr
        )
        return 2
    parcels = demo_parcels(options.parcels or 24, options.seed)
    hints = Hints()
    with (
        DemoWorld(state_dir, parcels, options.seed, fast=False) as world,
        demo_station(
            state_dir, world, undo_seconds=SCREEN_UNDO_SECONDS, hint=hints.hint
        ) as station,
    ):
        announce(station, parcels)
        waiting = [parcel for parcel in parcels if not is_finished(station, parcel)]
        port = DemoPort(station.bench, world, waiting)
        hints.port = port
        station.bench.subscribe(port.follow)
        app = BenchApp(
            port,
            theme=options.theme,
            preview=station.preview,
            log_file=state_dir / LogConfig().file,
        )
        status = run_bench(app)
    print(f"The demo's log, pictures and tables are in {state_dir}")
    return status
