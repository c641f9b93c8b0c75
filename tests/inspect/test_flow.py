from dataclasses import replace

import pytest

from returnbench.inspect.case import CaseId, Finding
from returnbench.inspect.codes import (
    DoorFlag,
    EvidenceSlot,
    FindingCode,
    Grade,
    IntakeRefusal,
    Integrity,
    LiableParty,
    SplitAnswer,
    VerdictKind,
    WeighingPurpose,
)
from returnbench.inspect.commands import (
    AddFinding,
    AllInOrder,
    AnswerSplit,
    Command,
    ConfirmVerdict,
    FinishContents,
    GoOnWithoutPhoto,
    GoOnWithoutWeight,
    GradeLine,
    HoldCase,
    JudgeIntegrity,
    OpenCase,
    PassDoor,
    Refused,
    RefuseParcel,
    ReleaseVerdict,
    ResumeCase,
    ScanUnit,
    SignOn,
    UndoStep,
)
from returnbench.inspect.evolve import fold
from returnbench.inspect.flow import decide
from returnbench.inspect.inspection import BenchState, Inspection, Phase
from returnbench.inspect.policy import Policy
from returnbench.inspect.weighing import NoWeightReason
from returnbench.inspect.weight import assess_found

CASE = CaseId("c-1")


class Walk:
    """A bench that carries out commands and keeps its state."""

    def __init__(self) -> None:
        self.state = BenchState()
        self.policy = Policy()

    def do(self, *commands: Command) -> "Walk":
        for command in commands:
            decision = decide(self.state, command, self.policy)
            assert not isinstance(decision, Refused), (command, decision)
            self.state = fold(decision, self.state)
        return self

    def refused(self, command: Command) -> str:
        decision = decide(self.state, command, self.policy)
        assert isinstance(decision, Refused), decision
        return decision.code

    @property
    def now(self) -> Inspection:
        assert self.state.inspection is not None
        return self.state.inspection


@pytest.fixture
def walk() -> Walk:
    return Walk().do(SignOn("ANA"))


def opened(walk: Walk, goods, **changes: object) -> Walk:
    advice = goods.advice(**changes)
    return walk.do(OpenCase(CASE, advice.waybill, advice.carrier, advice))


def weighed(walk: Walk, goods, mass_mg: int) -> Walk:
    return walk.do(goods.weighing(mass_mg), goods.photo(EvidenceSlot.LABEL))


def test_parcel_in_order_takes_one_key_after_the_scan(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg)
    walk.do(goods.photo(EvidenceSlot.ALL_ITEMS), AllInOrder())
    assert walk.state.inspection is None
    (decided,) = walk.state.decided
    assert decided.verdict is not None
    assert decided.verdict.kind is VerdictKind.ACCEPT_FULL
    assert [(line.quantity, line.refund_permille) for line in decided.verdict.lines] == [
        (2, 1000),
        (1, 1000),
    ]


def test_nothing_is_judged_before_the_parcel_was_weighed(walk, goods):
    opened(walk, goods).do(goods.photo(EvidenceSlot.LABEL))
    assert walk.refused(JudgeIntegrity(Integrity.INTACT)) == "WEIGH_FIRST"
    assert walk.refused(AllInOrder()) == "WEIGH_FIRST"
    walk.do(GoOnWithoutWeight(WeighingPurpose.GROSS, NoWeightReason.CONNECTION_LOST))
    walk.do(JudgeIntegrity(Integrity.INTACT))


def test_pictures_come_first_or_are_given_up_in_writing(walk, goods):
    opened(walk, goods).do(goods.weighing(goods.full_mg))
    assert walk.refused(JudgeIntegrity(Integrity.INTACT)) == "PHOTO_FIRST"
    walk.do(GoOnWithoutPhoto(EvidenceSlot.LABEL, "camera-missing"))
    walk.do(JudgeIntegrity(Integrity.INTACT))
    assert walk.now.phase is Phase.CONTENTS


