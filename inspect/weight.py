"""What the weight of a parcel says about its contents: consistent, not consistent, cannot tell.

The model is Gaussian. A line of ``n`` units of mean ``m`` and standard deviation ``s`` weighs
``n m`` with standard deviation ``n s``: the spread is taken as shared by all units of the line,
the unfavourable case, because we do not know how much of it is our ignorance of the mean.
Packaging adds its own mean and standard deviation, the scale its standard uncertainty.

Two rules make the outcome:

* the measured mass lies further from the expected one than a complete parcel does in the accepted
  share of false alarms (two-sided, by default one in a thousand): **not consistent**;
* otherwise, if for some line one unit less would explain the reading at least a twentieth
  as well as completeness does, weight **cannot tell**; if for none, **consistent**.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from returnbench.inspect.case import (
    ExpectedLine,
    Mass,
    WeightAssessment,
    WeightExplanation,
)
from returnbench.inspect.codes import WeighingPurpose

MODEL = "gauss-1"

FALSE_ALARM = 0.001
"""Share of complete parcels whose weight may speak against them, unless the site says otherwise."""

DETECTION_Z = 1.6449
"""A loss this many standard deviations beyond the alarm is found in 95 % of the cases."""

SEPARATION = math.log(20)
"""Completeness must explain the reading this much better than a missing unit does."""

MAX_EXPLANATIONS = 5


@dataclass(frozen=True, slots=True)
class _Expectation:
    mean: float
    variance: float


def assess(  # noqa: PLR0913, PLR0917 - each is one thing that is weighed against the others
    lines: Sequence[ExpectedLine],
    packaging: Mass | None,
    measured_mg: int,
    u_mg: int,
    purpose: WeighingPurpose,
    false_alarm: float = FALSE_ALARM,
) -> WeightAssessment:
    """Judge one reading of ``measured_mg`` milligrams with standard uncertainty ``u_mg``.

    ``lines`` are what should be in the parcel, ``packaging`` what it is wrapped in (not used for
    :attr:`WeighingPurpose.CONTENTS`). ``false_alarm`` is the accepted share of complete parcels
    that are judged not consistent. The outcome is never a verdict, only what weight says.
    """
    unknown = _why_unknown(lines, packaging, purpose)
    if unknown:
        return _cannot_tell(unknown, measured_mg)
    expected = _expectation(lines, packaging, u_mg, purpose)
    return _judge(lines, expected, measured_mg, alarm_z(false_alarm))


def alarm_z(false_alarm: float) -> float:
    """Standard deviations beyond which a reading speaks against completeness (two-sided)."""
    return NormalDist().inv_cdf(1 - false_alarm / 2)


def assess_found(
    lines: Sequence[ExpectedLine],
    packaging: Mass | None,
    measured_mg: int,
    u_mg: int,
    false_alarm: float = FALSE_ALARM,
) -> WeightAssessment:
    """Judge the weight of everything received against the units that were found.

    ``lines`` carry the units that are here. It answers another question than :func:`assess`: not
    whether something is missing, but whether the weight agrees with what the operator found.
    """
    purpose = WeighingPurpose.FULL_SET
    judged = assess(lines, packaging, measured_mg, u_mg, purpose, false_alarm)
    return replace(judged, basis="FOUND")


def no_weight(reason: str) -> WeightAssessment:
    """The assessment when there is no reading at all; ``reason`` is the code of the cause."""
    return _cannot_tell(reason, None)


def smallest_detectable_mg(
    lines: Sequence[ExpectedLine],
    packaging: Mass | None,
    u_mg: int,
    purpose: WeighingPurpose,
    false_alarm: float = FALSE_ALARM,
) -> int | None:
    """The lightest loss that a weighing finds in 95 % of the cases, in milligrams.

    It can be told before the parcel is weighed. ``None`` when something it needs is not known.
    """
    if _why_unknown(lines, packaging, purpose):
        return None
    sd = math.sqrt(_expectation(lines, packaging, u_mg, purpose).variance)
    return round((alarm_z(false_alarm) + DETECTION_Z) * sd)


def _why_unknown(
    lines: Sequence[ExpectedLine], packaging: Mass | None, purpose: WeighingPurpose
) -> str:
    if not lines:
        return "NOTHING_ANNOUNCED"
    if any(line.unit_mass is None for line in lines):
        return "UNIT_MASS_UNKNOWN"
    if packaging is None and purpose is not WeighingPurpose.CONTENTS:
        return "PACKAGING_UNKNOWN"
    return ""


def _cannot_tell(reason: str, measured_mg: int | None) -> WeightAssessment:
    return WeightAssessment(
        outcome="CANNOT_TELL",
        reason=reason,
        model=MODEL,
        measured_mg=measured_mg,
        expected_mg=None,
        sd_mg=None,
        difference_mg=None,
        smallest_detectable_mg=None,
    )


def _mass(line: ExpectedLine) -> Mass:
    if line.unit_mass is None:
        raise ValueError(f"line {line.line_ref} has no unit mass")
    return line.unit_mass


def _expectation(
    lines: Sequence[ExpectedLine], packaging: Mass | None, u_mg: int, purpose: WeighingPurpose
) -> _Expectation:
    mean = float(sum(line.quantity * _mass(line).mean_mg for line in lines))
    variance = float(u_mg) ** 2
    variance += sum(float(line.quantity * _mass(line).sd_mg) ** 2 for line in lines)
    if packaging is not None and purpose is not WeighingPurpose.CONTENTS:
        mean += packaging.mean_mg
        variance += float(packaging.sd_mg) ** 2
    return _Expectation(mean, variance)


def _judge(
    lines: Sequence[ExpectedLine], expected: _Expectation, measured_mg: int, z: float
) -> WeightAssessment:
    sd = math.sqrt(expected.variance)
    difference = expected.mean - measured_mg
    unseparated = tuple(
        line.line_ref for line in lines if not _separated(line, difference, expected.variance)
    )
    explanations: tuple[WeightExplanation, ...] = ()
    if abs(difference) > z * sd:
        outcome, reason = "NOT_CONSISTENT", "TOO_LIGHT" if difference > 0 else "TOO_HEAVY"
        explanations = _explanations(lines, difference, z * sd)
    elif unseparated:
        outcome, reason = "CANNOT_TELL", "LINES_TOO_LIGHT"
    else:
        outcome, reason = "CONSISTENT", "WITHIN_EXPECTATION"
    return WeightAssessment(
        outcome=outcome,
        reason=reason,
        model=MODEL,
        measured_mg=measured_mg,
        expected_mg=round(expected.mean),
        sd_mg=round(sd),
        difference_mg=round(difference),
        smallest_detectable_mg=round((z + DETECTION_Z) * sd),
        undetectable_lines=unseparated,
        explanations=explanations,
    )


def _separated(line: ExpectedLine, difference: float, variance: float) -> bool:
    """Whether completeness explains the reading 20 times better than one unit of this line less."""
    if variance <= 0:
        return True
    without_unit = difference - _mass(line).mean_mg
    return (without_unit**2 - difference**2) / (2 * variance) >= SEPARATION


def _explanations(
    lines: Sequence[ExpectedLine], difference: float, tolerance: float
) -> tuple[WeightExplanation, ...]:
    """Units too few (or too many) whose mass explains the difference, best first.

    One unit, two units of the same line, or the whole line. A loss over several lines is found but
    not named: the list is then empty.
    """
    sign = 1 if difference > 0 else -1
    found = []
    for line in lines:
        for quantity in sorted({1, 2, line.quantity}):
            if sign > 0 and quantity > line.quantity:
                continue
            residual = difference - sign * quantity * _mass(line).mean_mg
            if abs(residual) <= tolerance:
                explanation = WeightExplanation(line.line_ref, sign * quantity, round(residual))
                found.append(explanation)
    found.sort(key=lambda explanation: (abs(explanation.residual_mg), explanation.line_ref))
    return tuple(found[:MAX_EXPLANATIONS])
