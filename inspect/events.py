"""What happened at the bench: the only things that change the state of an inspection.

Every event becomes one entry of the event log; ``ENTRY_TYPES`` gives the names under which they are
stored. Fields marked personal are kept in an addendum and come back as ``""`` once it is erased.
"""

from dataclasses import dataclass, field

from returnbench.inspect.case import (
    PERSONAL,
    AnnouncedReturn,
    CaseId,
    Finding,
    GradedUnits,
    Photo,
    RefundAnswer,
    SettledWeight,
    Verdict,
    WeightAssessment,
)
from returnbench.inspect.codes import (
    ArrivalType,
    DoorFlag,
    IntakeRefusal,
    Integrity,
    SplitAnswer,
    WeighingPurpose,
)
from returnbench.inspect.weighing import NoWeightReason


@dataclass(frozen=True, slots=True)
class OperatorSignedOn:
    """Somebody took over the bench. ``operator`` is the badge as scanned; empty: signed off."""

    operator: str = field(metadata=PERSONAL)


@dataclass(frozen=True, slots=True)
class ScanRecorded:
    """A code was read, known or not. ``case`` is the open case, if one was open."""

    raw: str = field(metadata=PERSONAL)
    meaning: str
    symbology: str
    device: str
    case: CaseId | None = None


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """A parcel is on the bench. ``advice`` is ``None`` for a parcel that nobody announced."""

    case: CaseId
    waybill: str = field(metadata=PERSONAL)
    carrier: str
    arrival: ArrivalType
    advice: AnnouncedReturn | None
    flags: tuple[DoorFlag, ...]


@dataclass(frozen=True, slots=True)
class DoorPassed:
    """The parcel may be opened. ``flags`` are those the operator saw and accepted."""

    case: CaseId
    flags: tuple[DoorFlag, ...] = ()


@dataclass(frozen=True, slots=True)
class ParcelRefused:
    """The parcel is not taken over; it is never opened."""

    case: CaseId
    reason: IntakeRefusal


@dataclass(frozen=True, slots=True)
class ParcelWeighed:
    """A weighing came to rest, and what it says about the contents."""

    case: CaseId
    weight: SettledWeight
    assessment: WeightAssessment


@dataclass(frozen=True, slots=True)
class WeighingFailed:
    """The inspection went on without this weight, and why."""

    case: CaseId
    purpose: WeighingPurpose
    reason: NoWeightReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PhotoTaken:
    """A picture is on disk."""

    case: CaseId
    photo: Photo


@dataclass(frozen=True, slots=True)
class PhotoFailed:
    """No picture could be taken. ``rejected`` counts the shots that the gate refused."""

    case: CaseId
    slot: str
    reason: str
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class IntegrityJudged:
    """The outside of the parcel was judged; it may be opened now."""

    case: CaseId
    integrity: Integrity


@dataclass(frozen=True, slots=True)
class UnitScanned:
    """The code of a unit was scanned. ``line_ref`` is ``None`` when no line carries this code."""

    case: CaseId
    code: str
    line_ref: str | None


@dataclass(frozen=True, slots=True)
class SplitChecked:
    """The split-shipment check was answered: can the rest be in another parcel."""

    case: CaseId
    answer: SplitAnswer


@dataclass(frozen=True, slots=True)
class FindingRecorded:
    """The inspection established something."""

    case: CaseId
    finding: Finding


@dataclass(frozen=True, slots=True)
class ContentsChecked:
    """The contents were compared with the announced lines; the findings say what differs.

    ``counted``: every unit was counted by hand, which a weight that does not fit demands.
    """

    case: CaseId
    counted: bool = False


@dataclass(frozen=True, slots=True)
class UnitsGraded:
    """Units of one line got their grade."""

    case: CaseId
    graded: GradedUnits


@dataclass(frozen=True, slots=True)
class VerdictGiven:
    """The operator confirmed the verdict. Nothing leaves for the shop before its release."""

    case: CaseId
    verdict: Verdict
    second_person: str = field(default="", metadata=PERSONAL)


@dataclass(frozen=True, slots=True)
class VerdictReleased:
    """The time for undo is over: the shop may act on the verdict."""

    case: CaseId
    rma: str
    shop: str
    order_ref: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class CaseHeld:
    """The parcel was set aside, with a reason and an owner."""

    case: CaseId
    reason: str
    owner: str


@dataclass(frozen=True, slots=True)
class CaseResumed:
    """A parcel that was set aside is on the bench again."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class StepUndone:
    """The last step of the operator was taken back. What was recorded stays recorded."""

    case: CaseId
    step: str


@dataclass(frozen=True, slots=True)
class RefundAnswered:
    """The shop's answer came back. ``cursor`` is the hub's position of this change."""

    answer: RefundAnswer
    cursor: int


CaseEvent = (
    CaseOpened
    | DoorPassed
    | ParcelRefused
    | ParcelWeighed
    | WeighingFailed
    | PhotoTaken
    | PhotoFailed
    | IntegrityJudged
    | UnitScanned
    | SplitChecked
    | FindingRecorded
    | ContentsChecked
    | UnitsGraded
    | VerdictGiven
    | VerdictReleased
    | CaseHeld
    | CaseResumed
    | StepUndone
)
"""Events that belong to one case."""

Event = CaseEvent | OperatorSignedOn | ScanRecorded | RefundAnswered
"""Everything that the bench records about its work."""

ENTRY_TYPES: dict[str, type[Event]] = {
    "operator": OperatorSignedOn,
    "scan": ScanRecorded,
    "case_opened": CaseOpened,
    "door_passed": DoorPassed,
    "parcel_refused": ParcelRefused,
    "weighing": ParcelWeighed,
    "weighing_failed": WeighingFailed,
    "photo": PhotoTaken,
    "photo_failed": PhotoFailed,
    "integrity": IntegrityJudged,
    "unit_scanned": UnitScanned,
    "split_check": SplitChecked,
    "finding": FindingRecorded,
    "contents_checked": ContentsChecked,
    "graded": UnitsGraded,
    "verdict": VerdictGiven,
    "verdict_released": VerdictReleased,
    "hold": CaseHeld,
    "resume": CaseResumed,
    "undo": StepUndone,
    "refund_answer": RefundAnswered,
}
"""The ``type`` of the log entry of each event."""
