"""What CAS scales say, in the stream of 22 bytes and in type 6, and that the simulated ones do."""

import re
from decimal import Decimal
from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.cas import Cas22Device, CasType6Device
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    ErrorLine,
    NoWeightLine,
    Outcome,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols import cas_22, cas_type_6
from returnbench.drivers.scales.protocols.cas_22 import CAS_22, CAS_22_CI_200
from returnbench.drivers.scales.protocols.cas_type_6 import CAS_TYPE_6
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Pan, Range
from returnbench.inspect.weighing import NoWeightReason, StabilitySource, WeightKind, WeightUnit

G, KG, LB = WeightUnit.G, WeightUnit.KG, WeightUnit.LB
GROSS, NET, UNKNOWN = WeightKind.GROSS, WeightKind.NET, WeightKind.UNKNOWN


class Scale:
    """A simulated device and the pan under it."""

    def __init__(self, make, unit=KG, division=5_000, capacity=15_000_000, *, streams=True):
        self.pan = Pan(capacity, division, seed=1, settle_seconds=1.0)
        self.device = make(DeviceSetup(self.pan, unit, "B1", rate_hz=10, streams=streams))
        self.now = 100.0

    def carries(self, milligrams):
        self.pan.put(milligrams, self.now)
        self.now += 2
        return self

    def moves(self, milligrams):
        self.device.frozen = Indication(milligrams, stable=False, range=Range.INSIDE)
        return self

    def answer(self, request):
        self.device.receive(request, self.now)
        return self.sent()

    def sent(self):
        return b"".join(self.device.due(self.now))

    def weighs(self):
        """One frame with a weight, however this device is asked for it."""
        if isinstance(self.device, Cas22Device):
            self.now += 1
            return self.sent()
        assert self.answer(b"\x05") == b"\x06"
        return self.answer(b"\x11")


def _net_and_moving():
    scale = Scale(Cas22Device).carries(1_000_000)
    scale.pan.set_tare(scale.now)
    return scale.moves(-250_000).weighs()


def weight(value, unit=KG, *, stable=True, kind=UNKNOWN):
    return WeightLine(Decimal(value), unit, stable, kind)


VECTORS = [
    (
        CAS_22,
        "53 54 2C 47 53 2C 31 E4 2C 30 30 30 31 2E 32 33 35 20 6B 67 0D 0A",
        weight("1.235", kind=GROSS),
        lambda: Scale(Cas22Device).carries(1_235_000).weighs(),
    ),
    (
        CAS_22,
        "55 53 2C 4E 54 2C 31 A2 2C 2D 30 30 30 2E 32 35 30 20 6B 67 0D 0A",
        weight("-0.250", stable=False, kind=NET),
        _net_and_moving,
    ),
    (
        CAS_TYPE_6,
        "01 02 53 20 30 31 2E 32 33 35 6B 67 64 03 04",
        weight("1.235"),
        lambda: Scale(CasType6Device).carries(1_235_000).weighs(),
    ),
    (
        CAS_TYPE_6,
        "01 02 55 2D 30 30 2E 32 35 30 6B 67 6D 03 04",
        weight("-0.250", stable=False),
        lambda: Scale(CasType6Device).moves(-250_000).weighs(),
    ),
    (
        CAS_TYPE_6,
        "01 02 46 46 46 46 46 46 46 46 6B 67 0C 03 04",
        NoWeightReason.OVERLOAD,
        lambda: Scale(CasType6Device).carries(20_000_000).weighs(),
    ),
]
PROTOCOLS = [CAS_22, CAS_TYPE_6]
DEVICES = [(CAS_22, Cas22Device), (CAS_TYPE_6, CasType6Device)]
FRAMES = {
    protocol.name: [bytes.fromhex(text) for owner, text, _, _ in VECTORS if owner is protocol]
    for protocol in PROTOCOLS
}
STREAM = re.compile(
    rb"(ST|US),(GS|NT),[\x31-\x93][\x80-\xff],[ -]*[0-9.]+ (kg|lb|oz)\r\n", re.DOTALL
)
BLOCK = re.compile(rb"\x01\x02[SU][ -] *[0-9.]{1,7} ?(kg|lb|oz|g)[\x00-\x7f]\x03\x04", re.I | re.S)


def is_weight(protocol, raw):
    if protocol is CAS_22:
        return len(raw) == 22 and STREAM.fullmatch(raw)
    return BLOCK.fullmatch(raw) and reduce(xor, raw[2:-2]) == 0