def test_weight_that_does_not_fit_closes_the_short_way_until_counted(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg - 180_000)
    walk.do(goods.photo(EvidenceSlot.ALL_ITEMS))
    assert walk.refused(AllInOrder()) == "COUNT_FIRST"
    walk.do(JudgeIntegrity(Integrity.INTACT))
    assert walk.refused(FinishContents()) == "COUNT_FIRST"
    walk.do(FinishContents(counted=True))
    assert walk.now.counted


def test_missing_needs_the_split_check_and_the_full_set(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg - 180_000)
    walk.do(JudgeIntegrity(Integrity.INTACT), goods.photo(EvidenceSlot.ALL_ITEMS))
    missing = AddFinding(Finding(FindingCode.SHORT_QTY, "L1", 1))
    assert walk.refused(missing) == "SPLIT_CHECK_FIRST"
    walk.do(AnswerSplit(SplitAnswer.SLIP_LISTS_ALL), missing)
    assert walk.refused(FinishContents()) == "FULL_SET_FIRST"
    walk.do(goods.weighing(goods.full_mg - 180_000, WeighingPurpose.FULL_SET))
    # Giving up the picture does not help here: a shortage is never said without it.
    walk.do(GoOnWithoutPhoto(EvidenceSlot.FULL_SET_ON_SCALE, "camera-missing"))
    assert walk.refused(FinishContents()) == "PHOTO_FIRST"
    walk.do(goods.photo(EvidenceSlot.FULL_SET_ON_SCALE), FinishContents())
    walk.do(GradeLine(None, Grade.B_LIKE_NEW), ConfirmVerdict())
    verdict = walk.state.decided[0].verdict
    assert verdict is not None
    assert verdict.kind is VerdictKind.ACCEPT_PARTIAL
    assert verdict.liable_party is LiableParty.UNDETERMINED
    assert sorted((v.line_ref, v.quantity, v.refund_permille) for v in verdict.lines) == [
        ("L1", 1, 0),
        ("L1", 1, 1000),
        ("L2", 1, 1000),
    ]


def test_rest_in_another_parcel_is_not_called_missing(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg - 340_000)
    walk.do(JudgeIntegrity(Integrity.INTACT), AnswerSplit(SplitAnswer.OTHER_PARCEL_EXPECTED))
    missing = AddFinding(Finding(FindingCode.SHORT_QTY, "L2", 1))
    assert walk.refused(missing) == "OTHER_PARCEL_EXPECTED"
    walk.do(AddFinding(Finding(FindingCode.SPLIT_PENDING, "L2", 1)))
    walk.do(goods.photo(EvidenceSlot.ALL_ITEMS), FinishContents())
    walk.do(GradeLine(None, Grade.B_LIKE_NEW), ConfirmVerdict())
    verdict = walk.state.decided[0].verdict
    assert verdict is not None
    assert verdict.kind is VerdictKind.HOLD
    assert all(line.refund_permille == 0 for line in verdict.lines)


def test_broken_parcel_with_a_loss_points_at_the_carrier(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg - 340_000)
    walk.do(goods.photo(EvidenceSlot.SIX_SIDES_A), JudgeIntegrity(Integrity.TORN))
    walk.do(AnswerSplit(SplitAnswer.NO_SLIP_NO_SIBLING))
    walk.do(AddFinding(Finding(FindingCode.SHORT_QTY, "L2", 1)))
    walk.do(goods.photo(EvidenceSlot.ALL_ITEMS), FinishContents())
    walk.do(GradeLine("L1", Grade.B_LIKE_NEW), ConfirmVerdict())
    verdict = walk.state.decided[0].verdict
    assert verdict is not None
    assert verdict.liable_party is LiableParty.CARRIER_RETURN


