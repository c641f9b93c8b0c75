"""Standard uncertainty of one weighing on the bench, term by term.

The terms follow EURAMET cg-18 (uncertainty of a weighing result in use); where the site has
measured nothing, the limits of OIML R 76-1 stand in as rectangular distributions.
"""

import math
from dataclasses import dataclass

from returnbench.drivers.scales.accuracy import permissible_error_in_service_mg
from returnbench.drivers.scales.settings import ScaleSettings


@dataclass(frozen=True, slots=True)
class UncertaintyBudget:
    """Standard uncertainties in milligrams. ``calibration`` is common to all weighings here."""

    rounding: float
    zero: float
    repeatability: float
    eccentricity: float
    temperature: float
    calibration: float

    @property
    def own_mg(self) -> float:
        """Without calibration: for the difference of two weighings on this same scale."""
        return math.sqrt(
            self.rounding**2
            + self.zero**2
            + self.repeatability**2
            + self.eccentricity**2
            + self.temperature**2
        )

    @property
    def combined_mg(self) -> float:
        """All terms, combined by root sum of squares."""
        return math.hypot(self.own_mg, self.calibration)

    @property
    def u_mg(self) -> int:
        """The combined standard uncertainty, rounded up to a whole milligram."""
        return math.ceil(self.combined_mg)


def budget(
    settings: ScaleSettings,
    load_mg: int,
    *,
    zero_was_set: bool = False,
    temperature_ppm_per_kelvin: float = 0.0,
    temperature_range_kelvin: float = 0.0,
) -> UncertaintyBudget:
    """The uncertainty of one reading of ``load_mg`` on this scale.

    ``zero_was_set``: the zero function ran on the empty pan just before (then zero is within
    0.25 e); otherwise zero was only displayed and carries the rounding of the display. A
    repeatability that nobody measured is taken as wide as R 76-1, 3.6.1 allows: results of the same
    load differ by no more than the permissible error. An eccentricity that nobody measured adds
    nothing, because the permissible error holds for every place on the pan (3.6.2).
    """
    load = abs(load_mg)
    d, e = settings.division_mg, settings.interval_mg
    permissible = permissible_error_in_service_mg(settings.accuracy_class, e, load)
    return UncertaintyBudget(
        rounding=d / math.sqrt(12),
        zero=0.25 * e / math.sqrt(3) if zero_was_set else d / math.sqrt(12),
        repeatability=(
            permissible / math.sqrt(12)
            if settings.repeatability_mg is None
            else float(settings.repeatability_mg)
        ),
        eccentricity=_eccentricity(settings, load),
        temperature=(
            temperature_ppm_per_kelvin * 1e-6 * temperature_range_kelvin / math.sqrt(12) * load
        ),
        calibration=(
            permissible / math.sqrt(3)
            if settings.calibration_u_mg is None
            else float(settings.calibration_u_mg)
        ),
    )


def _eccentricity(settings: ScaleSettings, load_mg: int) -> float:
    if settings.corner_change_mg is None or settings.corner_load_mg is None:
        if settings.calibration_u_mg is None:
            return 0.0
        # A certificate speaks of the middle of the pan: without a corner test the limit of R 76-1,
        # 3.6.2 (the permissible error at a third of Max) stands in.
        third = settings.capacity_mg // 3
        change = permissible_error_in_service_mg(
            settings.accuracy_class, settings.interval_mg, third
        )
        return change / (third * math.sqrt(3)) * load_mg
    return settings.corner_change_mg / (settings.corner_load_mg * math.sqrt(3)) * load_mg