def pieces_of(stream, sizes):
    at, number = 0, 0
    while at < len(stream):
        size = sizes[number % len(sizes)]
        yield stream[at : at + size]
        at, number = at + size, number + 1


def frames_in(protocol, stream, sizes=(10_000,)):
    framer = protocol.framer()
    return [raw for piece in pieces_of(stream, sizes) for raw in framer.feed(piece)]


def weights_in(protocol, stream):
    decoded = [protocol.decode(raw) for raw in frames_in(protocol, stream)]
    return [line for line in decoded if isinstance(line, WeightLine)]


def stream_frame(state="ST", kind="GS", lamps=0xE4, field="0001.235", unit=" kg"):
    head = f"{state},{kind},1".encode() + bytes([lamps])
    return head + f",{field}{unit}\r\n".encode("latin-1")


def block(text):
    checked = text.encode("latin-1")
    return b"\x01\x02" + checked + bytes([reduce(xor, checked)]) + b"\x03\x04"


@pytest.mark.parametrize(("protocol", "text", "meaning", "_device"), VECTORS)
def test_every_vector_is_read(protocol, text, meaning, _device):
    raw = bytes.fromhex(text)
    assert frames_in(protocol, raw) == [raw]
    line = protocol.decode(raw)
    if isinstance(meaning, WeightLine):
        assert line == meaning
        assert str(line.value) == str(meaning.value)
        assert line.stability is StabilitySource.DEVICE
    else:
        assert line.reason is meaning


@pytest.mark.parametrize(("_protocol", "text", "_meaning", "device"), VECTORS)
def test_the_simulated_scale_sends_every_vector(_protocol, text, _meaning, device):
    assert device() == bytes.fromhex(text)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda p: p.name)
def test_frames_come_out_whole_however_they_arrive(protocol):
    frames = FRAMES[protocol.name]
    stream = b"".join(frames)
    assert frames_in(protocol, stream) == frames
    assert frames_in(protocol, stream, (1,)) == frames
    assert frames_in(protocol, b"\xff\x00\x131.235 kg\r\n" + stream, (5,))[-len(frames) :] == frames


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda p: p.name)
def test_a_frame_that_broke_off_costs_at_most_the_next_one(protocol):
    raw = FRAMES[protocol.name][0]
    for cut in range(1, len(raw)):
        assert frames_in(protocol, raw[:cut] + raw * 2)[-1] == raw
        assert set(weights_in(protocol, raw[:cut] + raw * 2)) == {protocol.decode(raw)}


@pytest.mark.parametrize(("protocol", "text", "_meaning", "_device"), VECTORS)
def test_a_frame_that_lost_its_head_or_tail_or_a_byte_is_no_weight(
    protocol, text, _meaning, _device
):
    raw = bytes.fromhex(text)
    for cut in range(1, len(raw)):
        for part in (raw[cut:], raw[:cut], raw[: cut - 1] + raw[cut:]):
            assert not weights_in(protocol, part)
            assert not isinstance(protocol.decode(part), WeightLine)


@pytest.mark.parametrize("raw", FRAMES["cas-type-6"])
def test_a_changed_byte_of_a_checked_block_is_never_a_weight(raw):
    for place in range(len(raw)):
        for byte in range(256):
            changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
            if changed != raw:
                assert not isinstance(CAS_TYPE_6.decode(changed), WeightLine)


@pytest.mark.parametrize("raw", FRAMES["cas-22"])
def test_a_changed_byte_of_the_stream_leaves_point_unit_and_length(raw):
    for place in range(len(raw)):
        for byte in range(256):
            changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
            line = CAS_22.decode(changed)
            if isinstance(line, WeightLine):
                # A digit, a sign or a header that became another one: there is no checksum.
                assert is_weight(CAS_22, changed)
                assert line.value == Decimal(changed[9:17].decode().strip())
                assert line.value.as_tuple().exponent == -3
                assert line.unit is KG


@pytest.mark.parametrize("odd", [0, 1])
@pytest.mark.parametrize(("protocol", "text", "_meaning", "_device"), VECTORS)
def test_seven_bits_with_parity_are_recognised(protocol, text, _meaning, _device, odd):
    seven = bytes(byte & 0x7F for byte in bytes.fromhex(text))
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in seven)
    assert frames_in(protocol, seen) == [seen]
    line = protocol.decode(seen)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.WRONG_PARITY


def test_lamps_that_lost_their_eighth_bit_say_which_setting_is_wrong():
    raw = bytes(byte & 0x7F for byte in FRAMES["cas-22"][0])
    line = CAS_22.decode(raw)
    assert line.reason is NoWeightReason.WRONG_PARITY
    assert "8N1" in line.detail


