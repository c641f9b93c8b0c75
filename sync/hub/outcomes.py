"""What the shop's answer means for a refund, and what follows from it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class IntentState(StrEnum):
    """Where a refund stands."""

    READY = "ready"
    SENDING = "sending"
    """Written before anything is sent; found after a crash it means: unknown."""
    UNKNOWN = "unknown"
    """The shop may have booked it. Resolved by asking, never by sending again unasked."""
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    NEEDS_PERSON = "needs_person"


OPEN_STATES: frozenset[IntentState] = frozenset(
    {IntentState.READY, IntentState.SENDING, IntentState.UNKNOWN, IntentState.NEEDS_PERSON}
)
"""States in which a refund is not settled."""


@dataclass(frozen=True, slots=True)
class Booked:
    """The shop booked the refund under its own number. ``amount_minor`` is in minor units."""

    refund_id: str
    amount_minor: int
    currency: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The shop finally said no."""

    detail: str


@dataclass(frozen=True, slots=True)
class NothingDone:
    """Proof that nothing happened: it may be tried again."""

    detail: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Unclear:
    """The money may or may not have moved."""

    detail: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Absent:
    """The shop, asked, says that it has never seen this idempotency key."""


@dataclass(frozen=True, slots=True)
class PersonNeeded:
    """No repetition helps: somebody has to look."""

    detail: str


Outcome = Booked | Refused | NothingDone | Unclear | Absent | PersonNeeded


class Act(StrEnum):
    """What a worker does with a refund that it has claimed."""

    SEND = "send"
    READ = "read"


@dataclass(frozen=True, slots=True)
class NextStep:
    """State after an outcome; ``wait`` seconds until something is done about it."""

    state: IntentState
    wait: float
    failures: int
    detail: str


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """How long to wait after the n-th failure in a row, in seconds.

    ``base``, doubled with each failure up to ``longest``, give or take 20 %; ``most`` failures are
    borne. ``jitter`` yields numbers from 0 to 1.
    """

    base: float
    longest: float
    most: int
    jitter: Callable[[], float]

    def wait(self, failures: int) -> float:
        """Seconds to wait after this many failures in a row."""
        plain = min(self.base * 2.0 ** min(failures - 1, 60), self.longest)
        return plain * (0.8 + 0.4 * self.jitter())


def next_step(act: Act, outcome: Outcome, failures: int, schedule: RetrySchedule) -> NextStep:
    """What follows from ``outcome`` of ``act`` after ``failures`` failures in a row."""
    match outcome:
        case Booked():
            return NextStep(IntentState.SUCCEEDED, 0, failures, outcome.detail)
        case Refused():
            return NextStep(IntentState.REFUSED, 0, failures, outcome.detail)
        case PersonNeeded():
            return NextStep(IntentState.NEEDS_PERSON, 0, failures, outcome.detail)
        case Absent():
            # Sent again with the same key. The failure that led here stays counted.
            return NextStep(IntentState.READY, 0, failures, "not booked yet; sent again")
        case NothingDone():
            # Not having been able to ask leaves an unclear refund as unclear as it was.
            state = IntentState.READY if act is Act.SEND else IntentState.UNKNOWN
            return _again(state, outcome, failures, schedule)
        case Unclear():
            return _again(IntentState.UNKNOWN, outcome, failures, schedule)


def _again(
    state: IntentState, outcome: NothingDone | Unclear, failures: int, schedule: RetrySchedule
) -> NextStep:
    failed = failures + 1
    if failed > schedule.most:
        detail = f"given up after {failures} retries: {outcome.detail}"
        return NextStep(IntentState.NEEDS_PERSON, 0, failed, detail)
    wait = max(schedule.wait(failed), outcome.retry_after)
    return NextStep(state, wait, failed, outcome.detail)
