import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.inspect.case import ExpectedLine, Mass
from returnbench.inspect.codes import WeighingPurpose
from returnbench.inspect.weight import assess, no_weight, smallest_detectable_mg

GROSS = WeighingPurpose.GROSS
SHIRT = ExpectedLine("L1", "TS", "T-shirt", "apparel", 2, Mass(180_000, 2_000))
MUG = ExpectedLine("L2", "MUG", "Mug", "home", 1, Mass(340_000, 3_000))
CARD = ExpectedLine("L3", "CARD", "Card", "paper", 1, Mass(3_000, 300))
BAG = Mass(90_000, 6_000)
FULL = 2 * 180_000 + 340_000 + 90_000


def test_complete_parcel_is_consistent():
    result = assess([SHIRT, MUG], BAG, FULL + 4_000, 2_000, GROSS)
    assert (result.outcome, result.reason) == ("CONSISTENT", "WITHIN_EXPECTATION")
    # 2 shirts, spread shared by the units: (2*2)^2 + 3^2 + bag 6^2 + scale 2^2 = 65 g^2
    assert result.sd_mg == 8_062
    assert result.difference_mg == -4_000


def test_missing_shirt_is_named_first():
    result = assess([SHIRT, MUG], BAG, FULL - 180_000, 2_000, GROSS)
    assert (result.outcome, result.reason) == ("NOT_CONSISTENT", "TOO_LIGHT")
    assert [(e.line_ref, e.quantity) for e in result.explanations] == [("L1", 1)]


def test_two_shirts_and_one_mug_are_both_named_when_weight_cannot_tell_them_apart():
    result = assess([SHIRT, MUG], BAG, FULL - 350_000, 2_000, GROSS)
    assert [(e.line_ref, e.quantity) for e in result.explanations] == [("L1", 2), ("L2", 1)]


def test_extra_shirt_is_named_with_a_negative_count():
    result = assess([SHIRT, MUG], BAG, FULL + 180_000, 2_000, GROSS)
    assert (result.outcome, result.reason) == ("NOT_CONSISTENT", "TOO_HEAVY")
    assert [(e.line_ref, e.quantity) for e in result.explanations] == [("L1", -1)]


def test_feather_light_item_makes_it_cannot_tell():
    result = assess([SHIRT, MUG, CARD], BAG, FULL + 3_000, 2_000, GROSS)
    assert (result.outcome, result.reason) == ("CANNOT_TELL", "LINES_TOO_LIGHT")
    assert result.undetectable_lines == ("L3",)


def test_contents_alone_see_what_the_packaging_hides():
    paper = Mass(90_000, 90_000)
    gross = assess([SHIRT, MUG], paper, FULL, 2_000, GROSS)
    contents = assess([SHIRT, MUG], paper, FULL - 90_000, 2_000, WeighingPurpose.CONTENTS)
    assert gross.outcome == "CANNOT_TELL"
    assert contents.outcome == "CONSISTENT"


@pytest.mark.parametrize(
    ("lines", "packaging", "reason"),
    [
        ([], BAG, "NOTHING_ANNOUNCED"),
        ([ExpectedLine("L1", "X", "X", "x", 1, None)], BAG, "UNIT_MASS_UNKNOWN"),
        ([SHIRT], None, "PACKAGING_UNKNOWN"),
    ],
)
def test_what_is_not_known_is_never_guessed(lines, packaging, reason):
    result = assess(lines, packaging, 500_000, 2_000, GROSS)
    assert (result.outcome, result.reason, result.expected_mg) == ("CANNOT_TELL", reason, None)
    assert smallest_detectable_mg(lines, packaging, 2_000, GROSS) is None


def test_no_reading_is_not_a_reading_of_zero():
    result = no_weight("OVERLOAD")
    assert (result.outcome, result.reason, result.measured_mg) == ("CANNOT_TELL", "OVERLOAD", None)


LINES = st.lists(
    st.builds(
        lambda n, quantity, mean, sd: ExpectedLine(
            f"L{n}", "S", "t", "c", quantity, Mass(mean, sd)
        ),
        st.integers(1, 9),
        st.integers(1, 5),
        st.integers(1_000, 2_000_000),
        st.integers(1, 20_000),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda line: line.line_ref,
)


@given(LINES, st.integers(0, 5_000_000), st.integers(1, 50_000), st.randoms())
def test_order_of_the_lines_does_not_matter(lines, measured, u_mg, rng):
    shuffled = list(lines)
    rng.shuffle(shuffled)
    one = assess(lines, BAG, measured, u_mg, GROSS)
    other = assess(shuffled, BAG, measured, u_mg, GROSS)
    assert (one.outcome, one.difference_mg, set(one.undetectable_lines)) == (
        other.outcome,
        other.difference_mg,
        set(other.undetectable_lines),
    )


@given(LINES, st.integers(0, 5_000_000), st.integers(1, 50_000), st.integers(2, 20))
def test_a_worse_scale_never_makes_it_surer(lines, measured, u_mg, factor):
    good = assess(lines, BAG, measured, u_mg, GROSS)
    worse = assess(lines, BAG, measured, u_mg * factor, GROSS)
    if good.outcome == "CANNOT_TELL":
        assert worse.outcome == "CANNOT_TELL"
    if worse.outcome == "NOT_CONSISTENT":
        assert good.outcome == "NOT_CONSISTENT"
