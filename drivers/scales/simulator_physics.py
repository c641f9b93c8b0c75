"""A weighing pan as physics: loads settle, drift, overload. Time is passed in as seconds."""

import math
import random
from dataclasses import dataclass
from enum import Enum

_ZERO_RANGE = 0.02
"""Zero can be set within 2 % of Max on each side (4 % in all, as on class III scales)."""

_OVERLOAD_DIVISIONS = 9
_UNDERLOAD_DIVISIONS = 20


class Range(Enum):
    """Whether the load can be shown."""

    INSIDE = "inside"
    OVER = "over"
    UNDER = "under"


@dataclass(frozen=True, slots=True)
class Indication:
    """What the display shows: milligrams (a multiple of the division), at rest or moving."""

    milligrams: int
    stable: bool
    range: Range


class Pan:
    """The weighing pan of a simulated scale.

    After a change of load the display approaches the new value exponentially, with noise, for
    ``settle_seconds``; then it shows the load (and the drift of zero) rounded to the division.
    Noise is drawn only while settling, so that what is shown at rest never depends on timing.
    """

    def __init__(
        self, capacity_mg: int, division_mg: int, seed: int, settle_seconds: float
    ) -> None:
        self.capacity_mg = capacity_mg
        self.division_mg = division_mg
        self.restless = False
        """The pan never comes to rest (draught, vibration)."""
        self.tare_mg = 0
        self._settle_seconds = settle_seconds
        self._random = random.Random(seed)
        self._load_mg = 0
        self._from_mg = 0.0
        self._changed_at = -math.inf
        self._zero_mg = 0
        self._drift_mg = 0

    def put(self, milligrams: int, now: float) -> None:
        """The pan carries this mass from now on (negative: the pan is lifted)."""
        self._from_mg = self._settling_mg(now)
        self._load_mg = milligrams
        self._changed_at = now

    def drift(self, milligrams: int) -> None:
        """Zero has moved by so much since it was set."""
        self._drift_mg = milligrams

    def at_rest(self, now: float) -> bool:
        """The last change of load has settled."""
        return not self.restless and now - self._changed_at >= self._settle_seconds

    def gross_mg(self, now: float) -> int:
        """What is shown without tare, rounded to the division."""
        if self.at_rest(now):
            return self._rounded(self._load_mg + self._drift_mg - self._zero_mg)
        return self._rounded(self._settling_mg(now) + self._noise(now) - self._zero_mg)

    def indication(self, now: float) -> Indication:
        """What the display shows now (net, if tared)."""
        gross = self.gross_mg(now)
        if gross > self.capacity_mg + _OVERLOAD_DIVISIONS * self.division_mg:
            shown = Range.OVER
        elif self._load_mg < -_UNDERLOAD_DIVISIONS * self.division_mg:
            shown = Range.UNDER
        else:
            shown = Range.INSIDE
        return Indication(gross - self.tare_mg, self.at_rest(now), shown)

    def set_zero(self, now: float) -> Range:
        """Take the present load as zero and clear the tare, if it is within the zero range."""
        load = self._load_mg + self._drift_mg
        limit = _ZERO_RANGE * self.capacity_mg
        if abs(load) > limit:
            return Range.OVER if load > 0 else Range.UNDER
        self._zero_mg = load if self.at_rest(now) else round(self._settling_mg(now))
        self.tare_mg = 0
        return Range.INSIDE

    def set_tare(self, now: float) -> Range:
        """Take the present gross weight as tare, if it is above zero and can be shown."""
        shown = self.indication(now).range
        gross = self.gross_mg(now)
        if shown is not Range.INSIDE:
            return shown
        if gross < 0:
            return Range.UNDER
        self.tare_mg = gross
        return Range.INSIDE

    def _settling_mg(self, now: float) -> float:
        target = float(self._load_mg + self._drift_mg)
        elapsed = now - self._changed_at
        if elapsed >= self._settle_seconds:
            return target
        # Six time constants fit into the settling time: what is left then is 0.25 % of the step.
        return target + (self._from_mg - target) * math.exp(-6 * elapsed / self._settle_seconds)

    def _noise(self, now: float) -> float:
        if self.restless:
            return self._random.uniform(-8, 8) * self.division_mg
        left = 1 - min(1.0, (now - self._changed_at) / self._settle_seconds)
        return self._random.gauss(0, 3) * self.division_mg * left

    def _rounded(self, milligrams: float) -> int:
        return round(milligrams / self.division_mg) * self.division_mg
