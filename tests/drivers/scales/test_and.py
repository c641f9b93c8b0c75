"""Lines of A&D scales: the standard format and the lines with two headers."""

from decimal import Decimal

import pytest

from returnbench.drivers.scales.devices.and_standard import AndDevice
from returnbench.drivers.scales.devices.and_two_header import AndTwoHeaderDevice
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    Commands,
    ErrorLine,
    NoWeightLine,
    Outcome,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.and_standard import AND_STANDARD
from returnbench.drivers.scales.protocols.and_two_header import AND_TWO_HEADER, make
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

G, KG, LB = WeightUnit.G, WeightUnit.KG, WeightUnit.LB
STABLE_G = bytes.fromhex("53 54 2C 2B 30 30 31 32 33 2E 34 35 20 20 67 0D 0A")
MOVING_MINUS = bytes.fromhex("55 53 2C 2D 30 30 31 38 33 2E 36 39 20 20 67 0D 0A")
STABLE_KG = bytes.fromhex("53 54 2C 2B 30 30 31 32 2E 33 34 35 20 6B 67 0D 0A")
OVER = bytes.fromhex("4F 4C 2C 2B 39 39 39 39 39 39 39 45 2B 31 39 0D 0A")
UNDER = bytes.fromhex("4F 4C 2C 2D 39 39 39 39 39 39 39 45 2B 31 39 0D 0A")
COUNT = bytes.fromhex("51 54 2C 2B 30 30 30 30 30 31 32 35 20 50 43 0D 0A")
NOT_READY = bytes.fromhex("45 43 2C 45 30 32 0D 0A")
ACKNOWLEDGE = bytes.fromhex("06 0D 0A")
TWO_HEADERS = bytes.fromhex("53 54 2C 47 53 2C 2B 30 30 31 32 2E 33 34 6B 67 0D 0A")


def framed(protocol, raw):
    (frame,) = protocol.framer().feed(raw)
    assert frame == raw
    return protocol.decode(frame)


@pytest.mark.parametrize(
    ("raw", "value", "unit", "stable"),
    [
        (STABLE_G, "123.45", G, True),
        (MOVING_MINUS, "-183.69", G, False),
        (STABLE_KG, "12.345", KG, True),
        (b"ST,+00000.00  g\r\n", "0.00", G, True),
        (b"ST,+00123,45 lb\r\n", "123.45", LB, True),
        (b"ST,-00000125  g\r\n", "-125", G, True),
    ],
)
def test_a_weight_of_the_standard_format(raw, value, unit, stable):
    line = framed(AND_STANDARD, raw)
    assert line == WeightLine(Decimal(value), unit, stable, WeightKind.UNKNOWN)
    assert str(line.value) == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (OVER, NoWeightReason.OVERLOAD),
        (UNDER, NoWeightReason.UNDER_ZERO),
        (b"OL,+99999999 kg\r\n", NoWeightReason.OVERLOAD),
        (b"OL,-9999.999 kg\r\n", NoWeightReason.UNDER_ZERO),
        (b"ST,+99999999 kg\r\n", NoWeightReason.OVERLOAD),
        (COUNT, NoWeightReason.UNREADABLE),
        (b"ST,+00000125 PC\r\n", NoWeightReason.UNREADABLE),
        (b"ST,+9999999E+19\r\n", NoWeightReason.UNREADABLE),
        (b"ST,+00.12.45  g\r\n", NoWeightReason.UNREADABLE),
        (b"ST,+0012345.  g\r\n", NoWeightReason.UNREADABLE),
        (b"ST, 00123.45  g\r\n", NoWeightReason.UNREADABLE),
        (b"ST,+  123.45  g\r\n", NoWeightReason.UNREADABLE),
        (b"ST,+00123.45g  \r\n", NoWeightReason.UNREADABLE),
        (b"ST,+00123.45  g\r", NoWeightReason.UNREADABLE),
        (b"WT   +123.45  g\r\n", NoWeightReason.UNREADABLE),
        (b"+00123.45\r\n", NoWeightReason.UNREADABLE),
    ],
)
def test_what_is_no_weight_of_the_standard_format(raw, reason):
    line = AND_STANDARD.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


