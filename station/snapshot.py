"""What the bench knows at one moment, as one value for screens and other callers."""

from dataclasses import dataclass

from returnbench.inspect import weighing_procedure as procedure
from returnbench.inspect.case import CaseId
from returnbench.inspect.codes import EvidenceSlot, RefundState, VerdictKind
from returnbench.inspect.inspection import BenchState
from returnbench.inspect.policy import Policy
from returnbench.station.menu import Choice, Place
from returnbench.station.view import Tone


class TextId(str):
    """A parameter that is itself the id of a text; any other text is shown as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What the last act led to, until the next one: an id of a text with parameters."""

    code: str
    tone: Tone
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """A parcel with a verdict, and what is known of its money."""

    case: CaseId
    rma: str
    waybill: str
    verdict: VerdictKind
    seconds: float
    refund: RefundState


@dataclass(frozen=True, slots=True)
class StepTimes:
    """When the steps of the open parcel were reached, in monotonic nanoseconds."""

    opened_ns: int
    weighed_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the bench knows at one moment."""

    state: BenchState
    choices: tuple[Choice, ...]
    place: Place
    notice: Notice | None
    pan: procedure.Pan
    times: StepTimes | None
    history: tuple[Finished, ...]
    release_at_ns: tuple[tuple[CaseId, int], ...]
    log_size: int
    policy: Policy
    waiting_for: EvidenceSlot | None = None
