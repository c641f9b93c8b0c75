"""A person at the bench, for runs without one: sees what the bench shows, knows what the hands see.

It acts from the state of the bench alone, one step after the other, so it goes on in the middle of
a parcel when the bench was restarted there.
"""

from collections.abc import Callable
from time import monotonic, monotonic_ns

from returnbench.inspect.case import Finding
from returnbench.inspect.codes import EvidenceSlot, FindingCode, Grade, WeighingPurpose
from returnbench.inspect.commands import (
    AddFinding,
    AllInOrder,
    ConfirmVerdict,
    FinishContents,
    GradeLine,
    JudgeIntegrity,
    PassDoor,
    RefuseParcel,
)
from returnbench.inspect.inspection import Inspection, Phase
from returnbench.inspect.policy import propose
from returnbench.inspect.weighing import NoWeightReason
from returnbench.station.bench import Bench
from returnbench.station.demo.goods import DemoParcel, Trouble
from returnbench.station.demo.world import SECOND_PERSON, DemoWorld
from returnbench.station.menu import Act, Choice, Submenu
from returnbench.station.snapshot import Snapshot

PATIENCE_S = 20.0
"""Longest wait for one reaction of the bench."""


class OperatorStuck(Exception):
    """The bench did not react as a person would expect; the text says where."""


