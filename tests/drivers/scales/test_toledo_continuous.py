"""Toledo continuous output: its four forms, checksum, damage, and the device's side."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.toledo_continuous import ToledoContinuousDevice
from returnbench.drivers.scales.protocol import NoWeightLine, WeightLine
from returnbench.drivers.scales.protocols.toledo_continuous import (
    LONG,
    LONG_UNCHECKED,
    SHORT,
    SHORT_UNCHECKED,
    TOLEDO_CONTINUOUS,
    TOLEDO_CONTINUOUS_NO_CHECKSUM,
    TOLEDO_CONTINUOUS_SHORT,
    TOLEDO_CONTINUOUS_SHORT_NO_CHECKSUM,
)
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Pan, Range
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

KG, LB, G = WeightUnit.KG, WeightUnit.LB, WeightUnit.G
GROSS, NET = WeightKind.GROSS, WeightKind.NET

CONT_1 = bytes.fromhex("02 2D 30 20 20 20 31 32 33 35 20 20 20 20 20 30 0D 19")
CONT_2 = bytes.fromhex("02 2D 38 20 20 20 31 32 33 35 20 20 20 20 20 30 0D 11")
CONT_3 = bytes.fromhex("02 2D 33 20 20 20 20 32 35 30 20 20 31 34 38 35 0D 68")
CONT_4 = bytes.fromhex("02 2D 34 20 20 20 31 32 33 35 20 20 20 20 20 30 0D 15")
CONT_5 = bytes.fromhex("02 3D 20 20 20 31 32 33 34 35 20 20 20 20 20 30 0D 05")
CONT_6 = bytes.fromhex("02 2A 30 20 20 20 31 32 33 35 20 20 20 20 20 30 0D")

WEIGHTS = [
    (CONT_1, WeightLine(Decimal("1.235"), KG, True, GROSS)),
    (CONT_2, WeightLine(Decimal("1.235"), KG, False, GROSS)),
    (CONT_3, WeightLine(Decimal("-0.250"), KG, True, NET)),
    (CONT_5, WeightLine(Decimal("12.345"), LB, True, GROSS)),
]
CHECKED = [CONT_1, CONT_2, CONT_3, CONT_4, CONT_5]
PROTOCOLS = {
    LONG: TOLEDO_CONTINUOUS,
    LONG_UNCHECKED: TOLEDO_CONTINUOUS_NO_CHECKSUM,
    SHORT: TOLEDO_CONTINUOUS_SHORT,
    SHORT_UNCHECKED: TOLEDO_CONTINUOUS_SHORT_NO_CHECKSUM,
}


def in_form(raw, form):
    """A long frame with checksum, brought into another form."""
    body = raw[:10] + (raw[10:16] if form.tare else b"") + b"\r"
    return body + bytes([-sum(body) & 0x7F]) if form.checksum else body


def with_status(a=0x2D, b=0x30, c=0x20, digits=b"  1235"):
    return in_form(bytes([2, a, b, c]) + digits + b"     0\r", LONG)


def weights(protocol, data, size=None):
    framer = protocol.framer()
    chunks = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    lines = [protocol.decode(raw) for chunk in chunks for raw in framer.feed(chunk)]
    return [line for line in lines if isinstance(line, WeightLine)]


def details_of(protocol, stream):
    lines = [protocol.decode(raw) for raw in protocol.framer().feed(stream)]
    return [line.detail for line in lines if isinstance(line, NoWeightLine)]


def scale(form=LONG, *, unit=KG, capacity_mg=15_000_000, division_mg=1_000):
    pan = Pan(capacity_mg, division_mg, 1, 0.5)
    return pan, ToledoContinuousDevice(DeviceSetup(pan, unit, "B1", 10), form)


@pytest.mark.parametrize(("raw", "line"), WEIGHTS)
@pytest.mark.parametrize("form", PROTOCOLS)
def test_a_weight_in_each_form(form, raw, line):
    protocol = PROTOCOLS[form]
    assert protocol.decode(in_form(raw, form)) == line
    assert str(protocol.decode(in_form(raw, form)).value) == str(line.value)


def test_the_form_without_checksum_and_decimals():
    line = TOLEDO_CONTINUOUS_NO_CHECKSUM.decode(CONT_6)
    assert line == WeightLine(Decimal("1235"), KG, True, GROSS)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (CONT_4, NoWeightReason.OVERLOAD),
        (with_status(b=0x36), NoWeightReason.UNDER_ZERO),
        (with_status(b=0x3C), NoWeightReason.OVERLOAD),
        (with_status(b=0x70), NoWeightReason.NOT_READY),
        (with_status(c=0x30), NoWeightReason.NOT_READY),
        (with_status(digits=b"999999"), NoWeightReason.OVERLOAD),
        (with_status(a=0x28), NoWeightReason.UNREADABLE),
        (with_status(a=0x29), NoWeightReason.UNREADABLE),
        (with_status(c=0x22), NoWeightReason.UNREADABLE),
        (with_status(digits=b"      "), NoWeightReason.UNREADABLE),
        (with_status(digits=b" -1235"), NoWeightReason.UNREADABLE),
        (with_status(digits=b"1 1235"), NoWeightReason.UNREADABLE),
        (with_status(digits=b"^^^^^^"), NoWeightReason.UNREADABLE),
        (with_status(digits=b"______"), NoWeightReason.UNREADABLE),
    ],
)
def test_no_weight_has_its_own_reason(raw, reason):
    line = TOLEDO_CONTINUOUS.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


def test_grams_are_told_by_status_c():
    line = TOLEDO_CONTINUOUS.decode(with_status(a=0x2B, b=0x20, c=0x21))
    assert line == WeightLine(Decimal("123.5"), G, True, GROSS)


@pytest.mark.parametrize("decimals", range(6))
def test_the_point_comes_from_status_a(decimals):
    line = TOLEDO_CONTINUOUS.decode(with_status(a=0x28 | (decimals + 2)))
    assert line.value == Decimal(1235).scaleb(-decimals)
    assert line.value.as_tuple().exponent == -decimals


@pytest.mark.parametrize(("a", "b", "c"), [(0x55, 0x10, 0x20), (0x15, 0x10, 0x40)])
def test_the_constant_bits_are_not_checked(a, b, c):
    line = TOLEDO_CONTINUOUS.decode(with_status(a, b, c))
    assert line == WeightLine(Decimal("1.235"), KG, True, GROSS)


def test_a_status_byte_may_look_like_stx_or_cr():
    for b in (0x02, 0x0D):
        raw = with_status(b=b)
        assert TOLEDO_CONTINUOUS.framer().feed(CONT_1 + raw + CONT_1) == [CONT_1, raw, CONT_1]
    assert TOLEDO_CONTINUOUS.decode(with_status(b=0x02)).value == Decimal("-1.235")


@pytest.mark.parametrize("wanted", [0x02, 0x0D])
def test_a_checksum_may_look_like_stx_or_cr(wanted):
    raw = next(
        frame
        for number in range(0, 1_000_000, 37)
        if (frame := with_status(digits=f"{number:6d}".encode()))[-1] == wanted
    )
    assert TOLEDO_CONTINUOUS.framer().feed(raw + CONT_1 + raw) == [raw, CONT_1, raw]
    assert len(weights(TOLEDO_CONTINUOUS, raw + CONT_1 + raw, 1)) == 3


@pytest.mark.parametrize("form", PROTOCOLS)
@pytest.mark.parametrize("size", [None, 1, 5])
@pytest.mark.parametrize("before", [b"", b"\xff\x00\x13", CONT_1[:9], CONT_1[3:], b"\x02\x02\x02"])
def test_frames_are_found_in_any_pieces_and_after_garbage(before, size, form):
    frames = [in_form(raw, form) for raw, _ in WEIGHTS]
    found = weights(PROTOCOLS[form], before + b"".join(frames), size)
    assert found == [line for _, line in WEIGHTS]


@pytest.mark.parametrize("form", PROTOCOLS)
@pytest.mark.parametrize("raw", CHECKED)
def test_a_frame_that_lost_something_is_never_a_weight(raw, form):
    raw, good = in_form(raw, form), in_form(CONT_5, form)
    expected = weights(PROTOCOLS[form], good)
    assert len(expected) == 1
    for cut in range(1, len(raw)):
        damaged = [raw[cut:], raw[:cut], raw[: cut - 1] + raw[cut:]]
        for part in damaged:
            assert not isinstance(PROTOCOLS[form].decode(part), WeightLine)
            assert weights(PROTOCOLS[form], part + good) == expected


@pytest.mark.parametrize("form", [LONG, SHORT])
@pytest.mark.parametrize("raw", CHECKED)
def test_the_checksum_shows_every_changed_character(raw, form):
    raw, decode = in_form(raw, form), PROTOCOLS[form].decode
    for place in range(len(raw)):
        for byte in set(range(256)) - {raw[place]}:
            line = decode(raw[:place] + bytes([byte]) + raw[place + 1 :])
            assert isinstance(line, NoWeightLine)


@pytest.mark.parametrize("form", [LONG_UNCHECKED, SHORT_UNCHECKED])
def test_without_checksum_the_frame_itself_is_still_checked(form):
    raw, decode = in_form(CONT_1, form), PROTOCOLS[form].decode
    for place in (0, form.cr_index):
        for byte in set(range(256)) - {raw[place]}:
            line = decode(raw[:place] + bytes([byte]) + raw[place + 1 :])
            assert isinstance(line, NoWeightLine)


@pytest.mark.parametrize("sent", PROTOCOLS)
@pytest.mark.parametrize("expected", PROTOCOLS)
def test_another_form_is_named_and_never_weighed(sent, expected):
    if sent is expected:
        return
    protocol = PROTOCOLS[expected]
    stream = b"".join(in_form(raw, sent) for raw in CHECKED)
    details = details_of(protocol, stream)
    if sent.checksum and sent.tare == expected.tare:
        # The frame is the same; the checksum after it stands alone.
        assert weights(protocol, stream) == [line for _, line in WEIGHTS]
        assert any(detail.startswith("not a frame") for detail in details)
    else:
        hint = "choose a protocol with tare" if sent.tare and not expected.tare else sent.name
        assert any(detail.endswith(hint) for detail in details)
        assert weights(protocol, stream) == []


@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
@pytest.mark.parametrize("form", PROTOCOLS)
@pytest.mark.parametrize("raw", CHECKED)
def test_wrong_parity_is_recognised(raw, form, odd, setting):
    raw = in_form(raw, form)
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in raw)
    assert PROTOCOLS[form].framer().feed(seen + seen) == [seen, seen]
    line = PROTOCOLS[form].decode(seen)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.WRONG_PARITY
    assert setting in line.detail


@given(
    st.sampled_from(list(PROTOCOLS)),
    st.lists(st.one_of(st.sampled_from(CHECKED), st.binary(max_size=30)), max_size=8),
    st.data(),
)
def test_any_bytes_in_any_pieces(form, parts, data):
    stream = b"".join(in_form(part, form) if part in CHECKED else part for part in parts)
    cut = data.draw(st.integers(0, len(stream)))
    protocol = PROTOCOLS[form]
    framer = protocol.framer()
    pieces = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
    assert pieces == protocol.framer().feed(stream)
    assert stream.startswith(b"".join(pieces))
    length = form.cr_index + 1 + form.checksum
    assert all(1 <= len(raw) <= length for raw in pieces)
    for raw in pieces:
        if isinstance(protocol.decode(raw), WeightLine):
            assert (len(raw), raw[0], raw[form.cr_index]) == (length, 2, 13)
            assert raw[4:10].strip().isdigit()
            assert not form.checksum or sum(raw) % 128 == 0


def test_a_broken_start_does_not_stick():
    framer = TOLEDO_CONTINUOUS.framer()
    framer.feed(CONT_1[:7])
    framer.reset()
    assert framer.feed(CONT_1) == [CONT_1]


def test_the_device_sends_the_frames_of_the_states():
    pan, device = scale()
    pan.put(1_235_000, 0)
    assert device.due(1) == [CONT_1]
    assert device.due(1) == []
    device.frozen = Indication(1_235_000, False, Range.INSIDE)
    assert device.due(2) == [CONT_2]
    device.frozen = Indication(1_235_000, True, Range.OVER)
    assert device.due(3) == [CONT_4]
    device.frozen = None
    pan.put(1_485_000, 3)
    device.receive(b"T\r\n", 4)
    pan.put(1_235_000, 4)
    assert device.due(5) == [CONT_3]
    device.receive(b"C\r\n", 5)
    assert device.due(6) == [CONT_1]


def test_the_device_in_pounds_and_in_the_form_without_checksum():
    pan, device = scale(unit=LB, division_mg=2_268)
    pan.put(5_599_598, 0)
    assert device.due(1) == [CONT_5]
    pan, device = scale(LONG_UNCHECKED, capacity_mg=3_000_000_000, division_mg=1_000_000)
    pan.put(1_235_000_000, 0)
    assert device.due(1) == [CONT_6]


def test_the_device_zeroes_without_an_answer():
    pan, device = scale()
    device.zeroed = False
    pan.put(12_000, 0)
    assert TOLEDO_CONTINUOUS.decode(device.due(1)[0]).reason is NoWeightReason.NOT_READY
    device.receive(b"Z\r\n", 2)
    assert TOLEDO_CONTINUOUS.decode(device.due(2)[0]).value == 0


def test_the_device_tells_an_expanded_display_and_the_print_key():
    pan, device = scale()
    pan.put(1_235_000, 0)
    device.receive(b"P", 1)
    assert device.due(1)[0][3] == 0x28
    device.expanded = True
    frame = device.due(2)[0]
    assert frame[4:10] == b" 12350"
    assert TOLEDO_CONTINUOUS.decode(frame).reason is NoWeightReason.NOT_READY


def test_a_device_at_fault_falls_silent():
    _, device = scale()
    device.hardware_error = "15b"
    assert device.due(1) == []


@settings(max_examples=60)
@given(
    st.sampled_from(list(PROTOCOLS)),
    st.sampled_from([(KG, 5_000), (KG, 1_000), (G, 500), (LB, 2_268)]),
    st.integers(-15, 3000),
    st.integers(0, 3000),
    st.booleans(),
)
def test_every_load_comes_back_as_it_was_shown(form, unit_step, steps, tare, moving):
    unit, division_mg = unit_step
    pan, device = scale(form, unit=unit, division_mg=division_mg)
    pan.put(tare * division_mg, 0)
    pan.set_tare(1)
    pan.put(steps * division_mg, 2)
    pan.restless = moving
    shown = pan.indication(3)
    device.frozen = shown
    line = PROTOCOLS[form].decode(device.due(3)[0])
    assert isinstance(line, WeightLine)
    assert (line.unit, line.stable) == (unit, not moving)
    assert line.kind is (NET if tare else GROSS)
    assert line.value.is_signed() == (shown.milligrams < 0)
    step = {KG: Decimal(division_mg) / 1_000_000, G: Decimal("0.5"), LB: Decimal("0.005")}[unit]
    assert line.value == shown.milligrams // division_mg * step
