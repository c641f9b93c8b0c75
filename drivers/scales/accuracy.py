"""Accuracy classes of weighing instruments: maximum permissible errors and minimum loads.

Source: OIML R 76-1:2006, 3.2 (classes and minimum capacities) and 3.5 (maximum permissible
errors); the same values stand in EN 45501.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccuracyClass:
    """Limits of one class, all in verification intervals e.

    Up to ``half_up_to`` intervals the error at verification is at most 0.5 e, up to ``one_up_to``
    at most 1 e, above that 1.5 e. ``minimum`` is the smallest load (Min).
    """

    half_up_to: int
    one_up_to: int
    minimum: int


ACCURACY_CLASSES: dict[str, AccuracyClass] = {
    "I": AccuracyClass(50_000, 200_000, 100),
    # Class II has Min = 20 e for e up to 0.05 g; see minimum_load_mg.
    "II": AccuracyClass(5_000, 20_000, 50),
    "III": AccuracyClass(500, 2_000, 20),
    "IIII": AccuracyClass(50, 200, 10),
}

_CLASS_II_FINE_INTERVAL_MG = 50


def minimum_load_mg(accuracy_class: str, interval_mg: int) -> int:
    """Min in milligrams for a class and verification interval e in milligrams (R 76-1, table 3)."""
    minimum = ACCURACY_CLASSES[accuracy_class].minimum
    if accuracy_class == "II" and interval_mg <= _CLASS_II_FINE_INTERVAL_MG:
        minimum = 20
    return minimum * interval_mg


def permissible_error_in_service_mg(accuracy_class: str, interval_mg: int, load_mg: int) -> int:
    """The largest permissible error of a scale in use, in milligrams.

    In service twice the errors of the initial verification apply (R 76-1, 3.5.1 and 3.5.2).
    """
    limits = ACCURACY_CLASSES[accuracy_class]
    load = abs(load_mg)
    if load <= limits.half_up_to * interval_mg:
        return interval_mg
    if load <= limits.one_up_to * interval_mg:
        return 2 * interval_mg
    return 3 * interval_mg
