"""Random walks at the keys: whatever is pressed, the menu is sound and the screen can be drawn."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from returnbench.inspect.case import (
    AnnouncedReturn,
    CaseId,
    ExpectedLine,
    Mass,
    Photo,
    PhotoGate,
    SettledWeight,
)
from returnbench.inspect.codes import (
    ArrivalType,
    ClaimedReason,
    DoorFlag,
    EvidenceSlot,
    Integrity,
    SplitAnswer,
    WeighingPurpose,
)
from returnbench.inspect.commands import (
    Command,
    ConfirmVerdict,
    FinishContents,
    GoOnWithoutWeight,
    HoldCase,
    NoteScan,
    OpenCase,
    RecordPhoto,
    RecordWeighing,
    Refused,
    ReleaseVerdict,
    ResumeCase,
    ScanUnit,
    SignOn,
    UndoStep,
)
from returnbench.inspect.evolve import fold
from returnbench.inspect.flow import decide
from returnbench.inspect.gates import missing_slots
from returnbench.inspect.inspection import BenchState, Phase
from returnbench.inspect.policy import Policy
from returnbench.inspect.weighing import (
    NoWeight,
    NoWeightReason,
    Reading,
    StabilitySource,
    WeightKind,
    WeightUnit,
)
from returnbench.inspect.weighing_procedure import Pan
from returnbench.inspect.weight import assess, assess_found
from returnbench.station.devices_view import devices_seen
from returnbench.station.finished import FinishedParcels
from returnbench.station.menu import LINES_PER_PAGE, Act, Choice, Place, Submenu, menu
from returnbench.station.presenter import Presenter, Site
from returnbench.station.snapshot import Notice, Snapshot, StepTimes, TextId
from returnbench.station.text import texts
from returnbench.station.view import Tone

TEXTS = texts("en")
PACKAGING = Mass(90_000, 6_000)
LINES = tuple(
    ExpectedLine(
        f"L{n}", f"SKU-{n}", f"Thing {{{n}}} @slot.LABEL", "home", 1 + n % 3,
        None if n == 9 else Mass(50_000 + 40_000 * n, 1_000 * n), (f"CODE{n}",),
    )
    for n in range(12)
)  # fmt: skip
ALWAYS = {"key.undo": "0", "key.back": "0", "key.hold": "9", "key.go_without": "8"}
READING = Reading(
    Decimal("790"), WeightUnit.G, WeightKind.UNKNOWN, True, StabilitySource.DEVICE, b"", 5, "S"
)


class Keys:
    """Keys are pressed as the menu offers them; pictures and weights come as they are demanded."""

    def sit_down(self, lines: int) -> None:
        self.lines = LINES[:lines]
        self.policy = Policy()
        self.state = BenchState()
        self.place = Place()
        self.notice: Notice | None = None
        self.finished = FinishedParcels(10)
        self.cases = 0
        self.presenter = Presenter(
            Site("BENCH 07", lambda: devices_seen(None, None, None, TEXTS), lambda: NOW), TEXTS
        )
        self.pan = Pan()
        self.do(SignOn("XOPANA7Q2LK9ZT00"))

    def do(self, command: Command) -> None:
        for slot in missing_slots(self.state.inspection, command) if self.state.inspection else ():
            self.do(RecordPhoto(photo(slot)))
        decision = decide(self.state, command, self.policy)
        if isinstance(decision, Refused):
            params = (("text", decision.detail), ("slot", TextId("slot.LABEL")))
            self.notice = Notice(decision.code, Tone.ATTENTION, params)
            return
        before = {case.case for case in self.state.decided}
        self.state = fold(decision, self.state)
        for case in self.state.decided:
            if case.case not in before:
                self.finished.add(case, 3.0)
                self.finished.await_release(case.case, 0)

    # -- what people do -------------------------------------------------------------------

    def take(self, choice: Choice, mass: int) -> None:
        self.notice = None
        match choice.does:
            case Submenu():
                self.place = Place(choice.does)
            case Act.NEXT_PAGE:
                page = (self.place.page + 1) % (1 + len(self.lines) // LINES_PER_PAGE)
                self.place = replace(self.place, page=page)
            case Act.BACK:
                self.place = Place()
            case Act.WEIGH_FULL_SET:
                self.weigh(WeighingPurpose.FULL_SET, mass)
                self.do(FinishContents())
            case Act.GO_WITHOUT:
                self.do(GoOnWithoutWeight(WeighingPurpose.GROSS, NoWeightReason.NO_SCALE))
            case command:
                self.place = Place()
                self.do(command)

    def open(
        self, announced: bool, flags: set[DoorFlag], claimed: ClaimedReason,
        arrival: ArrivalType, refunded: bool,
    ) -> None:  # fmt: skip
        self.cases += 1
        waybill = f"W{self.cases}"
        advice = AnnouncedReturn(
            f"R{self.cases}", "demo", "O", waybill, "YTO", self.lines, arrival, claimed,
            PACKAGING, already_refunded=refunded, instruction="call {0}",
        )  # fmt: skip
        case = CaseId(f"c-{self.cases}")
        order = tuple(flag for flag in DoorFlag if flag in flags)
        self.do(OpenCase(case, waybill, "YTO", advice if announced else None, order))

    def lay(self, mass: int | None) -> None:
        if self.state.inspection is None:
            return
        if mass is None:
            mass = PACKAGING.mean_mg + sum(
                line.quantity * line.unit_mass.mean_mg for line in self.lines if line.unit_mass
            )
        self.weigh(WeighingPurpose.GROSS, mass)

    def weigh(self, purpose: WeighingPurpose, mass: int) -> None:
        weight = SettledWeight(
            purpose, str(mass), "mg", "gross", mass, 2_000, 1_000, "device", 3, "0", 1, 2,
            "SIM", "mt-sics",
        )  # fmt: skip
        now = self.state.inspection
        if purpose is WeighingPurpose.FULL_SET:
            judged = assess_found(now.present_lines, PACKAGING, mass, 2_000)
        else:
            judged = assess(now.lines, PACKAGING, mass, 2_000, purpose)
        self.do(RecordWeighing(weight, judged))

    def scan_code(self, code: str) -> None:
        self.do(NoteScan(code, "UNIT_CODE", "", "wedge"))
        self.do(ScanUnit(code))

    def release_or_resume(self, number: int) -> None:
        case = CaseId(f"c-{number}")
        self.do(ReleaseVerdict(case))
        if all(decided.case != case for decided in self.state.decided):
            self.finished.released(case)
        self.do(ResumeCase(case))

    def show(self, frame: Reading | NoWeightReason) -> None:
        live = frame if isinstance(frame, Reading) else NoWeight(frame, "", b"", 5, "S")
        self.pan = replace(self.pan, live=live)

    # -- what holds at every moment -------------------------------------------------------

    def keys_are_few_different_and_mean_the_same_everywhere(self) -> None:
        for may_go_without in (False, True):
            choices = menu(self.state, self.place, may_go_without=may_go_without)
            keys = [choice.key for choice in choices]
            assert len(keys) <= 9
            assert len(keys) == len(set(keys))
            assert set(keys) <= {*"0123456789", "enter"}
            acts = [choice.does for choice in choices]
            assert all(acts.count(does) == 1 for does in acts)
            assert sum(choice.primary for choice in choices) <= 1
            for choice in choices:
                assert ALWAYS.get(choice.label, choice.key) == choice.key
                assert choice.key not in "089" or choice.label in ALWAYS
                assert not isinstance(choice.does, UndoStep) or choice.key == "0"
                assert not isinstance(choice.does, HoldCase) or choice.key == "9"

    def there_is_always_a_way_on(self) -> None:
        now = self.state.inspection
        if now is None:
            return
        choices = menu(self.state, self.place, may_go_without=False)
        assert any(choice.label in ("key.hold", "key.back") for choice in choices)
        if self.place.submenu is None and (now.phase is not Phase.OUTSIDE or now.advice):
            ways = [c for c in choices if c.does not in (UndoStep(),) and c.label != "key.hold"]
            assert ways

    def the_screen_can_be_drawn(self) -> None:
        view = self.presenter.build(self.snapshot(), 7_000_000_000)
        assert view.state.title
        at_door = self.state.inspection is not None and self.state.inspection.phase is Phase.DOOR
        assert len(view.state.message) <= (len(DoorFlag) if at_door else 4)
        assert all(key.label for key in view.keys)
        assert (view.parcel is None) == (self.state.inspection is None)
        if self.notice is not None:
            assert view.state.code == self.notice.code

    def check(self) -> None:
        self.keys_are_few_different_and_mean_the_same_everywhere()
        self.there_is_always_a_way_on()
        self.the_screen_can_be_drawn()

    def snapshot(self) -> Snapshot:
        return Snapshot(
            state=self.state,
            choices=menu(self.state, self.place, may_go_without=True),
            place=self.place,
            notice=self.notice,
            pan=self.pan,
            times=StepTimes(1) if self.state.inspection else None,
            history=self.finished.newest,
            release_at_ns=self.finished.waiting,
            log_size=0,
            policy=self.policy,
        )


NOW = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)


def photo(slot: EvidenceSlot) -> Photo:
    gate = PhotoGate("ok", (), 900, None, 120, 0, 0, 20)
    return Photo(
        "a" * 64, slot, 9, 8, 8, "image/jpeg", "camera", "top", 5, "2026-11-21T12:00:00.000Z", gate
    )


FRAMES = (READING, replace(READING, stable=False), *NoWeightReason)
CODES = ("CODE0", "CODE1", "CODE11", "5901234123457")


class KeyWalk(Keys, RuleBasedStateMachine):
    """Anything at any time."""

    @initialize(lines=st.integers(0, len(LINES)))
    def begin(self, lines: int) -> None:
        self.sit_down(lines)

    @rule(keys=st.lists(st.integers(0, 8), min_size=1, max_size=4), mass=st.integers(1, 3_000_000))
    def press(self, keys: list[int], mass: int) -> None:
        for key in keys:
            choices = menu(self.state, self.place, may_go_without=True)
            if choices:
                self.take(choices[key % len(choices)], mass)

    @rule(
        announced=st.booleans(), flags=st.sets(st.sampled_from(DoorFlag)),
        claimed=st.sampled_from(ClaimedReason), arrival=st.sampled_from(ArrivalType),
        refunded=st.booleans(),
    )  # fmt: skip
    def scan_parcel(self, **parcel: object) -> None:
        self.open(**parcel)

    @rule(mass=st.one_of(st.just(None), st.integers(1, 3_000_000)))
    def lay_down(self, mass: int | None) -> None:
        self.lay(mass)

    @rule(code=st.sampled_from(CODES))
    def scan_unit(self, code: str) -> None:
        self.scan_code(code)

    @rule(badge=st.sampled_from(["XOPBEN00000000000", ""]))
    def second_person(self, badge: str) -> None:
        self.do(ConfirmVerdict(badge))

    @rule(number=st.integers(1, 9))
    def later(self, number: int) -> None:
        self.release_or_resume(number)

    @rule(frame=st.sampled_from(FRAMES))
    def scale_says(self, frame: Reading | NoWeightReason) -> None:
        self.show(frame)

    @invariant()
    def holds(self) -> None:
        self.check()


TestKeyWalk = KeyWalk.TestCase
TestKeyWalk.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_a_long_day_at_the_keys_meets_every_key_and_phase():
    chance = random.Random(11)
    labels: set[str] = set()
    phases: set[Phase] = set()
    for lines in (0, 1, 3, 12):
        keys = Keys()
        keys.sit_down(lines)
        for _ in range(1000):
            _act(keys, chance, labels)
            keys.check()
            if keys.state.inspection is not None:
                phases.add(keys.state.inspection.phase)
    assert phases == set(Phase) - {Phase.DECIDED, Phase.RELEASED}
    known = {text for text in TEXTS.ids if text.startswith("key.")}
    known |= {f"integrity.{code}" for code in Integrity} | {f"split.{code}" for code in SplitAnswer}
    # ENTER is only printed, as a label of the mat; on screen it has the name of what it does.
    assert known - labels == {"key.enter"}


def _act(keys: Keys, chance: random.Random, labels: set[str]) -> None:
    choices = menu(keys.state, keys.place, may_go_without=True)
    labels.update(choice.label for choice in choices)
    act = chance.random()
    if keys.state.inspection is None and act < 0.7:
        flags = set(chance.sample(list(DoorFlag), chance.choice((0, 0, 0, 1, 3))))
        claimed, arrival = chance.choice(list(ClaimedReason)), chance.choice(list(ArrivalType))
        keys.open(act < 0.6, flags, claimed, arrival, refunded=chance.random() < 0.2)
        keys.lay(chance.choice((None, None, chance.randint(1, 2_000_000))))
    elif act < 0.04:
        keys.scan_code(chance.choice(CODES))
    elif act < 0.08:
        keys.release_or_resume(chance.randint(1, keys.cases + 1))
    elif act < 0.1:
        keys.show(chance.choice(FRAMES))
    elif act < 0.14:
        keys.do(ConfirmVerdict("XOPBEN00000000000"))
    elif choices:
        weights = [1 if choice.label in ALWAYS else 8 for choice in choices]
        (choice,) = chance.choices(choices, weights)
        keys.take(choice, chance.randint(1, 2_000_000))
