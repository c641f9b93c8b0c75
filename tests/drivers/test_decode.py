import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from returnbench.drivers.decode import STILL_SYMBOLOGIES, decode_picture, zbar_available
from returnbench.drivers.scenes import SceneSpec, render


def symbol(text, form="Code128", scale=3, gs1=False):
    kind = getattr(zxingcpp.BarcodeFormat, form)
    made = zxingcpp.create_barcode(text, kind, **({"gs1": True} if gs1 else {}))
    bars = np.asarray(made.to_image(scale=scale), np.uint8)
    return np.pad(bars, 60, constant_values=235)


def place(*pictures):
    """The pictures above each other on one light sheet."""
    width = max(picture.shape[1] for picture in pictures)
    rows = [np.pad(p, ((0, 0), (0, width - p.shape[1])), constant_values=235) for p in pictures]
    return np.vstack(rows)


@pytest.mark.needs("zbar")
def test_zbar_is_installed_here():
    assert zbar_available() is None


@pytest.mark.needs("zbar")
@pytest.mark.parametrize(
    ("text", "form", "expected", "name", "identifier"),
    [
        ("SF1234567890123", "Code128", "SF1234567890123", "Code128", "]C0"),
        ("(00)123456789012345675", "Code128", "00123456789012345675", "Code128", "]C1"),
        ("5901234123457", "EAN13", "5901234123457", "EAN13", "]E0"),
        ("12345670", "EAN8", "12345670", "EAN8", "]E4"),
        ("00123456789012345675", "ITF", "00123456789012345675", "ITF", "]I1"),
        ("HELLO-39", "Code39", "HELLO-39", "Code39", "]A0"),
        ("RMA-2024-退货", "QRCode", "RMA-2024-退货", "QRCode", "]Q1"),
    ],
)
def test_both_libraries_agree(text, form, expected, name, identifier):
    decoded = decode_picture(symbol(text, form, gs1=text.startswith("(")))
    (result,) = decoded.results
    assert (result.text, result.symbology, result.symbology_identifier) == (
        expected,
        name,
        identifier,
    )
    assert result.engines == ("zxing", "zbar")
    assert result.agreed
    assert decoded.engines_used == ("zxing", "zbar")
    assert decoded.ms > 0


@pytest.mark.parametrize("form", ["DataMatrix", "PDF417", "Aztec"])
def test_what_zbar_cannot_read_agrees_across_two_scales(form):
    (result,) = decode_picture(symbol("RMA-77-0012", form)).results
    assert result.text == "RMA-77-0012"
    assert result.engines == ("zxing", "zxing-scaled")
    assert result.agreed


def test_gs1_separators_are_kept_and_no_parentheses_added():
    picture = symbol("(10)AB12(21)XYZ", gs1=True)
    (result,) = decode_picture(picture).results
    assert result.text == "10AB12\x1d21XYZ"
    assert result.symbology_identifier == "]C1"
    assert result.agreed


def test_a_upc_is_the_same_symbol_for_both_libraries():
    (result,) = decode_picture(symbol("01234567890", "UPCA")).results
    assert result.text.rjust(13, "0") == "0012345678905"
    assert result.agreed


def test_the_box_is_where_the_symbol_is():
    sheet = np.full((500, 900), 235, np.uint8)
    bars = symbol("JD0012345678901")
    sheet[300 : 300 + bars.shape[0], 200 : 200 + bars.shape[1]] = bars[: 500 - 300]
    (result,) = decode_picture(sheet).results
    xs, ys = zip(*result.box, strict=True)
    assert len(result.box) == 4
    assert 200 <= min(xs) < max(xs) <= 200 + bars.shape[1]
    assert 300 <= min(ys) < max(ys) <= 500


def test_several_symbols_are_several_results():
    sheet = place(symbol("SF1234567890123"), symbol("5901234123457", "EAN13"))
    decoded = decode_picture(sheet)
    assert {result.text for result in decoded.results} == {"SF1234567890123", "5901234123457"}
    assert all(result.agreed for result in decoded.results)


def test_the_same_text_printed_twice_is_two_results():
    sheet = np.hstack([symbol("SF1234567890123"), symbol("SF1234567890123")])
    texts = [result.text for result in decode_picture(sheet).results]
    assert texts == ["SF1234567890123"] * 2


def test_short_codes_without_check_digit_are_dropped():
    decoded = decode_picture(symbol("1234", "ITF"))
    assert decoded.results == ()
    assert any(note.startswith("too-short") for note in decoded.notes)


def test_a_conflict_is_never_agreed():
    # ZBar reads the Latin-1 shift of Code 128 wrongly; nobody may trust either.
    decoded = decode_picture(symbol("Ärger2024"))
    assert {result.text for result in decoded.results} > {"Ärger2024"}
    assert not any(result.agreed for result in decoded.results)
    assert any(note.startswith("conflict") for note in decoded.notes)


def test_only_the_asked_symbologies_are_read():
    sheet = place(symbol("SF1234567890123"), symbol("HELLO", "QRCode"))
    (result,) = decode_picture(sheet, symbologies=["QRCode"]).results
    assert result.text == "HELLO"
    with pytest.raises(ValueError, match=r"Code129.*Code128"):
        decode_picture(sheet, symbologies=["Code129"])


