"""Weights as the scale said them: a reading, or no weight with its reason.

A weight stays the decimal text of the scale with its unit; the decision core computes in whole
milligrams. "No weight" is a value of its own and never becomes 0.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum


class WeightUnit(StrEnum):
    """Units of mass that a scale may report."""

    MG = "mg"
    G = "g"
    KG = "kg"
    LB = "lb"
    OZ = "oz"


MILLIGRAMS_PER_UNIT: dict[WeightUnit, Decimal] = {
    WeightUnit.MG: Decimal(1),
    WeightUnit.G: Decimal(1000),
    WeightUnit.KG: Decimal(1_000_000),
    # Exact by definition of the international pound and ounce.
    WeightUnit.LB: Decimal("453592.37"),
    WeightUnit.OZ: Decimal("28349.523125"),
}


class WeightKind(StrEnum):
    """What the number includes."""

    GROSS = "gross"
    NET = "net"
    TARE = "tare"
    UNKNOWN = "unknown"
    """The protocol does not tell net from gross."""


class StabilitySource(StrEnum):
    """Who says that the reading is stable."""

    DEVICE = "device"
    INFERRED = "inferred"
    UNAVAILABLE = "unavailable"


class NoWeightReason(StrEnum):
    """Why there is no weight. Each is shown and recorded under its own name."""

    IN_MOTION = "IN_MOTION"
    OVERLOAD = "OVERLOAD"
    UNDER_ZERO = "UNDER_ZERO"
    NOT_READY = "NOT_READY"
    NEVER_STABLE = "NEVER_STABLE"
    ZERO_NOT_SEEN = "ZERO_NOT_SEEN"
    """The pan was not seen empty since the last parcel: it may still lie there."""
    EMPTY_PAN = "EMPTY_PAN"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    FROZEN = "FROZEN"
    DEVICE_ERROR = "DEVICE_ERROR"
    COMMAND_REFUSED = "COMMAND_REFUSED"
    UNREADABLE = "UNREADABLE"
    WRONG_PARITY = "WRONG_PARITY"
    SILENT = "SILENT"
    PORT_MISSING = "PORT_MISSING"
    PORT_BUSY = "PORT_BUSY"
    CONNECTION_LOST = "CONNECTION_LOST"
    UNIT_CHANGED = "UNIT_CHANGED"
    NO_SCALE = "NO_SCALE"


@dataclass(frozen=True, slots=True)
class Reading:
    """One complete, valid weight frame of a scale.

    ``value`` has the decimals that the scale sent. ``raw`` is the frame as received and
    ``received_ns`` the monotonic time in nanoseconds of its last byte. ``device``
    names the scale: its serial number where known, else the configured name.
    """

    value: Decimal
    unit: WeightUnit
    kind: WeightKind
    stable: bool
    stability: StabilitySource
    raw: bytes
    received_ns: int
    device: str

    @property
    def milligrams(self) -> int:
        """The value in whole milligrams, rounded half to even."""
        return to_milligrams(self.value, self.unit)


@dataclass(frozen=True, slots=True)
class NoWeight:
    """The scale, or the way to it, gave no weight.

    ``detail`` is for the log and support (the device's own code, the system's message); ``raw`` the
    bytes that led to it, where there were any.
    """

    reason: NoWeightReason
    detail: str
    raw: bytes
    received_ns: int
    device: str


ScaleFrame = Reading | NoWeight


def to_milligrams(value: Decimal, unit: WeightUnit) -> int:
    """``value`` in ``unit`` as whole milligrams, rounded half to even."""
    return int((value * MILLIGRAMS_PER_UNIT[unit]).to_integral_value(ROUND_HALF_EVEN))