def test_details_say_what_to_do():
    assert "CR LF" in AND_STANDARD.decode(b"ST,+00123.45  g\rST,+00123.45  g\rST").detail
    assert 'protocol = "and-two-header"' in AND_STANDARD.decode(TWO_HEADERS).detail
    assert "switch it to weighing" in AND_STANDARD.decode(COUNT).detail


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (NOT_READY, NoWeightReason.NOT_READY),
        (b"EC,E00\r\n", NoWeightReason.WRONG_PARITY),
        (b"EC,E01\r\n", NoWeightReason.COMMAND_REFUSED),
        (b"EC,E11\r\n", NoWeightReason.NOT_READY),
        (b"EC,E20\r\n", NoWeightReason.DEVICE_ERROR),
    ],
)
def test_errors(raw, reason):
    line = framed(AND_STANDARD, raw)
    assert isinstance(line, ErrorLine)
    assert line.reason is reason


def test_an_acknowledge():
    assert framed(AND_STANDARD, ACKNOWLEDGE) == AnswerLine("ACK", Outcome.DONE)


@pytest.mark.parametrize(
    ("raw", "value", "unit", "stable", "kind"),
    [
        (TWO_HEADERS, "12.34", KG, True, WeightKind.GROSS),
        (b"US,NT,-0012.34kg\r\n", "-12.34", KG, False, WeightKind.NET),
        (b"US,NT,-  0.250kg\r\n", "-0.250", KG, False, WeightKind.NET),
        (b"ST,GS,   0.250kg\r\n", "0.250", KG, True, WeightKind.GROSS),
        (b"ST,GS,  -0.250KG\r\n", "-0.250", KG, True, WeightKind.GROSS),
        (b"ST,TR,+0012.34 g\r\n", "12.34", G, True, WeightKind.TARE),
        (b"ST,PT,+0012.34lb\r\n", "12.34", LB, True, WeightKind.TARE),
        (b"ST,G~,+0012,34kg\r\n", "12.34", KG, True, WeightKind.GROSS),
    ],
)
def test_a_weight_with_two_headers(raw, value, unit, stable, kind):
    line = framed(AND_TWO_HEADER, raw)
    assert line == WeightLine(Decimal(value), unit, stable, kind)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"ST,GS,+00012.34kg\r\n", "12.34"),
        (b"ST,GS,+0012.34 kg\r\n", "12.34"),
        (b"ST,GS,+0012.34,kg\r\n", "12.34"),
        (b"ST,GS,-00012.34 kg\r\n", "-12.34"),
        (b"ST,N,-0012.34kg\r\n", "-12.34"),
    ],
)
def test_lines_of_another_length_need_it_entered(raw, value):
    line = AND_TWO_HEADER.decode(raw)
    assert line.reason is NoWeightReason.UNREADABLE
    assert f"set frame_bytes = {len(raw)} in config.toml" in line.detail
    protocol = make(ProtocolOptions(frame_bytes=len(raw)))
    assert protocol.decode(raw).value == Decimal(value)
    assert not isinstance(protocol.decode(TWO_HEADERS), WeightLine)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"OL,GS,+9999999kg\r\n", NoWeightReason.OVERLOAD),
        (b"OL,GS,-9999999kg\r\n", NoWeightReason.UNDER_ZERO),
        (b"OL,GS,+       kg\r\n", NoWeightReason.OVERLOAD),
        (b"OL,NT,-            \r\n", NoWeightReason.UNDER_ZERO),
        (b"ST,GS,+9999999kg\r\n", NoWeightReason.OVERLOAD),
        (b"ST,GS,+       kg\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS,+ -12.34kg\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS,+0012.34pc\r\n", NoWeightReason.UNREADABLE),
        (b"ST,GS,+012.34 kg\r\n", NoWeightReason.UNREADABLE),
        (b"ST,G,+000012.34g\r\n", NoWeightReason.UNREADABLE),
        (b"ST,XX,+0012.34kg\r\n", NoWeightReason.UNREADABLE),
        (b"T,GS,+00012.34kg\r\n", NoWeightReason.UNREADABLE),
        (b" 0012.34\r\n", NoWeightReason.UNREADABLE),
    ],
)
def test_what_is_no_weight_with_two_headers(raw, reason):
    line = AND_TWO_HEADER.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


