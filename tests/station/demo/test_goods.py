"""The parcels of the demo: equal for equal seeds, in every kind of trouble, with real codes."""

import pytest

from returnbench.inspect.check_digits import gs1_check
from returnbench.inspect.waybill import MeaningKind, understand
from returnbench.station.demo.goods import (
    ARTICLES,
    FIRST_ROUND,
    PACKAGING,
    Trouble,
    demo_parcels,
    gtin,
    prices,
)

SEEDS = (0, 7, 123_456)


@pytest.mark.parametrize("seed", SEEDS)
def test_same_seed_same_parcels_whatever_their_number(seed):
    assert demo_parcels(60, seed) == demo_parcels(60, seed)
    assert demo_parcels(60, seed)[:25] == demo_parcels(25, seed)


def test_another_seed_gives_other_parcels():
    waybills = [{parcel.waybill for parcel in demo_parcels(200, seed)} for seed in SEEDS]
    assert not waybills[0] & waybills[1]
    assert not waybills[1] & waybills[2]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_trouble_comes_in_each_round(seed):
    parcels = demo_parcels(3 * len(FIRST_ROUND), seed)
    for start in range(0, len(parcels), len(FIRST_ROUND)):
        of_round = [parcel.trouble for parcel in parcels[start : start + len(FIRST_ROUND)]]
        assert sorted(of_round) == sorted(FIRST_ROUND)
    assert {parcel.trouble for parcel in parcels} == set(Trouble)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_code_belongs_to_two_parcels(seed):
    parcels = demo_parcels(2_000, seed)
    assert len({parcel.waybill for parcel in parcels}) == len(parcels)
    rmas = [parcel.advice.rma for parcel in parcels if parcel.advice]
    assert len(set(rmas)) == len(rmas)
    serials = [
        serial
        for parcel in parcels
        if parcel.advice
        for line in parcel.advice.lines
        for serial in line.serials
    ]
    assert len(set(serials)) == len(serials)


@pytest.mark.parametrize("parcel", demo_parcels(60, 7), ids=lambda parcel: parcel.waybill)
def test_waybill_is_understood_with_its_carrier(parcel):
    meaning = understand(parcel.waybill)
    assert meaning.kind is MeaningKind.WAYBILL
    assert meaning.problem is None
    assert meaning.text == parcel.waybill
    assert parcel.carrier in {candidate.carrier for candidate in meaning.candidates}
    if parcel.advice:
        assert parcel.advice.waybill == parcel.waybill
        assert parcel.advice.carrier == parcel.carrier


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.sku)
def test_product_codes_have_their_check_digit_and_are_no_waybills(article):
    code = gtin(article)
    assert len(code) == 13
    # Prefix 2 is for use inside a company (GS1 General Specifications, section 1.4).
    assert code.startswith("2")
    assert gs1_check(code[:-1]) == code[-1]
    assert understand(code).kind is MeaningKind.UNIT_CODE


def test_what_lies_in_the_parcel_is_what_its_trouble_says():
    for parcel in demo_parcels(240, 7):
        lines = parcel.advice.lines if parcel.advice else ()
        announced = sum(line.quantity for line in lines)
        refs = {line.line_ref for line in lines}
        match parcel.trouble:
            case Trouble.MISSING | Trouble.BROKEN:
                assert len(parcel.units) == announced - 1
                assert parcel.troubled_line in refs
                assert parcel.foreign_code is None
            case Trouble.SWAPPED:
                assert len(parcel.units) == announced
                known = {code for line in lines for code in (*line.unit_codes, *line.serials)}
                assert parcel.foreign_code not in known | {None}
            case Trouble.UNANNOUNCED:
                assert parcel.advice is None
                assert parcel.units
            case _:
                assert len(parcel.units) == announced
                assert parcel.foreign_code is None
        if parcel.trouble in (Trouble.WORN, Trouble.DEFECT):
            assert parcel.troubled_line in refs


def test_parcels_weigh_what_is_in_them_within_the_scale():
    lightest = min(grams for _, grams, _, _ in PACKAGING) * 1_000 // 2
    for parcel in demo_parcels(240, 7):
        assert parcel.gross_mg == parcel.packaging_mg + sum(unit.mg for unit in parcel.units)
        assert lightest < parcel.packaging_mg < parcel.gross_mg < 15_000_000


def test_prices_name_every_announced_line():
    parcels = demo_parcels(40, 7)
    by_return = prices(parcels)
    announced = [parcel.advice for parcel in parcels if parcel.advice]
    assert set(by_return) == {advice.rma for advice in announced}
    for advice in announced:
        cents = by_return[advice.rma]
        assert set(cents) == {line.line_ref for line in advice.lines}
        assert all(amount > 0 for amount in cents.values())
