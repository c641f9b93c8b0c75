"""The station is killed and started again: it goes on where it was, and nothing leaves twice."""

from collections.abc import Callable

import pytest

from returnbench.inspect.codec import decode_event
from returnbench.inspect.events import ENTRY_TYPES, VerdictReleased
from returnbench.inspect.inspection import Phase

WAYBILL = "YT8962646785389"
OTHER = "YT0000000000001"

STAGES: dict[str, Callable] = {
    "door": lambda rig: rig.sign_on().scan(OTHER),
    "outside": lambda rig: rig.opened(),
    "without a weight": lambda rig: rig.sign_on().scan(OTHER).press("1", "8"),
    "contents": lambda rig: rig.judged(),
    "units": lambda rig: rig.judged().scan("4006381333931").scan("5901234123457"),
    "split": lambda rig: rig.judged(grams=610).press("4", "1"),
    "missing": lambda rig: rig.judged(grams=610).press("4", "1", "4", "1"),
    "full set": lambda rig: rig.judged(grams=610).press("4", "1", "4", "1").lay(610).press("enter"),
    "undone": lambda rig: rig.judged(grams=610).press("4", "1", "4", "1", "0", "0"),
    "grading": lambda rig: rig.judged().press("2", "1", "2", "enter", "4"),
    "verdict": lambda rig: rig.judged().press("2", "1", "2", "enter", "enter"),
    "refused": lambda rig: rig.sign_on().scan(OTHER).press("2", "1"),
    "decided": lambda rig: rig.decided(),
    "taken back": lambda rig: rig.decided().press("0"),
    "held": lambda rig: rig.judged().press("9"),
    "resumed": lambda rig: rig.judged().press("9").scan(WAYBILL),
    "all at once": lambda rig: (
        rig.decided().scan(OTHER).press("1").press("9").scan("YT0000000000002")
    ),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_restart_gives_the_same_parcel(rig, stage):
    STAGES[stage](rig)
    before = rig.snapshot.state
    rig.restart()
    after = rig.snapshot.state
    assert after.inspection == before.inspection
    assert after.decided == before.decided
    assert after.held == before.held
    assert after.operator == ""
    if before.inspection is not None:
        assert rig.notice == "CONTINUING"


def test_every_kind_of_entry_that_a_day_writes_can_be_read_again(rig):
    rig.sign_on().scan(OTHER).press("2", "1", "enter", "0", "9")
    rig.scan("YT0000000000002").press("1", "8", "9")
    STAGES["full set"](rig)
    rig.press("0", "9").scan(WAYBILL).scan("4006381333931").press("enter", "enter", "enter")
    rig.tick(700)
    seen = set()
    for entry in rig.log.entries():
        if entry.type == "import":
            continue
        assert decode_event(entry.type, entry.data, rig.log.personal_of(entry)) is not None
        seen.add(entry.type)
    # Those that need a fault of a camera or the answer of a shop are tried elsewhere.
    assert set(ENTRY_TYPES) - seen == {"photo_failed", "refund_answer"}


def test_somebody_signs_on_and_goes_on_after_a_restart(rig, ben):
    rig.judged().restart()
    rig.press("1")
    assert rig.notice == "SIGN_ON_FIRST"
    rig.scan(ben).press("1", "enter", "enter")
    assert rig.idle
    assert rig.snapshot.state.operator == ben


def test_a_verdict_of_before_the_restart_leaves_once(rig):
    rig.decided().restart()
    assert len(rig.snapshot.release_at_ns) == 1
    rig.tick(100)
    assert not rig.of(VerdictReleased)
    rig.tick(700).tick(700)
    assert len(rig.of(VerdictReleased)) == 1
    rig.restart()
    rig.tick(700)
    assert len(rig.of(VerdictReleased)) == 1
    assert rig.snapshot.state.decided == ()


def test_a_verdict_of_before_the_restart_can_still_be_taken_back(rig):
    rig.decided().restart()
    rig.press("0")
    assert rig.now.phase is Phase.VERDICT
    rig.tick(700)
    assert not rig.of(VerdictReleased)


def test_finished_parcels_are_not_taken_up_again(rig):
    rig.decided().tick(700)
    rig.restart()
    assert rig.idle
    assert rig.snapshot.state.decided == ()
    rig.sign_on().scan(WAYBILL)
    assert rig.now.flags == ("SEEN_BEFORE",)


def test_the_position_of_the_hub_is_taken_up(rig):
    rig.restart()
    assert rig.snapshot.state.cursor == 0


def test_a_restart_after_the_tables_were_lost_gives_the_same_parcel(rig):
    rig.judged(grams=610).press("4", "1", "4", "1")
    before = rig.snapshot.state
    rig.switch_off()
    (rig.root / "station.db").unlink()
    rig.switch_on()
    assert rig.snapshot.state.inspection == before.inspection


def test_a_bench_killed_between_weight_and_picture_takes_the_picture(rig):
    rig.camera.shows = "garbage"
    rig.opened().restart()
    assert not rig.now.photos
    rig.camera.shows = "parcel"
    rig.tick()
    assert [photo.slot for photo in rig.now.photos] == ["LABEL"]
    rig.tick().tick()
    assert len(rig.now.photos) == 1


def test_a_picture_that_cannot_be_taken_is_not_tried_for_ever(rig):
    rig.camera.shows = "dark"
    rig.opened().restart()
    rig.tick()
    shots = len(rig.camera.shots)
    rig.tick().tick()
    assert len(rig.camera.shots) == shots
