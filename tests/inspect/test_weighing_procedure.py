"""The procedure at the pan: when a load counts as weighed, and why not."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from returnbench.inspect.case import SettledWeight
from returnbench.inspect.codes import WeighingPurpose
from returnbench.inspect.weighing import (
    NoWeight,
    NoWeightReason,
    Reading,
    StabilitySource,
    WeightKind,
    WeightUnit,
)
from returnbench.inspect.weighing_procedure import (
    NOT_CONNECTED,
    Pan,
    WeighingRules,
    next_parcel,
    observe,
    settled_weight,
    taken,
    tick,
)

R = NoWeightReason
RULES = WeighingRules(division_mg=5_000, minimum_mg=100_000, capacity_mg=15_000_000)
STEP_NS = 100_000_000


def reading(text, at, *, stable=True, unit=WeightUnit.KG, device="SN1"):
    return Reading(
        Decimal(text), unit, WeightKind.UNKNOWN, stable, StabilitySource.DEVICE, b"x", at, device
    )


def gone(reason, at):
    return NoWeight(reason, "", b"", at, "SN1")


class Bench:
    """Feeds frames ten times a second."""

    def __init__(self, rules=RULES):
        self.rules = rules
        self.pan = Pan()
        self.now = 0

    def see(self, *texts, **kinds):
        for text in texts:
            self.now += STEP_NS
            self.pan = observe(self.pan, reading(text, self.now, **kinds), self.rules)
        return self.pan

    def lose(self, reason):
        self.now += STEP_NS
        self.pan = observe(self.pan, gone(reason, self.now), self.rules)
        return self.pan

    def load(self, text):
        self.see("0.000")
        return self.see(text, text, text)


def test_before_the_first_frame_there_is_no_scale():
    assert Pan().blocked is R.NO_SCALE
    assert tick(Pan(), 10**12, RULES) == Pan()


def test_an_empty_pan_then_a_load_at_rest_is_a_weighing():
    bench = Bench()
    assert bench.see("0.000").blocked is R.EMPTY_PAN
    assert bench.see("0.650", stable=False).blocked is R.IN_MOTION
    assert bench.see("1.235", "1.235").blocked is R.IN_MOTION
    pan = bench.see("1.235")
    assert pan.blocked is None
    assert pan.settled.reading.value == Decimal("1.235")
    assert (pan.settled.frames_agreeing, pan.settled.from_ns) == (3, 3 * STEP_NS)
    assert bench.see("1.235").settled.frames_agreeing == 4
    assert pan.zero_before.value == Decimal("0.000")


def test_the_recorded_weighing_has_what_is_needed_to_defend_it():
    bench = Bench()
    bench.see("-0.005")
    pan = bench.see("1.235", "1.235", "1.235")
    weight = settled_weight(pan, WeighingPurpose.GROSS, 4_000, 5_000, "SN1", "mt-sics")
    assert weight == SettledWeight(
        purpose=WeighingPurpose.GROSS,
        value="1.235",
        unit="kg",
        kind="unknown",
        mass_mg=1_235_000,
        u_mg=6_404,  # 4 g and the 5 g that the empty pan read, by root sum of squares, rounded up
        division_mg=5_000,
        stability="device",
        frames_agreeing=3,
        zero_before="-0.005",
        from_ns=2 * STEP_NS,
        to_ns=4 * STEP_NS,
        device="SN1",
        protocol="mt-sics",
    )


def test_a_clean_zero_leaves_the_uncertainty_as_it_is():
    pan = Bench().load("1.235")
    assert settled_weight(pan, WeighingPurpose.GROSS, 4_000, 5_000, "S", "p").u_mg == 4_000


def test_what_is_not_settled_gives_its_reason():
    bench = Bench()
    bench.see("0.000")
    found = settled_weight(bench.pan, WeighingPurpose.GROSS, 4_000, 5_000, "SN1", "mt-sics")
    assert (found.reason, found.received_ns) == (R.EMPTY_PAN, STEP_NS)
    assert settled_weight(Pan(), WeighingPurpose.GROSS, 1, 1, "S", "p").reason is R.NO_SCALE


def test_a_parcel_that_lies_there_at_start_is_not_weighed():
    bench = Bench()
    assert bench.see("1.235", "1.235", "1.235", "1.235").blocked is R.ZERO_NOT_SEEN
    assert bench.load("1.235").blocked is None


def test_the_old_parcel_is_not_weighed_for_the_next_one():
    bench = Bench()
    bench.pan = taken(bench.load("1.235"))
    bench.pan = next_parcel(bench.pan)
    for _ in range(50):
        assert bench.see("1.235").settled is None
    assert bench.pan.blocked is R.ZERO_NOT_SEEN
    assert bench.load("0.500").settled.reading.value == Decimal("0.500")


def test_a_load_that_was_never_used_still_belongs_to_the_parcel_that_ended():
    bench = Bench()
    pan = next_parcel(bench.load("1.235"))
    assert (pan.settled, pan.blocked) == (None, R.ZERO_NOT_SEEN)


def test_a_load_put_on_after_the_case_ended_counts_for_the_next_parcel():
    bench = Bench()
    bench.pan = taken(bench.load("1.235"))
    bench.see("0.000")
    bench.pan = next_parcel(bench.pan)
    assert bench.see("2.000", "2.000", "2.000").settled is not None


def test_a_pan_that_is_moving_when_the_case_ends_has_to_be_seen_empty():
    bench = Bench()
    bench.load("1.235")
    bench.see("0.100", stable=False)
    bench.pan = next_parcel(bench.pan)
    assert bench.see("1.235", "1.235", "1.235").blocked is R.ZERO_NOT_SEEN


def test_the_same_load_may_be_weighed_again_from_fresh_frames():
    bench = Bench()
    first = bench.load("1.235").settled
    bench.pan = taken(bench.pan)
    assert bench.pan.used
    assert bench.see("1.235", "1.235").settled is None
    second = bench.see("1.235").settled
    assert second.from_ns > first.to_ns
    assert bench.pan.used
    assert not bench.see("0.000").used


def test_taking_nothing_changes_nothing():
    bench = Bench()
    bench.see("0.000")
    assert taken(bench.pan) == bench.pan


def test_two_adjacent_values_agree_and_three_do_not():
    bench = Bench()
    bench.see("0.000")
    assert bench.see("1.235", "1.240", "1.235").settled is not None
    bench = Bench()
    bench.see("0.000")
    assert bench.see("1.235", "1.240", "1.245").blocked is R.IN_MOTION


def test_the_settled_value_stays_while_the_load_rests():
    bench = Bench()
    bench.load("1.235")
    assert bench.see("1.240").settled.reading.value == Decimal("1.235")
    assert bench.see("1.300").settled is None
    assert bench.see("1.300", "1.300").settled.reading.value == Decimal("1.300")


def test_frames_of_the_empty_pan_do_not_count_for_a_light_load():
    bench = Bench(replace(RULES, minimum_mg=0))
    bench.see("0.010", "0.010", "0.010")
    assert bench.see("0.015").blocked is R.IN_MOTION
    assert bench.see("0.015", "0.015").settled.frames_agreeing == 3


def test_a_load_that_never_rests():
    bench = Bench()
    bench.see("0.000")
    for _ in range(79):
        assert bench.see("1.235", stable=False).blocked is R.IN_MOTION
    for _ in range(3):
        pan = bench.see("1.235", stable=False)
    assert pan.blocked is R.NEVER_STABLE
    assert bench.see("1.235", "1.235", "1.235").settled is not None


def test_stable_flags_on_jumping_values_are_no_rest():
    bench = Bench()
    bench.see("0.000")
    for at in range(85):
        pan = bench.see(f"{1 + at % 2}.000")
    assert pan.blocked is R.NEVER_STABLE


def test_never_stable_is_noticed_between_frames():
    bench = Bench(replace(RULES, silent_after_ns=10**11))
    bench.see("0.000")
    bench.see("1.235", stable=False)
    later = tick(bench.pan, bench.now + RULES.never_stable_after_ns, bench.rules)
    assert later.blocked is R.NEVER_STABLE


def test_a_scale_that_sends_no_weight_while_moving_is_moving():
    bench = Bench()
    bench.see("0.000")
    assert bench.lose(R.IN_MOTION).blocked is R.IN_MOTION
    for _ in range(81):
        bench.lose(R.IN_MOTION)
    assert bench.pan.blocked is R.NEVER_STABLE


def test_silence_takes_the_weight_away():
    bench = Bench()
    pan = bench.load("1.235")
    assert tick(pan, bench.now + RULES.silent_after_ns - 1, RULES) == pan
    silent = tick(pan, bench.now + RULES.silent_after_ns, RULES)
    assert (silent.blocked, silent.settled, silent.live.reason) == (R.SILENT, None, R.SILENT)
    assert tick(silent, bench.now + 10**12, RULES) == silent


def test_a_gap_between_frames_is_silence_even_without_a_tick():
    bench = Bench()
    bench.load("1.235")
    bench.now += RULES.silent_after_ns
    assert bench.see("1.235", "1.235", "1.235").blocked is R.ZERO_NOT_SEEN


@pytest.mark.parametrize("reason", sorted(NOT_CONNECTED))
def test_after_a_lost_connection_the_pan_must_be_seen_empty_again(reason):
    bench = Bench()
    bench.load("1.235")
    assert bench.lose(reason).blocked is reason
    assert bench.see("1.235", "1.235", "1.235").blocked is R.ZERO_NOT_SEEN


@pytest.mark.parametrize(
    "reason", [R.OVERLOAD, R.UNDER_ZERO, R.DEVICE_ERROR, R.UNREADABLE, R.NOT_READY, R.WRONG_PARITY]
)
def test_a_frame_without_weight_takes_the_weight_away_but_not_the_zero(reason):
    bench = Bench()
    bench.load("1.235")
    pan = bench.lose(reason)
    assert (pan.blocked, pan.settled) == (reason, None)
    assert bench.see("1.235", "1.235", "1.235").settled is not None


def test_below_zero_is_neither_empty_nor_a_weight():
    bench = Bench()
    bench.see("0.000")
    assert bench.see("-1.235", "-1.235", "-1.235").blocked is R.UNDER_ZERO


def test_light_and_heavy_loads():
    assert Bench().load("0.095").blocked is R.BELOW_MINIMUM
    assert Bench().load("0.100").blocked is None
    assert Bench().load("15.000").blocked is None
    assert Bench().load("15.005").blocked is R.OVERLOAD


def test_a_unit_that_changed_since_the_empty_pan():
    bench = Bench()
    bench.load("1.235")
    grams = {"unit": WeightUnit.G}
    assert bench.see("1235", "1235", "1235", **grams).blocked is R.UNIT_CHANGED
    bench.see("0", **grams)
    assert bench.see("1235", "1235", "1235", **grams).settled.reading.unit is WeightUnit.G


def test_another_scale_proves_nothing_about_this_one():
    bench = Bench()
    bench.see("0.000")
    assert bench.see("1.2", "1.2", "1.2", device="SN2").blocked is R.ZERO_NOT_SEEN


def test_an_old_frame_is_ignored():
    bench = Bench()
    pan = bench.load("1.235")
    assert observe(pan, reading("0.000", 1), RULES) == pan


def test_impossible_rules_are_refused():
    for wrong in (
        {"division_mg": 0},
        {"stable_frames": 0},
        {"zero_band_divisions": -1},
        {"minimum_mg": -1},
        {"silent_after_ns": 0},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong)).split("_ns")[0]):
            WeighingRules(**{"division_mg": 5_000, **wrong})


loads = st.sampled_from([-500_000, -5_000, 0, 0, 0, 5_000, 95_000, 500_000, 505_000, 1_235_000])
held = st.builds(
    lambda mg, stable, unit, count: [("reading", mg, stable, unit)] * count,
    loads,
    st.sampled_from([True, True, True, False]),
    st.sampled_from([WeightUnit.KG] * 5 + [WeightUnit.G]),
    st.integers(1, 5),
)
others = st.builds(
    lambda step: [step],
    st.sampled_from(
        [("taken",), ("next",), ("pause",), *(("gone", reason) for reason in NoWeightReason)]
    ),
)
work = st.lists(st.one_of(held, held, held, others), min_size=4, max_size=20).map(
    lambda parts: [step for part in parts for step in part]
)


def _frame(step, at):
    if step[0] == "gone":
        return gone(step[1], at)
    _, mg, stable, unit = step
    value = Decimal(mg) / (1_000_000 if unit is WeightUnit.KG else 1_000)
    return reading(value, at, stable=stable, unit=unit)


@settings(max_examples=300)
@given(work)
def test_what_settles_was_stable_positive_and_came_after_an_empty_pan(steps):
    pan, at, stable_run = Pan(), 0, 0
    empty_since_parcel = False
    for step in steps:
        at += STEP_NS
        if step[0] == "taken":
            pan = taken(pan)
        elif step[0] == "next":
            empty_since_parcel = pan.blocked is R.EMPTY_PAN
            pan = next_parcel(pan)
        elif step[0] == "pause":
            at += RULES.silent_after_ns
            pan = tick(pan, at, RULES)
            empty_since_parcel, stable_run = False, 0
        else:
            frame = _frame(step, at)
            pan = observe(pan, frame, RULES)
            stable = isinstance(frame, Reading) and frame.stable
            stable_run = stable_run + 1 if stable else 0
            if stable and abs(frame.milligrams) <= RULES.zero_band_mg:
                empty_since_parcel = True
            if isinstance(frame, NoWeight) and frame.reason in NOT_CONNECTED:
                empty_since_parcel = False
        assert (pan.settled is None) != (pan.blocked is None)
        if pan.settled is not None:
            assert empty_since_parcel
            assert stable_run >= RULES.stable_frames
            assert pan.settled.reading.milligrams >= RULES.minimum_mg
            assert pan.live.stable
            assert abs(pan.live.milligrams - pan.settled.reading.milligrams) <= RULES.division_mg
            assert pan.zero_before.unit is pan.settled.reading.unit


@given(st.lists(st.sampled_from(["1.235", "1.240", "0.500"]), max_size=40))
def test_never_settles_while_moving(values):
    bench = Bench()
    bench.see("0.000")
    for value in values:
        assert bench.see(value, stable=False).settled is None


@given(st.decimals("0.100", "15.000", places=3))
def test_the_sign_is_never_lost(value):
    bench = Bench()
    bench.see("0.000")
    assert bench.see(*[-value] * 5).settled is None
    assert bench.load(value).settled.reading.value == value
