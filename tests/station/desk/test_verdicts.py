"""From the verdict to its release: second person, undo, exactly once."""

import pytest

from returnbench.inspect.case import RefundAnswer
from returnbench.inspect.codes import RefundState
from returnbench.inspect.commands import RecordRefundAnswer
from returnbench.inspect.events import (
    RefundAnswered,
    StepUndone,
    VerdictGiven,
    VerdictReleased,
)
from returnbench.inspect.inspection import Phase
from returnbench.station.view import Tone

WAYBILL = "YT8962646785389"
FOREIGN = "5901234123457"


def swapped(rig):
    """A parcel with a suspected swap, up to its verdict."""
    return rig.judged().scan(FOREIGN).press("3", "2", "enter", "enter")


def test_a_verdict_leaves_once_after_the_time_for_undo(rig):
    rig.decided()
    assert not rig.of(VerdictReleased)
    rig.tick(590)
    assert not rig.of(VerdictReleased)
    rig.tick(20)
    (released,) = rig.of(VerdictReleased)
    (given,) = rig.of(VerdictGiven)
    assert (released.case, released.verdict) == (given.case, given.verdict)
    assert (released.rma, released.shop, released.order_ref) == ("RMA-1", "demo", "O-1")
    for _ in range(3):
        rig.tick(700)
    assert len(rig.of(VerdictReleased)) == 1
    assert rig.snapshot.release_at_ns == ()


def test_an_undone_verdict_never_leaves(rig):
    rig.decided().press("0")
    assert (rig.now.phase, rig.notice) == (Phase.VERDICT, "UNDONE")
    rig.tick(700)
    assert not rig.of(VerdictReleased)
    rig.press("enter").tick(700)
    assert len(rig.of(VerdictReleased)) == 1
    assert len(rig.of(VerdictGiven)) == 2


def test_what_has_left_is_not_taken_back(rig):
    rig.decided().tick(700)
    assert rig.keys == {}
    rig.press("0")
    assert rig.notice == "UNKNOWN_KEY"
    assert not rig.of(StepUndone)


def test_the_verdict_is_released_while_the_next_parcel_is_open(rig):
    rig.decided().scan("YT0000000000001").tick(700)
    assert len(rig.of(VerdictReleased)) == 1
    assert rig.now.waybill == "YT0000000000001"


def test_each_of_several_verdicts_leaves_once_and_in_order(rig):
    waybills = [f"YT000000000000{number}" for number in range(3)]
    rig.announce(*(rig.advice(rma=f"R{w}", waybill=w) for w in waybills))
    rig.sign_on()
    for waybill in waybills:
        rig.clear().scan(waybill).lay(790).press("enter")
    rig.tick(700).tick(700)
    assert [event.rma for event in rig.of(VerdictReleased)] == [f"R{w}" for w in waybills]


def test_undo_takes_the_newest_verdict_back(rig):
    rig.announce(rig.advice(rma="R2", waybill="YT0000000000002"))
    rig.decided().clear().scan("YT0000000000002").lay(790).press("enter").press("0")
    assert rig.now.waybill == "YT0000000000002"
    rig.press("9")
    assert [case.waybill for case in rig.snapshot.state.decided] == [WAYBILL]


def test_every_step_is_taken_back_one_by_one(rig):
    rig.judged().press("4", "2", "4", "1", "0")
    assert rig.now.findings == ()
    rig.press("0")
    assert rig.now.split is None
    rig.press("0")
    assert (rig.now.phase, rig.now.integrity) == (Phase.OUTSIDE, None)
    assert "0" not in rig.keys
    assert rig.now.weighings
    assert rig.now.photos


def test_a_suspected_swap_needs_a_second_person(rig, ana, ben):
    swapped(rig)
    assert rig.now.phase is Phase.VERDICT
    rig.press("enter")
    assert rig.notice == "SECOND_PERSON"
    rig.scan(ana)
    assert rig.notice == "SECOND_PERSON_IS_OPERATOR"
    rig.scan(ben)
    assert rig.idle
    (given,) = rig.of(VerdictGiven)
    assert given.second_person == ben
    assert given.verdict.needs_second_person
    assert rig.snapshot.state.operator == ana