@pytest.mark.parametrize("lamps", [0xE4, 0xC4, 0xCC, 0xE5, 0xCD])
def test_stable_needs_header_and_lamp(lamps):
    assert CAS_22.decode(stream_frame(lamps=lamps)).stable
    assert not CAS_22.decode(stream_frame(lamps=lamps & ~0x40)).stable
    assert not CAS_22.decode(stream_frame("US", lamps=lamps)).stable


def test_a_held_weight_is_not_the_weight_on_the_pan():
    scale = Scale(Cas22Device).carries(1_000_000)
    scale.device.hold = True
    line = CAS_22.decode(scale.weighs())
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.FROZEN


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (stream_frame("OL"), NoWeightReason.OVERLOAD),
        (stream_frame("OL", field="        "), NoWeightReason.OVERLOAD),
        (stream_frame(field="9999.999"), NoWeightReason.OVERLOAD),
        (stream_frame(field="-0001235"), NoWeightReason.UNREADABLE),
        (stream_frame(field="00001235"), NoWeightReason.UNREADABLE),
        (stream_frame(field="0001,235"), NoWeightReason.UNREADABLE),
        (stream_frame(field="+001.235"), NoWeightReason.UNREADABLE),
        (stream_frame(field="1.235   "), NoWeightReason.UNREADABLE),
        (stream_frame(field="0001.2.5"), NoWeightReason.UNREADABLE),
        (stream_frame(field="1.2E+003"), NoWeightReason.UNREADABLE),
        (stream_frame(field="001.235"), NoWeightReason.UNREADABLE),
        (stream_frame(field="--------"), NoWeightReason.UNREADABLE),
        (stream_frame(unit="  t"), NoWeightReason.UNREADABLE),
        (stream_frame(unit="  g"), NoWeightReason.UNREADABLE),
        (stream_frame(unit=" KG"), NoWeightReason.UNREADABLE),
        (stream_frame(kind="XX"), NoWeightReason.UNREADABLE),
        (stream_frame(state="QT"), NoWeightReason.UNREADABLE),
        (stream_frame() * 2, NoWeightReason.UNREADABLE),
        (b"0001.235\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS,+0012.34kg\r\n", NoWeightReason.UNREADABLE),
        (b"", NoWeightReason.UNREADABLE),
    ],
)
def test_what_is_not_exactly_a_weight_of_the_stream(raw, reason):
    line = CAS_22.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


@pytest.mark.parametrize("raw", [b"0001.235\r\n", b"ST,GS,+0012.34kg\r\n"])
def test_the_short_formats_say_what_to_choose_on_the_scale(raw):
    assert "22 bytes" in CAS_22.decode(raw).detail


def test_what_the_site_entered_is_checked():
    told = cas_22.make(ProtocolOptions(unit=G, decimals=1))
    assert told.decode(stream_frame(field="001234.5", unit="  g")) == weight(
        "1234.5", G, kind=GROSS
    )
    assert told.decode(stream_frame(unit="  g")).reason is NoWeightReason.UNREADABLE
    assert told.decode(stream_frame(field="001234.5")).reason is NoWeightReason.UNIT_CHANGED
    whole = cas_22.make(ProtocolOptions(decimals=0))
    assert whole.decode(stream_frame(field="00001235")) == weight("1235", kind=GROSS)


def test_commands_need_the_number_of_the_device():
    assert CAS_22.commands.poll is None
    assert CAS_22.commands.zero is None
    assert CAS_22.commands.stream is None
    commands = cas_22.make(ProtocolOptions(address=1)).commands
    assert (commands.poll, commands.zero.request) == (b"01RW\r\n", b"01MZ\r\n")
    other = cas_22.make_ci_200(ProtocolOptions(address=11))
    assert (other.name, other.title) == (CAS_22_CI_200.name, CAS_22_CI_200.title)
    assert other.commands.zero.request == bytes.fromhex("44 31 31 4B 5A 0D 0A")
    assert other.commands.tare.request == b"D11KT\r\n"


