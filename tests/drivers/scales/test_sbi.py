"""Lines of Sartorius SBI with 16 and 22 characters, and the balances that print them."""

from decimal import Decimal

import pytest

from returnbench.drivers.scales.devices.sbi import Sbi16Device, Sbi22Device
from returnbench.drivers.scales.protocol import NoWeightLine, WeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.sbi import SBI_16, SBI_22, make_16, make_22
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import NoWeightReason, StabilitySource, WeightKind, WeightUnit

G, KG = WeightUnit.G, WeightUnit.KG
STABLE_16 = bytes.fromhex("2B 20 20 31 31 31 2E 32 35 35 20 67 20 20 0D 0A")
MOVING_16 = bytes.fromhex("2B 20 20 31 31 31 2E 32 35 35 20 20 20 20 0D 0A")
STABLE_22 = bytes.fromhex("4E 20 20 20 20 20 2B 20 20 20 31 32 33 2E 35 36 20 67 20 20 0D 0A")
MOVING_22 = bytes.fromhex("4E 20 20 20 20 20 2B 20 20 20 31 32 33 2E 35 36 20 20 20 20 0D 0A")
HIGH_16 = bytes.fromhex("20 20 20 20 20 20 48 69 67 68 20 20 20 20 0D 0A")
HIGH_22 = bytes.fromhex("53 74 61 74 20 20 20 20 20 20 20 20 48 69 67 68 20 20 20 20 0D 0A")
ERROR_22 = bytes.fromhex("53 74 61 74 20 20 20 20 20 45 52 52 20 30 35 34 20 20 20 20 0D 0A")
BRACKETS = bytes.fromhex("2B 20 20 31 32 33 2E 35 5B 36 5D 67 20 20 0D 0A")
IN_GRAMS = ProtocolOptions(unit=G)


def framed(protocol, raw):
    (frame,) = protocol.framer().feed(raw)
    assert frame == raw
    return protocol.decode(frame)


@pytest.mark.parametrize(
    ("protocol", "raw", "value", "unit", "kind"),
    [
        (SBI_16, STABLE_16, "111.255", G, WeightKind.UNKNOWN),
        (SBI_16, BRACKETS, "123.56", G, WeightKind.UNKNOWN),
        (SBI_16, b"-     12[5]kg \r\n", "-125", KG, WeightKind.UNKNOWN),
        (SBI_16, b"    123.[5]g  \r\n", "123.5", G, WeightKind.UNKNOWN),
        (SBI_16, b"-  111,255 kg \r\n", "-111.255", KG, WeightKind.UNKNOWN),
        (SBI_16, b"     0.000 g  \r\n", "0.000", G, WeightKind.UNKNOWN),
        (SBI_22, STABLE_22, "123.56", G, WeightKind.NET),
        (SBI_22, b"G#    -   123.56 kg \r\n", "-123.56", KG, WeightKind.GROSS),
        (SBI_22, b"T     +   123.56 g  \r\n", "123.56", G, WeightKind.TARE),
    ],
)
def test_a_stable_weight(protocol, raw, value, unit, kind):
    line = framed(protocol, raw)
    assert line == WeightLine(Decimal(value), unit, True, kind)
    assert str(line.value) == value


@pytest.mark.parametrize(
    ("make", "raw", "value", "kind"),
    [
        (make_16, MOVING_16, "111.255", WeightKind.UNKNOWN),
        (make_22, MOVING_22, "123.56", WeightKind.NET),
    ],
)
def test_a_moving_weight_needs_the_unit_of_the_site(make, raw, value, kind):
    without = make(ProtocolOptions()).decode(raw)
    assert isinstance(without, NoWeightLine)
    assert without.reason is NoWeightReason.IN_MOTION
    line = make(IN_GRAMS).decode(raw)
    assert line == WeightLine(Decimal(value), G, False, kind)
    assert line.stability is StabilitySource.DEVICE


