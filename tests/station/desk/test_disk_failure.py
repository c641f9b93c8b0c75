"""The disk fails: nothing is confirmed, nothing is half done, and the bench says so."""

import pytest

from returnbench.inspect.events import VerdictReleased
from returnbench.inspect.inspection import Phase
from returnbench.station.view import Tone

WAYBILL = "YT8962646785389"


def failing(rig):
    rig.disk.full = True
    rig.tones.clear()
    rig.acts.clear()
    return rig


def assert_nothing_was_confirmed(rig, before):
    assert rig.notice == "DISK"
    assert "No space left" in dict(rig.snapshot.notice.params)["reason"]
    assert Tone.ACCEPTED not in rig.tones
    assert rig.tones[-1] is Tone.TROUBLE
    assert not [act for act in rig.acts if act.startswith("disk")]
    assert rig.snapshot.state == before


@pytest.mark.parametrize(
    ("stage", "act"),
    [
        ("sign_on", lambda rig: rig.scan(WAYBILL)),
        ("opened", lambda rig: rig.press("1")),
        ("opened", lambda rig: rig.press("enter")),
        ("judged", lambda rig: rig.scan("4006381333931")),
        ("judged", lambda rig: rig.press("5", "1")),
        ("judged", lambda rig: rig.press("9")),
        ("decided", lambda rig: rig.press("0")),
    ],
)
def test_an_act_that_is_not_on_the_disk_did_not_happen(rig, stage, act):
    getattr(rig, stage)()
    before = rig.snapshot.state
    act(failing(rig))
    assert_nothing_was_confirmed(rig, before)
    rig.restart()
    assert rig.snapshot.state.inspection == before.inspection
    assert rig.snapshot.state.decided == before.decided


def test_a_weight_that_is_not_on_the_disk_was_not_taken(rig):
    rig.announce(rig.advice())
    rig.sign_on().clear().scan(WAYBILL).frame("790").frame("790")
    before = rig.snapshot.state
    failing(rig).frame("790")
    assert_nothing_was_confirmed(rig, before)


def test_the_bench_does_not_ring_for_ever(rig):
    rig.announce(rig.advice())
    rig.sign_on().clear().scan(WAYBILL).frame("790").frame("790")
    failing(rig).lay(790).lay(790).lay(790).lay(790)
    assert rig.tones == [Tone.TROUBLE]


def test_the_full_set_is_not_recorded_on_a_full_disk(rig):
    rig.judged(grams=610).press("4", "1", "4", "1").lay(610)
    before = rig.snapshot.state
    failing(rig).press("enter")
    assert_nothing_was_confirmed(rig, before)
    assert rig.now.phase is Phase.CONTENTS


@pytest.mark.parametrize("shows", ["dark", "garbage"])
def test_a_picture_that_is_gone_without_needs_the_disk_too(rig, shows):
    rig.camera.shows = shows
    rig.announce(rig.advice())
    rig.sign_on().clear().scan(WAYBILL).lay(790).press("1")
    before = rig.snapshot.state
    failing(rig).press("8")
    assert_nothing_was_confirmed(rig, before)


def test_going_on_without_a_weight_needs_the_disk_too(rig):
    rig.announce(rig.advice())
    rig.sign_on().scan(WAYBILL)
    before = rig.snapshot.state
    failing(rig).press("8")
    assert_nothing_was_confirmed(rig, before)


def test_a_release_that_is_not_on_the_disk_is_tried_again_and_leaves_once(rig):
    rig.decided()
    failing(rig).tick(700)
    assert (rig.notice, rig.tones) == ("DISK", [Tone.TROUBLE])
    rig.tick().tick().tick()
    assert rig.tones == [Tone.TROUBLE]
    assert not rig.of(VerdictReleased)
    rig.tick(6)
    assert rig.tones == [Tone.TROUBLE] * 2
    rig.restart()
    rig.tick(700).tick(700)
    assert len(rig.of(VerdictReleased)) == 1


def test_tables_that_cannot_be_written_lose_nothing_and_open_nothing_blindly(rig):
    rig.judged()
    # SQLite finds another file where its tables were, as after a broken disk.
    rig.engine.dispose()
    database = rig.root / "station.db"
    database.unlink()
    database.mkdir()
    rig.press("1")
    assert rig.notice == "TABLES"
    assert rig.tones[-1] is Tone.TROUBLE
    assert rig.now.phase is Phase.GRADING
    rig.press("9").scan("YT0000000000001")
    assert (rig.idle, rig.notice) == (True, "TABLES")
    rig.switch_off()
    database.rmdir()
    rig.switch_on()
    assert [held.phase for held in rig.snapshot.state.held] == [Phase.GRADING]