def test_file_bytes_and_colour_are_read_alike():
    grey = symbol("SF1234567890123")
    colour = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    pictures = [
        colour,
        cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA),
        grey[:, :, None],
        np.asfortranarray(grey),
        cv2.imencode(".png", grey)[1].tobytes(),
        cv2.imencode(".jpg", colour)[1].tobytes(),
    ]
    for picture in pictures:
        assert [r.text for r in decode_picture(picture).results] == ["SF1234567890123"]


@pytest.mark.parametrize(
    ("picture", "note"),
    [
        (b"", "unreadable"),
        (b"\xff\xd8\xff", "unreadable"),
        (b"GIF89a" + bytes(40), "unreadable"),
        (
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x00",
            "unreadable",
        ),
        (np.zeros((0, 0), np.uint8), "too-small"),
        (np.zeros((0, 9, 3), np.uint8), "too-small"),
        (np.zeros((9, 9, 0), np.uint8), "unsupported"),
        (np.zeros((1, 1), np.uint8), "too-small"),
        (np.zeros((1, 4000), np.uint8), "too-small"),
        (np.zeros((50, 50), np.float64), "unsupported"),
        (np.zeros((50, 50, 2), np.uint8), "unsupported"),
        (np.zeros(50, np.uint8), "unsupported"),
    ],
)
def test_what_is_no_picture_gives_a_note(picture, note):
    decoded = decode_picture(picture)
    assert decoded.results == ()
    assert [n for n in decoded.notes if n.startswith(note)] == list(decoded.notes) != []


def test_noise_and_a_blank_sheet_give_nothing_that_agrees():
    noise = np.random.default_rng(1).integers(0, 256, (480, 640), dtype=np.uint8)
    assert not any(result.agreed for result in decode_picture(noise).results)
    assert decode_picture(np.full((480, 640), 255, np.uint8)).results == ()


def test_a_large_picture_is_read_and_the_time_limit_is_said():
    scene = render(SceneSpec("parcel", "SF1234567890123", "SF", seed=2))
    large = cv2.resize(scene, (4000, 2250), interpolation=cv2.INTER_CUBIC)
    decoded = decode_picture(large, limit_ms=1)
    assert decoded.engines_used == ("zxing",)
    assert [result.text for result in decoded.results] == ["SF1234567890123"]
    assert not decoded.results[0].agreed
    assert sum(note.startswith("time-limit") for note in decoded.notes) == 2


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_damaged_files_never_raise(data):
    whole = cv2.imencode(".jpg", symbol("SF1234567890123"))[1].tobytes()
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 5))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    decoded = decode_picture(bytes(damaged))
    assert {result.text for result in decoded.results} <= {"SF1234567890123"} or decoded.notes


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 20), st.integers(0, 20), st.sampled_from([0, 1, 3, 4]), st.integers(0, 255))
def test_tiny_pictures_never_raise(height, width, channels, value):
    shape = (height, width, channels) if channels else (height, width)
    assert decode_picture(np.full(shape, value, np.uint8)).results == ()


def run_python(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environment,
    )
    return done.returncode, done.stdout.strip(), done.stderr


def test_without_zbar_one_engine_reads_on(tmp_path):
    picture = tmp_path / "code.png"
    cv2.imwrite(str(picture), symbol("SF1234567890123"))
    code = f"""
import sys
sys.modules["pyzbar"] = None
from returnbench.drivers.decode import decode_picture, zbar_available
decoded = decode_picture(open({str(picture)!r}, "rb").read())
assert "libzbar0" in zbar_available()
assert any(note.startswith("zbar-missing") for note in decoded.notes)
(result,) = decoded.results
print(result.text, *result.engines, result.agreed)
"""
    status, out, err = run_python(code)
    assert (status, err) == (0, "")
    assert out == "SF1234567890123 zxing zxing-scaled True"


def test_the_libraries_write_nothing_on_the_terminal():
    code = """
import numpy as np
from returnbench.drivers.decode import decode_picture, STILL_SYMBOLOGIES
from returnbench.drivers.scenes import SceneSpec, render
rng = np.random.default_rng(3)
stripes = np.repeat(rng.integers(0, 2, (1, 640), dtype=np.uint8) * 255, 480, axis=0)
for picture in (stripes, rng.integers(0, 256, (480, 640), dtype=np.uint8)):
    decode_picture(picture)
print(len(decode_picture(render(SceneSpec("parcel", "SF1234567890123"))).results))
"""
    assert run_python(code) == (0, "1", "")


def test_native_messages_can_be_kept_off_the_terminal(tmp_path):
    log = tmp_path / "native.log"
    code = f"""
import os, sys
from pathlib import Path
from returnbench.drivers.quiet_cv import divert_native_output
with divert_native_output(Path({str(log)!r})):
    os.write(2, b"from a library\\n")
    print("from the program", file=sys.stderr)
    print("from the screen", file=sys.__stderr__)
os.write(2, b"afterwards\\n")
"""
    status, _, err = run_python(code)
    assert (status, err) == (0, "from the program\nfrom the screen\nafterwards\n")
    assert log.read_text() == "from a library\n"


def test_all_symbologies_are_named_as_zxing_names_them():
    assert all(hasattr(zxingcpp.BarcodeFormat, name) for name in STILL_SYMBOLOGIES)