def test_an_impossible_length_is_refused():
    with pytest.raises(ValueError, match="frame_bytes = 300"):
        make(ProtocolOptions(frame_bytes=300))


def scale(load, *, unit=G, division=10, kind=AndDevice, **more):
    pan = Pan(15_000_000, division, seed=1, settle_seconds=0.4)
    pan.put(load, 0.0)
    return kind(DeviceSetup(pan, unit, "B1", 10.0), **more), pan


def asked(device, request, now=1.0):
    device.receive(request + b"\r\n", now)
    return b"".join(device.due(now))


def test_the_scale_sends_the_published_lines():
    assert asked(scale(123_450)[0], b"Q") == STABLE_G
    assert asked(scale(12_345_000, unit=KG, division=1000)[0], b"SI") == STABLE_KG
    assert asked(scale(16_000_000)[0], b"Q") == OVER
    assert asked(scale(-16_000_000)[0], b"Q") == UNDER
    device, pan = scale(183_690)
    assert asked(device, b"T") == b""
    pan.put(0, 1.0)
    assert asked(device, b"Q", 2.0) == b"ST," + MOVING_MINUS[3:]
    pan.restless = True
    assert asked(device, b"Q", 2.0)[:6] == MOVING_MINUS[:6]
    assert asked(device, b"Z", 2.0) == b""
    assert asked(device, b"Q", 2.0) == NOT_READY
    indicator, _ = scale(12_340_000, unit=KG, division=10_000, kind=AndTwoHeaderDevice)
    assert indicator.due(1.0) == [TWO_HEADERS]


def test_zero_is_acknowledged_twice_if_the_scale_is_set_so():
    device, pan = scale(100_000, acknowledges=True)
    pan.restless = True
    assert asked(device, b"Z") == ACKNOWLEDGE
    assert device.due(2.0) == []
    pan.restless = False
    assert device.due(3.0) == [ACKNOWLEDGE]
    assert asked(device, b"Q", 3.0) == b"ST,+00000.00  g\r\n"


def test_zero_of_a_large_load_tares_it():
    device, pan = scale(1_000_000)
    assert asked(device, b"R") == b""
    assert (pan.tare_mg, asked(device, b"Q")) == (1_000_000, b"ST,+00000.00  g\r\n")


def test_a_stream_until_it_is_cancelled_and_a_wait_that_ends():
    device, pan = scale(123_450)
    device.receive(AND_STANDARD.commands.stream, 1.0)
    assert device.due(1.0) == device.due(1.1) == [STABLE_G]
    device.receive(AND_STANDARD.commands.quiet, 1.2)
    assert device.due(2.0) == []
    assert asked(device, b"S", 2.0) == STABLE_G
    pan.restless = True
    assert asked(device, b"S", 3.0) == b""
    assert device.due(9.0) == [b"EC,E11\r\n"]
    assert asked(device, b"XX", 9.0) == b"EC,E01\r\n"


def test_an_indicator_streams_and_takes_no_commands():
    device, pan = scale(12_340_000, unit=KG, division=10_000, kind=AndTwoHeaderDevice)
    assert AND_TWO_HEADER.commands == Commands()
    device.receive(b"MZ\r\nRW\r\n", 0.5)
    assert device.due(1.0) == device.due(1.1) == [TWO_HEADERS]
    device.press_tare(1.2)
    pan.put(12_090_000, 1.2)
    assert device.due(2.0) == [b"ST,NT,-0000.25kg\r\n"]
    pan.tare_mg = 0
    pan.put(100_000, 2.0)
    device.press_zero(3.0)
    assert device.due(3.0) == [b"ST,GS,+0000.00kg\r\n"]
    pan.put(20_000_000, 3.0)
    assert device.due(4.0) == [b"OL,GS,+9999999kg\r\n"]
