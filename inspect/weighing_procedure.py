"""From single frames of a scale to one weighing that can be defended: the procedure at the pan.

A weighing needs a pan that was seen empty since the last parcel, then a load whose reading comes to
rest. Everything else has its own reason (:class:`NoWeightReason`). Pure: frames and times come in,
a new :class:`Pan` comes out. "Stable" is the scale's own statement, which OIML R 76-1, 4.4.2
limits to about one verification interval; the procedure asks for several such frames that agree.

A scale that has frozen cannot be told from an untouched pan by its frames. It does no harm here: it
shows an empty pan for ever (``EMPTY_PAN``) or the last parcel for ever (``ZERO_NOT_SEEN``).
"""

import math
from dataclasses import dataclass, replace

from returnbench.inspect.case import SettledWeight
from returnbench.inspect.codes import WeighingPurpose
from returnbench.inspect.weighing import (
    NoWeight,
    NoWeightReason,
    Reading,
    ScaleFrame,
    WeightKind,
    WeightUnit,
)

NOT_CONNECTED: frozenset[NoWeightReason] = frozenset(
    {
        NoWeightReason.SILENT,
        NoWeightReason.PORT_MISSING,
        NoWeightReason.PORT_BUSY,
        NoWeightReason.CONNECTION_LOST,
        NoWeightReason.NO_SCALE,
    }
)
"""Reasons after which nobody knows what happened on the pan meanwhile."""

_METRIC = frozenset({WeightUnit.MG, WeightUnit.G, WeightUnit.KG})


@dataclass(frozen=True, slots=True)
class WeighingRules:
    """When a weighing counts. Masses are milligrams, times nanoseconds.

    ``stable_frames`` stable frames in a row must lie within one division. Up to
    ``zero_band_divisions`` divisions on each side of zero the pan counts as empty. ``minimum_mg``
    is the smallest load that may be weighed (Min), ``capacity_mg`` the largest (Max; ``None``: the
    scale's own overload flag alone decides).

    Raises:
        ValueError: a value is impossible.

    """

    division_mg: int
    stable_frames: int = 3
    zero_band_divisions: int = 2
    minimum_mg: int = 0
    capacity_mg: int | None = None
    never_stable_after_ns: int = 8_000_000_000
    silent_after_ns: int = 2_000_000_000

    def __post_init__(self) -> None:
        if self.division_mg <= 0:
            raise ValueError(f"division_mg = {self.division_mg}: a number above 0 is expected")
        if self.stable_frames < 1:
            raise ValueError(f"stable_frames = {self.stable_frames}: at least 1 is expected")
        if self.zero_band_divisions < 0 or self.minimum_mg < 0:
            raise ValueError("zero_band_divisions and minimum_mg must not be negative")
        if self.never_stable_after_ns <= 0 or self.silent_after_ns <= 0:
            raise ValueError("never_stable_after_ns and silent_after_ns must be above 0")

    @property
    def zero_band_mg(self) -> int:
        """How far from zero the empty pan may read."""
        return self.zero_band_divisions * self.division_mg


@dataclass(frozen=True, slots=True)
class Settled:
    """A load at rest. ``reading`` is the scale's frame whose value is recorded."""

    reading: Reading
    frames_agreeing: int
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Run:
    """Stable frames in a row that lie within one division of each other."""

    first: Reading
    last: Reading
    count: int
    low_mg: int
    high_mg: int


@dataclass(frozen=True, slots=True)
class Pan:
    """What is known about the pan. Exactly one of ``settled`` and ``blocked`` is not ``None``.

    ``live`` is the last frame, ``zero_before`` the last stable reading of the empty pan as long as
    it vouches for the present load. ``used``: this load was used for a weighing already.
    """

    live: ScaleFrame | None = None
    zero_before: Reading | None = None
    settled: Settled | None = None
    blocked: NoWeightReason | None = NoWeightReason.NO_SCALE
    used: bool = False
    run: Run | None = None
    restless_since_ns: int | None = None


