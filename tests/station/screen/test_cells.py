"""Cutting and filling by cells, signs, and the contrast of the themes."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from returnbench.station.screen_cells import (
    clip,
    clip_row,
    fill,
    fill_left,
    row_len,
    spread,
    wrap,
)
from returnbench.station.screen_signs import SIGN, drawn_sign
from returnbench.station.screen_weight import digit_rows
from returnbench.station.themes import PALETTES
from returnbench.station.view import Tone

TEXT = st.text(st.sampled_from("aB 1.-重量不足克羊毛袜\t\x1b\u0301"), max_size=60)
WIDTH = st.integers(0, 40)


@given(TEXT, WIDTH)
def test_filled_text_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cell_len(fill(text, width)) == width
    assert cell_len(fill_left(text, width)) == width
    assert cell_len(clip(text, width)) <= width


@given(TEXT, WIDTH)
def test_no_control_character_reaches_the_terminal(text: str, width: int) -> None:
    assert not set(fill(text, width)) & set("\t\x1b\n\r")


@given(TEXT, st.integers(4, 40), st.integers(1, 6))
def test_wrapped_lines_fit_and_lose_nothing_when_there_is_room(
    text: str, width: int, height: int
) -> None:
    lines = wrap(text, width, height)
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    whole = "".join(wrap(text, width, 1000)).replace(" ", "")
    assert whole == clip(text, 10_000).replace(" ", "")


@given(st.lists(TEXT, max_size=5), st.lists(TEXT, max_size=3), WIDTH)
def test_rows_are_cut_and_spread_to_the_cell(left: list[str], right: list[str], width: int) -> None:
    row = spread([(text, "") for text in left], [(text, "") for text in right], width)
    assert row_len(row) == width
    assert row_len(clip_row([(text, "") for text in left], width)) <= width


def test_what_was_cut_is_marked() -> None:
    assert clip("Wool sock, size 42", 11) == "Wool sock.."
    assert clip("羊毛袜四十二码", 9) == "羊毛袜.."
    assert clip("羊毛袜四十二码", 8) == "羊毛袜.."


def test_digits_fall_back_to_plain_text_where_they_do_not_fit() -> None:
    assert [cell_len(row) for row in digit_rows("1 204", 40)] == [13, 13, 13]
    assert digit_rows("123456789012", 20) == ["", "123456789012", ""]


def test_large_signs_are_rectangles_and_all_different() -> None:
    for width, height in ((116, 10), (76, 6)):
        drawings = [drawn_sign(tone, width, height) for tone in Tone]
        assert all(drawings)
        for drawing in drawings:
            assert len({sum(cells for _, cells in row) for row in drawing}) == 1
            assert len(drawing) <= height
        assert len({str(drawing) for drawing in drawings}) == len(Tone)
    assert drawn_sign(Tone.READY, 20, 3) == []
    assert len(set(SIGN.values())) == len(Tone)
    assert all(cell_len(sign) == 1 for sign in SIGN.values())


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_every_theme() -> None:
    for name, palette in PALETTES.items():
        assert set(palette.tones) == set(Tone)
        for tone, (back, text, edge) in palette.tones.items():
            assert contrast(back, text) >= 7, (name, tone)
            assert contrast(back, edge) >= 3, (name, tone, "border and sign")
        for text in (palette.text, palette.dim, palette.good, palette.warn, palette.bad):
            for back in (palette.ground, palette.card):
                assert contrast(text, back) >= 4.5, (name, text, back)
        assert contrast(palette.dim, palette.head) >= 4.5, name
        assert contrast(palette.key_back, palette.key_text) >= 7, name
        assert contrast(palette.primary_back, palette.primary_text) >= 7, name
        assert contrast(palette.prompt_back, palette.prompt_text) >= 7, name


def test_tones_differ_in_brightness_where_there_is_no_colour() -> None:
    backs = sorted(luminance(back) for back, _, _ in PALETTES["monochrome"].tones.values())
    assert len(set(backs)) == len(Tone)