def test_freight_collect_is_refused_and_never_opened(walk, goods):
    opened(walk, goods)
    assert walk.now.phase is Phase.OUTSIDE
    walk.do(HoldCase("test", "desk"))
    advice = goods.advice(freight_collect=True)
    command = OpenCase(CaseId("c-2"), "W2", "YTO", advice, (DoorFlag.FREIGHT_COLLECT,))
    walk.do(command)
    assert walk.now.phase is Phase.DOOR
    assert walk.refused(PassDoor()) == "DOOR_MUST_REFUSE"
    assert walk.refused(JudgeIntegrity(Integrity.INTACT)) == "NOT_NOW"
    walk.do(goods.photo(EvidenceSlot.LABEL), RefuseParcel(IntakeRefusal.FREIGHT_COLLECT))
    walk.do(ConfirmVerdict())
    verdict = walk.state.decided[0].verdict
    assert verdict is not None
    assert (verdict.kind, verdict.lines) == (VerdictKind.REJECT, ())


def test_already_refunded_never_pays_again(walk, goods):
    opened(walk, goods, already_refunded=True)
    assert walk.now.flags == (DoorFlag.ALREADY_REFUNDED,)
    weighed(walk.do(PassDoor()), goods, goods.full_mg)
    walk.do(goods.photo(EvidenceSlot.ALL_ITEMS), AllInOrder())
    verdict = walk.state.decided[0].verdict
    assert verdict is not None
    assert verdict.kind is VerdictKind.NO_ACTION
    assert all(line.refund_permille == 0 for line in verdict.lines)


def test_parcel_nobody_announced_is_held(walk, goods):
    walk.do(OpenCase(CASE, "UNKNOWN123", "", None))
    assert walk.now.flags == (DoorFlag.NO_INFO,)
    weighed(walk.do(PassDoor()), goods, 500_000)
    assert walk.refused(AllInOrder()) == "NOT_ANNOUNCED"
    walk.do(JudgeIntegrity(Integrity.INTACT), goods.photo(EvidenceSlot.ALL_ITEMS))
    walk.do(FinishContents(counted=True), ConfirmVerdict())
    verdict = walk.state.decided[0].verdict
    assert verdict is not None
    assert verdict.kind is VerdictKind.HOLD


def test_swap_needs_a_second_person_who_is_not_the_operator(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg)
    walk.do(JudgeIntegrity(Integrity.INTACT), goods.photo(EvidenceSlot.UNIT_CODE))
    walk.do(AddFinding(Finding(FindingCode.SWAP_SUSPECT, "L2", 1, "SN-9999")))
    walk.do(goods.photo(EvidenceSlot.ALL_ITEMS), FinishContents())
    walk.do(GradeLine(None, Grade.B_LIKE_NEW))
    assert walk.refused(ConfirmVerdict()) == "SECOND_PERSON"
    assert walk.refused(ConfirmVerdict("ANA")) == "SECOND_PERSON_IS_OPERATOR"
    walk.do(ConfirmVerdict("BEN"))


def test_unit_code_finds_its_line_by_serial_gtin_or_sku(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg)
    walk.do(JudgeIntegrity(Integrity.INTACT))
    for code in ("SN-0001", "4006381333931", "TS-BLUE-M", "SOMETHING"):
        walk.do(ScanUnit(code))
    assert [unit.line_ref for unit in walk.now.units] == ["L2", "L1", "L1", None]


def test_second_parcel_never_closes_the_first_silently(walk, goods):
    opened(walk, goods)
    assert walk.refused(OpenCase(CaseId("c-2"), "W2", "YTO", goods.advice())) == "PARCEL_OPEN"
    walk.do(HoldCase("later", "desk"))
    walk.do(OpenCase(CaseId("c-2"), "W2", "YTO", goods.advice()))
    assert walk.refused(ResumeCase(CASE)) == "PARCEL_OPEN"
    walk.do(HoldCase("later", "desk"), ResumeCase(CASE))
    assert walk.now.case == CASE