def observe(pan: Pan, frame: ScaleFrame, rules: WeighingRules) -> Pan:
    """The pan after one more frame.

    Frames older than the last one are ignored, and so is the printout of a tare: it is no weight
    of what lies on the pan.
    """
    if isinstance(frame, Reading) and frame.kind is WeightKind.TARE:
        return pan
    if pan.live is not None:
        if frame.received_ns < pan.live.received_ns:
            return pan
        pan = tick(pan, frame.received_ns, rules)
        if pan.live is not None and pan.live.device != frame.device:
            # Another scale, or the same one under a name we cannot match: it proves nothing.
            pan = _forgotten(pan)
    if isinstance(frame, NoWeight):
        return _without_weight(pan, frame, rules)
    return _judged(_with_reading(pan, frame, rules), frame, rules)


def tick(pan: Pan, now_ns: int, rules: WeighingRules) -> Pan:
    """The pan at ``now_ns``: a scale that has fallen silent has no weight any more."""
    live = pan.live
    if live is None or (isinstance(live, NoWeight) and live.reason in NOT_CONNECTED):
        return pan
    if now_ns - live.received_ns >= rules.silent_after_ns:
        silence = NoWeight(NoWeightReason.SILENT, "no frame in time", b"", now_ns, live.device)
        return _without_weight(pan, silence, rules)
    if pan.blocked is NoWeightReason.IN_MOTION and _restless(pan, now_ns, rules):
        return replace(pan, blocked=NoWeightReason.NEVER_STABLE)
    return pan


def taken(pan: Pan) -> Pan:
    """The pan after its settled load was used for a weighing.

    The same load may be weighed again for the same parcel (for another purpose); it then has to
    come to rest anew, so that no two weighings rest on the same frames.
    """
    if pan.settled is None:
        return pan
    return replace(pan, settled=None, run=None, used=True, blocked=NoWeightReason.IN_MOTION)


def next_parcel(pan: Pan) -> Pan:
    """The pan once a parcel is done: call it when the case ends, before the next load comes.

    Whatever lies on the pan now belongs to the old parcel: until the pan is seen empty, nothing is
    accepted. A pan that is empty now stays accepted.
    """
    if pan.blocked is NoWeightReason.EMPTY_PAN:
        return replace(pan, used=False)
    blocked = pan.blocked
    if pan.settled is not None or blocked in (
        NoWeightReason.BELOW_MINIMUM,
        NoWeightReason.UNIT_CHANGED,
    ):
        blocked = NoWeightReason.ZERO_NOT_SEEN
    return replace(pan, zero_before=None, settled=None, used=True, blocked=blocked)


def settled_weight(  # noqa: PLR0913, PLR0917 - what a record needs beside the pan itself
    pan: Pan, purpose: WeighingPurpose, u_mg: int, division_mg: int, device: str, protocol: str
) -> SettledWeight | NoWeight:
    """The weighing as it is recorded, or the reason why there is none.

    ``u_mg`` is the standard uncertainty of a reading. The value recorded is the scale's own: what
    the empty pan read before is not taken off it, and therefore enters the uncertainty whole.
    """
    settled, zero = pan.settled, pan.zero_before
    if settled is None or zero is None:
        at = pan.live.received_ns if pan.live is not None else 0
        return NoWeight(pan.blocked or NoWeightReason.ZERO_NOT_SEEN, "", b"", at, device)
    reading = settled.reading
    return SettledWeight(
        purpose=purpose,
        value=format(reading.value, "f"),
        unit=reading.unit.value,
        kind=reading.kind.value,
        mass_mg=reading.milligrams,
        u_mg=math.isqrt(u_mg**2 + zero.milligrams**2 - 1) + 1 if zero.milligrams else u_mg,
        division_mg=division_mg,
        stability=reading.stability.value,
        frames_agreeing=settled.frames_agreeing,
        zero_before=format(zero.value, "f"),
        from_ns=settled.from_ns,
        to_ns=settled.to_ns,
        device=device,
        protocol=protocol,
    )


