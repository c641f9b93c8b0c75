"""What the panels of the screen say: weights, devices, names, pages of lines."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from returnbench.drivers.health import DeviceHealth, DeviceState
from returnbench.inspect.case import ExpectedLine, Mass
from returnbench.inspect.weighing import NoWeightReason
from returnbench.station.devices_view import devices_seen
from returnbench.station.menu import Submenu
from returnbench.station.presenter import Presenter, Site, operator_name
from returnbench.station.text import texts
from returnbench.station.view import Tone
from returnbench.station.weight_panel import grams, weight_view
from returnbench.station.wiring import read_or_make_secret
from returnbench.sync.push import SyncStatus

TEXTS = texts("en")
OK = DeviceHealth(DeviceState.READY, "ok", "", 0)
WAYBILL = "YT8962646785389"


@pytest.mark.parametrize(
    ("mg", "shown"),
    [
        (0, "0.0"), (40, "0.0"), (1_000, "1.0"), (2_949, "2.9"), (99_900, "99.9"),
        (100_000, "100"), (340_400, "340"), (1_240_000, "1 240"), (15_000_499, "15 000"),
        (1_234_567_890, "1 234 568"), (-180_000, "-180"), (-2_500, "-2.5"),
    ],
)  # fmt: skip
def test_grams(mg, shown):
    assert grams(mg) == shown


def devices(**changes: object):
    healths = {"scale": OK, "camera": OK, "sync": None} | changes
    return devices_seen(**healths, texts=TEXTS)


@pytest.mark.parametrize(
    ("health", "status", "ok", "remedy"),
    [
        (OK, "ok", True, ""),
        (None, "off", False, ""),
        (DeviceHealth(DeviceState.STARTING, "starting", "", 0), "starting", False, "being opened"),
        (DeviceHealth(DeviceState.DEGRADED, "never-stable", "", 0), "CHECK", False, "draught"),
        (DeviceHealth(DeviceState.LOST, "port-missing", "x", 0), "LOST", False, "Plug its cable"),
        (DeviceHealth(DeviceState.LOST, "odd", "teeth", 0), "LOST", False, "Scale: teeth"),
        (DeviceHealth(DeviceState.LOST, "odd", "", 0), "LOST", False, "Scale: odd"),
    ],
)
def test_the_strip_says_how_a_scale_is_and_what_to_do(health, status, ok, remedy):
    seen = devices(scale=health)
    view = seen.views[0]
    assert (view.name, view.status, view.ok) == ("SCALE", status, ok)
    assert remedy in view.remedy
    assert bool(view.remedy) == bool(remedy)
    assert seen.has_scale == (health is not None)


def status(**changes: object) -> SyncStatus:
    values = {field.name: changes.get(field.name) for field in fields(SyncStatus)}
    blank = {"connected": True, "halted": False, "backlog": 0, "last_error": ""}
    return SyncStatus(**(values | blank | changes))


@pytest.mark.parametrize(
    ("changes", "shown", "ok"),
    [
        ({}, "ok", True),
        ({"connected": False, "backlog": 7}, "offline", False),
        ({"halted": True, "last_error": "another history"}, "HALTED", False),
    ],
)
def test_the_strip_says_how_the_hub_is(changes, shown, ok):
    seen = devices(sync=status(**changes))
    view = seen.views[2]
    assert (view.status, view.ok) == (shown, ok)
    assert changes.get("last_error", "") in view.remedy
    assert seen.backlog == changes.get("backlog", 0)


def test_the_weight_panel_says_what_the_weight_means(rig):
    rig.opened(grams=610)
    view = weight_view(rig.snapshot, devices(), TEXTS)
    assert (view.value, view.unit, view.status) == ("610", "g", "stable")
    assert (view.judgement, view.judgement_tone) == ("does NOT fit", Tone.ATTENTION)
    assert view.expected.startswith("expected 790 g")


def test_the_weight_panel_never_shows_a_number_without_a_weight(rig):
    assert weight_view(rig.snapshot, devices(), TEXTS).value == "--"
    rig.sign_on().frame(None, NoWeightReason.OVERLOAD)
    view = weight_view(rig.snapshot, devices(), TEXTS)
    assert (view.value, view.stable) == ("--", False)
    assert view.status.startswith("overload")
    off = weight_view(rig.snapshot, devices(scale=None), TEXTS)
    assert (off.value, off.status) == ("--", "no scale configured")


def test_what_still_lies_on_the_pan_is_said_beside_the_value(rig):
    rig.decided().lay(790)
    view = weight_view(rig.snapshot, devices(), TEXTS)
    assert (view.value, view.status) == ("790", "empty the scale first")


def built(rig):
    site = Site("BENCH 07", devices, lambda: datetime(2026, 11, 21, 14, 3, tzinfo=UTC))
    return Presenter(site, TEXTS).build(rig.snapshot, rig.now_ns)


def test_the_screen_walks_with_the_parcel(rig, ana):
    assert built(rig).state.title == "SCAN YOUR BADGE"
    rig.announce(rig.advice(instruction="Send it to the outlet"))
    rig.sign_on()
    view = built(rig)
    assert (view.operator, view.clock, view.state.title) == ("ANA", "14:03", "SCAN A WAYBILL")
    rig.clear().scan(WAYBILL)
    view = built(rig)
    assert (view.state.title, view.state.tone) == ("LOOK BEFORE YOU OPEN", Tone.ATTENTION)
    assert "Send it to the outlet" in view.state.message[0]
    rig.press("1")
    assert built(rig).state.title == "PUT THE PARCEL ON THE SCALE"
    rig.lay(610)
    view = built(rig)
    assert view.state.title == "THE WEIGHT DOES NOT FIT"
    assert view.state.message[0] == "About 180 g short: would fit 1 x T-shirt blue M."
    assert [(photo.slot, photo.taken) for photo in view.photos] == [
        ("LABEL", True), ("ALL ITEMS", False)
    ]  # fmt: skip
    rig.press("1", "4", "1", "4", "1")
    view = built(rig)
    assert view.state.title == "PUT EVERYTHING ON THE SCALE"
    assert [(line.mark, line.note) for line in view.lines] == [("[!]", "1 missing"), ("[ ]", "")]
    rig.lay(610).press("enter")
    assert built(rig).state.title == "GRADE: T-shirt blue M"
    rig.press("4", "enter")
    view = built(rig)
    assert view.state.title == "PROPOSED: ACCEPT, REFUND PART"
    assert "1 x T-shirt blue M: refund 70 %, rework" in view.proposal
    assert view.proposal[-1] == "rules: V-PART-IN-ORDER L-UNDETERMINED"
    rig.press("enter")
    view = built(rig)
    assert (view.state.title, view.refunds_pending) == ("DONE: ACCEPT, REFUND PART", 1)
    assert view.state.message[0].startswith("0 takes it back within 5")
    rig.tick(700)
    assert built(rig).state.title == "SCAN A WAYBILL"


def test_lines_that_do_not_fit_on_a_page_come_on_the_next(rig):
    lines = tuple(
        ExpectedLine(f"L{n}", f"S{n}", f"Thing {n}", "home", 1, Mass(60_000, 500)) for n in range(7)
    )
    rig.opened(grams=510, lines=lines).press("1", "2")
    pages = []
    for _ in range(3):
        pages.append([dict(c.params).get("title") for c in rig.snapshot.choices][:-2])
        rig.press("6")
    assert pages[0] == [f"Thing {n}" for n in range(5)]
    assert pages[1] == ["Thing 5", "Thing 6"]
    assert pages[2] == pages[0]
    rig.press("1")
    assert rig.snapshot.place.submenu == Submenu("damaged", "L5")
    rig.press("2")
    assert rig.now.findings[0].line_ref == "L5"


@pytest.mark.parametrize(
    ("badge", "name"), [("XOPANA7Q2LK9ZT47", "ANA"), ("", ""), ("returns-desk", "returns-desk")]
)
def test_only_the_name_of_a_badge_is_shown(badge, name):
    assert operator_name(badge) == name


def test_an_erased_waybill_is_said_to_be_erased(rig):
    rig.opened()
    state = rig.snapshot.state
    erased = replace(state, inspection=replace(rig.now, waybill=""))
    site = Site("B", devices, lambda: datetime(2026, 11, 21, 14, 3, tzinfo=UTC))
    view = Presenter(site, TEXTS).build(replace(rig.snapshot, state=erased), rig.now_ns)
    assert view.parcel.waybill == "(erased)"


def test_a_secret_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "one.key"
    secret = read_or_make_secret(path)
    assert len(secret) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_or_make_secret(path) == secret
    assert read_or_make_secret(tmp_path / "keys" / "two.key") != secret


@pytest.mark.parametrize("damaged", ["", "abc", "zz" * 32, "00" * 31])
def test_a_damaged_secret_is_never_used(tmp_path, damaged):
    path = tmp_path / "one.key"
    path.write_text(damaged + "\n")
    with pytest.raises(ValueError, match="damaged: 64 hexadecimal"):
        read_or_make_secret(path)
    assert path.read_text() == damaged + "\n"
