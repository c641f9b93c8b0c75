"""The record of readings: what is stored can be read again from its raw bytes."""

import contextlib
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.protocol import frame_of
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.mt_sics import decode
from returnbench.drivers.scales.record import (
    RecordError,
    header_of,
    parse_record,
    readings_jsonl,
)
from returnbench.drivers.scales.registry import protocol_named
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scales.xor_check import xor_check
from returnbench.inspect.weighing import NoWeight, NoWeightReason, Reading, WeightUnit

SETTINGS = ScaleSettings("s1", "/dev/scale", division_mg=5_000, capacity_mg=15_000_000)
HEADER = header_of(SETTINGS, "B123456789", "2026-11-21T14:03:09.002Z", "00ff" * 8)
LINES = [
    b"S S      1.235 kg\r\n",
    b"S D     -0.005 kg\r\n",
    b"S +\r\n",
    b"S S Error 15b\r\n",
    b"\xff\x00rubbish\r\n",
    b"S D 12:07.50 lb:oz\r\n",
    b"\xd3 S\r\n",
]


def frames_of(raws):
    frames = [frame_of(decode(raw), raw, 1000 + at, "B123456789") for at, raw in enumerate(raws)]
    return [frame for frame in frames if frame is not None]


def test_a_record_comes_back_with_the_same_values():
    gone = NoWeight(NoWeightReason.PORT_MISSING, "unplugged", b"", 5000, "s1")
    frames = [*frames_of(LINES), gone]
    record = parse_record(readings_jsonl(frames, HEADER))
    assert record.header == HEADER
    assert record.frames == tuple(frames)
    assert record.differences == ()


@given(st.lists(st.one_of(st.sampled_from(LINES), st.binary(min_size=1, max_size=40)), max_size=8))
def test_any_frames_come_back(raws):
    frames = frames_of(raws)
    record = parse_record(readings_jsonl(frames, HEADER))
    assert record.frames == tuple(frames)
    assert record.differences == ()


def test_the_bytes_are_canonical_lines():
    data = readings_jsonl(frames_of(LINES[:1]), HEADER)
    first, second, rest = data.split(b"\n")
    assert rest == b""
    assert json.loads(first)["proto"] == "mt-sics"
    line = json.loads(second)
    assert line["raw"] == LINES[0].hex()
    assert (line["value"], line["unit"], line["stable"], line["err"]) == ("1.235", "kg", True, None)
    assert second == json.dumps(line, sort_keys=True, separators=(",", ":")).encode()


def test_the_options_of_the_scale_are_kept_and_used_again():
    options = ProtocolOptions(unit=WeightUnit.KG, decimals=3)
    settings = replace(SETTINGS, protocol="yaohua-tf0", options=options)
    raw = b"\x02+0012353" + xor_check(b"+0012353") + b"\x03"
    frame = frame_of(protocol_named("yaohua-tf0", options).decode(raw), raw, 5, "s1")
    assert frame.value == Decimal("1.235")
    data = readings_jsonl([frame], header_of(settings, "s1", "2026-11-21T14:03:09.002Z", "00"))
    record = parse_record(data)
    assert record.header.options == {"unit": "kg", "decimals": 3}
    assert (record.frames, record.differences) == ((frame,), ())
    other = data.replace(b'"unit":"kg"', b'"unit":"lb"', 1)
    assert parse_record(other).differences != ()
    for wrong in (b'"decimals":"3"', b'"decimals":-1', b'"colour":3'):
        with pytest.raises(RecordError, match="line 1"):
            parse_record(data.replace(b'"decimals":3', wrong, 1))


def test_a_header_without_options_still_reads():
    data = readings_jsonl(frames_of(LINES[:1]), HEADER)
    old = data.replace(b'"options":{},', b"", 1)
    assert old != data
    assert parse_record(old) == parse_record(data)


def test_a_changed_value_is_found_out():
    data = readings_jsonl(frames_of(LINES[:2]), HEADER).replace(b'"1.235"', b'"1.335"')
    assert parse_record(data).differences == ("line 2: the raw bytes give another value",)


def test_a_changed_raw_byte_is_found_out():
    data = readings_jsonl(frames_of(LINES[:1]), HEADER)
    raw = LINES[0].hex().encode()
    changed = data.replace(raw, raw.replace(b"31", b"32", 1))
    assert parse_record(changed).differences != ()


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (lambda data: b"", "line 1"),
        (lambda data: b"[]\n" + data, "line 1"),
        (lambda data: data.replace(b'"mt-sics"', b'"morse"'), "line 1"),
        (lambda data: data + b"{}\n", "line 3"),
        (lambda data: data + b'{"n":\n', "line 3"),
        (lambda data: data.replace(b'"kg"', b'"stone"'), "line 2"),
        (lambda data: data.replace(b'"1.235"', b'"sNaN"'), "line 2"),
        (lambda data: data.replace(b'"1.235"', b"1.235"), "line 2"),
        (lambda data: data.replace(b"1000", b"1e3"), "line 2"),
        (lambda data: data.replace(b'"mt-sics"', b"5"), "line 1"),
        (lambda data: data + b"[" * 100_000 + b"\n", "line 3"),
    ],
)
def test_what_is_no_record_is_refused_by_line(damage, where):
    with pytest.raises(RecordError, match=where):
        parse_record(damage(readings_jsonl(frames_of(LINES[:1]), HEADER)))


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=3))
def test_a_damaged_record_never_raises_anything_else(place, bytes_):
    data = readings_jsonl(frames_of(LINES[:3]), HEADER)
    place %= len(data)
    with contextlib.suppress(RecordError):
        record = parse_record(data[:place] + bytes_ + data[place + 1 :])
        assert all(isinstance(frame, Reading | NoWeight) for frame in record.frames)