def test_verdict_is_released_once_and_can_be_taken_back_before(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg)
    walk.do(goods.photo(EvidenceSlot.ALL_ITEMS), AllInOrder(), UndoStep())
    assert walk.now.phase is Phase.VERDICT
    assert walk.refused(ReleaseVerdict(CASE)) == "NOTHING_TO_RELEASE"
    walk.do(ConfirmVerdict(), ReleaseVerdict(CASE))
    assert walk.state.finished == 1
    assert walk.refused(ReleaseVerdict(CASE)) == "NOTHING_TO_RELEASE"
    assert walk.refused(UndoStep()) == "NOTHING_TO_UNDO"


def test_undo_takes_back_steps_and_keeps_the_evidence(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg)
    before = walk.now
    walk.do(JudgeIntegrity(Integrity.DENTED), goods.photo(EvidenceSlot.ALL_ITEMS), UndoStep())
    assert walk.now.phase is Phase.OUTSIDE
    assert walk.now.integrity is None
    assert walk.now.weighings == before.weighings
    assert walk.now.has_photo(EvidenceSlot.ALL_ITEMS)


@pytest.mark.parametrize(
    ("finding", "code"),
    [
        (Finding(FindingCode.WRONG_ITEM, "L9", 1), "NO_SUCH_LINE"),
        (Finding(FindingCode.WRONG_ITEM, "L1", 3), "MORE_THAN_EXPECTED"),
        (Finding(FindingCode.WRONG_ITEM, "L1", 0), "QUANTITY_NOT_POSITIVE"),
    ],
)
def test_findings_that_make_no_sense_are_refused(walk, goods, finding, code):
    weighed(opened(walk, goods), goods, goods.full_mg)
    walk.do(JudgeIntegrity(Integrity.INTACT))
    assert walk.refused(AddFinding(finding)) == code


def test_weight_of_the_full_set_can_stop_a_shortage(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg)
    walk.do(JudgeIntegrity(Integrity.INTACT), goods.photo(EvidenceSlot.ALL_ITEMS))
    walk.do(AnswerSplit(SplitAnswer.SLIP_LISTS_ALL))
    walk.do(AddFinding(Finding(FindingCode.SHORT_QTY, "L2", 1)))
    # Everything received weighs as much as a complete parcel: the mug cannot be missing.
    judged = assess_found(walk.now.present_lines, goods.packaging, goods.full_mg, 2_000)
    weighing = goods.weighing(goods.full_mg, WeighingPurpose.FULL_SET)
    walk.do(replace(weighing, assessment=judged), goods.photo(EvidenceSlot.FULL_SET_ON_SCALE))
    walk.do(FinishContents(), GradeLine(None, Grade.B_LIKE_NEW), ConfirmVerdict())
    verdict = walk.state.decided[0].verdict
    assert verdict is not None
    assert (verdict.kind, verdict.rules[0]) == (VerdictKind.HOLD, "V-WEIGHT-DENIES-SHORTAGE")
    assert all(line.refund_permille == 0 for line in verdict.lines)


def test_another_finding_asks_for_the_full_set_again(walk, goods):
    weighed(opened(walk, goods), goods, goods.full_mg - 180_000)
    walk.do(JudgeIntegrity(Integrity.INTACT), goods.photo(EvidenceSlot.ALL_ITEMS))
    missing = AddFinding(Finding(FindingCode.SHORT_QTY, "L1", 1))
    walk.do(AnswerSplit(SplitAnswer.SLIP_LISTS_ALL), missing)
    walk.do(goods.weighing(goods.full_mg - 180_000, WeighingPurpose.FULL_SET))
    walk.do(goods.photo(EvidenceSlot.FULL_SET_ON_SCALE))
    # Weighed against one missing unit, it says nothing about two.
    walk.do(missing)
    assert walk.refused(FinishContents()) == "FULL_SET_FIRST"
    walk.do(UndoStep())
    assert walk.refused(FinishContents()) == "FULL_SET_FIRST"
    walk.do(goods.weighing(goods.full_mg - 180_000, WeighingPurpose.FULL_SET))
    assert walk.refused(FinishContents()) == "PHOTO_FIRST"
