"""What a scan does at the bench: opens parcels, presses keys, signs people on, counts units."""

import pytest

from returnbench.inspect.bench_codes import encode_badge
from returnbench.inspect.codes import ArrivalType, DoorFlag, EvidenceSlot, IntakeRefusal
from returnbench.inspect.events import CaseOpened, OperatorSignedOn, ScanRecorded, UnitScanned
from returnbench.inspect.inspection import Phase
from returnbench.inspect.policy import Policy
from returnbench.station.view import Tone

WAYBILL = "YT8962646785389"
OTHER = "YT8962646785390"
WRONG_CHECK = "1Z999AA10123456785"
SHIRT = "4006381333931"
BADGE = encode_badge("ANA", "7Q2LK9ZT")
OTHER_BADGE = encode_badge("BEN", "M4XW81PD")


def test_an_announced_parcel_opens_with_what_the_shop_announced(rig):
    rig.announce(rig.advice())
    rig.sign_on().scan(WAYBILL)
    assert rig.now.phase is Phase.OUTSIDE
    assert rig.now.advice == rig.advice()
    assert (rig.now.carrier, rig.now.flags) == ("YTO", ())
    assert rig.acts[-1] == "tone accepted"
    assert rig.snapshot.times is not None
    assert rig.snapshot.times.opened_ns == rig.now_ns


@pytest.mark.parametrize("code", ["YT 8962-6467 85389", "yt8962646785389", "RMA-1", "RS-77"])
def test_a_parcel_is_found_by_each_code_that_the_shop_announced(rig, code):
    rig.announce(rig.advice(return_slip="RS-77"))
    rig.sign_on().scan(code)
    assert rig.now.advice is not None
    assert rig.now.waybill == WAYBILL


def test_what_nobody_announced_goes_the_way_without_information(rig):
    rig.sign_on().scan(OTHER)
    assert rig.now.phase is Phase.DOOR
    assert rig.now.flags == (DoorFlag.NO_INFO,)
    assert (rig.now.advice, rig.now.arrival) == (None, ArrivalType.NO_INFO)
    assert rig.now.carrier == "YTO"
    assert rig.tones[-1] is Tone.ATTENTION
    rig.press("1")
    assert rig.now.phase is Phase.OUTSIDE


def test_nothing_is_opened_without_a_name(rig):
    rig.scan(WAYBILL)
    assert rig.idle
    assert rig.notice == "SIGN_ON_FIRST"
    rig.sign_on().scan(WAYBILL)
    assert not rig.idle


def test_a_wrong_check_digit_is_asked_about_once_and_taken_when_it_stays(rig):
    rig.sign_on().scan(WRONG_CHECK)
    assert (rig.idle, rig.notice) == (True, "WRONG_CHECK_DIGIT")
    rig.scan(WRONG_CHECK)
    assert rig.now.waybill == WRONG_CHECK
    assert DoorFlag.NO_INFO in rig.now.flags


def test_another_scan_in_between_takes_the_question_back(rig):
    rig.sign_on().scan(WRONG_CHECK).scan("XOPNONSENSE").scan(WRONG_CHECK)
    assert (rig.idle, rig.notice) == (True, "WRONG_CHECK_DIGIT")


def test_what_the_shop_announced_is_never_asked_about(rig):
    rig.announce(rig.advice(waybill=WRONG_CHECK), rig.advice(rma="RMA-2", waybill=SHIRT))
    rig.sign_on().scan(WRONG_CHECK)
    assert rig.now.waybill == WRONG_CHECK
    rig.press("9").scan(SHIRT)
    assert rig.now.waybill == SHIRT


def test_a_product_code_opens_nothing_until_it_is_scanned_again(rig):
    rig.sign_on().scan(SHIRT)
    assert (rig.idle, rig.notice) == (True, "PRODUCT_CODE")
    rig.scan(SHIRT)
    assert rig.now.waybill == SHIRT


