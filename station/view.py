"""What the bench screen shows, as plain values: no widgets, no device, no clock.

``BenchView`` is built by the presenter from the bench's state and drawn by the Textual app. All
texts are final sentences in the operator's language.
"""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """The five tones; each has its own word, sign, colour, border and sound."""

    READY = "ready"
    ACCEPTED = "accepted"
    ATTENTION = "attention"
    REFUSED = "refused"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key that may be pressed now. ``primary`` is the one that goes on in the normal case."""

    key: str
    label: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class StateView:
    """The one big statement: what it is, and what to do next."""

    tone: Tone
    title: str
    message: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class LineView:
    """One expected line. ``mark`` is one of ``[ ]``, ``[x]``, ``[!]``, ``[?]``."""

    mark: str
    title: str
    expected: int
    seen: int | None
    unit_mass: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class WeightView:
    """The live weight and what it says. ``value`` is ``--`` with a reason when there is none."""

    value: str
    unit: str
    status: str
    """``stable``, ``moving``, or the reason why there is no weight."""
    stable: bool
    says_who: str
    expected: str
    judgement: str
    judgement_tone: Tone


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device or connection in the health strip. ``remedy`` says how to fix it."""

    name: str
    status: str
    ok: bool
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PhotoView:
    """One evidence slot: taken, required or optional."""

    slot: str
    taken: bool
    required: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class ParcelView:
    """The parcel on the bench."""

    waybill: str
    carrier: str
    rma: str
    shop: str
    arrival: str
    claimed: str
    instruction: str
    elapsed: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """A parcel that was finished: what came of it, and of the money."""

    waybill: str
    verdict: str
    seconds: str
    refund: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class BenchView:
    """One whole screen."""

    station: str
    operator: str
    clock: str
    state: StateView
    parcel: ParcelView | None
    lines: tuple[LineView, ...]
    weight: WeightView
    photos: tuple[PhotoView, ...]
    proposal: tuple[str, ...]
    """The proposed verdict, line by line; empty before there is one."""
    devices: tuple[DeviceView, ...]
    backlog: int
    """Entries that the hub has not confirmed yet."""
    refunds_pending: int
    keys: tuple[KeyView, ...]
    history: tuple[HistoryView, ...]
    hint: str = ""
    """A quiet line for newcomers (the demo says here what to press)."""
