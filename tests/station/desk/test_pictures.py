"""Pictures: taken when they are demanded, refused when they prove nothing, given up in writing."""

from returnbench.drivers.camera import CameraFault
from returnbench.inspect.codes import EvidenceSlot
from returnbench.inspect.events import PhotoFailed, PhotoTaken
from returnbench.inspect.inspection import Phase
from returnbench.station.view import Tone

WAYBILL = "YT8962646785389"
LOST = CameraFault("camera-missing", "no such device")


def weighed_without_label(rig):
    rig.announce(rig.advice())
    return rig.sign_on().clear().scan(WAYBILL).lay(790)


def test_a_lost_camera_is_said_and_can_be_gone_without(rig):
    rig.camera.fault = LOST
    weighed_without_label(rig)
    assert rig.now.weighings
    assert rig.snapshot.waiting_for is EvidenceSlot.LABEL
    rig.press("1")
    assert (rig.now.phase, rig.notice) == (Phase.OUTSIDE, "PHOTO_NO_CAMERA")
    assert dict(rig.snapshot.notice.params)["reason"] == "no such device"
    rig.press("8")
    (failed,) = rig.of(PhotoFailed)
    assert (failed.slot, failed.reason, failed.rejected) == ("LABEL", "camera-missing", 0)
    rig.press("1")
    assert rig.now.phase is Phase.CONTENTS


def test_a_camera_without_a_detail_still_has_a_reason(rig):
    rig.camera.fault = CameraFault("stalled", "")
    weighed_without_label(rig).press("1")
    assert dict(rig.snapshot.notice.params)["reason"] == "stalled"


def test_a_bench_without_a_camera_goes_on_in_writing(make_rig):
    rig = make_rig(camera=None)
    weighed_without_label(rig).press("1", "8", "1")
    assert rig.now.phase is Phase.CONTENTS
    assert rig.of(PhotoFailed)[0].reason == "camera-off"


def test_the_picture_is_taken_when_the_camera_is_back(rig):
    rig.camera.fault = LOST
    weighed_without_label(rig).press("1")
    rig.camera.fault = None
    rig.press("1")
    assert rig.now.phase is Phase.CONTENTS
    assert rig.now.has_photo(EvidenceSlot.LABEL)
    assert "8" not in rig.keys


def test_a_dark_picture_is_tried_three_times_and_may_then_be_taken_as_it_is(rig):
    rig.camera.shows = "dark"
    weighed_without_label(rig)
    assert len(rig.camera.shots) == 3
    rig.press("1")
    assert len(rig.camera.shots) == 6
    assert (rig.now.phase, rig.notice) == (Phase.OUTSIDE, "PHOTO_REJECTED")
    assert dict(rig.snapshot.notice.params)["reason"] == "photo.dark"
    assert not rig.of(PhotoTaken)
    rig.press("8")
    (taken,) = rig.of(PhotoTaken)
    assert (taken.photo.gate.verdict, taken.photo.gate.reasons[0]) == ("override", "dark")
    assert rig.store.read(taken.photo.sha256) in [shot.jpeg for shot in rig.camera.shots[3:]]
    rig.press("1")
    assert rig.now.phase is Phase.CONTENTS


def test_a_picture_that_cannot_be_decoded_is_none(rig):
    rig.camera.shows = "garbage"
    weighed_without_label(rig).press("1", "8")
    assert rig.of(PhotoFailed)[0].reason == "camera-garbage"


def test_a_parcel_in_order_gets_its_second_picture_with_the_one_key(rig):
    rig.decided()
    (decided,) = rig.snapshot.state.decided
    assert [photo.slot for photo in decided.photos] == ["LABEL", "ALL_ITEMS"]


def test_a_torn_parcel_is_photographed_from_outside_and_damage_close(rig):
    rig.judged("4")
    assert rig.now.has_photo(EvidenceSlot.SIX_SIDES_A)
    rig.press("2", "1", "1")
    assert rig.now.has_photo(EvidenceSlot.DEFECT_CLOSE)
    assert rig.now.findings[0].code == "DAMAGED_TRANSIT"


def test_nothing_is_found_until_its_picture_is_there(rig):
    rig.judged()
    rig.camera.fault = LOST
    rig.press("2", "1", "1")
    assert (rig.notice, rig.now.findings) == ("PHOTO_NO_CAMERA", ())
    rig.press("8", "2", "1", "1")
    assert rig.now.findings[0].code == "DAMAGED_TRANSIT"


def test_a_picture_of_one_parcel_is_never_taken_for_the_next(rig):
    rig.camera.shows = "dark"
    weighed_without_label(rig).press("1")
    assert rig.snapshot.waiting_for is EvidenceSlot.LABEL
    rig.press("9").clear().scan("YT0000000000001")
    assert rig.snapshot.waiting_for is None
    assert "8" not in rig.keys
    rig.press("8")
    assert not rig.of(PhotoTaken)
    rig.press("9").scan(WAYBILL)
    assert rig.snapshot.waiting_for is None


def test_what_is_missing_for_a_picture_is_heard(rig):
    rig.judged()
    rig.camera.fault = LOST
    rig.tones.clear()
    rig.press("1")
    assert rig.tones == [Tone.ATTENTION]
