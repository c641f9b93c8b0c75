"""The 8217 protocol of checkout scales: frames, damage, setup constants, and the device's side."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.mettler_8217 import Mettler8217Device
from returnbench.drivers.scales.dialogue import ReadCommand
from returnbench.drivers.scales.protocol import NoWeightLine, Outcome, WeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.mettler_8217 import METTLER_8217, make
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import (
    NoWeightReason,
    StabilitySource,
    WeightKind,
    WeightUnit,
)

KG = make(ProtocolOptions(unit=WeightUnit.KG))
LB = make(ProtocolOptions(unit=WeightUnit.LB))
TELLS_NET = make(ProtocolOptions(unit=WeightUnit.KG, net_bit=True))

WEIGHTS = [
    ("02 30 31 2E 32 33 35 0D", "1.235", WeightKind.UNKNOWN),
    ("02 30 30 2E 39 38 35 4E 0D", "0.985", WeightKind.NET),
]
STATUSES = [
    ("02 3F 41 0D", NoWeightReason.IN_MOTION, "in motion"),
    ("02 3F 42 0D", NoWeightReason.OVERLOAD, "over capacity"),
    ("02 3F 44 0D", NoWeightReason.UNDER_ZERO, "under zero"),
    ("02 3F 50 0D", NoWeightReason.NOT_READY, "centre of zero"),
    ("02 3F 70 0D", NoWeightReason.NOT_READY, "centre of zero"),
    ("02 3F 40 0D", NoWeightReason.NOT_READY, "all clear"),
]
FRAMES = [bytes.fromhex(row[0]) for row in [*WEIGHTS, *STATUSES]]


def weights(protocol, data, size=None):
    framer = protocol.framer()
    chunks = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    lines = [protocol.decode(raw) for chunk in chunks for raw in framer.feed(chunk)]
    return [line for line in lines if isinstance(line, WeightLine)]


def scale(*, unit=WeightUnit.KG, capacity_mg=15_000_000, division_mg=5_000, **options):
    pan = Pan(capacity_mg, division_mg, 1, 0.5)
    return pan, Mettler8217Device(DeviceSetup(pan, unit, "B1", 10), **options)


def ask(device, letters, now):
    device.receive(letters, now)
    return b"".join(device.due(now))


@pytest.mark.parametrize(("text", "value", "kind"), WEIGHTS)
def test_a_weight_is_stable_and_has_the_unit_of_the_setup(text, value, kind):
    line = KG.decode(bytes.fromhex(text))
    assert line == WeightLine(Decimal(value), WeightUnit.KG, True, kind, StabilitySource.DEVICE)
    assert str(line.value).lstrip("0") == value.lstrip("0")


@pytest.mark.parametrize(("text", "reason", "detail"), STATUSES)
def test_a_status_is_no_weight_with_its_reason(text, reason, detail):
    line = KG.decode(bytes.fromhex(text))
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason
    assert detail in line.detail


def test_bit_five_means_net_only_where_the_site_says_so():
    assert "net" not in KG.decode(b"\x02?p\r").detail
    assert "net" in TELLS_NET.decode(b"\x02?p\r").detail


def test_overload_wins_over_motion():
    assert KG.decode(b"\x02?C\r").reason is NoWeightReason.OVERLOAD


def test_pounds_have_two_decimals():
    assert LB.decode(b"\x0201.23\r") == WeightLine(Decimal("1.23"), WeightUnit.LB, True)
    line = LB.decode(b"\x0201.235\r")
    assert isinstance(line, NoWeightLine)
    assert "set decimals" in line.detail


def test_other_decimals_are_read_when_the_site_enters_them():
    protocol = make(ProtocolOptions(unit=WeightUnit.LB, decimals=3))
    assert protocol.decode(b"\x0201.235\r") == WeightLine(Decimal("1.235"), WeightUnit.LB, True)


@pytest.mark.parametrize(
    ("protocol", "what"),
    [(METTLER_8217, "set unit"), (make(ProtocolOptions(unit=WeightUnit.G)), "set decimals")],
)
def test_a_missing_setup_constant_gives_no_weight_and_says_what_to_set(protocol, what):
    line = protocol.decode(b"\x0201.235\r")
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.UNREADABLE
    assert what in line.detail
    assert "config.toml" in line.detail


@pytest.mark.parametrize("size", [None, 1, 3])
@pytest.mark.parametrize("before", [b"", b"\xff\x00\x13", b"\x0201.2", b"1.235\r", b"\x02\x02"])
def test_frames_are_found_in_any_pieces_and_after_garbage(before, size):
    found = weights(KG, before + b"".join(FRAMES), size)
    assert [str(line.value) for line in found] == ["01.235".lstrip("0"), "0.985"]


@pytest.mark.parametrize("raw", FRAMES)
def test_a_frame_that_lost_something_is_never_a_weight(raw):
    for cut in range(1, len(raw)):
        assert weights(KG, raw[cut:] + FRAMES[2]) == []
        assert weights(KG, raw[:cut] + FRAMES[2]) == []


def test_a_lost_character_is_seen():
    for raw in FRAMES[:2]:
        for lost in range(len(raw)):
            found = weights(KG, raw[:lost] + raw[lost + 1 :] + FRAMES[2])
            if raw[lost : lost + 1] == b"N":
                # The weight is right; that it is net is lost, and gross is not claimed.
                assert [line.kind for line in found] == [WeightKind.UNKNOWN]
            else:
                assert found == []


def test_a_changed_character_is_seen_unless_it_is_a_digit():
    for raw in FRAMES[:2]:
        for place in range(len(raw)):
            for byte in set(range(256)) - {raw[place]}:
                changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
                if isinstance(KG.decode(changed), WeightLine):
                    assert raw[place : place + 1].isdigit()
                    assert bytes([byte]).isdigit()


@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
@pytest.mark.parametrize("raw", FRAMES)
def test_wrong_parity_is_recognised(raw, odd, setting):
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in raw)
    pieces = KG.framer().feed(seen)
    assert pieces == [seen]
    line = KG.decode(seen)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.WRONG_PARITY
    assert setting in line.detail


@given(st.lists(st.one_of(st.sampled_from(FRAMES), st.binary(max_size=30)), max_size=10), st.data())
def test_any_bytes_in_any_pieces(parts, data):
    stream = b"".join(parts)
    cut = data.draw(st.integers(0, len(stream)))
    framer = KG.framer()
    pieces = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
    assert stream.startswith(b"".join(pieces))
    assert all(len(raw) <= 16 for raw in pieces)
    assert pieces == KG.framer().feed(stream)
    for raw in pieces:
        if isinstance(KG.decode(raw), WeightLine):
            assert raw[0] == 2
            assert raw[-1] == 13
            assert raw[1:-1].rstrip(b"N").replace(b".", b"", 1).isdigit()


def test_the_device_sends_the_frames_of_the_states():
    pan, device = scale()
    assert ask(device, b"Z", 1) == FRAMES[5]
    pan.put(100_000, 1)
    assert ask(device, b"Z", 2) == FRAMES[7]
    assert ask(device, b"W", 2) == b"\x0200.000\r"
    pan.put(1_335_000, 3)
    assert ask(device, b"W", 4) == FRAMES[0]
    pan.put(-100_000, 5)
    assert ask(device, b"W", 6) == FRAMES[4]
    pan.put(200_000, 6)
    pan.restless = True
    assert ask(device, b"W", 7) == FRAMES[2]
    pan.restless = False
    pan.put(20_000_000, 7)
    assert KG.decode(ask(device, b"W", 8)).reason is NoWeightReason.OVERLOAD


def test_the_device_tares_after_a_moment_and_then_says_net():
    pan, device = scale()
    pan.put(250_000, 0)
    assert ask(device, b"T", 1) == b""
    assert b"".join(device.due(1.2)) == FRAMES[6]
    pan.put(1_235_000, 2)
    assert ask(device, b"W", 3) == FRAMES[1]
    pan.put(0, 3)
    assert KG.decode(ask(device, b"W", 4)).reason is NoWeightReason.UNDER_ZERO
    assert KG.decode(ask(device, b"C", 4)).reason is NoWeightReason.NOT_READY
    assert ask(device, b"W", 4) == b"\x0200.000\r"


def test_a_known_tare_has_implied_decimals():
    pan, device = scale()
    pan.put(1_235_000, 0)
    ask(device, b"T00250", 1)
    device.due(1.2)
    assert ask(device, b"W", 2) == FRAMES[1]


def test_a_device_that_does_not_tell_net_keeps_bit_five_set():
    pan, device = scale(tells_net=False)
    assert ask(device, b"Z", 1) == b"\x02?p\r"
    pan.put(250_000, 1)
    ask(device, b"T", 2)
    device.due(2.2)
    pan.put(1_235_000, 3)
    assert ask(device, b"W", 4) == b"\x0200.985\r"


def test_the_device_echoes_between_e_and_f():
    _, device = scale()
    assert ask(device, b"Ehello", 1) == b"\x02E\rhello"
    assert ask(device, b"FW", 1) == b"\x0200.000\r"


def test_a_device_at_fault_answers_no_weight():
    _, device = scale()
    device.hardware_error = "15b"
    assert ask(device, b"W", 1) == b""


def test_the_device_weighs_in_kilograms_or_pounds():
    with pytest.raises(ValueError, match="kg or lb"):
        scale(unit=WeightUnit.G)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (b"A", Outcome.NOT_NOW),
        (b"B", Outcome.TOO_HIGH),
        (b"D", Outcome.TOO_LOW),
        (b"H", Outcome.TOO_HIGH),
        (b"P", Outcome.DONE),
        (b"@", Outcome.DONE),
    ],
)
def test_what_the_status_says_about_zero(status, outcome):
    zero = KG.commands.zero
    assert isinstance(zero, ReadCommand)
    assert zero.read(b"\x02?" + status + b"\r").outcome is outcome
    assert zero.read(b"\x0201.235\r") is None
    assert TELLS_NET.commands.zero.read(b"\x02?p\r").outcome is Outcome.NOT_POSSIBLE


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (b"a", Outcome.NOT_NOW),
        (b"b", Outcome.TOO_HIGH),
        (b"d", Outcome.TOO_LOW),
        (b"p", Outcome.DONE),
        (b"x", Outcome.DONE),
        (b"`", Outcome.NOT_POSSIBLE),
        (b"P", Outcome.NOT_POSSIBLE),
        (b"@", Outcome.NOT_POSSIBLE),
    ],
)
def test_what_the_status_says_about_tare_where_bit_five_means_net(status, outcome):
    tare = TELLS_NET.commands.tare
    assert isinstance(tare, ReadCommand)
    assert tare.read(b"\x02?" + status + b"\r").outcome is outcome
    assert not isinstance(KG.commands.tare, ReadCommand)


@given(st.integers(0, 1600), st.sampled_from([WeightUnit.KG, WeightUnit.LB]), st.booleans())
def test_every_load_comes_back_as_it_was_shown(steps, unit, moving):
    division_mg = 5_000 if unit is WeightUnit.KG else 9_072
    protocol = make(ProtocolOptions(unit=unit))
    pan, device = scale(unit=unit, capacity_mg=15_100_000, division_mg=division_mg)
    pan.put(steps * division_mg, 0)
    pan.restless = moving
    line = protocol.decode(ask(device, b"W", 1))
    if moving:
        assert isinstance(line, NoWeightLine)
        assert line.reason in (NoWeightReason.IN_MOTION, NoWeightReason.UNDER_ZERO)
    else:
        assert isinstance(line, WeightLine)
        assert (line.unit, line.stable) == (unit, True)
        factor = Decimal(1_000_000) if unit is WeightUnit.KG else Decimal("453592.37")
        assert abs(line.value * factor - steps * division_mg) < division_mg / Decimal(2)
