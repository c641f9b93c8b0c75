"""The values of one return case: what was announced, what was found, what was decided.

All masses are whole milligrams. All values are frozen; the inspection changes only by events.
Fields marked ``personal`` identify a person or an address: they are kept in an addendum beside
the event log and can be erased there without breaking a proof.
"""

from dataclasses import dataclass, field
from typing import Any, NewType

from returnbench.inspect.codes import (
    ArrivalType,
    ClaimedReason,
    Disposition,
    EvidenceSlot,
    FindingCode,
    FreightPayer,
    Grade,
    LiableParty,
    RefundState,
    VerdictKind,
    WeighingPurpose,
)

CaseId = NewType("CaseId", str)

PERSONAL: dict[str, Any] = {"personal": True}
"""Metadata of a field that must stay outside the log."""


@dataclass(frozen=True, slots=True)
class Mass:
    """A mass as we know it: mean and standard deviation between units, in milligrams."""

    mean_mg: int
    sd_mg: int


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """One line of the announced return.

    ``unit_codes`` are the barcodes that any unit of this line may carry (GTIN, shop code);
    ``serials`` the codes of exactly the units that were shipped, where the shop knows them.
    ``unit_mass`` is ``None`` when nobody knows what a unit weighs.
    """

    line_ref: str
    sku: str
    title: str
    category: str
    quantity: int
    unit_mass: Mass | None = None
    unit_codes: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnnouncedReturn:
    """What the shop announced: the pre-advice of one returned parcel."""

    rma: str
    shop: str
    order_ref: str
    waybill: str = field(metadata=PERSONAL)
    carrier: str
    lines: tuple[ExpectedLine, ...]
    arrival: ArrivalType = ArrivalType.ANNOUNCED
    claimed_reason: ClaimedReason = ClaimedReason.OTHER
    packaging_mass: Mass | None = None
    outbound_mg: int | None = None
    freight_collect: bool = False
    already_refunded: bool = False
    sibling_parcels: int = 0
    """Other parcels of the same order that are known to be on the way."""
    instruction: str = ""
    return_slip: str = field(default="", metadata=PERSONAL)


@dataclass(frozen=True, slots=True)
class PhotoGate:
    """What the quality gate measured on one picture, in parts per thousand of its own scale.

    ``verdict`` is ``ok``, ``warn``, ``reject`` or ``override``; ``reasons`` are codes such as
    ``dark``, ``glare``, ``blurred``, ``stale``, ``frozen``, ``covered``.
    """

    verdict: str
    reasons: tuple[str, ...]
    sharpness: int
    sharpness_ratio_permille: int | None
    mean_grey: int
    dark_permille: int
    glare_permille: int
    age_ms: int


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that is safely stored under its hash."""

    sha256: str
    slot: EvidenceSlot
    size: int
    width: int
    height: int
    media: str
    source: str
    """``camera`` (the camera's own JPEG), ``encoded`` (we encoded raw pixels) or ``import``."""
    camera: str
    frame_ns: int
    utc: str
    gate: PhotoGate


@dataclass(frozen=True, slots=True)
class SettledWeight:
    """One weighing that came to rest, with what is needed to defend it.

    ``value`` is the scale's own decimal text and ``unit`` its unit. ``zero_before`` is the last
    stable reading of the empty pan as decimal text in the same unit, ``None`` when none was seen.
    ``u_mg`` is the standard uncertainty of the reading in milligrams.
    """

    purpose: WeighingPurpose
    value: str
    unit: str
    kind: str
    mass_mg: int
    u_mg: int
    division_mg: int
    stability: str
    frames_agreeing: int
    zero_before: str | None
    from_ns: int
    to_ns: int
    device: str
    protocol: str
    readings_sha256: str = ""
    """The addendum with all frames from 5 s before to the end of the weighing."""


@dataclass(frozen=True, slots=True)
class WeightExplanation:
    """One way to explain a weight that does not fit."""

    line_ref: str
    quantity: int
    """Units missing (positive) or too many (negative)."""
    residual_mg: int
    """What the explanation leaves unexplained."""


@dataclass(frozen=True, slots=True)
class WeightAssessment:
    """What the weight says about the contents.

    ``outcome`` is ``CONSISTENT``, ``NOT_CONSISTENT`` or ``CANNOT_TELL``;
    ``reason`` is the code of why.
    ``difference_mg`` is expected minus measured: positive when something is missing.
    """

    outcome: str
    reason: str
    model: str
    measured_mg: int | None
    expected_mg: int | None
    sd_mg: int | None
    difference_mg: int | None
    smallest_detectable_mg: int | None
    basis: str = "ANNOUNCED"
    """What was expected: all that was ``ANNOUNCED``, or the units that were ``FOUND``."""
    undetectable_lines: tuple[str, ...] = ()
    explanations: tuple[WeightExplanation, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the inspection established."""

    code: FindingCode
    line_ref: str | None
    quantity: int
    unit_code: str | None = None


@dataclass(frozen=True, slots=True)
class GradedUnits:
    """So many units of a line are in this condition."""

    line_ref: str
    quantity: int
    grade: Grade


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """What the verdict says about one line.

    ``refund_permille`` is the share of the line's price for these units that goes back to the
    buyer: 1000 is all of it. The sum of money is made by the shop, never here.
    """

    line_ref: str
    quantity: int
    refund_permille: int
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion of one inspection, with the rules and facts that lead to it."""

    kind: VerdictKind
    lines: tuple[VerdictLine, ...]
    liable_party: LiableParty
    freight_payer: FreightPayer
    rules: tuple[str, ...]
    policy_version: str
    facts: tuple[str, ...]
    needs_second_person: bool = False


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """What the shop answered to the refund order of one case."""

    case: CaseId
    rma: str
    state: RefundState
    shop_ref: str
    amount_minor: int | None
    currency: str
    detail: str = ""
