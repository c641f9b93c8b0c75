"""The demo without a screen: parcels through the real pipeline, and a summary."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from returnbench.inspect.codec import decode_event
from returnbench.inspect.codes import REFUNDING_VERDICTS, RefundState
from returnbench.inspect.events import VerdictGiven, VerdictReleased
from returnbench.station.demo.goods import DemoParcel, demo_parcels
from returnbench.station.demo.operator import DemoOperator
from returnbench.station.demo.site import announce, demo_station, is_finished
from returnbench.station.demo.world import DemoWorld
from returnbench.station.wiring import Station

UNDO_SECONDS = 0.3
SETTLE_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class HeadlessRun:
    """What is to be run. ``trace`` is a file that gets a line for everything that is confirmed."""

    state_dir: Path
    parcels: int
    seed: int
    trace: Path | None = None


def run_headless(run: HeadlessRun) -> dict[str, Any]:
    """Take the parcels through the bench and sum up; goes on where an earlier run stopped.

    Raises:
        OperatorStuck: the bench did not react as it should.

    """
    parcels = demo_parcels(run.parcels, run.seed)
    timings: list[dict[str, float]] = []
    with (
        DemoWorld(run.state_dir, parcels, run.seed, fast=True) as world,
        demo_station(run.state_dir, world, undo_seconds=UNDO_SECONDS) as station,
    ):
        if run.trace is not None:
            _trace(station, run.trace)
        announce(station, parcels)
        operator = DemoOperator(station.bench, world)
        for parcel in parcels:
            if not is_finished(station, parcel):
                timings.append(_timed(station, operator, parcel))
        _await_the_shop(station)
        return _summary(run, station, world, timings)


def _timed(station: Station, operator: DemoOperator, parcel: DemoParcel) -> dict[str, float]:
    """Inspect one parcel and give the seconds of its steps."""
    marks: dict[str, float] = {"put": monotonic()}

    def watch(_view: object) -> None:
        now = station.bench.state().inspection
        if now is not None:
            marks.setdefault("scanned", monotonic())
            if now.weighings:
                marks.setdefault("weighed", monotonic())

    unsubscribe = station.bench.subscribe(watch)
    try:
        operator.inspect(parcel)
    finally:
        unsubscribe()
    end = monotonic()
    scanned = marks.get("scanned", marks["put"])
    weighed = marks.get("weighed", scanned)
    return {
        "scan": scanned - marks["put"],
        "weigh": weighed - scanned,
        "inspect_and_clear": end - weighed,
        "total": end - marks["put"],
    }


def _trace(station: Station, path: Path) -> None:
    """Write the log's size to ``path`` whenever the bench has confirmed something."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    last = -1

    def confirmed(_view: object) -> None:
        nonlocal last
        size = station.bench.snapshot().log_size
        if size != last:
            last = size
            os.write(handle, f"{size}\n".encode())

    station.bench.subscribe(confirmed)


def _await_the_shop(station: Station) -> None:
    """Wait until all verdicts left, the hub has everything, and the shop has answered."""
    station.bench.wait(lambda s: not s.state.decided, SETTLE_TIMEOUT_S)
    station.sync.drain(SETTLE_TIMEOUT_S)
    deadline = monotonic() + SETTLE_TIMEOUT_S
    while not _is_answered(station) and monotonic() < deadline:
        station.bench.wait(lambda _: False, 0.05)
    # The answers of the shop became entries of the log, too.
    station.sync.drain(SETTLE_TIMEOUT_S)


def _is_answered(station: Station) -> bool:
    """Whether the tables show the whole log, and no refund in it waits for the shop."""
    caught_up = station.projection.applied == station.log.size
    return caught_up and not station.projection.counts().refunds_pending


def _summary(
    run: HeadlessRun, station: Station, world: DemoWorld, timings: list[dict[str, float]]
) -> dict[str, Any]:
    verdicts: dict[str, str] = {}
    due: set[str] = set()
    for entry in station.log.entries():
        event = decode_event(entry.type, entry.data, {})
        if isinstance(event, VerdictGiven):
            verdicts[event.case] = event.verdict.kind
        if isinstance(event, VerdictReleased) and event.verdict.kind in REFUNDING_VERDICTS:
            due.add(event.rma)
    return {
        "parcels": run.parcels,
        "verdicts": dict(sorted(Counter(verdicts.values()).items())),
        "refunds": _refunds(world, station, due),
        "events": station.log.size,
        "evidence_files": sum(1 for _ in station.store.names()),
        "seconds_per_parcel": _seconds(timings),
        "checkpoint": station.log.checkpoint,
        "state_dir": str(run.state_dir),
        "seed": run.seed,
    }


def _refunds(world: DemoWorld, station: Station, due: set[str]) -> dict[str, int]:
    """Refunds as the shop's own books have them, against the verdicts that ask for one."""
    bookings = {rma: entry["bookings"] for rma, entry in world.shop.ledger()["returns"].items()}
    booked = {rma for rma, count in bookings.items() if count}
    pending = {rma for rma in due - booked if _is_pending(station, rma)}
    return {
        "due": len(due),
        "booked": len(booked),
        "doubled": sum(count - 1 for count in bookings.values() if count > 1),
        "lost": len(due - booked - pending),
        "pending": len(pending),
        "not_due_but_booked": len(booked - due),
    }


def _is_pending(station: Station, rma: str) -> bool:
    answer = station.projection.refund_of(rma)
    return answer is None or answer.state in (RefundState.PENDING, RefundState.NEEDS_PERSON)


def _seconds(timings: list[dict[str, float]]) -> dict[str, float]:
    if not timings:
        return {}
    return {
        step: round(sum(timing[step] for timing in timings) / len(timings), 3)
        for step in timings[0]
    }
