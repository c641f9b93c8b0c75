"""Command barcodes and badges: what we print is read back, and nothing else ever acts."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.inspect.bench_codes import (
    COMMAND_WORDS,
    BadCode,
    BadCodeReason,
    Badge,
    decode_badge,
    decode_command,
    encode_badge,
    encode_command,
)
from returnbench.inspect.check_digits import mod97_10_check

ALPHANUMERIC = string.digits + string.ascii_uppercase


@pytest.mark.parametrize("word", COMMAND_WORDS)
def test_every_command_is_read_back(word: str) -> None:
    code = encode_command(word)
    assert code.startswith("XCMD" + word)
    assert set(code) <= set(ALPHANUMERIC)
    assert decode_command(code) == word


def test_a_printed_sheet_stays_valid() -> None:
    """These texts are on paper at benches: they must never change."""
    words = ("KEY0", "KEYENTER", "UNDO", "ALLOK")
    assert [encode_command(word) for word in words] == [
        "XCMDKEY095",
        "XCMDKEYENTER46",
        "XCMDUNDO05",
        "XCMDALLOK06",
    ]


def test_no_two_commands_share_a_code() -> None:
    assert len({encode_command(word) for word in COMMAND_WORDS}) == len(COMMAND_WORDS) == 16


@pytest.mark.parametrize("word", COMMAND_WORDS)
def test_one_wrong_character_never_makes_a_command(word: str) -> None:
    code = encode_command(word)
    for place in range(len(code)):
        for other in ALPHANUMERIC:
            if other != code[place]:
                wrong = code[:place] + other + code[place + 1 :]
                assert isinstance(decode_command(wrong), BadCode), wrong


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", BadCodeReason.OTHER_KIND),
        ("SF1385628716739", BadCodeReason.OTHER_KIND),
        ("XCMD", BadCodeReason.FORM),
        ("XCMD12", BadCodeReason.FORM),
        ("XCMDUNDO", BadCodeReason.FORM),
        ("XCMDundo12", BadCodeReason.FORM),
        ("XCMDUNDO00", BadCodeReason.CHECK_DIGITS),
        ("XCMDUNDO\uff10\uff10", BadCodeReason.FORM),
        ("XCMDERASEALL" + mod97_10_check("XCMDERASEALL"), BadCodeReason.UNKNOWN_WORD),
    ],
)
def test_bad_commands_say_why(text: str, reason: BadCodeReason) -> None:
    assert decode_command(text) == BadCode(reason, text)


def test_an_unknown_word_is_not_printed() -> None:
    with pytest.raises(ValueError, match="KEYENTER"):
        encode_command("ERASEALL")


@given(
    st.text(ALPHANUMERIC, min_size=1, max_size=12), st.text(ALPHANUMERIC, min_size=8, max_size=8)
)
def test_badges_are_read_back(name: str, token: str) -> None:
    assert decode_badge(encode_badge(name, token)) == Badge(name, token)


@given(st.text(string.digits))
def test_digits_are_never_a_code(text: str) -> None:
    assert isinstance(decode_command(text), BadCode)
    assert isinstance(decode_badge(text), BadCode)


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    for prefixed in (text, "XCMD" + text, "XOP" + text):
        decode_command(prefixed)
        decode_badge(prefixed)


@pytest.mark.parametrize(
    ("name", "token"),
    [("", "AAAA1111"), ("ANA", "SHORT"), ("ana", "AAAA1111"), ("A" * 13, "AAAA1111")],
)
def test_badges_that_cannot_be_printed(name: str, token: str) -> None:
    with pytest.raises(ValueError, match="A-Z"):
        encode_badge(name, token)


def test_a_badge_too_short_or_damaged() -> None:
    short = "XOPAAAA1111"
    assert decode_badge(short + mod97_10_check(short)) == BadCode(
        BadCodeReason.FORM, short + mod97_10_check(short)
    )
    good = encode_badge("ANA", "7QK2M9XZ")
    damaged = good[:5] + "B" + good[6:]
    assert decode_badge(damaged) == BadCode(BadCodeReason.CHECK_DIGITS, damaged)
