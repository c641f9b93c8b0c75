"""What the reports of USB HID scales mean, and how they travel as lines."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.usb_hid import usb_hid_device
from returnbench.drivers.scales.protocol import Commands, NoWeightLine, WeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.usb_hid import USB_HID, decode, make, report_line
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import (
    NoWeightReason,
    StabilitySource,
    WeightKind,
    WeightUnit,
    to_milligrams,
)

G, KG, LB, OZ = WeightUnit.G, WeightUnit.KG, WeightUnit.LB, WeightUnit.OZ

WEIGHTS = [
    ("03 04 02 00 02 00", "2", G, True),
    ("03 04 0B FF 1B 01", "28.3", OZ, True),
    ("03 03 0B FF 1B 01", "28.3", OZ, False),
    ("03 02 02 00 00 00", "0", G, True),
    ("03 04 0C FE D3 04", "12.35", LB, True),
]
NO_WEIGHTS = [
    ("03 05 02 00 E7 03", NoWeightReason.UNDER_ZERO),
    ("03 06 02 00 00 00", NoWeightReason.OVERLOAD),
    ("00 00 00 00 00 00", NoWeightReason.UNREADABLE),
]
REPORTS = [bytes.fromhex(line[0]) for line in [*WEIGHTS, *NO_WEIGHTS]]


def heard(*chunks):
    framer = USB_HID.framer()
    return [USB_HID.decode(raw) for chunk in chunks for raw in framer.feed(chunk)]


@pytest.mark.parametrize(("text", "value", "unit", "stable"), WEIGHTS)
def test_a_weight_keeps_decimals_unit_and_stability(text, value, unit, stable):
    line = decode(bytes.fromhex(text))
    assert line == WeightLine(
        Decimal(value), unit, stable, WeightKind.UNKNOWN, StabilitySource.DEVICE
    )
    assert str(line.value) == value


@pytest.mark.parametrize(("text", "reason"), NO_WEIGHTS)
def test_no_weight_has_its_own_reason(text, reason):
    assert decode(bytes.fromhex(text)).reason is reason


def test_each_status_is_told_apart():
    details = {}
    for status in range(256):
        line = decode(bytes([3, status, 2, 0, 0, 0]))
        if isinstance(line, NoWeightLine):
            details[status] = (line.reason, line.detail)
    assert set(range(256)) - set(details) == {2, 3, 4}
    assert details[1][0] is NoWeightReason.DEVICE_ERROR
    assert details[7][0] is NoWeightReason.DEVICE_ERROR
    assert details[8][0] is NoWeightReason.NOT_READY
    assert len({details[status] for status in (1, 5, 6, 7, 8)}) == 5
    assert all(details[status][0] is NoWeightReason.UNREADABLE for status in (0, *range(9, 256)))


def test_the_status_comes_before_unit_exponent_and_digits():
    for status, reason in [(5, NoWeightReason.UNDER_ZERO), (6, NoWeightReason.OVERLOAD)]:
        assert decode(bytes([3, status, 0, 100, 0xFF, 0xFF])).reason is reason


def test_each_unit_code():
    for code in range(256):
        line = decode(bytes([3, 4, code, 0, 5, 0]))
        if code in (1, 2, 3, 11, 12):
            unit = {1: WeightUnit.MG, 2: G, 3: KG, 11: OZ, 12: LB}[code]
            assert line == WeightLine(Decimal(5), unit, True)
        else:
            assert line.reason is NoWeightReason.UNREADABLE
            assert "change it on the scale" in line.detail
    assert "carat" in decode(bytes([3, 4, 4, 0, 5, 0])).detail


def test_the_exponent_is_signed():
    assert str(decode(bytes([3, 4, 2, 0xFD, 0xD2, 0x04])).value) == "1.234"
    assert str(decode(bytes([3, 4, 2, 2, 5, 0])).value) == "500"
    assert decode(bytes([3, 4, 2, 0x80, 5, 0])).reason is NoWeightReason.UNREADABLE
    assert decode(bytes([3, 4, 2, 0x7F, 5, 0])).reason is NoWeightReason.UNREADABLE


def test_contradictions_and_all_ones_are_no_weight():
    assert decode(bytes([3, 2, 2, 0, 1, 0])).reason is NoWeightReason.UNREADABLE
    assert decode(bytes([3, 4, 2, 0, 0xFF, 0xFF])).reason is NoWeightReason.OVERLOAD
    assert decode(bytes([3, 4, 2, 0, 0xFE, 0xFF])).value == 65534


def test_another_report_needs_a_word_of_the_site():
    report = bytes.fromhex("04 04 02 00 02 00")
    assert "report_id = 4" in USB_HID.decode(report).detail
    fourth = make(ProtocolOptions(report_id=4))
    assert fourth.decode(report) == WeightLine(Decimal(2), G, True)
    assert not isinstance(fourth.decode(REPORTS[0]), WeightLine)
    assert not isinstance(make(ProtocolOptions(report_id=0)).decode(REPORTS[7]), WeightLine)


@pytest.mark.parametrize("report", REPORTS)
def test_only_six_bytes_are_a_report(report):
    for cut in range(1, 6):
        assert not isinstance(decode(report[cut:]), WeightLine)
        assert not isinstance(decode(report[:cut]), WeightLine)
    assert not isinstance(decode(report + b"\0"), WeightLine)
    for lost in range(6):
        assert not isinstance(decode(report[:lost] + report[lost + 1 :]), WeightLine)


def test_there_are_no_commands():
    assert USB_HID.commands == Commands()


def test_whole_glued_byte_by_byte_and_after_garbage():
    stream = b"".join(report_line(report) for report in REPORTS)
    expected = [decode(report) for report in REPORTS]
    assert heard(stream) == expected
    assert heard(*(bytes([byte]) for byte in stream)) == expected
    assert heard(b"\xff\x03\x00\n" + stream)[1:] == expected
    assert heard(b"garbage" + stream)[1:] == expected[1:]


@pytest.mark.parametrize("report", REPORTS)
def test_a_line_that_lost_a_byte_is_no_report(report):
    line = report_line(report)
    for lost in range(len(line)):
        lines = heard(line[:lost] + line[lost + 1 :] + report_line(REPORTS[7]))
        assert not [seen for seen in lines if isinstance(seen, WeightLine)]


@given(st.binary(max_size=12))
def test_random_reports_never_raise_and_never_weigh_below_zero(raw):
    line = decode(raw)
    if isinstance(line, WeightLine):
        assert len(raw) == 6
        assert line.value >= 0
        assert to_milligrams(line.value, line.unit) >= 0
        assert line.stable == (raw[1] != 3)


@given(
    st.lists(
        st.one_of(st.sampled_from(REPORTS).map(report_line), st.binary(max_size=200)), max_size=8
    ),
    st.lists(st.integers(1, 30), min_size=1, max_size=20),
)
def test_any_bytes_in_any_chunks(parts, sizes):
    stream = b"".join(parts)
    framer, raws, at, turn = USB_HID.framer(), [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        raws += framer.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert raws == USB_HID.framer().feed(stream)
    for raw in raws:
        assert len(raw) <= 64
        if isinstance(decode(raw), WeightLine):
            assert report_line(raw) in stream


def build(unit=G, division_mg=1_000, settle_seconds=0.0):
    pan = Pan(15_000_000, division_mg, 1, settle_seconds)
    return pan, usb_hid_device(DeviceSetup(pan, unit, "S1", 10.0))


@given(st.integers(-15, 3000), st.sampled_from([G, KG]))
def test_every_load_comes_back(steps, unit):
    pan, device = build(unit, 5_000)
    pan.put(steps * 5_000, 0.0)
    (line,) = heard(b"".join(device.due(1.0)))
    if steps < 0:
        assert line.reason is NoWeightReason.UNDER_ZERO
    else:
        value = Decimal(steps * 5)
        assert line == WeightLine(value if unit is G else value.scaleb(-3), unit, True)


def test_the_device_sends_the_documented_reports():
    pan, device = build()

    def sent(now):
        return b"".join(device.due(now))

    assert sent(1.0) == report_line(REPORTS[3])
    pan.put(2_000, 1.0)
    assert sent(2.0) == report_line(REPORTS[0])
    pan.tare_mg = 1_001_000
    assert sent(3.0) == report_line(REPORTS[5])
    pan.tare_mg = 0
    pan.put(16_000_000, 3.0)
    assert sent(4.0) == report_line(REPORTS[6])
    device.hardware_error = "15b"
    assert heard(sent(5.0))[0].reason is NoWeightReason.DEVICE_ERROR
    device.hardware_error = ""
    pan.put(0, 5.0)
    pan.restless = True
    pan.put(500_000, 5.0)
    moving = heard(sent(6.0))[0]
    assert not moving.stable
    pan.put(-21_000, 6.0)
    assert heard(sent(7.0))[0].reason is NoWeightReason.UNDER_ZERO


def test_more_steps_than_the_field_holds_are_overload():
    pan = Pan(150_000_000, 1_000, 1, 0.0)
    device = usb_hid_device(DeviceSetup(pan, G, "S1", 10.0))
    pan.put(70_000_000, 0.0)
    assert heard(*device.due(1.0))[0].reason is NoWeightReason.OVERLOAD
