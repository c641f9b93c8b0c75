"""Missing items: nobody is accused without the procedure."""

from returnbench.drivers.camera import CameraFault
from returnbench.inspect.codes import EvidenceSlot, FindingCode, WeighingPurpose
from returnbench.inspect.events import FindingRecorded
from returnbench.inspect.inspection import Phase

SHORT = 610


def test_the_whole_procedure(rig):
    rig.judged(grams=SHORT).press("4")
    assert set(rig.keys.values()) == {
        "split.SLIP_LISTS_ALL", "split.NO_SLIP_NO_SIBLING", "split.OTHER_PARCEL_EXPECTED",
        "key.back",
    }  # fmt: skip
    rig.press("1")
    assert not rig.now.findings
    rig.press("4")
    assert [c.params for c in rig.snapshot.choices][:2] == [
        (("title", "T-shirt blue M"),), (("title", "Mug red"),)
    ]  # fmt: skip
    rig.press("1")
    (finding,) = rig.now.findings
    assert (finding.code, finding.line_ref, finding.quantity) == ("SHORT_QTY", "L1", 1)
    assert rig.keys["enter"] == "key.weigh_full_set"
    rig.lay(SHORT).press("enter")
    assert rig.now.phase is Phase.GRADING
    weight, judged = rig.now.weighing(WeighingPurpose.FULL_SET)
    assert (weight.mass_mg, judged.basis, judged.outcome) == (610_000, "FOUND", "CONSISTENT")
    assert rig.now.has_photo(EvidenceSlot.FULL_SET_ON_SCALE)
    assert rig.now.has_photo(EvidenceSlot.ALL_ITEMS)
    rig.press("enter", "enter")
    (decided,) = rig.snapshot.state.decided
    assert decided.verdict.kind == "ACCEPT_PARTIAL"
    assert {(v.line_ref, v.quantity, v.refund_permille) for v in decided.verdict.lines} == {
        ("L1", 1, 1000), ("L1", 1, 0), ("L2", 1, 1000)
    }  # fmt: skip


def test_the_full_set_is_not_weighed_while_it_moves(rig):
    rig.judged(grams=SHORT).press("4", "1", "4", "1")
    rig.frame("500").press("enter")
    assert rig.notice == "NO_STABLE_WEIGHT"
    assert dict(rig.snapshot.notice.params)["reason"].startswith("no_weight.")
    assert rig.now.phase is Phase.CONTENTS
    rig.lay(SHORT).press("enter")
    assert rig.now.phase is Phase.GRADING


def test_the_full_set_rests_on_frames_of_its_own(rig):
    rig.judged(grams=SHORT).press("4", "1", "4", "1").lay(SHORT).press("enter")
    gross, _ = rig.now.weighing(WeighingPurpose.GROSS)
    full, _ = rig.now.weighing(WeighingPurpose.FULL_SET)
    assert full.from_ns > gross.to_ns


def test_missing_is_never_said_without_the_picture_of_the_full_set(rig):
    rig.judged(grams=SHORT).press("4", "1", "4", "1").lay(SHORT)
    rig.camera.fault = CameraFault("camera-missing", "gone")
    rig.press("enter", "8")
    assert rig.of(FindingRecorded)
    # The picture of all items may be given up in writing, the one on the scale never.
    for _ in range(3):
        rig.press("enter", "8")
        assert rig.notice == "FULL_SET_PHOTO"
        assert rig.now.phase is Phase.CONTENTS
    rig.press("9")
    assert rig.idle
    rig.camera.fault = None
    rig.scan("YT8962646785389").press("enter")
    assert rig.now.phase is Phase.GRADING
    assert rig.now.has_photo(EvidenceSlot.FULL_SET_ON_SCALE)


def test_a_poor_picture_of_the_full_set_is_marked_when_it_is_taken_all_the_same(rig):
    rig.judged(grams=SHORT).press("4", "1", "4", "1").lay(SHORT)
    rig.camera.shows = "dark"
    rig.press("enter", "8", "enter")
    assert rig.notice == "PHOTO_REJECTED"
    rig.press("8", "enter")
    assert rig.now.phase is Phase.GRADING
    gates = {photo.slot: photo.gate.verdict for photo in rig.now.photos}
    assert gates["FULL_SET_ON_SCALE"] == "override"


def test_what_travels_in_another_parcel_is_pending_not_missing(rig):
    rig.judged(grams=SHORT).press("4", "3", "4", "1")
    (finding,) = rig.now.findings
    assert finding.code is FindingCode.SPLIT_PENDING
    rig.press("enter", "enter", "enter")
    (decided,) = rig.snapshot.state.decided
    assert decided.verdict.kind == "HOLD"
    assert "V-SPLIT-PENDING" in decided.verdict.rules


def test_no_more_is_missing_than_there_should_be(rig):
    rig.judged(grams=SHORT).press("4", "1", "4", "2")
    assert rig.now.findings[-1].line_ref == "L2"
    rig.press("4")
    assert [c.params for c in rig.snapshot.choices if c.label == "key.line"] == [
        (("title", "T-shirt blue M"),)
    ]


def test_a_torn_parcel_needs_no_full_set(rig):
    rig.judged("4", grams=SHORT).press("4", "1", "4", "1", "enter")
    assert rig.now.phase is Phase.GRADING
    rig.press("enter", "enter")
    (decided,) = rig.snapshot.state.decided
    assert (decided.verdict.liable_party, decided.verdict.rules[-1]) == (
        "CARRIER_RETURN", "L-BROKEN-ON-RETURN"
    )  # fmt: skip


def test_an_empty_parcel_asks_for_the_split_check_and_a_second_person(rig, ben):
    rig.judged(grams=90).press("5", "4")
    assert rig.notice == "SPLIT_CHECK_FIRST"
    assert rig.snapshot.place.submenu.name == "split"
    rig.press("2", "5", "4").lay(90).press("enter")
    assert rig.now.phase is Phase.VERDICT
    rig.press("enter")
    assert (rig.now.phase, rig.notice) == (Phase.VERDICT, "SECOND_PERSON")
    rig.scan(ben)
    (decided,) = rig.snapshot.state.decided
    assert (decided.verdict.kind, decided.verdict.lines[0].refund_permille) == ("HOLD", 0)


def test_a_shortage_that_the_weight_denies_is_held(rig):
    rig.judged(grams=790).press("4", "1", "4", "1").lay(790).press("enter", "enter", "enter")
    (decided,) = rig.snapshot.state.decided
    assert decided.verdict.kind == "HOLD"
    assert "V-WEIGHT-DENIES-SHORTAGE" in decided.verdict.rules
