"""What every protocol of ASCII lines owes: no damage, piece or noise becomes a wrong weight."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.and_standard import AndDevice
from returnbench.drivers.scales.devices.and_two_header import AndTwoHeaderDevice
from returnbench.drivers.scales.devices.ohaus import Layout, OhausDevice
from returnbench.drivers.scales.devices.radwag import RadwagDevice
from returnbench.drivers.scales.devices.sbi import Sbi16Device, Sbi22Device
from returnbench.drivers.scales.protocol import NoWeightLine, ScaleProtocol, WeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols import and_standard, and_two_header, ohaus, radwag, sbi
from returnbench.drivers.scales.simulated_device import DeviceSetup, SimulatedDevice
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import NoWeightReason, WeightUnit

NOTHING = ProtocolOptions()
KG = ProtocolOptions(unit=WeightUnit.KG)
OHAUS_SHAPE = (
    r"[ -] [ .\d]{7} [a-z ]{5}[ ?](NET|G  |T  |   )\r\n"
    r"|[ -]  [ .\d]{7} [a-z ]{2} [ ?] (NET|B/G)\r\n"
    r"|[ .\d-]{11} [a-z]{1,2} ([ ?](NET|B/G|G|T)|[ ?]?)\r\n"
)


@dataclass(frozen=True)
class Case:
    """A protocol, lines that it has, what any weight of it looks like, and its device."""

    make: Callable[[ProtocolOptions], ScaleProtocol]
    options: ProtocolOptions
    weights: tuple[bytes, ...]
    others: tuple[bytes, ...]
    shape: str
    device: Callable[[DeviceSetup], SimulatedDevice]
    request: bytes

    @property
    def protocol(self):
        return self.make(self.options)


CASES = {
    "ohaus-defender": Case(
        ohaus.make,
        NOTHING,
        (b"-   1.235 kg   ?NET\r\n", b"   12.345 kg    G  \r\n", b"    250.5 g        \r\n"),
        (b"ES\r\n",),
        OHAUS_SHAPE,
        OhausDevice,
        b"IP\r\n",
    ),
    "ohaus-rc": Case(
        ohaus.make,
        NOTHING,
        (b"-    1.235 kg ? NET\r\n", b"     250.5 g    B/G\r\n"),
        (),
        OHAUS_SHAPE,
        lambda setup: OhausDevice(setup, Layout.RANGER_RC),
        b"IP\r\n",
    ),
    "ohaus-navigator": Case(
        ohaus.make,
        ProtocolOptions(unit=WeightUnit.KG, weight_columns=11),
        (b"     192.21 kg \r\n", b"    -176.30 kg ?\r\n", b"      1.235 kg  NET\r\n"),
        (),
        r"[ .\d-]{11} kg ([ ?](NET|B/G|G|T)|[ ?]?)\r\n",
        lambda setup: OhausDevice(setup, Layout.NAVIGATOR),
        b"IP\r\n",
    ),
    "and": Case(
        and_standard.make,
        NOTHING,
        (b"ST,+00123.45  g\r\n", b"US,-00183.69  g\r\n", b"ST,+0012.345 kg\r\n"),
        (
            b"OL,+9999999E+19\r\n",
            b"OL,-9999999E+19\r\n",
            b"QT,+00000125 PC\r\n",
            b"EC,E02\r\n",
            b"\x06\r\n",
        ),
        r"(ST|US),[+-][\d.,]{8}[ a-z]{3}\r\n",
        AndDevice,
        b"Q\r\n",
    ),
    "and-two-header": Case(
        and_two_header.make,
        NOTHING,
        (b"ST,GS,+0012.34kg\r\n", b"US,NT,-  0.250kg\r\n", b"ST,TR,+000.250 g\r\n"),
        (b"OL,GS,+9999999kg\r\n", b"OL,NT,-       kg\r\n"),
        r"(ST|US),[GNTP][STRP~]?,[ +\d.,-]{7,9}[ .,\dA-Za-z]{2,4}\r\n",
        AndTwoHeaderDevice,
        b"",
    ),
    "sbi-16": Case(
        sbi.make_16,
        KG,
        (b"+  111.255 kg \r\n", b"-    1.250    \r\n", b"+  123.5[6]kg \r\n"),
        (b"      High    \r\n", b"      Low     \r\n", b"   Err 054    \r\n"),
        r"[ +-][ \d.,[]{9}[ \]](kg | {3})\r\n",
        Sbi16Device,
        b"\x1bP\r\n",
    ),
    "sbi-22": Case(
        sbi.make_22,
        KG,
        (b"N     +   123.56 kg \r\n", b"G#    -     1.25    \r\n"),
        (b"Stat        High    \r\n", b"Stat     ERR 054    \r\n"),
        r"(N     |G#    |T     )[ +-][ \d.,[]{9}[ \]](kg | {3})\r\n",
        Sbi22Device,
        b"\x1bP\r\n",
    ),
    "radwag": Case(
        radwag.make,
        NOTHING,
        (b"SI  ?       18.5 kg \r\n", b"S     -    0.250 g  \r\n"),
        (b"SI  ^      999.5 kg \r\n", b"Z A\r\n", b"Z D\r\n", b"SI I\r\n", b"ES\r\n"),
        r"(S   |SI  |SU  |SUI )[ ?] [ .\d[\]-]{10} [a-z ]{3}\r\n",
        RadwagDevice,
        b"SI\r\n",
    ),
    "radwag-21": Case(
        radwag.make,
        ProtocolOptions(frame_bytes=21),
        (b"SI ?       18.5 kg \r\n", b"S    -    0.250 g  \r\n"),
        (),
        r"(S  |SI |SU |SUI)[ ?] [ .\d[\]-]{10} [a-z ]{3}\r\n",
        lambda setup: RadwagDevice(setup, frame_bytes=21),
        b"SI\r\n",
    ),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def decoded(case, pieces):
    framer = case.protocol.framer()
    return [case.protocol.decode(raw) for piece in pieces for raw in framer.feed(piece)]


def pan_with(milligrams, capacity=15_000_000, division=5_000):
    pan = Pan(capacity, division, seed=7, settle_seconds=0.4)
    pan.put(milligrams, 0.0)
    return pan


def printed(case, pan, now):
    device = case.device(DeviceSetup(pan, WeightUnit.KG, "B1", 10.0))
    device.receive(case.request, now)
    return b"".join(device.due(now))


@each_case
def test_the_samples_are_what_they_are_meant_to_be(case):
    assert all(isinstance(case.protocol.decode(raw), WeightLine) for raw in case.weights)
    assert not any(isinstance(case.protocol.decode(raw), WeightLine) for raw in case.others)
    assert all(re.fullmatch(case.shape, raw.decode()) for raw in case.weights)


@each_case
def test_pieces_glue_and_earlier_garbage_do_not_matter(case):
    stream = b"".join(case.weights + case.others)
    whole = decoded(case, [stream])
    assert whole == [case.protocol.decode(raw) for raw in case.weights + case.others]
    assert decoded(case, [bytes([byte]) for byte in stream]) == whole
    assert decoded(case, [b"\xff\x00rubbish\r\n" + stream])[1:] == whole


@each_case
def test_garbage_right_before_a_weight_costs_that_line_only(case):
    first, second = decoded(case, [b"\xff?" + case.weights[0] + case.weights[1]])
    assert isinstance(first, NoWeightLine)
    assert second == case.protocol.decode(case.weights[1])


@each_case
def test_a_lost_head_or_tail_is_never_a_weight(case):
    for raw in case.weights + case.others:
        for cut in range(1, len(raw)):
            assert not isinstance(case.protocol.decode(raw[cut:]), WeightLine)
            assert not isinstance(case.protocol.decode(raw[:cut]), WeightLine)
            after_a_broken_line = decoded(case, [raw[:cut] + case.weights[0]])
            known = case.protocol.decode(case.weights[0])
            assert all(line == known or not _weighs(line) for line in after_a_broken_line)


def _weighs(line):
    return isinstance(line, WeightLine)


@each_case
def test_a_lost_byte_never_changes_a_weight(case):
    for raw in case.weights + case.others:
        for lost in range(len(raw)):
            line = case.protocol.decode(raw[:lost] + raw[lost + 1 :])
            if not isinstance(line, WeightLine):
                continue
            # The Navigator layout has no fixed length: the mark of movement can get lost there.
            assert case.options.weight_columns == 11
            assert raw[lost : lost + 1] in b"? "
            before = case.protocol.decode(raw)
            assert (line.value, line.unit) == (before.value, before.unit)


@each_case
def test_a_doubled_byte_never_changes_a_weight(case):
    for raw in case.weights + case.others:
        for place in range(len(raw)):
            line = case.protocol.decode(raw[: place + 1] + raw[place:])
            if isinstance(line, WeightLine):
                before = case.protocol.decode(raw)
                assert (line.value, line.unit) == (before.value, before.unit)


@each_case
def test_a_changed_byte_is_a_weight_only_if_the_line_is_still_one(case):
    for raw in case.weights + case.others:
        before = case.protocol.decode(raw)
        for place in range(len(raw)):
            for byte in range(256):
                changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
                line = case.protocol.decode(changed)
                if not isinstance(line, WeightLine):
                    continue
                assert re.fullmatch(case.shape, changed.decode("ascii"))
                # Nothing checks the digits; but only a byte of the number can change the number.
                if isinstance(before, WeightLine) and line.value != before.value:
                    assert raw[place : place + 1] in b"0123456789.,+-[] "
                    assert changed[place : place + 1] in b"0123456789.,+-[] "


@each_case
@given(data=st.data())
def test_noise_in_any_pieces_never_raises_and_never_weighs(case, data):
    part = st.one_of(st.sampled_from(case.weights + case.others), st.binary(max_size=40))
    stream = b"".join(data.draw(st.lists(part, max_size=8)))
    sizes = data.draw(st.lists(st.integers(1, 30), min_size=1, max_size=10))
    framer, frames, at, turn = case.protocol.framer(), [], 0, 0
    while at < len(stream):
        frames += framer.feed(stream[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    assert frames == case.protocol.framer().feed(stream)
    for raw in frames:
        if isinstance(case.protocol.decode(raw), WeightLine):
            assert re.fullmatch(case.shape, raw.decode("ascii"))


@each_case
@given(raw=st.text("ST,UGNOL+-0123456789. ?kg[]\r\n", max_size=26))
def test_lines_of_its_own_letters_weigh_only_in_its_shape(case, raw):
    if isinstance(case.protocol.decode(raw.encode()), WeightLine):
        assert re.fullmatch(case.shape, raw)


@each_case
def test_a_line_without_end_is_bounded(case):
    framer = case.protocol.framer()
    pieces = [piece for _ in range(100) for piece in framer.feed(b"1" * 997)]
    assert max(map(len, pieces)) <= 128
    assert not any(isinstance(case.protocol.decode(piece), WeightLine) for piece in pieces)
    pieces = framer.feed(b"0.50 kg\r\n" + case.weights[0])
    assert [_weighs(case.protocol.decode(piece)) for piece in pieces] == [True]


@each_case
@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
def test_seven_bits_with_parity_are_recognised(case, odd, setting):
    for raw in case.weights + case.others:
        seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in raw)
        if seen == raw:
            continue  # every byte has an even number of ones: nothing is wrong then
        (line,) = decoded(case, [seen])
        assert isinstance(line, NoWeightLine)
        assert line.reason is NoWeightReason.WRONG_PARITY
        assert setting in line.detail


@each_case
@given(load=st.integers(-19, 3000), still=st.booleans())
def test_what_the_device_shows_arrives_with_sign_unit_and_stability(case, load, still):
    pan = pan_with(load * 5_000)
    pan.restless = not still
    shown = pan_with(load * 5_000).indication(10.0)
    line = case.protocol.decode(printed(case, pan, 10.0))
    assert isinstance(line, WeightLine)
    assert line.unit is WeightUnit.KG
    assert line.stable is still
    if still:
        assert line.value == Decimal(shown.milligrams) / 1_000_000
        assert line.value.is_signed() == (shown.milligrams < 0)
        assert line.value.as_tuple().exponent == -3


@each_case
@pytest.mark.parametrize("load", [16_000_000, -2_000_000])
def test_out_of_range_is_never_a_weight(case, load):
    sent = printed(case, pan_with(load), 10.0)
    lines = decoded(case, [sent])
    reason = NoWeightReason.OVERLOAD if load > 0 else NoWeightReason.UNDER_ZERO
    if isinstance(case.device(DeviceSetup(pan_with(0), WeightUnit.KG, "", 1.0)), OhausDevice):
        assert lines == []
    else:
        assert [line.reason for line in lines] == [reason]


@each_case
def test_a_fault_of_the_device_is_never_a_weight(case):
    device = case.device(DeviceSetup(pan_with(1_000_000), WeightUnit.KG, "B1", 10.0))
    device.hardware_error = "15b"
    device.receive(case.request, 10.0)
    for line in decoded(case, device.due(10.0)):
        assert line.reason in (NoWeightReason.DEVICE_ERROR, NoWeightReason.NOT_READY)


@each_case
def test_a_frozen_display_is_sent_as_shown(case):
    device = case.device(DeviceSetup(pan_with(1_000_000), WeightUnit.KG, "B1", 10.0))
    device.frozen = pan_with(2_000_000).indication(10.0)
    device.receive(case.request, 10.0)
    (line,) = decoded(case, device.due(10.0))
    assert (line.value, line.stable) == (Decimal("2.000"), True)


@each_case
def test_a_unit_other_than_the_entered_one_is_refused(case):
    protocol = case.make(replace(case.options, unit=WeightUnit.LB))
    stable = [raw for raw in case.weights if case.protocol.decode(raw).stable]
    lines = [protocol.decode(raw) for raw in stable]
    assert lines
    assert all(line.reason is NoWeightReason.UNIT_CHANGED for line in lines)


@each_case
def test_a_capacity_that_does_not_fit_the_columns_is_refused(case):
    setup = DeviceSetup(pan_with(0, 10**15, 10**3), WeightUnit.KG, "B1", 10.0)
    with pytest.raises(ValueError, match="does not fit into"):
        case.device(setup)
