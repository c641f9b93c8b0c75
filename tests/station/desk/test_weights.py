"""The weighing of the closed parcel, by itself, and what happens when there is no weight."""

import pytest

from returnbench.drivers.scales.record import parse_record
from returnbench.inspect.case import Mass
from returnbench.inspect.codes import EvidenceSlot, WeighingPurpose
from returnbench.inspect.events import ParcelWeighed, PhotoTaken, WeighingFailed
from returnbench.inspect.inspection import Phase
from returnbench.inspect.weighing import NoWeightReason
from returnbench.station.view import Tone

WAYBILL = "YT8962646785389"


def test_a_parcel_that_lies_still_is_weighed_and_photographed_by_itself(rig):
    rig.announce(rig.advice())
    rig.sign_on().clear().scan(WAYBILL).frame("790").frame("790")
    assert rig.now.weighing(WeighingPurpose.GROSS) is None
    rig.frame("790")
    weight, judged = rig.now.weighing(WeighingPurpose.GROSS)
    assert (weight.value, weight.unit, weight.mass_mg) == ("790", "g", 790_000)
    assert (weight.zero_before, weight.device, weight.frames_agreeing) == ("0", "SN-4711", 3)
    assert judged.outcome == "CONSISTENT"
    assert rig.now.has_photo(EvidenceSlot.LABEL)
    assert rig.tones[-1] is Tone.READY
    assert rig.keys["enter"] == "key.all_in_order"


def test_the_readings_of_the_weighing_are_kept_as_the_scale_sent_them(rig):
    rig.opened()
    weight, _ = rig.now.weighing(WeighingPurpose.GROSS)
    record = parse_record(rig.store.read(weight.readings_sha256))
    assert record.header.scale == "SN-4711"
    assert record.differences == ()
    assert [frame.milligrams for frame in record.frames][-3:] == [790_000] * 3


def test_the_label_is_kept_as_the_camera_sent_it(rig):
    rig.opened()
    (photo,) = rig.now.photos
    assert rig.store.read(photo.sha256) == rig.camera.shots[-1].jpeg
    assert (photo.slot, photo.source, photo.gate.verdict) == ("LABEL", "camera", "ok")


def test_a_parcel_is_weighed_once(rig):
    rig.opened().lay(790).tick().lay(790)
    assert len(rig.of(ParcelWeighed)) == 1
    assert len(rig.of(PhotoTaken)) == 1


def test_a_weight_that_does_not_fit_is_heard_and_closes_the_short_way(rig):
    rig.opened(grams=610)
    assert rig.now.weight_contradicts
    assert Tone.ATTENTION in rig.tones
    assert "enter" not in rig.keys
    rig.press("1", "1")
    assert rig.now.counted
    assert rig.now.phase is Phase.GRADING


def test_nothing_is_weighed_before_the_door_is_passed(rig):
    rig.announce(rig.advice(already_refunded=True))
    rig.sign_on().clear().scan(WAYBILL).lay(790)
    assert (rig.now.phase, rig.now.weighings) == (Phase.DOOR, ())
    rig.press("1").lay(790)
    assert rig.now.weighing(WeighingPurpose.GROSS)


def test_what_lay_there_from_the_parcel_before_is_not_the_weight_of_this_one(rig):
    rig.decided().scan("YT0000000000001").press("1").lay(790).lay(790)
    assert rig.now.weighings == ()
    assert rig.snapshot.pan.blocked is NoWeightReason.ZERO_NOT_SEEN
    rig.clear().lay(455)
    weight, _ = rig.now.weighing(WeighingPurpose.GROSS)
    assert weight.mass_mg == 455_000


def test_a_parcel_that_was_set_aside_leaves_its_weight_behind(rig):
    rig.opened().press("9").scan("YT0000000000001").press("1").lay(790)
    assert rig.now.weighings == ()
    assert rig.snapshot.pan.blocked is NoWeightReason.ZERO_NOT_SEEN


def test_a_scale_that_falls_silent_gives_no_weight(rig):
    rig.announce(rig.advice())
    rig.sign_on().clear().scan(WAYBILL).frame("790").tick(2.5)
    assert rig.snapshot.pan.blocked is NoWeightReason.SILENT
    rig.lay(790)
    assert rig.snapshot.pan.blocked is NoWeightReason.ZERO_NOT_SEEN
    assert rig.now.weighings == ()


@pytest.mark.parametrize(
    "reason", [NoWeightReason.OVERLOAD, NoWeightReason.UNDER_ZERO, NoWeightReason.CONNECTION_LOST]
)
def test_going_on_without_a_weight_records_why_there_was_none(rig, reason):
    rig.announce(rig.advice())
    rig.sign_on().clear().scan(WAYBILL).frame(None, reason)
    assert rig.keys["8"] == "key.go_without"
    rig.press("8")
    (failed,) = rig.of(WeighingFailed)
    assert (failed.purpose, failed.reason) == ("GROSS", reason)
    assert "8" not in rig.keys
    rig.press("1")
    assert rig.now.phase is Phase.CONTENTS


def test_nothing_is_judged_before_the_weight(rig):
    rig.announce(rig.advice())
    rig.sign_on().clear().scan(WAYBILL).press("1")
    assert (rig.now.phase, rig.notice) == (Phase.OUTSIDE, "WEIGH_FIRST")


def test_a_bench_without_a_scale_goes_on_without_and_says_so(make_rig):
    rig = make_rig(scale=None)
    rig.announce(rig.advice())
    rig.sign_on().scan(WAYBILL).tick().tick()
    assert rig.now.weighings == ()
    rig.press("8", "1", "1", "enter", "enter")
    assert rig.idle
    (failed,) = rig.of(WeighingFailed)
    assert failed.reason is NoWeightReason.NO_SCALE
    (decided,) = rig.snapshot.state.decided
    assert decided.verdict.kind == "ACCEPT_FULL"


def test_a_weight_comes_after_all_when_the_scale_is_back(rig):
    rig.announce(rig.advice())
    rig.sign_on().scan(WAYBILL).frame(None, NoWeightReason.PORT_MISSING).clear().lay(790)
    assert rig.now.weighing(WeighingPurpose.GROSS)


def test_packaging_that_nobody_announced_may_be_the_usual_one(make_rig):
    without = make_rig()
    without.opened(packaging_mass=None)
    assert without.now.assessment.reason == "PACKAGING_UNKNOWN"
    usual = make_rig(packaging=Mass(90_000, 6_000))
    usual.opened(packaging_mass=None)
    assert usual.now.assessment.outcome == "CONSISTENT"
