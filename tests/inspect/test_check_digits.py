"""The worked examples of the check digits, and what they must detect."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.inspect import check_digits as cd

ALPHANUMERIC = string.digits + string.ascii_uppercase


@pytest.mark.parametrize(
    ("check", "payload", "digit"),
    [
        (cd.s10_check, "47312482", "9"),
        (cd.s10_check, "12345678", "5"),
        (cd.s10_check, "00000008", "0"),
        (cd.s10_check, "00000015", "5"),
        (cd.ups_check, "5R8939035756712", "7"),
        (cd.ups_check, "XX3150YW4407002", "3"),
        (cd.fedex_check, "98657878885", "5"),
        (cd.gs1_check, "34043416109402211", "5"),
        (cd.gs1_check, "950600013435", "2"),
        (cd.gs1_check, "4034541234567890", "9"),
        (cd.gs1_check, "940011120620640626078", "7"),
        (cd.gs1_check, "9200190306008530004290107", "7"),
        (cd.gs1_check, "007393800054929", "7"),
        (cd.gs1_check, "56828361001200", "0"),
        (cd.gs1_check, "98765431234567", "2"),
        (cd.gs1_check, "0034043383644263659", "7"),
        (cd.gs1_check, "0913313153072", "4"),
        (cd.mod37_36_check, "09980000020033", "F"),
        (cd.mod37_36_check, "008182709980000020033350276", "C"),
        (cd.identcode_check, "21802580906", "6"),
        (cd.mod7_check, "331881002", "5"),
        (cd.mod7_check, "1234567", "5"),
        (cd.mod7_check, "12345678901", "3"),
        (cd.mod7_check, "3379497", "2"),
        (cd.luhn_check, "32059546393", "8"),
        (cd.luhn_check, "49015420323751", "8"),
        # ISO/IEC 7064 MOD 97-10 as in ISO 17442: two published legal entity identifiers.
        (cd.mod97_10_check, "724500VKKSH9QOLTFR", "81"),
        (cd.mod97_10_check, "KGCEPHLVVKVRZYO1T6", "47"),
    ],
)
def test_worked_examples(check: cd.CheckFunction, payload: str, digit: str) -> None:
    assert check(payload) == digit


@pytest.mark.parametrize(
    "check",
    [cd.s10_check, cd.fedex_check, cd.gs1_check, cd.identcode_check, cd.mod7_check, cd.luhn_check],
)
@pytest.mark.parametrize(
    "text",
    [
        "1234567A",
        "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
        "\u00b22345678",
        "-1234567",
        "",
    ],
)
def test_other_characters_are_refused(check: cd.CheckFunction, text: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        check(text)


@given(st.text(string.digits, min_size=1, max_size=30), st.data())
def test_a_single_wrong_digit_is_always_found(payload: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(payload) - 1))
    other = data.draw(st.sampled_from([d for d in string.digits if d != payload[place]]))
    wrong = payload[:place] + other + payload[place + 1 :]
    assert cd.gs1_check(payload) != cd.gs1_check(wrong)
    assert cd.luhn_check(payload) != cd.luhn_check(wrong)
    assert cd.mod97_10_check(payload) != cd.mod97_10_check(wrong)
    assert cd.mod37_36_check(payload) != cd.mod37_36_check(wrong)


@given(st.text(string.digits, min_size=8, max_size=8), st.integers(0, 6))
def test_s10_finds_swapped_neighbours(serial: str, place: int) -> None:
    swapped = serial[:place] + serial[place + 1] + serial[place] + serial[place + 2 :]
    # 10 and 11 share their check digit with others (0 and 5), so those sums prove nothing.
    if swapped != serial and cd.s10_check(serial) not in "05":
        assert cd.s10_check(swapped) != cd.s10_check(serial)


@given(st.text(ALPHANUMERIC, min_size=1, max_size=40))
def test_mod97_10_holds_for_what_it_made(payload: str) -> None:
    assert cd.mod97_10_holds(payload + cd.mod97_10_check(payload))


def test_ends_right_needs_a_payload() -> None:
    assert cd.ends_right("9506000134352", cd.gs1_check)
    assert not cd.ends_right("9506000134353", cd.gs1_check)
    assert not cd.ends_right("0", cd.gs1_check)
