"""Uncertainty of one weighing, and what the rating plate allows."""

import pytest

from returnbench.drivers.scales.accuracy import (
    minimum_load_mg,
    permissible_error_in_service_mg,
)
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scales.uncertainty import budget


def scale(**changes):
    values = {"division_mg": 5_000, "capacity_mg": 15_000_000, **changes}
    return ScaleSettings("s1", "/dev/scale", **values)


def test_worked_example_of_a_15_kg_scale_with_a_parcel_of_2_kg():
    measured = scale(repeatability_mg=2_000, corner_change_mg=5_000, corner_load_mg=5_000_000)
    found = budget(
        measured,
        2_000_000,
        zero_was_set=True,
        temperature_ppm_per_kelvin=20,
        temperature_range_kelvin=10,
    )
    assert found.rounding == pytest.approx(1_443, abs=1)
    assert found.zero == pytest.approx(722, abs=1)
    assert found.repeatability == 2_000
    assert found.eccentricity == pytest.approx(1_155, abs=1)
    assert found.temperature == pytest.approx(115, abs=1)
    assert found.calibration == pytest.approx(2_887, abs=1)
    assert found.combined_mg == pytest.approx(4_035, abs=1)
    assert found.own_mg == pytest.approx(2_820, abs=2)
    assert found.u_mg == 4_036


def test_what_nobody_measured_makes_the_uncertainty_larger():
    known = budget(
        scale(
            repeatability_mg=500, calibration_u_mg=500, corner_change_mg=0, corner_load_mg=5_000_000
        ),
        2_000_000,
    )
    assert budget(scale(), 2_000_000).combined_mg > known.combined_mg
    without_corners = budget(scale(repeatability_mg=500, calibration_u_mg=500), 2_000_000)
    assert without_corners.eccentricity > 0


def test_a_zero_that_was_only_displayed_counts_as_a_rounded_reading():
    assert budget(scale(), 0).zero == pytest.approx(5_000 / 12**0.5)


@pytest.mark.parametrize(
    ("load_mg", "error_mg"),
    [
        (0, 5_000),
        (2_500_000, 5_000),
        (2_500_001, 10_000),
        (-2_500_001, 10_000),
        (10_000_000, 10_000),
        (10_000_001, 15_000),
        (15_000_000, 15_000),
    ],
)
def test_permissible_errors_in_service_of_class_iii(load_mg, error_mg):
    assert permissible_error_in_service_mg("III", 5_000, load_mg) == error_mg


def test_minimum_loads():
    assert minimum_load_mg("III", 5_000) == 100_000
    assert minimum_load_mg("IIII", 5_000) == 50_000
    assert minimum_load_mg("II", 100) == 5_000
    assert minimum_load_mg("II", 10) == 200
    assert scale(e_mg=10_000).minimum_mg == 200_000


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"parity": "X"}, "parity = X: one of N, E, O"),
        ({"bytesize": 9}, "bytesize"),
        ({"stopbits": 3}, "stopbits"),
        ({"accuracy_class": "V"}, "accuracy_class = V: one of I, II, III, IIII"),
        ({"division_mg": 0}, "division_mg = 0"),
        ({"baud": -1}, "baud"),
        ({"division_mg": 20_000_000}, "exchanged"),
        ({"corner_change_mg": 5}, "belong together"),
    ],
)
def test_impossible_settings_say_what_is_accepted(changes, said):
    with pytest.raises(ValueError, match=said):
        scale(**changes)
