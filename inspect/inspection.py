"""The state of one inspection and of the bench: what the folded events amount to."""

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum

from returnbench.inspect.case import (
    AnnouncedReturn,
    CaseId,
    ExpectedLine,
    Finding,
    GradedUnits,
    Photo,
    SettledWeight,
    Verdict,
    WeightAssessment,
)
from returnbench.inspect.codes import (
    MISSING_FINDINGS,
    NOT_HERE_FINDINGS,
    ArrivalType,
    DoorFlag,
    EvidenceSlot,
    FindingCode,
    IntakeRefusal,
    Integrity,
    SplitAnswer,
    WeighingPurpose,
)


class Phase(StrEnum):
    """Where the inspection stands."""

    DOOR = "DOOR"
    """Something is flagged: take it in or refuse it."""
    OUTSIDE = "OUTSIDE"
    """Closed parcel: weigh, photograph, judge the outside."""
    CONTENTS = "CONTENTS"
    """Opened: compare the contents with the lines."""
    GRADING = "GRADING"
    """Give each unit its grade."""
    VERDICT = "VERDICT"
    """Confirm the proposed verdict."""
    DECIDED = "DECIDED"
    """The verdict is given; it may still be taken back."""
    RELEASED = "RELEASED"
    """The verdict went out."""


@dataclass(frozen=True, slots=True)
class UnitCount:
    """A unit code that was scanned; ``line_ref`` is ``None`` when it belongs to no line."""

    code: str
    line_ref: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything known about the parcel on the bench."""

    case: CaseId
    waybill: str
    carrier: str
    arrival: ArrivalType
    advice: AnnouncedReturn | None
    flags: tuple[DoorFlag, ...]
    phase: Phase
    refusal: IntakeRefusal | None = None
    integrity: Integrity | None = None
    weighings: tuple[tuple[SettledWeight, WeightAssessment], ...] = ()
    without_weight: tuple[WeighingPurpose, ...] = ()
    photos: tuple[Photo, ...] = ()
    without_photo: tuple[EvidenceSlot, ...] = ()
    units: tuple[UnitCount, ...] = ()
    split: SplitAnswer | None = None
    findings: tuple[Finding, ...] = ()
    counted: bool = False
    graded: tuple[GradedUnits, ...] = ()
    verdict: Verdict | None = None
    step: str = ""
    """The step that led here; it is what undo takes back."""
    previous: "Inspection | None" = None

    @property
    def lines(self) -> tuple[ExpectedLine, ...]:
        """The announced lines; none for a parcel that nobody announced."""
        return self.advice.lines if self.advice else ()

    def line(self, line_ref: str) -> ExpectedLine | None:
        """The line of this reference."""
        return next((line for line in self.lines if line.line_ref == line_ref), None)

    def weighing(self, purpose: WeighingPurpose) -> tuple[SettledWeight, WeightAssessment] | None:
        """The newest weighing of this purpose."""
        of_purpose = [pair for pair in self.weighings if pair[0].purpose is purpose]
        return of_purpose[-1] if of_purpose else None

    def has_photo(self, slot: EvidenceSlot) -> bool:
        """Whether there is a picture of this slot."""
        return any(photo.slot is slot for photo in self.photos)

    @property
    def assessment(self) -> WeightAssessment | None:
        """What the newest weighing says."""
        return self.weighings[-1][1] if self.weighings else None

    @property
    def weight_contradicts(self) -> bool:
        """Whether the newest weighing says that the contents are not what was announced."""
        return self.assessment is not None and self.assessment.outcome == "NOT_CONSISTENT"

    @property
    def weight_denies_findings(self) -> bool:
        """Whether everything received, weighed together, does not fit what was found."""
        full_set = self.weighing(WeighingPurpose.FULL_SET)
        return (
            full_set is not None
            and full_set[1].basis == "FOUND"
            and full_set[1].outcome == "NOT_CONSISTENT"
        )

    @property
    def present_lines(self) -> tuple[ExpectedLine, ...]:
        """The lines with the units that are really here; none of those that are wholly absent."""
        return tuple(
            replace(line, quantity=self.present_of(line))
            for line in self.lines
            if self.present_of(line) > 0
        )

    @property
    def says_missing(self) -> bool:
        """Whether a finding says that something is missing."""
        return any(finding.code in MISSING_FINDINGS for finding in self.findings)

    def missing_of(self, line_ref: str) -> int:
        """Units of the line that are not here; all that are not wrong in an empty parcel."""
        if any(finding.code is FindingCode.EMPTY_PARCEL for finding in self.findings):
            line = self.line(line_ref)
            return max(0, line.quantity - self.wrong_of(line_ref)) if line else 0
        return sum(
            finding.quantity
            for finding in self.findings
            if finding.line_ref == line_ref and finding.code in NOT_HERE_FINDINGS
        )

    def wrong_of(self, line_ref: str) -> int:
        """Units in whose place something else lay."""
        wrong = (FindingCode.WRONG_ITEM, FindingCode.SWAP_SUSPECT)
        return sum(
            finding.quantity
            for finding in self.findings
            if finding.line_ref == line_ref and finding.code in wrong
        )

    def present_of(self, line: ExpectedLine) -> int:
        """Units of the line that are really here."""
        absent = self.missing_of(line.line_ref) + self.wrong_of(line.line_ref)
        return max(0, line.quantity - absent)

    def ungraded_of(self, line: ExpectedLine) -> int:
        """Units of the line that are here and have no grade yet."""
        graded = sum(g.quantity for g in self.graded if g.line_ref == line.line_ref)
        return max(0, self.present_of(line) - graded)

    @property
    def ungraded(self) -> tuple[ExpectedLine, ...]:
        """Lines that have units without a grade, in their order."""
        return tuple(line for line in self.lines if self.ungraded_of(line) > 0)

    def scanned_of(self, line_ref: str) -> int:
        """Different or repeated unit codes of this line that were scanned."""
        return Counter(unit.line_ref for unit in self.units)[line_ref]

    def stepped(self, step: str, **changes: object) -> "Inspection":
        """Give the inspection after an undoable ``step``."""
        return replace(self, step=step, previous=self, **changes)  # type: ignore[arg-type]

    def undone(self) -> "Inspection":
        """The inspection before its last step; pictures, weighings and scans stay recorded."""
        if self.previous is None:
            raise ValueError("there is no step to take back")
        kept = self.without_full_set() if self.step == "finding" else self
        return replace(
            self.previous,
            weighings=kept.weighings,
            without_weight=kept.without_weight,
            photos=kept.photos,
            without_photo=kept.without_photo,
        )

    def without_full_set(self) -> "Inspection":
        """The inspection as if the full set had not been weighed.

        It was weighed against the findings of its time: when they change, it proves nothing any
        more and has to be done again. The log keeps the weighing and its picture.
        """
        full_set = WeighingPurpose.FULL_SET
        return replace(
            self,
            weighings=tuple(pair for pair in self.weighings if pair[0].purpose is not full_set),
            photos=tuple(p for p in self.photos if p.slot is not EvidenceSlot.FULL_SET_ON_SCALE),
        )


@dataclass(frozen=True, slots=True)
class BenchState:
    """The bench: who works, what lies on it, what is decided but not yet released."""

    operator: str = ""
    inspection: Inspection | None = None
    decided: tuple[Inspection, ...] = ()
    """Verdicts that may still be taken back, oldest first."""
    held: tuple[Inspection, ...] = ()
    """Parcels that were set aside, oldest first."""
    finished: int = 0
    """Verdicts that were released."""
    cursor: int = 0
    """The hub's position of the newest refund answer."""