@pytest.mark.parametrize(
    ("protocol", "raw", "reason"),
    [
        (SBI_16, HIGH_16, NoWeightReason.OVERLOAD),
        (SBI_16, b"      Low     \r\n", NoWeightReason.UNDER_ZERO),
        (SBI_16, b"       --     \r\n", NoWeightReason.NOT_READY),
        (SBI_16, b"   Cal.Ext.   \r\n", NoWeightReason.NOT_READY),
        (SBI_16, b"   Err 054    \r\n", NoWeightReason.DEVICE_ERROR),
        (SBI_16, b"+999999999 g  \r\n", NoWeightReason.OVERLOAD),
        (SBI_22, HIGH_22, NoWeightReason.OVERLOAD),
        (SBI_22, b"Stat        Low     \r\n", NoWeightReason.UNDER_ZERO),
        (SBI_22, ERROR_22, NoWeightReason.DEVICE_ERROR),
        (SBI_22, b"Stat     APP.ERR    \r\n", NoWeightReason.DEVICE_ERROR),
        (SBI_22, b"Qnt   +      125 pcs\r\n", NoWeightReason.UNREADABLE),
        (SBI_22, b"Nom   +   123.56 g  \r\n", NoWeightReason.UNREADABLE),
        (SBI_22, b"Stat  +   123.56 g  \r\n", NoWeightReason.UNREADABLE),
        (SBI_22, b" N    +   123.56 g  \r\n", NoWeightReason.UNREADABLE),
        (SBI_16, b"+  111.255  g \r\n", NoWeightReason.UNREADABLE),
        (SBI_16, b"+ 111.255  g  \r\n", NoWeightReason.UNREADABLE),
        (SBI_16, b"+ -111.255 g  \r\n", NoWeightReason.UNREADABLE),
        (SBI_16, b"+  111.25. g  \r\n", NoWeightReason.UNREADABLE),
        (SBI_16, b"+  111.255 pcs\r\n", NoWeightReason.UNREADABLE),
        (SBI_16, b"+  123.5[6 g  \r\n", NoWeightReason.UNREADABLE),
        (SBI_16, b"+  [23.56] g  \r\n", NoWeightReason.UNREADABLE),
        (SBI_16, b"+  123.[5] g  \r\n", NoWeightReason.UNREADABLE),
        (SBI_16, b"+             \r\n", NoWeightReason.UNREADABLE),
    ],
)
def test_what_is_no_weight(protocol, raw, reason):
    line = protocol.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


def test_the_other_length_is_named():
    assert 'protocol = "sbi-22"' in SBI_16.decode(STABLE_22).detail
    assert 'protocol = "sbi-16"' in SBI_22.decode(STABLE_16).detail
    assert 'protocol = "sbi-16"' in SBI_22.decode(HIGH_16).detail


def balance(load, *, kind=Sbi16Device, division=5, **more):
    pan = Pan(15_000_000, division, seed=1, settle_seconds=0.4)
    pan.put(load, 0.0)
    return kind(DeviceSetup(pan, G, "B1", 10.0), **more), pan


def asked(device, request, now=1.0):
    device.receive(request, now)
    return b"".join(device.due(now))


def test_the_balance_prints_the_published_lines():
    assert asked(balance(111_255)[0], b"\x1bP") == STABLE_16
    assert asked(balance(16_000_000)[0], b"\x1bP\r\n") == HIGH_16
    assert asked(balance(16_000_000, kind=Sbi22Device)[0], b"\x1bP") == HIGH_22
    device, pan = balance(123_560, kind=Sbi22Device, division=10)
    assert asked(device, b"\x1bP") == STABLE_22
    pan.restless = True
    moving = asked(device, b"\x1bP")
    assert (moving[:8], moving[16:]) == (MOVING_22[:8], MOVING_22[16:])
    device.hardware_error = "54"
    assert asked(device, b"\x1bP") == ERROR_22
    device, pan = balance(111_255)
    pan.restless = True
    moving = asked(device, b"\x1bP")
    assert (moving[:1], moving[10:]) == (MOVING_16[:1], MOVING_16[10:])


def test_zero_and_tare_are_done_without_a_word():
    device, pan = balance(100_000)
    assert asked(device, SBI_16.commands.zero.request) == b""
    assert asked(device, b"\x1bP") == b"     0.000 g  \r\n"
    pan.put(1_100_000, 1.0)
    assert asked(device, SBI_16.commands.tare.request, 2.0) == b""
    assert pan.tare_mg == 1_000_000
    pan.put(0, 2.0)
    assert asked(device, b"\x1bP", 3.0) == b"- 1100.000 g  \r\n"
    assert asked(device, b"\x1bT", 3.0) == b""
    assert asked(device, b"\x1bP", 3.0) == b"     0.000 g  \r\n"
    assert SBI_16.commands.zero.answers == SBI_22.commands.tare.answers == frozenset()


def test_commands_may_be_long_unfinished_or_unknown():
    device, _ = balance(111_255)
    assert asked(device, b"\x1bx1_\x1bQ\x1bkP_") == STABLE_16
    assert asked(device, b"P\r\n") == b""
    assert asked(device, b"\x1b") == b""
    assert asked(device, b"P") == STABLE_16
    assert asked(device, b"\x1bx11111111111\x1bP") == STABLE_16


def test_with_automatic_output_the_print_command_switches_it():
    device, _ = balance(111_255, auto_print=True)
    assert device.due(1.0) == device.due(1.1) == [STABLE_16]
    assert asked(device, b"\x1bP", 1.2) == b""
    assert device.due(2.0) == []
    assert asked(device, b"\x1bP", 3.0) == STABLE_16
