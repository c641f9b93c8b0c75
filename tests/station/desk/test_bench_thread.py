"""The bench with its thread and its view: in order, never stopped, honest about what is kept."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic_ns

import pytest

from returnbench.inspect.case import CaseId, RefundAnswer
from returnbench.inspect.codes import RefundState
from returnbench.inspect.inspection import Phase
from returnbench.inspect.weighing import Reading, StabilitySource, WeightKind, WeightUnit
from returnbench.station.bench import Bench
from returnbench.station.devices_view import devices_seen
from returnbench.station.presenter import Presenter, Site
from returnbench.station.text import texts
from returnbench.station.view import BenchView, Tone
from returnbench.sync.log import LogWriteFailed

WAYBILL = "YT8962646785389"
TEXTS = texts("en")
PATIENCE_S = 20


@pytest.fixture
def make_bench(rig) -> Iterator[Callable[[], Bench]]:
    made = []

    def make() -> Bench:
        site = Site(
            "BENCH 07",
            lambda: devices_seen(rig.scale.health, rig.camera.health, None, TEXTS),
            lambda: datetime(2026, 11, 21, 14, 3, tzinfo=UTC),
        )
        bench = Bench(rig.parts, Presenter(site, TEXTS))
        made.append(bench)
        bench.start()
        return bench

    yield make
    for bench in made:
        bench.stop()


def until(bench: Bench, holds: Callable) -> None:
    assert bench.wait(holds, PATIENCE_S) is not None, bench.snapshot().notice


def scan(bench: Bench, text: str, holds: Callable) -> None:
    bench.scan(text, "wedge", monotonic_ns())
    until(bench, holds)


def test_a_parcel_from_the_badge_to_its_verdict(rig, make_bench, ana):
    rig.announce(rig.advice())
    bench = make_bench()
    tones: list[Tone] = []
    views: list[BenchView] = []
    bench.on_tone(tones.append)
    unsubscribe = bench.subscribe(views.append)
    scan(bench, ana, lambda s: s.state.operator)
    for grams in ("0", "0"):
        bench.on_frame(reading(rig, grams))
    scan(bench, WAYBILL, lambda s: s.state.inspection)
    for _ in range(3):
        bench.on_frame(reading(rig, "790"))
    until(bench, lambda s: s.state.inspection.photos)
    assert bench.view().weight.value == "790"
    assert bench.view().parcel.rma == "RMA-1"
    bench.key("enter", monotonic_ns())
    until(bench, lambda s: s.state.inspection is None and s.state.decided)
    assert tones == [Tone.ACCEPTED, Tone.ACCEPTED, Tone.READY, Tone.ACCEPTED]
    assert views[-1].state.title == "DONE: ACCEPT, REFUND ALL"
    assert views[-1].history[0].verdict == "ACCEPT, REFUND ALL"
    unsubscribe()
    seen = len(views)
    bench.key("0", monotonic_ns())
    until(bench, lambda s: s.state.inspection)
    assert len(views) == seen
    assert bench.state().inspection.phase is Phase.VERDICT
    assert bench.leave()


def reading(rig, grams):
    made = Reading(
        Decimal(grams), WeightUnit.G, WeightKind.UNKNOWN, True, StabilitySource.DEVICE,
        f"S S {grams:>10} g\r\n".encode(), monotonic_ns(), rig.scale.identity,
    )  # fmt: skip
    rig.scale.frames.append(made)
    return made


@pytest.mark.parametrize("code", ["@slot.LABEL", "@", "{0}", "{text}", "[bold]", "%s"])
def test_no_scan_stops_the_bench(make_bench, ana, code):
    bench = make_bench()
    scan(bench, ana, lambda s: s.state.operator)
    scan(bench, WAYBILL, lambda s: s.state.inspection)
    for key in ("1", "8", "1"):
        bench.key(key, monotonic_ns())
    until(bench, lambda s: s.state.inspection.phase is Phase.CONTENTS)
    scan(bench, code, lambda s: s.notice is not None)
    shown = bench.view().state
    if shown.code == "UNIT_UNKNOWN":
        assert code.upper() in shown.message[0]
    else:
        assert (shown.code, code[0]) == ("NO_NUMBER_INSIDE", "{")
    bench.key("9", monotonic_ns())
    until(bench, lambda s: s.state.held)


def test_a_screen_that_fails_does_not_stop_the_bench(make_bench, ana):
    bench = make_bench()

    def broken(view: BenchView) -> None:
        raise RuntimeError("the screen is gone")

    bench.subscribe(broken)
    scan(bench, ana, lambda s: s.state.operator)
    scan(bench, WAYBILL, lambda s: s.state.inspection)


def test_what_comes_in_is_handled_in_order(make_bench, ana, ben):
    bench = make_bench()
    for _ in range(10):
        bench.scan(ana, "wedge", monotonic_ns())
        bench.scan(ben, "wedge", monotonic_ns())
    bench.scan(WAYBILL, "wedge", monotonic_ns())
    bench.key("1", monotonic_ns())
    bench.key("9", monotonic_ns())
    until(bench, lambda s: s.state.held)
    assert bench.state().operator == ben
    assert bench.state().held[0].phase is Phase.OUTSIDE


def test_a_cut_off_scan_is_kept_and_never_acts(rig, make_bench, ana):
    bench = make_bench()
    scan(bench, ana, lambda s: s.state.operator)
    before = rig.log.size
    bench.cut_off(WAYBILL[:-2], monotonic_ns())
    until(bench, lambda s: s.notice is not None and s.notice.code == "CUT_OFF")
    assert rig.log.size == before + 1
    assert bench.state().inspection is None


def answered(case: str) -> RefundAnswer:
    return RefundAnswer(CaseId(case), "RMA-1", RefundState.BOOKED, "re_7", 5270, "EUR")


def test_an_answer_of_the_shop_is_taken_when_it_is_on_the_disk(rig, make_bench):
    bench = make_bench()
    bench.on_answer(3, answered("c-1"))
    assert rig.projection.refund_of("RMA-1").shop_ref == "re_7"
    bench.on_answer(2, answered("c-1"))
    assert rig.projection.last_cursor() == 3


def test_an_answer_that_the_disk_did_not_take_is_asked_for_again(rig, make_bench):
    bench = make_bench()
    rig.disk.full = True
    with pytest.raises(LogWriteFailed):
        bench.on_answer(3, answered("c-1"))
    assert bench.state().cursor == 0
    assert bench.snapshot().notice.code == "DISK"


def test_the_bench_stops_and_leaves_no_thread(rig, make_bench):
    bench = make_bench()
    bench.stop()
    assert "bench" not in {thread.name for thread in threading.enumerate()}


def test_waiting_for_what_does_not_come_ends(make_bench):
    assert make_bench().wait(lambda s: s.state.finished > 0, 0.05) is None


def test_a_view_is_there_before_the_first_act(rig):
    site = Site("B", lambda: devices_seen(None, None, None, TEXTS), lambda: datetime.now(UTC))
    view = Bench(rig.parts, Presenter(site, TEXTS)).view()
    assert view.state.title == "SCAN YOUR BADGE"
    assert view.parcel is None
