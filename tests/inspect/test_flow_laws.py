"""Random walks of the inspection: the laws hold whatever is pressed, scanned or weighed."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from returnbench.inspect.case import (
    AnnouncedReturn,
    CaseId,
    ExpectedLine,
    Finding,
    Mass,
    Photo,
    PhotoGate,
    SettledWeight,
)
from returnbench.inspect.codec import decode_event, encode_event
from returnbench.inspect.codes import (
    BROKEN_INTEGRITY,
    MISSING_FINDINGS,
    REFUNDING_VERDICTS,
    ClaimedReason,
    DoorFlag,
    EvidenceSlot,
    FindingCode,
    Grade,
    IntakeRefusal,
    Integrity,
    SplitAnswer,
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
    RecordPhoto,
    RecordWeighing,
    Refused,
    RefuseParcel,
    ReleaseVerdict,
    ResumeCase,
    ScanUnit,
    SignOn,
    UndoStep,
)
from returnbench.inspect.events import Event, VerdictGiven, VerdictReleased
from returnbench.inspect.evolve import fold
from returnbench.inspect.flow import decide
from returnbench.inspect.inspection import BenchState, Phase
from returnbench.inspect.policy import Policy, propose
from returnbench.inspect.weighing import NoWeightReason
from returnbench.inspect.weight import assess

LINES = (
    ExpectedLine("L1", "A", "Shirt", "apparel", 2, Mass(180_000, 2_000), ("4006381333931",)),
    ExpectedLine("L2", "B", "Mug", "home", 1, Mass(340_000, 3_000), (), ("SN-1",)),
    ExpectedLine("L3", "C", "Card", "paper", 1, Mass(3_000, 300)),
)
PACKAGING = Mass(90_000, 6_000)
LINE_REFS = st.sampled_from(["L1", "L2", "L3", "L9"])


def photo(slot: EvidenceSlot) -> Photo:
    gate = PhotoGate("ok", (), 900, None, 120, 0, 0, 20)
    return Photo(
        "a" * 64, slot, 9, 8, 8, "image/jpeg", "camera", "top", 5, "2026-11-21T12:00:00.000Z", gate
    )


def weighing(mass_mg: int, purpose: WeighingPurpose) -> RecordWeighing:
    weight = SettledWeight(
        purpose, str(mass_mg), "mg", "gross", mass_mg, 2_000, 1_000, "device", 3, "0", 1, 2,
        "SIM", "mt-sics",
    )  # fmt: skip
    return RecordWeighing(weight, assess(LINES, PACKAGING, mass_mg, 2_000, purpose))


class BenchWalk(RuleBasedStateMachine):
    """Every command at every moment; the state is checked after each."""

    @initialize()
    def begin(self) -> None:
        self.state = BenchState()
        self.policy = Policy()
        self.events: list[Event] = []
        self.cases = 0
        self.do(SignOn("ANA"))

    def do(self, command: Command) -> None:
        decision = decide(self.state, command, self.policy)
        if isinstance(decision, Refused):
            assert decision.code
            return
        for event in decision:
            if isinstance(event, VerdictGiven):
                self.check_verdict(event)
        self.events += decision
        self.state = fold(decision, self.state)

    def check_verdict(self, event: VerdictGiven) -> None:
        partly = fold(self.events, None).inspection
        assert partly is not None
        assert partly.case == event.case
        if event.verdict.kind in REFUNDING_VERDICTS:
            assert not partly.advice.already_refunded
            assert DoorFlag.FREIGHT_COLLECT not in partly.flags
        else:
            assert all(line.refund_permille == 0 for line in event.verdict.lines)
        assert event.verdict.rules
        assert event.verdict.policy_version

    @rule(
        collect=st.booleans(), refunded=st.booleans(), known=st.booleans(),
        claimed=st.sampled_from(ClaimedReason),
    )  # fmt: skip
    def open_case(self, collect: bool, refunded: bool, known: bool, claimed: ClaimedReason) -> None:
        self.cases += 1
        waybill = f"W{self.cases}"
        advice = AnnouncedReturn(
            f"R{self.cases}", "demo", "O", waybill, "YTO", LINES, claimed_reason=claimed,
            packaging_mass=PACKAGING, freight_collect=collect, already_refunded=refunded,
        )  # fmt: skip
        flags = self.policy.flags("YTO", freight_collect=collect) if known else ()
        case = CaseId(f"c-{self.cases}")
        self.do(OpenCase(case, waybill, "YTO", advice if known else None, flags))

    @rule(
        mass=st.sampled_from([793_000, 613_000, 453_000, 90_000, 2_000_000]),
        purpose=st.sampled_from(WeighingPurpose),
    )
    def weigh(self, mass: int, purpose: WeighingPurpose) -> None:
        self.do(weighing(mass, purpose))

    @rule(slot=st.sampled_from(EvidenceSlot), give_up=st.booleans())
    def picture(self, slot: EvidenceSlot, give_up: bool) -> None:
        self.do(GoOnWithoutPhoto(slot, "dark") if give_up else RecordPhoto(photo(slot)))

    @rule(
        command=st.one_of(
            st.just(PassDoor()),
            st.builds(RefuseParcel, st.sampled_from(IntakeRefusal)),
            st.builds(GoOnWithoutWeight, st.sampled_from(WeighingPurpose),
                      st.sampled_from(NoWeightReason)),
            st.builds(JudgeIntegrity, st.sampled_from(Integrity)),
            st.builds(ScanUnit, st.sampled_from(["4006381333931", "SN-1", "SN-2", "C"])),
            st.builds(AnswerSplit, st.sampled_from(SplitAnswer)),
            st.builds(FinishContents, st.booleans()),
            st.builds(GradeLine, st.none() | LINE_REFS, st.sampled_from(Grade)),
            st.just(AllInOrder()),
            st.builds(ConfirmVerdict, st.sampled_from(["", "ANA", "BEN"])),
            st.just(HoldCase("later", "desk")),
            st.just(UndoStep()),
        )
    )  # fmt: skip
    def press(self, command: Command) -> None:
        self.do(command)

    @rule(code=st.sampled_from(FindingCode), line=st.none() | LINE_REFS, n=st.integers(-1, 3))
    def find(self, code: FindingCode, line: str | None, n: int) -> None:
        self.do(AddFinding(Finding(code, line, n)))

    @rule(number=st.integers(1, 12))
    def release_or_resume(self, number: int) -> None:
        self.do(ReleaseVerdict(CaseId(f"c-{number}")))
        self.do(ResumeCase(CaseId(f"c-{number}")))

    @invariant()
    def replay_gives_the_same_state(self) -> None:
        stored = [encode_event(event) for event in self.events]
        replayed = [decode_event(*fields) for fields in stored]
        assert fold([event for event in replayed if event is not None]) == self.state

    @invariant()
    def a_verdict_leaves_once(self) -> None:
        released = [e.case for e in self.events if isinstance(e, VerdictReleased)]
        assert len(released) == len(set(released)) == self.state.finished

    @invariant()
    def missing_is_never_said_without_the_procedure(self) -> None:
        for now in (self.state.inspection, *self.state.decided, *self.state.held):
            if now is None or not now.says_missing:
                continue
            assert now.split in (SplitAnswer.SLIP_LISTS_ALL, SplitAnswer.NO_SLIP_NO_SIBLING)
            past_contents = now.phase in (Phase.GRADING, Phase.VERDICT, Phase.DECIDED)
            if past_contents and now.integrity not in BROKEN_INTEGRITY:
                assert now.weighing(WeighingPurpose.FULL_SET)
                assert now.has_photo(EvidenceSlot.FULL_SET_ON_SCALE)

    @invariant()
    def units_are_neither_invented_nor_lost(self) -> None:
        now = self.state.inspection
        if now is None or now.refusal or now.phase is Phase.DOOR:
            return
        lines = propose(now, self.policy).lines
        for line in now.lines:
            assert sum(v.quantity for v in lines if v.line_ref == line.line_ref) == line.quantity
        assert all(f.code not in MISSING_FINDINGS or f.quantity > 0 for f in now.findings)

    @invariant()
    def the_claim_changes_nothing(self) -> None:
        now = self.state.inspection
        if now is None or now.advice is None:
            return
        other = replace(now, advice=replace(now.advice, claimed_reason=ClaimedReason.FAKE))
        assert propose(other, self.policy) == propose(now, self.policy)


TestBenchWalk = BenchWalk.TestCase
TestBenchWalk.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