@pytest.mark.parametrize(
    ("raw", "notice"),
    [
        ("XCMDKEY199", "BAD_COMMAND"),
        ("XCMDNOSUCH00", "BAD_COMMAND"),
        (BADGE[:-1] + "0", "NOT_A_CODE"),
        ("\x07\x08", "NOT_A_CODE"),
        ("", "NOT_A_CODE"),
        ("7" * 4001, "NOT_A_CODE"),
        ("SFß1390000077821", "KEYBOARD_LAYOUT"),
        ("https://example.com/product?id=7", "NO_NUMBER_INSIDE"),
        ('{"order": 7}', "NO_NUMBER_INSIDE"),
    ],
)
@pytest.mark.parametrize("parcel_open", [False, True])
def test_what_is_no_code_neither_opens_a_parcel_nor_counts_a_unit(rig, raw, notice, parcel_open):
    if parcel_open:
        rig.judged()
    else:
        rig.sign_on()
    before = rig.snapshot.state
    rig.scan(raw)
    assert rig.notice == notice
    assert rig.snapshot.state == before
    assert rig.of(ScanRecorded)[-1].raw == raw


def test_a_scan_that_is_no_text_is_still_recorded(rig):
    rig.sign_on().scan("YT\udc80123")
    assert rig.notice == "NOT_A_CODE"
    assert rig.of(ScanRecorded)[-1].raw == "YT\\udc80123"


def test_command_labels_are_the_keys(rig):
    rig.opened().label("KEY1")
    assert rig.now.phase is Phase.CONTENTS
    rig.label("UNDO")
    assert rig.now.phase is Phase.OUTSIDE
    rig.label("KEYENTER")
    assert rig.idle
    rig.label("KEY0")
    assert rig.now.phase is Phase.VERDICT
    rig.label("HOLD")
    assert len(rig.snapshot.state.held) == 1


def test_the_label_refuse_never_means_another_key(rig):
    rig.sign_on().scan(OTHER).label("REFUSE")
    assert rig.now.phase is Phase.DOOR
    assert {label for key, label in rig.keys.items() if key != "0"} == {
        f"refusal.{reason}" for reason in IntakeRefusal if reason != "CARRIER_NOT_ACCEPTED"
    }
    rig.press("0", "1")
    assert rig.now.phase is Phase.OUTSIDE
    rig.label("REFUSE").press("4")
    assert rig.now.refusal is IntakeRefusal.HAZARD


def test_the_label_refuse_refuses_at_once_where_that_is_the_only_way(rig):
    rig.announce(rig.advice(freight_collect=True))
    rig.sign_on().scan(WAYBILL).label("REFUSE")
    assert rig.now.refusal is IntakeRefusal.FREIGHT_COLLECT


def test_the_label_refuse_does_nothing_to_an_opened_parcel(rig):
    rig.sign_on().label("REFUSE")
    assert rig.notice == "NO_PARCEL"
    rig.judged()
    before = rig.snapshot.state
    rig.label("REFUSE")
    assert rig.notice == "NOT_NOW"
    assert rig.snapshot.state == before


@pytest.mark.parametrize("until", ["opened", "judged"])
def test_the_label_all_in_order_decides_a_parcel_in_order(rig, until):
    getattr(rig, until)().label("ALLOK")
    assert rig.idle
    (decided,) = rig.snapshot.state.decided
    assert decided.verdict.kind == "ACCEPT_FULL"


def test_the_label_all_in_order_never_confirms_another_verdict(rig):
    rig.judged().press("2", "1", "2").label("ALLOK")
    assert (rig.now.phase, rig.notice) == (Phase.CONTENTS, "NOT_IN_ORDER")
    rig.press("enter", "5", "enter")
    assert rig.now.phase is Phase.VERDICT
    rig.label("ALLOK")
    assert (rig.now.phase, rig.notice) == (Phase.VERDICT, "NOT_NOW")


def test_a_badge_signs_on_and_the_next_one_takes_over_between_parcels(rig):
    rig.sign_on()
    assert rig.snapshot.state.operator == BADGE
    assert rig.notice == "SIGNED_ON"
    rig.scan(OTHER_BADGE)
    assert rig.snapshot.state.operator == OTHER_BADGE
    assert [event.operator for event in rig.of(OperatorSignedOn)] == [BADGE, OTHER_BADGE]


def test_nobody_takes_over_in_the_middle_of_a_parcel(rig):
    rig.opened().scan(OTHER_BADGE)
    assert rig.snapshot.state.operator == BADGE
    assert rig.notice == "SIGN_ON_BETWEEN_PARCELS"


def test_the_scanners_echo_is_no_second_act(rig):
    rig.judged()
    rig.scan(SHIRT).scan(SHIRT, after=0.4).scan(SHIRT, after=1.4)
    assert len(rig.of(UnitScanned)) == 1
    assert rig.notice == "SAME_SCAN"
    rig.scan(SHIRT, after=1.6)
    assert rig.now.scanned_of("L1") == 2
    assert rig.notice == "UNIT_TICKED"