def test_a_badge_confirms_nothing_that_needs_no_second_person(rig, ben):
    rig.judged().press("2", "1", "2", "enter", "enter")
    assert rig.now.phase is Phase.VERDICT
    rig.scan(ben)
    assert (rig.now.phase, rig.notice) == (Phase.VERDICT, "SIGN_ON_BETWEEN_PARCELS")


def test_the_tone_sounds_after_the_verdict_is_on_the_disk(rig):
    rig.opened()
    rig.acts.clear()
    rig.press("enter")
    assert rig.acts[0] == "disk photo"
    assert rig.acts[-2:] == ["disk verdict", "tone accepted"]
    assert rig.acts.count("tone accepted") == 1


def test_each_accepted_tone_follows_what_it_accepts(rig, ben):
    rig.announce(rig.advice())
    rig.sign_on().clear().scan(WAYBILL).lay(790).press("enter").scan(ben)
    accepted = [n for n, act in enumerate(rig.acts) if act == "tone accepted"]
    before = {rig.acts[n - 1] for n in accepted}
    assert len(accepted) == 4
    assert before == {"disk operator", "disk case_opened", "disk door_passed", "disk verdict"} - (
        {"disk case_opened"}
    )


def test_the_list_of_finished_parcels_follows_the_money(rig):
    rig.decided()
    assert [f.refund for f in rig.snapshot.history] == [RefundState.WAITING_RELEASE]
    rig.tick(700)
    assert [f.refund for f in rig.snapshot.history] == [RefundState.PENDING]
    case = rig.snapshot.history[0].case
    answer = RefundAnswer(case, "RMA-1", RefundState.BOOKED, "re_7", 5270, "EUR")
    assert rig.desk.carry_out(RecordRefundAnswer(answer, 3))
    assert [f.refund for f in rig.snapshot.history] == [RefundState.BOOKED]
    rig.desk.follow()
    assert rig.projection.refund_of("RMA-1") == answer
    # The hub passes it on again after an interruption: it is recorded once.
    assert rig.desk.carry_out(RecordRefundAnswer(answer, 3))
    assert len(rig.of(RefundAnswered)) == 1
    assert rig.snapshot.state.cursor == 3


def test_a_verdict_without_money_waits_for_none(rig):
    rig.announce(rig.advice(already_refunded=True))
    rig.sign_on().clear().scan(WAYBILL).press("1").lay(790).press("enter").tick(700)
    assert [f.refund for f in rig.snapshot.history] == [RefundState.NONE_DUE]
    assert rig.of(VerdictReleased)[0].verdict.kind == "NO_ACTION"


def test_the_time_of_a_parcel_runs_from_its_scan(rig):
    rig.decided()
    (finished,) = rig.snapshot.history
    assert finished.rma == "RMA-1"
    assert finished.verdict == "ACCEPT_FULL"
    assert rig.snapshot.times is None


def test_nobody_stays_signed_on_at_a_bench_that_nobody_uses(make_rig):
    rig = make_rig(idle_seconds=60)
    rig.decided().tick(50)
    assert rig.snapshot.state.operator
    rig.tick(20)
    assert rig.snapshot.state.operator == ""
    rig.scan("YT0000000000001")
    assert rig.notice == "SIGN_ON_FIRST"


def test_nobody_is_signed_off_in_the_middle_of_a_parcel(make_rig):
    rig = make_rig(idle_seconds=60)
    rig.opened().tick(500)
    assert rig.snapshot.state.operator


@pytest.mark.parametrize("badge", ["", "CONFIGURED"])
def test_a_bench_may_have_one_operator_from_the_start(make_rig, badge):
    rig = make_rig(operator=badge)
    assert rig.snapshot.state.operator == badge


def test_a_grade_for_one_line_leaves_the_others(rig):
    rig.judged().press("2", "1", "2", "enter")
    assert rig.now.phase is Phase.GRADING
    rig.press("4")
    assert [line.line_ref for line in rig.now.ungraded] == ["L2"]
    rig.press("enter")
    assert rig.now.phase is Phase.VERDICT
    assert [(g.line_ref, g.quantity, g.grade) for g in rig.now.graded] == [
        ("L1", 2, "D_SOILED"), ("L2", 1, "B_LIKE_NEW")
    ]  # fmt: skip
    rig.tones.clear()
    rig.press("enter")
    assert rig.tones == [Tone.ACCEPTED]
    assert rig.snapshot.state.decided[0].verdict.kind == "ACCEPT_PARTIAL"
