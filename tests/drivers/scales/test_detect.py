"""Which protocol a scale may speak, from what it sends by itself."""

import importlib
import pkgutil
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import returnbench.drivers.scales.protocols as folder
from returnbench.drivers.scales.detect import Candidate, candidates, line_setting
from returnbench.drivers.scales.protocol import ScaleProtocol
from returnbench.drivers.scales.protocols.adam_pgl import ADAM_PGL
from returnbench.drivers.scales.protocols.dini_argeo import DINI_ARGEO
from returnbench.drivers.scales.protocols.mt_sics import MT_SICS, MT_SICS_ANY_WIDTH
from returnbench.drivers.scales.protocols.usb_hid import USB_HID, report_line
from returnbench.drivers.scales.protocols.yaohua_a12 import YAOHUA_A12
from returnbench.drivers.scales.protocols.yaohua_equals import YAOHUA_EQUALS
from returnbench.drivers.scales.protocols.yaohua_tf0 import YAOHUA_TF0

ALL = [
    value
    for module in pkgutil.iter_modules(folder.__path__)
    for value in vars(importlib.import_module(f"{folder.__name__}.{module.name}")).values()
    if isinstance(value, ScaleProtocol)
]

SICS = b"S S     100.00 g\r\n"
DINI = b"ST,GS,   1.235,kg\r\n"
TF0 = bytes.fromhex("02 2B 30 30 32 30 30 30 32 31 42 03")
STREAMS = [
    ("mt-sics", SICS),
    ("and", b"ST,+00123.45  g\r\n"),
    ("cas-22", bytes.fromhex("53 54 2C 47 53 2C 31 E4 2C 30 30 30 31 2E 32 33 35 20 6B 67 0D 0A")),
    ("dini-argeo", DINI),
    ("and-two-header", b"ST,GS,+0012.34kg\r\n"),
    ("kern-kib", b"ST,GS 1.000KG\r\n"),
    (
        "toledo-continuous",
        bytes.fromhex("02 2D 30 20 20 20 31 32 33 35 20 20 20 20 20 30 0D 19"),
    ),
    ("yaohua-tf0", TF0),
    ("yaohua-equals", b"=000.3000"),
    ("yaohua-a12", b"WG004.139kg3D\r\n"),
    ("sbi-16", b"+  111.255 g  \r\n"),
    ("sbi-22", b"N     +   123.56 g  \r\n"),
    ("kern-old", b"     -29.186 g  \r\n"),
    ("adam-pgl", b"-      123.45 g \r\n"),
    ("usb-hid", report_line(bytes.fromhex("030402000200"))),
    ("yousheng-bcd", bytes.fromhex("FF 43 35 12 00 00")),
]


def with_parity(data, odd):
    return bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in data)


def names_on_top(found):
    return {candidate.name for candidate in found if candidate.score == found[0].score}


@pytest.mark.parametrize(("name", "frame"), STREAMS)
def test_each_stream_is_recognised(name, frame):
    # The capture begins and ends in the middle of a frame.
    found = candidates(frame[4:] + frame * 9 + frame[:5], ALL)
    assert name in names_on_top(found)
    assert 0.85 <= found[0].score < 1
    assert found == sorted(found, key=lambda candidate: -candidate.score)


@pytest.mark.parametrize(("name", "frame"), STREAMS)
def test_noise_before_and_damage_within_do_not_hide_it(name, frame):
    damaged = frame[: len(frame) // 2]
    found = candidates(b"\xff\x00\x13" + frame * 8 + damaged + frame * 8, ALL)
    assert name in names_on_top(found)


@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
@pytest.mark.parametrize(
    ("name", "frame"),
    [pair for pair in STREAMS if pair[0] not in ("cas-22", "usb-hid", "yousheng-bcd")],
)
def test_a_wrong_parity_setting_is_named(name, frame, odd, setting):
    data = with_parity(frame * 6, odd)
    assert line_setting(data) == setting
    found = candidates(data, ALL)
    assert name in names_on_top(found)
    assert all(f"set {setting}" in candidate.reason for candidate in found)


def test_a_right_setting_is_not_complained_of():
    for _, frame in STREAMS:
        assert line_setting(frame * 6) is None
        assert "set 7" not in " ".join(candidate.reason for candidate in candidates(frame * 6, ALL))


def test_ties_are_told():
    found = candidates(SICS * 5, [MT_SICS, MT_SICS_ANY_WIDTH])
    scores = {candidate.name: candidate.score for candidate in found}
    assert scores["mt-sics"] == scores["mt-sics-any-width"]
    reasons = {candidate.name: candidate.reason for candidate in found}
    assert "mt-sics-any-width" in reasons["mt-sics"].partition("cannot be told from")[2]
    assert "mt-sics" in reasons["mt-sics-any-width"].partition("cannot be told from")[2]


def test_a_single_candidate_has_no_tie():
    (only,) = candidates(TF0 * 5, [YAOHUA_TF0])
    assert only == Candidate("yaohua-tf0", 0.83, only.reason)
    assert "cannot be told" not in only.reason


def test_more_frames_are_stronger_evidence():
    scores = [candidates(TF0 * count, [YAOHUA_TF0])[0].score for count in (1, 2, 5, 20)]
    assert scores == [0.5, 0.67, 0.83, 0.95]


def test_foreign_bytes_between_frames_weaken_it():
    clean = candidates(DINI * 6, [DINI_ARGEO])[0].score
    mixed = candidates((DINI + b"ADVERTISEMENT\r\n") * 6, [DINI_ARGEO])[0].score
    assert 0.4 < mixed < clean


def test_the_order_of_yaohua_digits_is_told_only_when_it_shows():
    (unknown,) = candidates(b"=000.3000" * 5, [YAOHUA_EQUALS])
    assert "known load" in unknown.reason
    (first,) = candidates(b"=000.3000=00.1000-=000.3000=", [YAOHUA_EQUALS])
    assert "digits_reversed = true" in first.reason
    (second,) = candidates(b"=0003.000=-0001.00=0003.000=", [YAOHUA_EQUALS])
    assert "digits_reversed = false" in second.reason


def test_what_the_station_does_not_speak_is_named_with_the_reason():
    (bcd,) = candidates(STREAMS[-1][1] * 6, ALL)
    assert "factor of ten" in bcd.reason
    (unspoken,) = candidates(YAOHUA_A12_LINE * 4, [MT_SICS])
    assert "does not speak" in unspoken.reason
    (spoken,) = candidates(YAOHUA_A12_LINE * 4, [YAOHUA_A12])
    assert "does not speak" not in spoken.reason


YAOHUA_A12_LINE = b"WG004.139kg3D\r\n"


def test_silence_and_noise_give_nothing():
    assert candidates(b"", ALL) == []
    assert candidates(b"\r\n" * 20, ALL) == []
    assert candidates(b"hello world, this is no scale\r\n" * 5, ALL) == []
    rng = random.Random(7)
    for _ in range(20):
        assert candidates(rng.randbytes(400), ALL) == []
        assert line_setting(rng.randbytes(40)) is None


def test_a_few_bytes_say_nothing_about_parity():
    assert line_setting(with_parity(b"S S", 0)) is None
    assert line_setting(b"\xff" + with_parity(SICS * 3, 1)) == "7O1"


@given(st.binary(max_size=120))
def test_any_bytes_give_scores_between_0_and_1(data):
    for name, score, reason in candidates(data, [MT_SICS, ADAM_PGL, DINI_ARGEO, USB_HID]):
        assert name
        assert reason
        assert 0.1 <= score < 1
