"""KERN displays of the KIB-TM kind: answers, what must be entered, damage, the device's side."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.kern_kib import KernKibDevice
from returnbench.drivers.scales.protocol import NoWeightLine, WeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.kern_kib import KERN_KIB, make
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Pan, Range
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

KG, G, LB = WeightUnit.KG, WeightUnit.G, WeightUnit.LB
GROSS, NET = WeightKind.GROSS, WeightKind.NET
KERN_1 = bytes.fromhex("53 54 2C 47 53 20 31 2E 30 30 30 4B 47 0D 0A")
KERN_2 = bytes.fromhex("55 53 2C 47 53 20 31 2E 33 34 32 4B 47 0D 0A")
NEGATIVE = b"ST,NT -0.250KG\r\n"
PADDED = b"ST,GS    1.342kg\r\n"
FRAMES = [KERN_1, KERN_2, NEGATIVE, PADDED]
VALUES = [
    WeightLine(Decimal("1.000"), KG, True, GROSS),
    WeightLine(Decimal("1.342"), KG, False, GROSS),
    WeightLine(Decimal("-0.250"), KG, True, NET),
    WeightLine(Decimal("1.342"), KG, True, GROSS),
]
DECIMALS = make(ProtocolOptions(decimals=3))
WIDTH_OF = {raw: len(raw) - 9 for raw in FRAMES}


def weights(protocol, data, size=None):
    framer = protocol.framer()
    chunks = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    lines = [protocol.decode(raw) for chunk in chunks for raw in framer.feed(chunk)]
    return [line for line in lines if isinstance(line, WeightLine)]


def scale(unit=KG, division_mg=1_000):
    pan = Pan(15_000_000, division_mg, 1, 0.5)
    return pan, KernKibDevice(DeviceSetup(pan, unit, "B1", 10))


def ask(device, letter, now):
    device.receive(letter, now)
    return b"".join(device.due(now))


@pytest.mark.parametrize(("raw", "line"), list(zip(FRAMES, VALUES, strict=True)))
def test_a_weight_keeps_its_decimals_sign_unit_stability_and_kind(raw, line):
    assert DECIMALS.decode(raw) == line
    assert make(ProtocolOptions(weight_columns=WIDTH_OF[raw])).decode(raw) == line
    assert str(DECIMALS.decode(raw).value) == str(line.value)


@pytest.mark.parametrize(
    "text", [b"ST,GS-0.250KG\r\n", b"ST,GS-  0.250kg\r\n", b"ST,GS   -0.250KG\r\n"]
)
def test_the_sign_counts_wherever_it_stands(text):
    assert DECIMALS.decode(text) == WeightLine(Decimal("-0.250"), KG, True, GROSS)


def test_without_the_form_of_a_weight_there_is_none():
    line = KERN_KIB.decode(KERN_1)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.UNREADABLE
    assert "set weight_columns or decimals in config.toml" in line.detail


def test_a_lone_g_counts_only_where_the_site_weighs_in_grams():
    raw = b"ST,GS 1.342G\r\n"
    assert DECIMALS.decode(raw).reason is NoWeightReason.UNREADABLE
    grams = make(ProtocolOptions(decimals=3, unit=G))
    assert grams.decode(raw) == WeightLine(Decimal("1.342"), G, True, GROSS)
    assert grams.decode(KERN_1).reason is NoWeightReason.UNIT_CHANGED


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"ST,GS 999999KG\r\n", NoWeightReason.OVERLOAD),
        (b"OL,GS 1.000KG\r\n", NoWeightReason.UNREADABLE),
        (b"ST,TW 1.000KG\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS 1.000PCS\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS 1.000Kg\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS 1,000KG\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS ------KG\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS +1.000KG\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS - -1.000KG\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS 1.000KG\n", NoWeightReason.UNREADABLE),
        (b"\r\n", NoWeightReason.UNREADABLE),
        (b"", NoWeightReason.UNREADABLE),
    ],
)
def test_what_is_not_exactly_an_answer_is_no_weight(raw, reason):
    line = DECIMALS.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


def test_nine_kilograms_and_the_rest_are_a_weight():
    assert DECIMALS.decode(b"ST,GS 9.999KG\r\n").value == Decimal("9.999")


def test_one_ff_byte_before_an_answer_is_passed_over():
    assert weights(DECIMALS, b"\xff" + KERN_1) == VALUES[:1]
    assert weights(DECIMALS, b"\xff\xff" + KERN_1) == []


@pytest.mark.parametrize("size", [None, 1, 7])
@pytest.mark.parametrize("before", [b"", b"\xff\x00\n", KERN_1[4:], b"\r\n"])
def test_answers_are_found_in_any_pieces_and_after_garbage(before, size):
    assert weights(DECIMALS, before + b"".join(FRAMES), size) == VALUES


@pytest.mark.parametrize("raw", FRAMES)
def test_a_cut_answer_is_never_a_weight(raw):
    for cut in range(1, len(raw)):
        assert not isinstance(DECIMALS.decode(raw[cut:]), WeightLine)
        assert not isinstance(DECIMALS.decode(raw[:cut]), WeightLine)


@pytest.mark.parametrize("raw", FRAMES)
def test_with_a_known_width_every_lost_character_is_seen(raw):
    decode = make(ProtocolOptions(weight_columns=WIDTH_OF[raw])).decode
    for lost in range(len(raw)):
        assert not isinstance(decode(raw[:lost] + raw[lost + 1 :]), WeightLine)


@pytest.mark.parametrize("raw", FRAMES)
def test_with_known_decimals_only_padding_sign_and_leading_digits_can_get_lost(raw):
    for lost in range(len(raw)):
        line = DECIMALS.decode(raw[:lost] + raw[lost + 1 :])
        if isinstance(line, WeightLine):
            assert raw[lost : lost + 1] in (b" ", b"-")


@pytest.mark.parametrize("raw", FRAMES)
def test_a_changed_character_is_seen_unless_it_still_makes_a_number(raw):
    decode = make(ProtocolOptions(weight_columns=WIDTH_OF[raw], decimals=3)).decode
    for place in range(len(raw)):
        for byte in set(range(256)) - {raw[place]}:
            line = decode(raw[:place] + bytes([byte]) + raw[place + 1 :])
            if isinstance(line, WeightLine):
                assert 5 <= place < len(raw) - 4
                assert chr(byte) in "0123456789- "


@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
@pytest.mark.parametrize("raw", FRAMES)
def test_wrong_parity_is_recognised(raw, odd, setting):
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in raw)
    assert KERN_KIB.framer().feed(seen) == [seen]
    for protocol in (KERN_KIB, DECIMALS):
        line = protocol.decode(seen)
        assert isinstance(line, NoWeightLine)
        assert line.reason is NoWeightReason.WRONG_PARITY
        assert setting in line.detail


@given(st.lists(st.one_of(st.sampled_from(FRAMES), st.binary(max_size=50)), max_size=8), st.data())
def test_any_bytes_in_any_pieces(parts, data):
    stream = b"".join(parts)
    cut = data.draw(st.integers(0, len(stream)))
    framer = DECIMALS.framer()
    pieces = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
    assert pieces == DECIMALS.framer().feed(stream)
    assert all(len(raw) <= 40 for raw in pieces)
    for raw in pieces:
        if isinstance(DECIMALS.decode(raw), WeightLine):
            body = raw.removeprefix(b"\xff")
            assert body[:6] in (b"ST,GS ", b"US,GS ", b"ST,NT ", b"US,NT ", b"ST,GS-", b"US,NT-")
            assert body[-2:] == b"\r\n"


def test_the_device_sends_the_answers_of_the_states():
    pan, device = scale()
    pan.put(1_000_000, 0)
    assert ask(device, b"S", 1) == KERN_1
    assert ask(device, b"W", 1) == KERN_1
    device.frozen = Indication(1_342_000, False, Range.INSIDE)
    assert ask(device, b"W", 2) == KERN_2
    device.frozen = Indication(1_342_000, True, Range.OVER)
    assert ask(device, b"W", 3) == b""
    device.frozen = None
    device.hardware_error = "15b"
    assert ask(device, b"W", 4) == b""


def test_s_waits_for_a_stable_weight_and_gives_up_silently():
    pan, device = scale()
    pan.put(1_000_000, 0)
    assert ask(device, b"S", 0.1) == b""
    assert device.due(0.6) == [KERN_1]
    pan.restless = True
    assert ask(device, b"S", 1) == b""
    assert device.due(7) == []
    pan.restless = False
    assert device.due(8) == []


def test_zero_and_tare_are_not_answered():
    pan, device = scale()
    commands = DECIMALS.commands
    assert (commands.zero.answers, commands.tare.answers) == (frozenset(), frozenset())
    pan.put(250_000, 0)
    assert ask(device, commands.zero.request, 1) == b""
    assert ask(device, commands.poll, 1) == b"ST,GS 0.000KG\r\n"
    pan.put(750_000, 1)
    assert ask(device, commands.tare.request, 2) == b""
    pan.put(500_000, 2)
    assert ask(device, commands.poll, 3) == NEGATIVE


def test_the_device_shows_only_the_units_of_the_family():
    with pytest.raises(ValueError, match="kg, g, lb"):
        scale(WeightUnit.OZ)


@given(
    st.sampled_from([(KG, 5_000, 3), (G, 500, 1), (LB, 2_268, 3)]),
    st.integers(-15, 3000),
    st.integers(0, 3000),
    st.booleans(),
)
def test_every_load_comes_back_as_it_was_shown(setup, steps, tare, moving):
    unit, division_mg, decimals = setup
    pan, device = scale(unit, division_mg)
    pan.put(tare * division_mg, 0)
    pan.set_tare(1)
    pan.put(steps * division_mg, 2)
    pan.restless = moving
    device.frozen = shown = pan.indication(3)
    line = make(ProtocolOptions(unit=unit, decimals=decimals)).decode(ask(device, b"W", 3))
    assert isinstance(line, WeightLine)
    assert (line.unit, line.stable, line.kind) == (unit, not moving, NET if tare else GROSS)
    step = {G: Decimal("0.5"), KG: Decimal("0.005"), LB: Decimal("0.005")}[unit]
    assert abs(line.value - shown.milligrams // division_mg * step) < step / 2
    assert line.value.is_signed() == (shown.milligrams < 0)