def _forgotten(pan: Pan) -> Pan:
    return replace(pan, zero_before=None, settled=None, run=None, restless_since_ns=None)


def _without_weight(pan: Pan, frame: NoWeight, rules: WeighingRules) -> Pan:
    if frame.reason in NOT_CONNECTED:
        return replace(_forgotten(pan), live=frame, blocked=frame.reason)
    since = pan.restless_since_ns
    if frame.reason is NoWeightReason.IN_MOTION and since is None:
        since = frame.received_ns
    elif frame.reason in (NoWeightReason.OVERLOAD, NoWeightReason.UNDER_ZERO):
        since = None
    pan = replace(
        pan, live=frame, settled=None, run=None, blocked=frame.reason, restless_since_ns=since
    )
    if frame.reason is NoWeightReason.IN_MOTION and _restless(pan, frame.received_ns, rules):
        return replace(pan, blocked=NoWeightReason.NEVER_STABLE)
    return pan


def _with_reading(pan: Pan, reading: Reading, rules: WeighingRules) -> Pan:
    if _shows_empty_pan(reading, rules):
        return replace(
            pan, live=reading, zero_before=reading, used=False, run=None, restless_since_ns=None
        )
    run = _longer(pan.run, reading, rules) if reading.stable else None
    pan = replace(pan, live=reading, run=run)
    if run is not None and run.count >= rules.stable_frames:
        return replace(pan, restless_since_ns=None)
    if pan.restless_since_ns is None:
        return replace(pan, restless_since_ns=reading.received_ns)
    return pan


def _judged(pan: Pan, reading: Reading, rules: WeighingRules) -> Pan:
    blocked = _blocked(pan, reading, rules)
    run = pan.run
    if blocked is not None or run is None:
        return replace(pan, settled=None, blocked=blocked)
    before = pan.settled
    chosen = before.reading if before and before.from_ns == run.first.received_ns else run.last
    settled = Settled(chosen, run.count, run.first.received_ns, run.last.received_ns)
    return replace(pan, settled=settled, blocked=None)


def _blocked(pan: Pan, reading: Reading, rules: WeighingRules) -> NoWeightReason | None:
    mass = reading.milligrams
    moving = pan.run is None or pan.run.count < rules.stable_frames
    if _shows_empty_pan(reading, rules):
        return NoWeightReason.EMPTY_PAN
    if moving:
        if _restless(pan, reading.received_ns, rules):
            return NoWeightReason.NEVER_STABLE
        return NoWeightReason.IN_MOTION
    if mass < 0:
        return NoWeightReason.UNDER_ZERO
    if pan.zero_before is None:
        return NoWeightReason.ZERO_NOT_SEEN
    if pan.zero_before.unit is not reading.unit:
        return NoWeightReason.UNIT_CHANGED
    if rules.capacity_mg is not None and mass > rules.capacity_mg:
        return NoWeightReason.OVERLOAD
    if mass < rules.minimum_mg:
        return NoWeightReason.BELOW_MINIMUM
    return None


def _shows_empty_pan(reading: Reading, rules: WeighingRules) -> bool:
    return reading.stable and abs(reading.milligrams) <= rules.zero_band_mg


def _longer(run: Run | None, reading: Reading, rules: WeighingRules) -> Run:
    mass = reading.milligrams
    if run is not None and run.last.unit is reading.unit and run.last.kind is reading.kind:
        low, high = min(run.low_mg, mass), max(run.high_mg, mass)
        # Pounds and ounces are not whole milligrams: rounding may add one.
        allowed = rules.division_mg + (reading.unit not in _METRIC)
        if high - low <= allowed:
            return Run(run.first, reading, run.count + 1, low, high)
    return Run(reading, reading, 1, mass, mass)


def _restless(pan: Pan, now_ns: int, rules: WeighingRules) -> bool:
    since = pan.restless_since_ns
    return since is not None and now_ns - since >= rules.never_stable_after_ns