@pytest.mark.parametrize("make", [cas_22.make, cas_22.make_ci_200])
def test_commands_are_echoed_when_they_are_done(make):
    protocol = make(ProtocolOptions(address=1))
    zero, tare, poll = protocol.commands.zero, protocol.commands.tare, protocol.commands.poll
    scale = Scale(Cas22Device, streams=False).carries(100_000)
    assert weights_in(protocol, scale.answer(poll)) == [weight("0.100", kind=GROSS)]
    done = protocol.decode(scale.answer(zero.request))
    assert done.outcome is Outcome.DONE
    assert done.command in zero.answers
    assert weights_in(protocol, scale.answer(poll)) == [weight("0.000", kind=GROSS)]
    scale.carries(600_000)
    assert protocol.decode(scale.answer(tare.request)).command in tare.answers
    assert weights_in(protocol, scale.answer(poll)) == [weight("0.000", kind=NET)]
    scale.pan.put(700_000, scale.now)
    refused = protocol.decode(scale.answer(zero.request))
    assert isinstance(refused, ErrorLine)
    assert refused.reason is NoWeightReason.COMMAND_REFUSED
    assert isinstance(protocol.decode(scale.answer(b"01XX\r\n")), ErrorLine)


def test_the_indicator_streams_unless_it_cannot():
    scale = Scale(Cas22Device).carries(1_235_000)
    assert weights_in(CAS_22, scale.sent()) == [weight("1.235", kind=GROSS)]
    assert scale.sent() == b""
    scale.now += 0.1
    assert len(weights_in(CAS_22, scale.sent())) == 1
    assert Scale(Cas22Device, streams=False).sent() == b""
    assert CAS_22.decode(scale.carries(20_000_000).sent()).reason is NoWeightReason.OVERLOAD


def test_type_6_needs_two_steps():
    commands = CAS_TYPE_6.commands
    assert (commands.poll, commands.proceed) == (b"\x05", b"\x11")
    scale = Scale(CasType6Device).carries(1_235_000)
    (ready,) = frames_in(CAS_TYPE_6, scale.answer(commands.poll))
    assert CAS_TYPE_6.decode(ready) == AnswerLine("ENQ", Outcome.MORE)
    assert weights_in(CAS_TYPE_6, scale.answer(commands.proceed)) == [weight("1.235")]
    assert scale.answer(commands.proceed) == b""
    assert commands.zero is None
    assert commands.tare is None


def test_a_type_6_scale_with_a_fault_refuses():
    scale = Scale(CasType6Device)
    scale.device.hardware_error = "15b"
    (raw,) = frames_in(CAS_TYPE_6, scale.answer(b"\x05"))
    assert CAS_TYPE_6.decode(raw).reason is NoWeightReason.NOT_READY
    assert scale.answer(b"\x11") == b""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("F 01.235kg", NoWeightReason.OVERLOAD),
        ("SF01.235kg", NoWeightReason.OVERLOAD),
        ("S FFFFFFkg", NoWeightReason.OVERLOAD),
        ("S 99.999kg", NoWeightReason.OVERLOAD),
        ("S 001235kg", NoWeightReason.UNREADABLE),
        ("S 01,235kg", NoWeightReason.UNREADABLE),
        ("S -1.235kg", NoWeightReason.UNREADABLE),
        ("S 1.235 kg", NoWeightReason.UNREADABLE),
        ("S 1.235kg", NoWeightReason.UNREADABLE),
        ("S 0001.235kg", NoWeightReason.UNREADABLE),
        ("S 01.235xx", NoWeightReason.UNREADABLE),
        ("S 01.235mg", NoWeightReason.UNREADABLE),
        ("X 01.235kg", NoWeightReason.UNREADABLE),
        ("S+01.235kg", NoWeightReason.UNREADABLE),
    ],
)
def test_blocks_that_are_no_weight(text, reason):
    line = CAS_TYPE_6.decode(block(text))
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("S 01.235Kg", "1.235", KG),
        ("S  1.235KG", "1.235", KG),
        ("S 001.235kg", "1.235", KG),
        ("S 0123.5g", "123.5", G),
        ("S 0123.5 g", "123.5", G),
        ("S 002.50Lb", "2.50", LB),
    ],
)
def test_blocks_of_clones_with_a_right_check_character(text, value, unit):
    assert CAS_TYPE_6.decode(block(text)) == weight(value, unit)


def test_a_number_without_a_point_gets_the_decimals_that_the_site_entered():
    raw = block("S-001235kg")
    assert "decimals" in CAS_TYPE_6.decode(raw).detail
    told = cas_type_6.make(ProtocolOptions(decimals=3, unit=KG))
    assert told.decode(raw) == weight("-1.235")
    assert told.decode(block("S 01.235kg")) == weight("1.235")
    assert told.decode(block("S 001.25kg")).reason is NoWeightReason.UNREADABLE
    assert told.decode(block("S 01.235lb")).reason is NoWeightReason.UNIT_CHANGED


