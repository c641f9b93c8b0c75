"""Lines of Ohaus scales, and the scale that prints them."""

from decimal import Decimal

import pytest

from returnbench.drivers.scales.devices.ohaus import Layout, OhausDevice
from returnbench.drivers.scales.protocol import ErrorLine, NoWeightLine, WeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.ohaus import OHAUS, decode, make
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

G, KG = WeightUnit.G, WeightUnit.KG
NAVIGATOR_STABLE = bytes.fromhex("20 20 20 20 20 31 39 32 2E 32 31 20 67 20 0D 0A")
NAVIGATOR_MOVING = bytes.fromhex("20 20 20 20 20 31 37 36 2E 33 30 20 67 20 3F 0D 0A")
DEFENDER_NET = bytes.fromhex("2D 20 20 20 31 2E 32 33 35 20 6B 67 20 20 20 3F 4E 45 54 0D 0A")


@pytest.mark.parametrize(
    ("raw", "value", "unit", "stable", "kind"),
    [
        (NAVIGATOR_STABLE, "192.21", G, True, WeightKind.UNKNOWN),
        (NAVIGATOR_MOVING, "176.30", G, False, WeightKind.UNKNOWN),
        (DEFENDER_NET, "-1.235", KG, False, WeightKind.NET),
        (b"    1.235 kg    G  \r\n", "1.235", KG, True, WeightKind.GROSS),
        (b"    0.500 kg    T  \r\n", "0.500", KG, True, WeightKind.TARE),
        (b"-    1.235 kg ? NET\r\n", "-1.235", KG, False, WeightKind.NET),
        (b"     1.235 kg   B/G\r\n", "1.235", KG, True, WeightKind.GROSS),
        (b"    -192.21 g  \r\n", "-192.21", G, True, WeightKind.UNKNOWN),
        (b"-    192.21 g \r\n", "-192.21", G, True, WeightKind.UNKNOWN),
        (b"     192.21 g ?NET\r\n", "192.21", G, False, WeightKind.NET),
        (b"     192.21 g  NET\r\n", "192.21", G, True, WeightKind.NET),
    ],
)
def test_a_weight_keeps_sign_decimals_kind_and_stability(raw, value, unit, stable, kind):
    (framed,) = OHAUS.framer().feed(raw)
    line = decode(framed)
    assert line == WeightLine(Decimal(value), unit, stable, kind)
    assert str(line.value) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"     192.21 g\r\n",
        b"     192.21 g NET\r\n",
        b"     192.21 g ? NET\r\n",
        b"     192.21 g  12:30:05\r\n",
        b"     192.21 g  TOTAL\r\n",
        b"     192.21 PCS \r\n",
        b"    --192.2 g \r\n",
        b"     1 2.21 g \r\n",
        b"     192,21 g \r\n",
        b"-   -1.23 kg   ?NET\r\n",
        b"-   1.235 kg    N  \r\n",
        b"-   1.235 kg   ?ET \r\n",
        b"-         kg   ?NET\r\n",
        b"   ------ kg    G  \r\n",
        b"\r\n",
        b"",
    ],
)
def test_what_is_not_exactly_a_weight_is_unreadable(raw):
    line = decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.UNREADABLE


def test_nothing_but_nines_is_out_of_range():
    assert decode(b"  9999999 kg    G  \r\n").reason is NoWeightReason.OVERLOAD
    assert decode(b"- 999.999 kg    G  \r\n").reason is NoWeightReason.UNDER_ZERO


def test_another_width_of_the_number_must_be_entered():
    raw = b"    192.21 g \r\n"
    line = decode(raw)
    assert line.reason is NoWeightReason.UNREADABLE
    assert "set weight_columns = 10 in config.toml" in line.detail
    ten = make(ProtocolOptions(weight_columns=10))
    assert ten.decode(raw) == WeightLine(Decimal("192.21"), G, True)
    assert not isinstance(ten.decode(NAVIGATOR_STABLE), WeightLine)
    assert not isinstance(ten.decode(DEFENDER_NET), WeightLine)
    assert "weight_columns" not in decode(b"  192.21 g \r\n").detail


def test_an_impossible_width_is_refused():
    with pytest.raises(ValueError, match="one of 10, 11, 12"):
        make(ProtocolOptions(weight_columns=3))


def test_a_refused_command():
    line = decode(b"ES\r\n")
    assert isinstance(line, ErrorLine)
    assert line.reason is NoWeightReason.COMMAND_REFUSED


def scale(load, unit=KG, division=5_000, layout=Layout.DEFENDER):
    pan = Pan(15_000_000, division, seed=1, settle_seconds=0.4)
    pan.put(load, 0.0)
    return OhausDevice(DeviceSetup(pan, unit, "B1", 10.0), layout), pan


def asked(device, request, now=1.0):
    device.receive(request + b"\r\n", now)
    return b"".join(device.due(now))


def test_the_scale_prints_the_published_lines():
    navigator, pan = scale(192_210, G, 10, Layout.NAVIGATOR)
    assert asked(navigator, b"IP") == NAVIGATOR_STABLE
    pan.put(176_300, 1.0)
    moving = asked(navigator, b"IP", 1.1)
    assert len(moving) == len(NAVIGATOR_MOVING)
    assert moving[11:] == NAVIGATOR_MOVING[11:]
    defender, pan = scale(1_235_000)
    assert asked(defender, b"T") == b""
    pan.put(0, 1.0)
    pan.restless = True
    still_moving = asked(defender, b"IP", 2.0)
    assert (still_moving[:1], still_moving[9:]) == (b"-", DEFENDER_NET[9:])


def test_print_when_stable_gives_up_with_es():
    device, pan = scale(1_000_000)
    pan.restless = True
    assert asked(device, b"SP") == b""
    assert device.due(5.9) == []
    assert device.due(6.1) == [b"ES\r\n"]
    pan.restless = False
    assert asked(device, b"SP", 7.0) == b"    1.000 kg    G  \r\n"
    pan.restless = True
    assert asked(device, b"1S", 8.0) == asked(device, b"P", 8.0) == b""
    pan.restless = False
    assert device.due(9.0) == [b"    1.000 kg    G  \r\n"]


def test_continuous_output_zero_and_tare():
    device, pan = scale(100_000)
    device.receive(b"CP\r\n", 1.0)
    assert len(device.due(1.0)) == len(device.due(1.1)) == 1
    assert device.due(1.15) == []
    assert asked(device, b"0P", 1.2) == b""
    assert device.due(2.0) == []
    assert asked(device, b"Z", 2.0) == b""
    assert asked(device, b"IP", 2.0) == b"    0.000 kg    G  \r\n"
    pan.put(600_000, 3.0)
    assert asked(device, b"T", 4.0) == b""
    assert asked(device, b"IP", 4.0) == b"    0.000 kg    NET\r\n"
    assert asked(device, b"0T", 4.0) == b""
    assert asked(device, b"IP", 4.0) == b"    0.500 kg    G  \r\n"
    assert asked(device, b"XX", 4.0) == b"ES\r\n"


def test_the_commands_are_those_of_the_scale():
    device, _ = scale(100_000)
    commands = OHAUS.commands
    for request in (commands.poll, commands.stream):
        device.receive(request, 1.0)
        assert all(isinstance(decode(raw), WeightLine) for raw in device.due(1.0))
    for request in (commands.quiet, commands.zero.request, commands.tare.request):
        device.receive(request, 2.0)
        assert device.due(2.0) == []
    assert commands.zero.answers == commands.tare.answers == frozenset()
