"""KERN's older remote control: 18, 15 and 14 bytes, damage, and the device's side."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.kern_old import KernOldDevice
from returnbench.drivers.scales.protocol import NoWeightLine, WeightLine
from returnbench.drivers.scales.protocols.kern_old import KERN_OLD
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Pan, Range
from returnbench.inspect.weighing import (
    NoWeightReason,
    StabilitySource,
    WeightKind,
    WeightUnit,
)

KERN_3 = bytes.fromhex("20 20 20 20 20 2D 32 39 2E 31 38 36 20 67 20 20 0D 0A")
KERN_4 = bytes.fromhex("20 20 20 20 20 2D 32 39 2E 31 38 36 20 0D 0A")
KERN_5 = bytes.fromhex("20 20 20 20 20 20 20 45 72 72 6F 72 0D 0A")
POSITIVE = b"       1.235 kg \r\n"
FRAMES = [KERN_3, KERN_4, KERN_5, POSITIVE]
STABLE = WeightLine(
    Decimal("-29.186"), WeightUnit.G, True, WeightKind.UNKNOWN, StabilitySource.DEVICE
)


def weights(data, size=None):
    framer = KERN_OLD.framer()
    chunks = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    lines = [KERN_OLD.decode(raw) for chunk in chunks for raw in framer.feed(chunk)]
    return [line for line in lines if isinstance(line, WeightLine)]


def scale(unit=WeightUnit.G, capacity_mg=100_000, division_mg=1):
    pan = Pan(capacity_mg, division_mg, 1, 0.5)
    return pan, KernOldDevice(DeviceSetup(pan, unit, "B1", 10))


def ask(device, letter, now):
    device.receive(letter, now)
    return b"".join(device.due(now))


def test_a_stable_weight_has_a_unit():
    assert KERN_OLD.decode(KERN_3) == STABLE
    assert KERN_OLD.decode(POSITIVE) == WeightLine(Decimal("1.235"), WeightUnit.KG, True)


def test_a_sign_in_the_first_column_of_the_number_counts():
    line = KERN_OLD.decode(b" -    29.186 g  \r\n")
    assert line == STABLE


@pytest.mark.parametrize(
    ("raw", "reason", "detail"),
    [
        (KERN_4, NoWeightReason.IN_MOTION, "not stable"),
        (b"     -29.186    \r\n", NoWeightReason.IN_MOTION, "not stable"),
        (b"M    -29.186 \r\n", NoWeightReason.IN_MOTION, "not stable"),
        (KERN_5, NoWeightReason.DEVICE_ERROR, "display"),
        (b"           Error\r\n", NoWeightReason.DEVICE_ERROR, "display"),
        (b"M    -29.186 g  \r\n", NoWeightReason.UNREADABLE, "M"),
        (b"          12 PCS\r\n", NoWeightReason.UNREADABLE, "change it on the scale"),
        (b"      12.345 %  \r\n", NoWeightReason.UNREADABLE, "change it on the scale"),
        (b" 99999999999 g  \r\n", NoWeightReason.OVERLOAD, "nines"),
    ],
)
def test_no_weight_has_its_own_reason(raw, reason, detail):
    line = KERN_OLD.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason
    assert detail in line.detail


@pytest.mark.parametrize(
    "raw",
    [
        b"     -29.186 g  \n",
        b"     -29.186 g  \r",
        b"     -29.186g   \r\n",
        b"     -29.186  g \r\n",
        b"     -29.186 g x\r\n",
        b"   - -29.186 g  \r\n",
        b"    1-29.186 g  \r\n",
        b"   -  29.186 g  \r\n",
        b"    1 29.186 g  \r\n",
        b"     +29.186 g  \r\n",
        b"      29,186 g  \r\n",
        b"      ------ g  \r\n",
        b"      ^^^^^^ g  \r\n",
        b"             g  \r\n",
        b"x    -29.186 g  \r\n",
        b"",
        b"\r\n",
    ],
)
def test_what_is_not_exactly_a_frame_is_unreadable(raw):
    line = KERN_OLD.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.UNREADABLE


@pytest.mark.parametrize("size", [None, 1, 7])
@pytest.mark.parametrize("before", [b"", b"\xff\x00\n", KERN_3[4:], b"\r\n"])
def test_frames_are_found_in_any_pieces_and_after_garbage(before, size):
    found = weights(before + b"".join(FRAMES), size)
    assert found == [STABLE, WeightLine(Decimal("1.235"), WeightUnit.KG, True)]


def test_garbage_without_an_end_costs_one_frame_only():
    assert weights(b"\xff\x13" + KERN_3 + POSITIVE) == [KERN_OLD.decode(POSITIVE)]


@pytest.mark.parametrize("raw", FRAMES)
def test_a_frame_that_lost_something_is_never_a_weight(raw):
    for cut in range(1, len(raw) + 1):
        for part in (raw[cut:], raw[: cut - 1], raw[: cut - 1] + raw[cut:]):
            assert not isinstance(KERN_OLD.decode(part), WeightLine)


@pytest.mark.parametrize("raw", FRAMES)
def test_a_changed_character_is_seen_unless_it_still_makes_a_number_or_unit(raw):
    for place in range(len(raw)):
        for byte in set(range(256)) - {raw[place]}:
            changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
            line = KERN_OLD.decode(changed)
            if isinstance(line, WeightLine):
                assert raw in (KERN_3, POSITIVE)
                assert chr(byte) in ("0123456789.- " if 1 <= place <= 11 else "mk")
                assert Decimal(changed[1:12].replace(b" ", b"").decode()) == line.value


@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
@pytest.mark.parametrize("raw", FRAMES)
def test_wrong_parity_is_recognised(raw, odd, setting):
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in raw)
    assert KERN_OLD.framer().feed(seen) == [seen]
    line = KERN_OLD.decode(seen)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.WRONG_PARITY
    assert setting in line.detail


@given(st.lists(st.one_of(st.sampled_from(FRAMES), st.binary(max_size=40)), max_size=8), st.data())
def test_any_bytes_in_any_pieces(parts, data):
    stream = b"".join(parts)
    cut = data.draw(st.integers(0, len(stream)))
    framer = KERN_OLD.framer()
    pieces = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
    assert pieces == KERN_OLD.framer().feed(stream)
    assert all(len(raw) <= 32 for raw in pieces)
    for raw in pieces:
        if isinstance(KERN_OLD.decode(raw), WeightLine):
            assert (len(raw), raw[:1], raw[12:13], raw[-2:]) == (18, b" ", b" ", b"\r\n")


def test_the_device_sends_the_frames_of_the_states():
    _, device = scale()
    device.frozen = Indication(-29_186, True, Range.INSIDE)
    assert ask(device, b"w", 1) == KERN_3
    assert ask(device, b"s", 1) == KERN_3
    device.frozen = Indication(-29_186, False, Range.INSIDE)
    assert ask(device, b"w", 2) == KERN_4
    device.frozen = Indication(-29_186, True, Range.UNDER)
    assert ask(device, b"w", 3) == KERN_5
    device.frozen = None
    device.hardware_error = "15b"
    assert ask(device, b"w", 4) == KERN_5


def test_s_waits_for_a_stable_weight_and_gives_up_silently():
    pan, device = scale()
    pan.put(29_186, 0)
    assert ask(device, b"s", 0.1) == b""
    assert KERN_OLD.decode(b"".join(device.due(0.6))).value == Decimal("29.186")
    pan.restless = True
    assert ask(device, b"s", 1) == b""
    assert device.due(7) == []
    pan.restless = False
    assert device.due(8) == []


def test_tare_is_not_answered():
    pan, device = scale()
    pan.put(20_000, 0)
    assert KERN_OLD.commands.tare.answers == frozenset()
    assert ask(device, KERN_OLD.commands.tare.request, 1) == b""
    assert KERN_OLD.decode(ask(device, KERN_OLD.commands.poll, 1)).value == 0
    assert KERN_OLD.commands.zero is None


@given(
    st.sampled_from([(WeightUnit.G, 500), (WeightUnit.KG, 5_000), (WeightUnit.LB, 2_268)]),
    st.integers(-15, 3000),
    st.booleans(),
)
def test_every_load_comes_back_as_it_was_shown(unit_step, steps, moving):
    unit, division_mg = unit_step
    pan, device = scale(unit, 15_000_000, division_mg)
    pan.put(steps * division_mg, 0)
    pan.restless = moving
    device.frozen = shown = pan.indication(1)
    line = KERN_OLD.decode(ask(device, b"w", 1))
    if moving:
        assert isinstance(line, NoWeightLine)
        assert line.reason is NoWeightReason.IN_MOTION
    else:
        assert isinstance(line, WeightLine)
        step = {"g": Decimal("0.5"), "kg": Decimal("0.005"), "lb": Decimal("0.005")}[unit.value]
        assert abs(line.value - shown.milligrams // division_mg * step) < step / 2
        assert line.unit is unit
        assert line.value.is_signed() == (shown.milligrams < 0)
