"""What the frames of Yaohua indicators mean: whole, in pieces, damaged, and from the device."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.yaohua_a12 import yaohua_a12_device
from returnbench.drivers.scales.devices.yaohua_equals import (
    yaohua_equals_2_device,
    yaohua_equals_device,
)
from returnbench.drivers.scales.devices.yaohua_tf0 import yaohua_tf0_device
from returnbench.drivers.scales.protocol import Commands, NoWeightLine, WeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols import yaohua_a12, yaohua_equals, yaohua_tf0
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import NoWeightReason, StabilitySource, WeightKind, WeightUnit

KG = WeightUnit.KG
TF0 = yaohua_tf0.make(ProtocolOptions(unit=KG))
FORMAT_1 = yaohua_equals.make(ProtocolOptions(unit=KG, digits_reversed=True))
FORMAT_2 = yaohua_equals.make(ProtocolOptions(unit=KG, digits_reversed=False))
A12 = yaohua_a12.make(ProtocolOptions())

WEIGHTS = [
    (TF0, "02 2B 30 30 30 30 30 30 30 31 42 03", "0", WeightKind.UNKNOWN),
    (TF0, "02 2B 30 30 31 35 36 30 30 31 39 03", "1560", WeightKind.UNKNOWN),
    (TF0, "02 2B 30 30 32 30 30 30 32 31 42 03", "20.00", WeightKind.UNKNOWN),
    (TF0, "02 2D 30 30 30 32 35 30 33 31 39 03", "-0.250", WeightKind.UNKNOWN),
    (FORMAT_1, "3D 30 30 30 2E 33 30 30 30", "3.000", WeightKind.UNKNOWN),
    (FORMAT_1, "3D 30 30 2E 31 30 30 30 2D", "-1.00", WeightKind.UNKNOWN),
    (FORMAT_2, "3D 30 30 30 33 2E 30 30 30", "3.000", WeightKind.UNKNOWN),
    (FORMAT_2, "3D 2D 30 30 30 31 2E 30 30", "-1.00", WeightKind.UNKNOWN),
    (A12, "57 47 30 30 34 2E 31 33 39 6B 67 33 44 0D 0A", "4.139", WeightKind.GROSS),
]
NO_WEIGHTS = [
    (A12, "20 20 20 20 20 20 20 20 20 4F 4C 32 33 0D 0A", NoWeightReason.OVERLOAD),
    (A12, "20 20 20 20 20 20 20 20 20 4C 4F 32 33 0D 0A", NoWeightReason.UNDER_ZERO),
]
FRAMES = [(line[0], bytes.fromhex(line[1])) for line in [*WEIGHTS, *NO_WEIGHTS]]
PROTOCOLS = [TF0, FORMAT_1, FORMAT_2, A12]


def heard(protocol, *chunks):
    """What the protocol makes of the chunks."""
    framer = protocol.framer()
    return [protocol.decode(raw) for chunk in chunks for raw in framer.feed(chunk)]


def weights(protocol, *chunks):
    return [line for line in heard(protocol, *chunks) if isinstance(line, WeightLine)]


@pytest.mark.parametrize(("protocol", "text", "value", "kind"), WEIGHTS)
def test_a_weight_keeps_decimals_and_sign_and_is_never_called_stable(protocol, text, value, kind):
    line = protocol.decode(bytes.fromhex(text))
    assert line == WeightLine(Decimal(value), KG, False, kind, StabilitySource.UNAVAILABLE)
    assert str(line.value) == value


@pytest.mark.parametrize(("protocol", "text", "reason"), NO_WEIGHTS)
def test_out_of_range_is_no_weight(protocol, text, reason):
    assert protocol.decode(bytes.fromhex(text)).reason is reason


def test_there_are_no_commands():
    assert all(protocol.commands == Commands() for protocol in PROTOCOLS)


@pytest.mark.parametrize(("protocol", "frame"), FRAMES)
def test_whole_glued_byte_by_byte_and_after_garbage(protocol, frame):
    stream = frame * 5
    expected = [protocol.decode(frame)]
    whole = heard(protocol, stream)
    assert whole == heard(protocol, *(bytes([byte]) for byte in stream))
    # A frame that begins with = comes out with the next one, and the first one is only a witness.
    assert whole == expected * (3 if protocol in (FORMAT_1, FORMAT_2) else 5)
    after_garbage = heard(protocol, b"\xff\x00" + frame[5:] + stream)
    # A line has no start mark: garbage in front of it costs that line.
    assert after_garbage.count(expected[0]) >= (3 if protocol in (FORMAT_1, FORMAT_2) else 4)
    assert not [
        line for line in after_garbage if isinstance(line, WeightLine) and line != expected[0]
    ]


@pytest.mark.parametrize(("protocol", "frame"), FRAMES)
def test_a_lost_byte_never_gives_another_weight(protocol, frame):
    right = protocol.decode(frame)
    for lost in range(len(frame)):
        damaged = frame[:lost] + frame[lost + 1 :]
        assert not isinstance(protocol.decode(damaged), WeightLine)
        seen = weights(protocol, frame * 3 + damaged + frame * 3)
        assert all(line == right for line in seen)
        assert bool(seen) == isinstance(right, WeightLine)


@pytest.mark.parametrize(("protocol", "frame"), FRAMES)
def test_a_cut_head_or_tail_is_never_a_weight(protocol, frame):
    for cut in range(1, len(frame)):
        assert not isinstance(protocol.decode(frame[cut:]), WeightLine)
        assert not isinstance(protocol.decode(frame[:cut]), WeightLine)


@pytest.mark.parametrize(("protocol", "frame"), [pair for pair in FRAMES if pair[0] in (TF0, A12)])
def test_the_check_digits_find_every_changed_byte(protocol, frame):
    for place in range(len(frame)):
        for byte in range(256):
            if byte == frame[place]:
                continue
            changed = frame[:place] + bytes([byte]) + frame[place + 1 :]
            assert not isinstance(protocol.decode(changed), WeightLine), changed


@pytest.mark.parametrize("protocol", [FORMAT_1, FORMAT_2])
def test_without_check_digits_only_a_digit_or_sign_can_change_unseen(protocol):
    frame = b"=000.3000" if protocol is FORMAT_1 else b"=0003.000"
    sign = 8 if protocol is FORMAT_1 else 1
    for place in range(len(frame)):
        for byte in range(256):
            changed = frame[:place] + bytes([byte]) + frame[place + 1 :]
            line = protocol.decode(changed)
            if isinstance(line, WeightLine) and changed != frame:
                assert frame[place : place + 1].isdigit()
                assert bytes([byte]) in (b"-",) if place == sign else bytes([byte]).isdigit()
                assert line.value.as_tuple().exponent == -3


@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
@pytest.mark.parametrize(("protocol", "frame"), FRAMES)
def test_seven_bits_with_parity_are_recognised(protocol, frame, odd, setting):
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in frame)
    lines = heard(protocol, seen * 4)
    assert lines
    assert {line.reason for line in lines} == {NoWeightReason.WRONG_PARITY}
    assert all(setting in line.detail for line in lines)


def test_without_its_unit_nothing_is_a_weight():
    for make, options, frame in [
        (yaohua_tf0.make, ProtocolOptions(), bytes.fromhex(WEIGHTS[0][1])),
        (yaohua_equals.make, ProtocolOptions(digits_reversed=True), b"=000.3000"),
    ]:
        line = make(options).decode(frame)
        assert line.reason is NoWeightReason.UNREADABLE
        assert "set unit in config.toml" in line.detail


@pytest.mark.parametrize("frame", [b"=000.3000", b"=0003.000", b"=-0001.00", b"=00.1000-"])
def test_without_the_order_of_digits_nothing_is_a_weight(frame):
    line = yaohua_equals.make(ProtocolOptions(unit=KG)).decode(frame)
    assert "digits_reversed" in line.detail


def test_the_wrong_order_shows_at_the_first_negative_weight():
    assert isinstance(FORMAT_2.decode(b"=00.1000-"), NoWeightLine)
    assert isinstance(FORMAT_1.decode(b"=-0001.00"), NoWeightLine)


def test_other_decimals_than_entered_are_refused():
    options = ProtocolOptions(unit=KG, decimals=2, digits_reversed=False)
    assert "3 decimals" in yaohua_tf0.make(options).decode(b"\x02-000250319\x03").detail
    assert "3 decimals" in yaohua_equals.make(options).decode(b"=0003.000").detail
    assert "3 decimals" in yaohua_a12.make(options).decode(b"WG004.139kg3D\r\n").detail
    assert yaohua_equals.make(options).decode(b"=00003.00").value == 3


def test_a_number_without_point_needs_a_word_of_the_site():
    assert "decimals = 0" in FORMAT_2.decode(b"=00003000").detail
    whole = yaohua_equals.make(ProtocolOptions(unit=KG, digits_reversed=False, decimals=0))
    assert whole.decode(b"=00003000").value == 3000


@pytest.mark.parametrize(
    ("protocol", "frame"),
    [(TF0, b"\x02+999999318\x03"), (FORMAT_1, b"=999.9990"), (FORMAT_2, b"=0999.999")],
)
def test_nines_are_not_a_weight(protocol, frame):
    assert protocol.decode(frame).reason is NoWeightReason.OVERLOAD


def test_nines_of_an_a12_are_not_a_weight():
    assert A12.decode(b"WG999.999kg32\r\n").reason is NoWeightReason.OVERLOAD


def test_an_equals_frame_needs_its_neighbours():
    framer = FORMAT_2.framer()
    assert framer.feed(b"=0003.000") == []
    assert framer.feed(b"=0003.005") == []
    assert framer.feed(b"=") == [b"=0003.005"]
    assert framer.feed(b"003.10=0003.100=0003.110=") == [b"=003.10", b"=0003.110"]
    framer.reset()
    assert framer.feed(b"0003.200=0003.300=") == [b"0003.200"]


STREAMS = st.lists(
    st.one_of(st.sampled_from([frame for _, frame in FRAMES]), st.binary(max_size=20)), max_size=10
)


@given(st.sampled_from(PROTOCOLS), STREAMS, st.lists(st.integers(1, 12), min_size=1, max_size=20))
def test_any_bytes_in_any_chunks(protocol, parts, sizes):
    stream = b"".join(parts)
    framer, raws, at, turn = protocol.framer(), [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        raws += framer.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert raws == protocol.framer().feed(stream)
    assert all(len(raw) <= 64 for raw in raws)
    for raw in raws:
        if isinstance(protocol.decode(raw), WeightLine):
            assert raw in stream
            assert len(raw) in (9, 12, 15)


@given(st.sampled_from(PROTOCOLS), st.binary(max_size=60))
def test_random_bytes_never_raise(protocol, raw):
    assert isinstance(protocol.decode(raw), NoWeightLine | WeightLine)


DEVICES = [
    (TF0, yaohua_tf0_device),
    (FORMAT_1, yaohua_equals_device),
    (FORMAT_2, yaohua_equals_2_device),
    (A12, yaohua_a12_device),
]


def build(make_device, division_mg=1_000, settle_seconds=0.0):
    pan = Pan(15_000_000, division_mg, 1, settle_seconds)
    return pan, make_device(DeviceSetup(pan, KG, "S1", 10.0))


def frames(device, count=4, start=10.0):
    return b"".join(frame for turn in range(count) for frame in device.due(start + turn))


@pytest.mark.parametrize(("protocol", "make_device"), DEVICES)
@given(steps=st.integers(-15, 15_000), tared=st.booleans())
def test_every_load_comes_back(protocol, make_device, steps, tared):
    pan, device = build(make_device)
    if tared:
        pan.put(2_000_000, 0.0)
        pan.set_tare(1.0)
    pan.put(steps * 1_000, 2.0)
    expected = Decimal(steps - (2_000 if tared else 0)).scaleb(-3)
    seen = weights(protocol, frames(device))
    assert len(seen) >= 2
    assert {line.value for line in seen} == {expected}
    assert {str(line.value).startswith("-") for line in seen} == {expected < 0}
    assert not any(line.stable for line in seen)
    if protocol is A12:
        assert {line.kind for line in seen} == {WeightKind.NET if tared else WeightKind.GROSS}


def test_the_devices_send_the_documented_frames():
    for make_device, division, load, frame in [
        (yaohua_tf0_device, 1_000_000, 1_560_000_000, WEIGHTS[1][1]),
        (yaohua_tf0_device, 10_000, 20_000_000, WEIGHTS[2][1]),
        (yaohua_tf0_device, 10_000_000_000, 0, WEIGHTS[0][1]),
        (yaohua_equals_device, 1_000, 3_000_000, WEIGHTS[4][1]),
        (yaohua_equals_2_device, 1_000, 3_000_000, WEIGHTS[6][1]),
        (yaohua_a12_device, 1_000, 4_139_000, WEIGHTS[8][1]),
    ]:
        pan = Pan(10_000_000_000, division, 1, 0.0)
        device = make_device(DeviceSetup(pan, KG, "S1", 10.0))
        pan.put(load, 0.0)
        assert device.due(1.0) == [bytes.fromhex(frame)]


def test_the_devices_send_the_documented_negative_frames():
    for make_device, division, load, frame in [
        (yaohua_tf0_device, 1_000, -250_000, WEIGHTS[3][1]),
        (yaohua_equals_device, 10_000, -1_000_000, WEIGHTS[5][1]),
        (yaohua_equals_2_device, 10_000, -1_000_000, WEIGHTS[7][1]),
    ]:
        pan, device = build(make_device, division)
        pan.tare_mg = -load
        assert device.due(1.0) == [bytes.fromhex(frame)]


def test_the_a12_tells_its_range():
    pan, device = build(yaohua_a12_device)
    pan.put(15_010_000, 0.0)
    assert device.due(1.0) == [b"         OL23\r\n"]
    pan.put(-21_000, 1.0)
    assert device.due(2.0) == [b"         LO23\r\n"]


def test_what_does_not_fit_into_the_field_is_sent_as_nines():
    for protocol, make_device in DEVICES:
        pan = Pan(10_000_000_000, 1_000, 1, 0.0)
        device = make_device(DeviceSetup(pan, KG, "S1", 10.0))
        pan.put(5_000_000_000, 0.0)
        assert NoWeightReason.OVERLOAD in {line.reason for line in heard(protocol, frames(device))}


@pytest.mark.parametrize(("protocol", "make_device"), DEVICES)
def test_a_fault_or_a_frozen_display_at_the_device(protocol, make_device):
    pan, device = build(make_device)
    pan.put(1_000_000, 0.0)
    device.frozen = pan.indication(1.0)
    pan.put(0, 1.0)
    assert {line.value for line in weights(protocol, frames(device))} == {Decimal("1.000")}
    device.hardware_error = "15b"
    assert frames(device, start=20.0) == b""
    assert device.misread(b"W\r") == b""


def test_frames_come_at_the_rate_of_the_device():
    _, device = build(yaohua_tf0_device)
    device.receive(b"R\r\n", 0.0)
    assert sum(len(device.due(turn / 100)) for turn in range(100)) == 10


def test_an_a12_shows_kilograms_only():
    with pytest.raises(ValueError, match="set unit kg"):
        yaohua_a12_device(DeviceSetup(Pan(15_000, 1, 1, 0.0), WeightUnit.G, "S1", 10.0))
