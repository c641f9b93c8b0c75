"""What the lines of Adam scales mean: whole, in pieces, damaged, and from the devices."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.adam_cpwplus import CpwplusDevice
from returnbench.drivers.scales.devices.adam_pgl import PglDevice
from returnbench.drivers.scales.protocol import ErrorLine, WeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols import adam_cpwplus, adam_pgl
from returnbench.drivers.scales.protocols.adam_cpwplus import ADAM_CPWPLUS, ADAM_CPWPLUS_ANY_WIDTH
from returnbench.drivers.scales.protocols.adam_pgl import ADAM_PGL
from returnbench.drivers.scales.refused_protocols import REFUSED_PROTOCOLS, why_refused
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import NoWeightReason, StabilitySource, WeightKind, WeightUnit

G, KG, LB = WeightUnit.G, WeightUnit.KG, WeightUnit.LB
UNAVAILABLE = StabilitySource.UNAVAILABLE
GROSS, NET, UNKNOWN = WeightKind.GROSS, WeightKind.NET, WeightKind.UNKNOWN

WEIGHTS = [
    (ADAM_CPWPLUS, b"G  +    2.00 kg\r\n", "2.00", KG, GROSS),
    (ADAM_CPWPLUS, b"N  -    0.50 kg\r\n", "-0.50", KG, NET),
    (ADAM_CPWPLUS, b"G/W: +    2.00 lb\r\n", "2.00", LB, GROSS),
    (ADAM_PGL, b"       123.45 g \r\n", "123.45", G, UNKNOWN),
    (ADAM_PGL, b"-      123.45 g \r\n", "-123.45", G, UNKNOWN),
    (ADAM_PGL, b"      0.12345lb \r\n", "0.12345", LB, UNKNOWN),
]
LINES = [(protocol, line) for protocol, line, *_ in WEIGHTS]


def heard(protocol, *chunks):
    framer = protocol.framer()
    return [protocol.decode(raw) for chunk in chunks for raw in framer.feed(chunk)]


@pytest.mark.parametrize(("protocol", "raw", "value", "unit", "kind"), WEIGHTS)
def test_a_weight_keeps_decimals_and_sign_and_is_never_called_stable(
    protocol, raw, value, unit, kind
):
    line = protocol.decode(raw)
    assert line == WeightLine(Decimal(value), unit, False, kind, UNAVAILABLE)
    assert str(line.value) == value


@pytest.mark.parametrize(
    ("protocol", "raw"),
    [
        (ADAM_CPWPLUS, b"G      2.00 kg\r\n"),
        (ADAM_CPWPLUS, b"T  +    2.00 kg\r\n"),
        (ADAM_CPWPLUS, b"G  +    2.00 st\r\n"),
        (ADAM_CPWPLUS, b"G  +    2.00 kg\n"),
        (ADAM_CPWPLUS, b"G  +    2,00 kg\r\n"),
        (ADAM_CPWPLUS, b"G  +-------- kg\r\n"),
        (ADAM_PGL, b"          125PCS\r\n"),
        (ADAM_PGL, b"      - 123.45 g \r\n"),
        (ADAM_PGL, b"      ------- g \r\n"),
        (ADAM_PGL, b"       123.45 g \n"),
        (ADAM_PGL, b"GROSS   123.45 g \r\n"),
        (ADAM_PGL, b""),
    ],
)
def test_what_is_not_exactly_a_weight_is_unreadable(protocol, raw):
    assert protocol.decode(raw).reason is NoWeightReason.UNREADABLE


def test_nines_are_not_a_weight():
    assert ADAM_CPWPLUS.decode(b"G  +99999.99 kg\r\n").reason is NoWeightReason.OVERLOAD
    assert ADAM_PGL.decode(b" 999999999999 g \r\n").reason is NoWeightReason.OVERLOAD
    assert ADAM_PGL.decode(b"         9.99 g \r\n").value == Decimal("9.99")


def test_other_widths_and_missing_labels_are_a_protocol_of_their_own():
    for raw in (b"G/W  + 5.00 kg\r\n", b"+  5.00  kg\r\n", b"+    5.00 kg\r\n"):
        assert "adam-cpwplus-any-width" in ADAM_CPWPLUS.decode(raw).detail
        assert ADAM_CPWPLUS_ANY_WIDTH.decode(raw).value == Decimal("5.00")
    assert ADAM_CPWPLUS_ANY_WIDTH.decode(b"+  5.00  kg\r\n").kind is UNKNOWN


def test_decimals_that_the_site_enters_are_required():
    strict = adam_cpwplus.make_any_width(ProtocolOptions(decimals=2))
    assert strict.decode(b"G + 5.00 kg\r\n").value == Decimal("5.00")
    assert "1 decimals" in strict.decode(b"G + 5.0 kg\r\n").detail
    assert "0 decimals" in strict.decode(b"G + 500 kg\r\n").detail
    assert "decimals = 0" in ADAM_CPWPLUS.decode(b"G  +     500 kg\r\n").detail
    whole = adam_cpwplus.make(ProtocolOptions(decimals=0))
    assert whole.decode(b"G  +     500 kg\r\n").value == 500
    assert "2 decimals" in adam_pgl.make(ProtocolOptions(decimals=1)).decode(LINES[3][1]).detail


def test_errors_of_the_balance_end_with_a_bare_return():
    lines = heard(ADAM_PGL, b"!EU\r!EK\r!EF\r" + LINES[3][1])
    assert [isinstance(line, ErrorLine) for line in lines] == [True, True, True, False]
    assert lines[3].value == Decimal("123.45")


def test_zero_and_tare_are_left_to_the_keys():
    for protocol in (ADAM_CPWPLUS, ADAM_CPWPLUS_ANY_WIDTH, ADAM_PGL):
        assert protocol.commands.zero is None
        assert protocol.commands.tare is None
        assert protocol.commands.poll


@pytest.mark.parametrize(("protocol", "raw"), LINES)
def test_a_line_that_lost_its_head_or_its_tail_is_never_a_weight(protocol, raw):
    for cut in range(1, len(raw)):
        assert not isinstance(protocol.decode(raw[cut:]), WeightLine)
        assert not isinstance(protocol.decode(raw[:cut]), WeightLine)


@pytest.mark.parametrize(("protocol", "raw"), LINES)
def test_a_lost_byte_never_gives_another_weight(protocol, raw):
    right = protocol.decode(raw)
    for lost in range(len(raw)):
        line = protocol.decode(raw[:lost] + raw[lost + 1 :])
        if isinstance(line, WeightLine):
            # Blanks and ornaments around the label carry nothing.
            assert (line.value, line.unit, line.kind) == (right.value, right.unit, right.kind)


@given(st.sampled_from(LINES), st.integers(0, 18), st.integers(0, 255))
def test_a_changed_byte_shows_in_the_raw_bytes_alone(pair, place, byte):
    protocol, raw = pair
    changed = raw[: place % len(raw)] + bytes([byte]) + raw[place % len(raw) + 1 :]
    line = protocol.decode(changed)
    if isinstance(line, WeightLine):
        # Nothing in the line checks a digit: what was read is what arrived, no more.
        number = f"{abs(line.value):f}".encode()
        assert number in changed
        assert line.value.is_signed() == (b"-" in changed)


@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
@pytest.mark.parametrize(("protocol", "raw"), [*LINES, (ADAM_PGL, b"!EU\r")])
def test_seven_bits_with_parity_are_recognised(protocol, raw, odd, setting):
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in raw)
    (line,) = heard(protocol, seen)
    assert line.reason is NoWeightReason.WRONG_PARITY
    assert setting in line.detail


@pytest.mark.parametrize(("protocol", "raw"), LINES)
def test_whole_glued_byte_by_byte_and_after_garbage(protocol, raw):
    right = protocol.decode(raw)
    assert heard(protocol, raw * 3) == [right] * 3
    assert heard(protocol, *(bytes([byte]) for byte in raw * 3)) == [right] * 3
    assert heard(protocol, b"\xff\x00\r\n" + raw * 3)[-3:] == [right] * 3
    # A line too long is dropped to its end, whatever its last bytes look like.
    lines = heard(protocol, b"\xff" * 64 + raw * 2)
    assert [line for line in lines if isinstance(line, WeightLine)] == [right]


@given(
    st.sampled_from([ADAM_CPWPLUS, ADAM_CPWPLUS_ANY_WIDTH, ADAM_PGL]),
    st.lists(
        st.one_of(st.sampled_from([raw for _, raw in LINES]), st.binary(max_size=30)), max_size=8
    ),
    st.lists(st.integers(1, 30), min_size=1, max_size=20),
)
def test_any_bytes_in_any_chunks(protocol, parts, sizes):
    stream = b"".join(parts)
    framer, raws, at, turn = protocol.framer(), [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        raws += framer.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert raws == protocol.framer().feed(stream)
    for raw in raws:
        assert len(raw) <= 64
        if isinstance(protocol.decode(raw), WeightLine):
            assert raw in stream
            assert raw in [line for _, line in LINES]


def build(device_class, unit, division_mg):
    pan = Pan(150_000_000, division_mg, 1, 0.0)
    return pan, device_class(DeviceSetup(pan, unit, "S1", 10.0))


def ask(device, request, now):
    device.receive(request, now)
    return b"".join(device.due(now))


@given(st.integers(-19, 15_000), st.booleans())
def test_every_load_comes_back_from_a_cpwplus(steps, tared):
    pan, device = build(CpwplusDevice, KG, 10_000)
    if tared:
        pan.put(20_000_000, 0.0)
        assert ask(device, b"Z\r\n", 1.0) == b""
        assert ask(device, b"T\r\n", 1.0) == b"T  +   20.00 kg\r\n"
    pan.put(steps * 10_000, 2.0)
    gross = Decimal(steps).scaleb(-2)
    (line,) = heard(ADAM_CPWPLUS, ask(device, ADAM_CPWPLUS.commands.poll, 3.0))
    assert line == WeightLine(gross, KG, False, GROSS, UNAVAILABLE)
    assert line.value.is_signed() == (gross < 0)
    (net,) = heard(ADAM_CPWPLUS, ask(device, b"N\r\n", 3.0))
    assert (net.value, net.kind) == (gross - (20 if tared else 0), NET)


@given(st.integers(-19, 15_000))
def test_every_load_comes_back_from_a_pgl(steps):
    pan, device = build(PglDevice, G, 10)
    pan.put(steps * 10, 0.0)
    expected = Decimal(steps).scaleb(-2)
    (line,) = heard(ADAM_PGL, ask(device, ADAM_PGL.commands.poll, 1.0))
    assert line == WeightLine(expected, G, False, UNKNOWN, UNAVAILABLE)
    assert line.value.is_signed() == (expected < 0)


def test_the_devices_send_the_documented_lines():
    pan, device = build(CpwplusDevice, KG, 10_000)
    pan.put(2_000_000, 0.0)
    assert ask(device, b"G\r\n", 1.0) == b"G  +    2.00 kg\r\n"
    pan, device = build(PglDevice, G, 10)
    pan.put(123_450, 0.0)
    assert ask(device, b"!KP\r", 1.0) == b"       123.45 g \r\n"
    assert ask(device, b"!NT\r!KK\r!KT-\rKP\r", 1.0) == b"!EU\r!EK\r!EF\r"
    assert ask(device, b"!KT\r!KP\r", 1.0) == b"         0.00 g \r\n"


@pytest.mark.parametrize(
    ("device_class", "unit", "poll"), [(CpwplusDevice, KG, b"G\r\n"), (PglDevice, LB, b"!KP\r")]
)
def test_what_has_no_documented_text_is_silence(device_class, unit, poll):
    pan, device = build(device_class, unit, 10_000)
    assert ask(device, poll, 1.0)
    pan.put(200_000_000, 1.0)
    assert ask(device, poll, 2.0) == b""
    pan.put(0, 2.0)
    device.hardware_error = "15b"
    assert ask(device, poll, 3.0) == b""
    device.hardware_error = ""
    device.frozen = pan.indication(3.0)
    pan.put(200_000_000, 3.0)
    assert ask(device, poll, 4.0)
    assert device.misread(poll) == b""


def test_z_zeroes_a_cpwplus_near_zero():
    pan, device = build(CpwplusDevice, KG, 10_000)
    pan.put(50_000, 0.0)
    ask(device, b"Z\r\n", 1.0)
    assert pan.tare_mg == 0
    assert ask(device, b"G\r\n", 2.0) == b"G  +    0.00 kg\r\n"


def test_refused_protocols_say_why():
    for name in ("yousheng-bcd", "dahua", "adam-azextra", "adam-cbk", "yaohua-command"):
        assert why_refused(name.upper()).endswith(REFUSED_PROTOCOLS[name])
    assert "factor of ten" in why_refused("yousheng-bcd")
    assert why_refused("mt-sics") is None