class DemoOperator:
    """Takes one parcel after the other through the bench."""

    def __init__(self, bench: Bench, world: DemoWorld) -> None:
        self._bench = bench
        self._world = world

    def inspect(self, parcel: DemoParcel) -> None:
        """Take ``parcel`` from wherever it is to its verdict, and clear the bench.

        Raises:
            OperatorStuck: the bench did not react.

        """
        self._world.put(parcel)
        if self._open_waybill() != parcel.waybill:
            self._scan(parcel)
        deadline = monotonic() + 3 * PATIENCE_S
        while (now := self._bench.state().inspection) is not None:
            if monotonic() > deadline:
                raise OperatorStuck(f"parcel {parcel.number} came no further than {now.phase}")
            self._step(parcel, now)
        self._world.take_off()
        self._await(_pan_is_empty, f"parcel {parcel.number}: the pan does not read empty")

    def _open_waybill(self) -> str:
        now = self._bench.state().inspection
        return now.waybill if now else ""

    def _scan(self, parcel: DemoParcel) -> None:
        """Every third parcel with the hand scanner; the camera reads the others by itself."""
        by_camera = parcel.number % 3 != 0
        if not by_camera or self._bench.wait(lambda s: s.state.inspection is not None, 4) is None:
            self._bench.scan(parcel.waybill, "wedge", monotonic_ns())
        self._await(
            lambda s: s.state.inspection is not None, f"waybill {parcel.waybill} opened no parcel"
        )

    # -- one step -------------------------------------------------------------------------

    def _step(self, parcel: DemoParcel, now: Inspection) -> None:
        match now.phase:
            case Phase.DOOR:
                self._press(lambda c: isinstance(c.does, PassDoor | RefuseParcel))
            case Phase.OUTSIDE:
                self._outside(parcel, now)
            case Phase.CONTENTS:
                self._contents(parcel, now)
            case Phase.GRADING:
                self._grade(parcel, now)
            case _:
                self._confirm(now)

    def _outside(self, parcel: DemoParcel, now: Inspection) -> None:
        if now.weighing(WeighingPurpose.GROSS) is None:
            self._wait_for_weight(parcel)
            return
        if not self._bench.state().inspection:
            return
        self._await(
            lambda s: (
                s.state.inspection is None
                or s.state.inspection.has_photo(EvidenceSlot.LABEL)
                or s.waiting_for is not None
            ),
            "the label was not photographed",
        )
        if parcel.trouble in (Trouble.NONE, Trouble.REFUNDED) and self._has(AllInOrder):
            self._world.open()
            self._press(lambda c: isinstance(c.does, AllInOrder))
            return
        key = "4" if parcel.trouble is Trouble.BROKEN else "1"
        self._press(lambda c: isinstance(c.does, JudgeIntegrity) and c.key == key)
        self._world.open()

    def _wait_for_weight(self, parcel: DemoParcel) -> None:
        """Wait for the automatic weighing; lift the parcel once when the scale asks for it."""
        reached = self._await(
            lambda s: _weighed(s) or s.pan.blocked is NoWeightReason.ZERO_NOT_SEEN,
            f"parcel {parcel.number} was not weighed",
        )
        if not _weighed(reached):
            self._world.shake_off()
            self._await(_pan_is_empty, "the pan does not read empty")
            self._world.put_back()
            self._await(_weighed, f"parcel {parcel.number} was not weighed")

    def _contents(self, parcel: DemoParcel, now: Inspection) -> None:
        self._world.open()
        wanted = _finding_of(parcel)
        if wanted is None or any(f.code is wanted.code for f in now.findings):
            self._finish()
            return
        if wanted.code is FindingCode.SWAP_SUSPECT and not now.units:
            self._bench.scan(parcel.foreign_code or "", "wedge", monotonic_ns())
            self._await(lambda s: _units(s) > 0, "the unit code was not taken")
            return
        self._find(wanted, now)

    def _find(self, wanted: Finding, now: Inspection) -> None:
        submenu = {
            FindingCode.SHORT_QTY: "missing" if now.split else "split",
            FindingCode.SWAP_SUSPECT: "wrong",
        }.get(wanted.code, "damaged")
        self._press(lambda c: isinstance(c.does, Submenu) and c.does.name == submenu)
        if submenu == "split":
            self._press(lambda c: c.key == "1")
            return
        if submenu == "damaged":
            line = Submenu("damaged", wanted.line_ref)
            self._press(lambda c: c.does == line)
        self._press(
            lambda c: (
                isinstance(c.does, AddFinding)
                and (c.does.finding.code, c.does.finding.line_ref) == (wanted.code, wanted.line_ref)
            )
        )

    def _finish(self) -> None:
        if any(c.does is Act.WEIGH_FULL_SET for c in self._bench.snapshot().choices):
            self._await(lambda s: s.pan.settled is not None, "the full set does not lie still")
            self._press(lambda c: c.does is Act.WEIGH_FULL_SET)
        else:
            self._press(lambda c: isinstance(c.does, FinishContents))

    def _grade(self, parcel: DemoParcel, now: Inspection) -> None:
        line_ref = now.ungraded[0].line_ref
        grade = {Trouble.WORN: Grade.D_SOILED, Trouble.DEFECT: Grade.E_DAMAGED}.get(parcel.trouble)
        if grade is not None and line_ref == parcel.troubled_line:
            self._press(lambda c: c.does == GradeLine(line_ref, grade))
        elif grade is not None:
            self._press(lambda c: c.does == GradeLine(line_ref, Grade.B_LIKE_NEW))
        else:
            self._press(lambda c: c.does == GradeLine(None, Grade.B_LIKE_NEW))

    def _confirm(self, now: Inspection) -> None:
        if propose(now, self._bench.snapshot().policy).needs_second_person:
            self._bench.scan(SECOND_PERSON, "wedge", monotonic_ns())
            self._await(lambda s: s.state.inspection is not now, "the second badge was not taken")
        else:
            self._press(lambda c: isinstance(c.does, ConfirmVerdict))

    # -- eyes and fingers -----------------------------------------------------------------

    def _has(self, kind: type) -> bool:
        return any(isinstance(choice.does, kind) for choice in self._bench.snapshot().choices)

    def _press(self, is_it: Callable[[Choice], bool]) -> None:
        """Press the key that means this, and wait until the bench has reacted."""
        snapshot = self._bench.snapshot()
        choice = next((choice for choice in snapshot.choices if is_it(choice)), None)
        if choice is None:
            shown = " ".join(f"{c.key}={c.label}" for c in snapshot.choices)
            raise OperatorStuck(f"the key that is needed is not offered, only: {shown}")
        self._bench.key(choice.key, monotonic_ns())
        self._await(
            lambda s: (
                s.place != snapshot.place
                or s.state.inspection is not snapshot.state.inspection
                or (s.notice is not None and s.notice is not snapshot.notice)
            ),
            f"key {choice.key} ({choice.label}) had no effect",
        )

    def _await(self, holds: Callable[[Snapshot], bool], otherwise: str) -> Snapshot:
        reached = self._bench.wait(holds, PATIENCE_S)
        if reached is None:
            notice = self._bench.snapshot().notice
            raise OperatorStuck(f"{otherwise} (the bench says: {notice})")
        return reached


def _weighed(snapshot: Snapshot) -> bool:
    now = snapshot.state.inspection
    return now is None or now.weighing(WeighingPurpose.GROSS) is not None


def _units(snapshot: Snapshot) -> int:
    return len(snapshot.state.inspection.units) if snapshot.state.inspection else 0


def _pan_is_empty(snapshot: Snapshot) -> bool:
    return snapshot.pan.blocked is NoWeightReason.EMPTY_PAN


def _finding_of(parcel: DemoParcel) -> Finding | None:
    """What a person finds who opens this parcel."""
    code = {
        Trouble.MISSING: FindingCode.SHORT_QTY,
        Trouble.BROKEN: FindingCode.SHORT_QTY,
        Trouble.SWAPPED: FindingCode.SWAP_SUSPECT,
        Trouble.WORN: FindingCode.SOILED,
        Trouble.DEFECT: FindingCode.DEFECT_MAKER,
    }.get(parcel.trouble)
    return Finding(code, parcel.troubled_line, 1) if code else None