def test_an_echo_does_not_take_a_question_off_the_screen(rig):
    rig.sign_on().scan(WRONG_CHECK).scan(WRONG_CHECK, after=0.2)
    assert (rig.idle, rig.notice) == (True, "WRONG_CHECK_DIGIT")
    rig.scan(WRONG_CHECK)
    assert not rig.idle


def test_another_parcel_never_closes_the_open_one(rig):
    rig.opened().scan(OTHER)
    assert (rig.now.waybill, rig.notice) == (WAYBILL, "PARCEL_OPEN")
    rig.press("1").scan(OTHER)
    assert (rig.now.waybill, rig.notice) == (WAYBILL, "PARCEL_OPEN")
    assert not rig.of(UnitScanned)


@pytest.mark.parametrize("code", [WAYBILL, "yt8962646785389", "RMA-1", "RS-77"])
def test_the_codes_of_the_open_parcel_itself_are_no_units(rig, code):
    rig.judged(waybill="YT 8962 6467 85389", return_slip="RS-77")
    rig.scan(code)
    assert (rig.notice, rig.now.units) == ("", ())


def test_units_are_ticked_off_by_code_and_by_serial(rig):
    rig.judged().scan(SHIRT)
    assert dict(rig.snapshot.notice.params) == {
        "title": "T-shirt blue M", "seen": "1", "expected": "2"
    }  # fmt: skip
    rig.scan("SN-0001")
    assert rig.now.scanned_of("L2") == 1


def test_a_unit_of_no_line_is_said_and_makes_a_wrong_item_a_suspected_swap(rig):
    rig.judged().scan("5901234123457")
    assert rig.notice == "UNIT_UNKNOWN"
    assert rig.tones[-1] is Tone.ATTENTION
    rig.press("3", "1")
    (finding,) = rig.now.findings
    assert (finding.code, finding.unit_code) == ("SWAP_SUSPECT", "5901234123457")


def test_a_misread_unit_code_is_asked_about_before_it_suspects_anybody(rig):
    rig.judged().scan("4006381333932")
    assert (rig.notice, rig.now.units) == ("WRONG_CHECK_DIGIT", ())
    rig.scan("4006381333932")
    assert (rig.notice, len(rig.now.units)) == ("UNIT_UNKNOWN", 1)


@pytest.mark.parametrize("code", [WAYBILL, "YT-8962646785389", "RMA-1", "RS-77"])
def test_a_parcel_that_was_set_aside_goes_on_when_any_of_its_codes_is_scanned(rig, code):
    rig.judged(return_slip="RS-77").press("9")
    assert (rig.idle, rig.notice) == (True, "HELD")
    held = rig.snapshot.state.held[0]
    rig.scan(code)
    assert rig.now == held
    assert rig.notice == "RESUMED"
    assert len(rig.of(CaseOpened)) == 1


def test_a_parcel_that_was_inspected_before_is_flagged(rig):
    rig.decided().scan(WAYBILL)
    assert rig.now.flags == (DoorFlag.SEEN_BEFORE,)
    assert rig.now.phase is Phase.DOOR


@pytest.mark.parametrize(
    ("announced", "policy", "flag"),
    [
        ({"freight_collect": True}, Policy(), DoorFlag.FREIGHT_COLLECT),
        ({}, Policy(carriers_accepted=("SF",)), DoorFlag.CARRIER_NOT_ACCEPTED),
    ],
)
def test_the_door_refuses_freight_collect_and_foreign_carriers(make_rig, announced, policy, flag):
    rig = make_rig(policy=policy)
    rig.announce(rig.advice(**announced))
    rig.sign_on().scan(WAYBILL)
    assert rig.now.flags == (flag,)
    assert rig.keys["1"] == "key.refuse"
    assert "2" not in rig.keys
    rig.press("1", "enter")
    (decided,) = rig.snapshot.state.decided
    assert decided.refusal == flag.value
    assert decided.has_photo(EvidenceSlot.LABEL)
    assert decided.verdict.kind == "REJECT"


def test_a_key_that_means_nothing_here_says_so(rig):
    rig.opened().press("7")
    assert rig.notice == "UNKNOWN_KEY"
    assert dict(rig.snapshot.notice.params) == {"key": "7"}