def test_a_wrong_check_character_is_told():
    raw = FRAMES["cas-type-6"][0]
    assert "check character" in CAS_TYPE_6.decode(raw.replace(b"1.235", b"1.236")).detail


def _text_with_check(value):
    """A block whose check character has this value, by its digits alone."""
    numbers = (f"S {number:06.3f}kg" for number in range(100))
    texts = [f"S {whole:02}.{part:03}kg" for whole in range(100) for part in range(1000)]
    return next(t for t in [*numbers, *texts] if reduce(xor, t.encode()) == value)


@pytest.mark.parametrize("check", [0x60, 0x63, 0x64, 0x66])
def test_a_block_is_whole_whatever_its_check_character(check):
    raw = block(_text_with_check(check))
    assert frames_in(CAS_TYPE_6, raw * 2, (1,)) == [raw, raw]
    assert weights_in(CAS_TYPE_6, raw)


@pytest.mark.parametrize("control", [0x01, 0x02, 0x03, 0x04, 0x06, 0x15])
def test_control_characters_as_check_do_not_cut_a_block(control):
    raw = b"\x01\x02S 01.235kg" + bytes([control]) + b"\x03\x04"
    assert frames_in(CAS_TYPE_6, raw * 2) == [raw, raw]


def test_an_acknowledgement_among_noise_is_noise_until_the_next_try():
    framer = CAS_TYPE_6.framer()
    assert framer.feed(b"\x06\x15\x06") == [b"\x06", b"\x15", b"\x06"]
    assert framer.feed(b"\x00\x06\xf3\x15") == []
    framer.reset()
    assert framer.feed(b"\x06") == [b"\x06"]
    raw = FRAMES["cas-type-6"][0]
    assert framer.feed(b"\x00\x06" + raw + b"\x06") == [raw, b"\x06"]


@pytest.mark.parametrize(("protocol", "make"), DEVICES)
def test_a_scale_whose_capacity_does_not_fit_is_refused(protocol, make):
    with pytest.raises(ValueError, match="larger division"):
        Scale(make, G, 1, 100_000_000)


@pytest.mark.parametrize(("_protocol", "make"), DEVICES)
def test_a_simulated_scale_hears_nothing_with_the_wrong_parity(_protocol, make):
    assert Scale(make).device.misread(b"\x05\x11\r\n") == b""


@given(load=st.integers(-3_000, 3_000), device=st.sampled_from(DEVICES), stable=st.booleans())
def test_every_weight_comes_back_with_its_sign_and_stability(load, device, stable):
    protocol, make = device
    scale = Scale(make)
    scale.device.frozen = Indication(load * 5_000, stable=stable, range=Range.INSIDE)
    (line,) = [protocol.decode(raw) for raw in frames_in(protocol, scale.weighs())]
    value = (Decimal(load) * 5 / 1000).quantize(Decimal("0.001"))
    assert line == weight(value, stable=stable, kind=GROSS if protocol is CAS_22 else UNKNOWN)
    assert line.value.is_signed() == (load < 0)


@given(load=st.integers(-40, 3_000), device=st.sampled_from(DEVICES), after=st.floats(0.0, 3.0))
def test_a_load_that_settles_is_never_stable_at_another_value(load, device, after):
    protocol, make = device
    scale = Scale(make)
    scale.pan.put(load * 5_000, scale.now)
    scale.now += after
    line = protocol.decode(scale.weighs())
    if isinstance(line, WeightLine) and line.stable:
        assert line.value == Decimal(load) * 5 / 1000


PARTS = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([raw for frames in FRAMES.values() for raw in frames]),
    st.sampled_from([b"\x01", b"\x02", b"\x03\x04", b"\x06", b"\x15", b"\r\n", b"ST,GS,1\xe4,"]),
)


@given(
    protocol=st.sampled_from(PROTOCOLS),
    parts=st.lists(PARTS, max_size=12),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=10),
)
def test_whatever_arrives_only_whole_frames_weigh(protocol, parts, sizes):
    stream = b"".join(parts)
    framer = protocol.framer()
    frames = []
    for piece in pieces_of(stream, sizes):
        frames += framer.feed(piece)
        assert len(framer._begun) <= 64
    assert frames == frames_in(protocol, stream)
    for raw in frames:
        assert raw in stream
        if isinstance(protocol.decode(raw), WeightLine):
            assert is_weight(protocol, raw)


@given(protocol=st.sampled_from(PROTOCOLS), raw=st.binary(max_size=80))
def test_any_bytes_are_decoded_without_an_exception(protocol, raw):
    assert not isinstance(protocol.decode(raw), WeightLine) or is_weight(protocol, raw)
