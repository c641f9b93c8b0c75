"""What the bench may be asked to do. A command is answered with events, or refused with a code."""

from dataclasses import dataclass

from returnbench.inspect.case import (
    AnnouncedReturn,
    CaseId,
    Finding,
    Photo,
    RefundAnswer,
    SettledWeight,
    WeightAssessment,
)
from returnbench.inspect.codes import (
    DoorFlag,
    EvidenceSlot,
    Grade,
    IntakeRefusal,
    Integrity,
    SplitAnswer,
    WeighingPurpose,
)
from returnbench.inspect.weighing import NoWeightReason


@dataclass(frozen=True, slots=True)
class SignOn:
    """Take over the bench."""

    operator: str


@dataclass(frozen=True, slots=True)
class NoteScan:
    """Keep a scan, whatever it means."""

    raw: str
    meaning: str
    symbology: str
    device: str


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Begin with the parcel whose waybill was read. ``flags`` are what the look-up found."""

    case: CaseId
    waybill: str
    carrier: str
    advice: AnnouncedReturn | None
    flags: tuple[DoorFlag, ...] = ()


@dataclass(frozen=True, slots=True)
class PassDoor:
    """Take the parcel in although something was flagged."""


@dataclass(frozen=True, slots=True)
class RefuseParcel:
    """Do not take the parcel over."""

    reason: IntakeRefusal


@dataclass(frozen=True, slots=True)
class RecordWeighing:
    """A weighing came to rest."""

    weight: SettledWeight
    assessment: WeightAssessment


@dataclass(frozen=True, slots=True)
class GoOnWithoutWeight:
    """The operator goes on although there is no weight."""

    purpose: WeighingPurpose
    reason: NoWeightReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RecordPhoto:
    """A picture was stored."""

    photo: Photo


@dataclass(frozen=True, slots=True)
class GoOnWithoutPhoto:
    """The operator goes on although there is no picture for this slot."""

    slot: EvidenceSlot
    reason: str
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class JudgeIntegrity:
    """Say what state the outside is in."""

    integrity: Integrity


@dataclass(frozen=True, slots=True)
class ScanUnit:
    """Count one unit by its code."""

    code: str


@dataclass(frozen=True, slots=True)
class AnswerSplit:
    """Answer whether the rest could be in another parcel."""

    answer: SplitAnswer


@dataclass(frozen=True, slots=True)
class AddFinding:
    """Record what differs."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class FinishContents:
    """The contents are compared; ``counted`` says that every unit was counted by hand."""

    counted: bool = False


@dataclass(frozen=True, slots=True)
class GradeLine:
    """Give all units of one line their grade; ``line_ref`` ``None``: of all ungraded lines."""

    line_ref: str | None
    grade: Grade


@dataclass(frozen=True, slots=True)
class AllInOrder:
    """Outside intact, contents complete, every unit like new: judge it all with one key."""


@dataclass(frozen=True, slots=True)
class ConfirmVerdict:
    """Confirm the proposed verdict, with the badge of a second person where one is needed."""

    second_person: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseVerdict:
    """The time for undo is over."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class HoldCase:
    """Set the parcel aside."""

    reason: str
    owner: str


@dataclass(frozen=True, slots=True)
class ResumeCase:
    """Take a parcel that was set aside onto the bench again."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class UndoStep:
    """Take back the last step."""


@dataclass(frozen=True, slots=True)
class RecordRefundAnswer:
    """The hub passed on what the shop answered."""

    answer: RefundAnswer
    cursor: int


Command = (
    SignOn
    | NoteScan
    | OpenCase
    | PassDoor
    | RefuseParcel
    | RecordWeighing
    | GoOnWithoutWeight
    | RecordPhoto
    | GoOnWithoutPhoto
    | JudgeIntegrity
    | ScanUnit
    | AnswerSplit
    | AddFinding
    | FinishContents
    | GradeLine
    | AllInOrder
    | ConfirmVerdict
    | ReleaseVerdict
    | HoldCase
    | ResumeCase
    | UndoStep
    | RecordRefundAnswer
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A command was not carried out; ``code`` leads to the sentence that says what to do."""

    code: str
    detail: str = ""
