"""Reports of USB scales through hidraw files; sockets and FIFOs stand in for the device."""

import errno
import os
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.hidraw import (
    HidrawDevice,
    hid_scales,
    hidraw_path,
    open_hidraw,
    usage_pages,
)
from returnbench.drivers.scales.protocol import WeightLine
from returnbench.drivers.scales.protocols.usb_hid import USB_HID, report_line
from returnbench.drivers.scales.transport import Port, PortError
from returnbench.inspect.weighing import NoWeightReason

OLD = bytes.fromhex("030402000900")
FIRST = bytes.fromhex("030402000200")
SECOND = bytes.fromhex("030402000300")
# The beginning of the descriptor of a postal scale: usage page 8Dh, usage 20h, application.
SCALE = bytes.fromhex("058d0920a101")
KEYBOARD = bytes.fromhex("05010906a10105071900")


@pytest.fixture
def wire():
    """Both ends of a line that keeps packets apart, as hidraw does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    device = HidrawDevice(ours.detach(), 0.01)
    yield device, theirs
    theirs.close()
    device.close()


def drain(device):
    return device.read(1) + device.read(device.in_waiting)


def started(device, theirs):
    theirs.send(OLD)
    assert device.read(100) == b""
    return device


def test_the_first_report_after_opening_is_dropped(wire):
    device, theirs = wire
    theirs.send(OLD)
    assert drain(device) == b""
    theirs.send(FIRST)
    assert drain(device) == report_line(FIRST)
    assert drain(device) == b""


def test_of_reports_that_piled_up_the_newest_counts(wire):
    device, theirs = wire
    started(device, theirs)
    for report in (OLD, FIRST, SECOND):
        theirs.send(report)
    assert drain(device) == report_line(SECOND)
    assert drain(device) == b""


def test_nothing_to_read_is_no_error_and_does_not_block_for_long(wire):
    device, _ = wire
    began = time.monotonic()
    assert device.read(1) == b""
    assert time.monotonic() - began < 5


def test_a_longer_report_keeps_its_length_and_is_no_weight(wire):
    device, theirs = wire
    started(device, theirs)
    theirs.send(FIRST + b"\0\0")
    line = drain(device)
    assert line == report_line(FIRST + b"\0\0")
    assert [USB_HID.decode(raw).reason for raw in USB_HID.framer().feed(line)] == [
        NoWeightReason.UNREADABLE
    ]


def test_the_last_report_is_heard_before_the_loss(wire):
    device, theirs = wire
    started(device, theirs)
    theirs.send(FIRST)
    theirs.close()
    assert drain(device) == report_line(FIRST)
    with pytest.raises(OSError, match="gone") as raised:
        device.read(1)
    assert raised.value.errno == errno.ENODEV


def test_nothing_is_sent_to_the_scale(wire):
    device, theirs = wire
    theirs.setblocking(False)
    with pytest.raises(OSError, match="nothing is sent"):
        device.write(b"\x02\x02")
    with pytest.raises(BlockingIOError):
        theirs.recv(10)


def test_the_port_of_the_driver_reads_it_like_a_serial_port(wire):
    device, theirs = wire
    port = Port(device)
    started(device, theirs)
    theirs.send(FIRST)
    data, _ = port.read()
    lines = [USB_HID.decode(raw) for raw in USB_HID.framer().feed(data)]
    assert [isinstance(line, WeightLine) for line in lines] == [True]
    theirs.close()
    with pytest.raises(PortError) as raised:
        port.read()
    assert raised.value.code == "connection-lost"


def test_a_file_is_opened_by_its_url(tmp_path):
    path = tmp_path / "hidraw7"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    device = open_hidraw(f"hidraw://{path}", 0.01, tmp_path / "nothing")
    os.write(writer, OLD)
    assert drain(device) == b""
    os.write(writer, FIRST)
    assert drain(device) == report_line(FIRST)
    device.close()
    os.close(writer)


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_hidraw(f"hidraw://{tmp_path}/hidraw0", sysfs=tmp_path)


@pytest.mark.parametrize(
    "url",
    ["hidraw://dev/hidraw0", "hidraw:dev/hidraw0", "/dev/hidraw0", "socket://a:1", "hidraw://", ""],
)
def test_a_wrong_url_says_how_to_write_it(url):
    with pytest.raises(ValueError, match="hidraw:///dev/hidraw0"):
        hidraw_path(url)


def plug_in(sysfs, name, descriptor):
    folder = sysfs / name / "device"
    folder.mkdir(parents=True)
    (folder / "report_descriptor").write_bytes(descriptor)


def test_scales_are_found_by_what_they_say_they_are(tmp_path):
    sysfs, dev = tmp_path / "sys", tmp_path / "dev"
    assert hid_scales(sysfs, dev) == []
    plug_in(sysfs, "hidraw0", KEYBOARD)
    plug_in(sysfs, "hidraw1", SCALE)
    (sysfs / "hidraw2").mkdir()
    assert hid_scales(sysfs, dev) == [dev / "hidraw1"]


def test_a_keyboard_is_not_opened(tmp_path):
    sysfs, dev = tmp_path / "sys", tmp_path / "dev"
    dev.mkdir()
    plug_in(sysfs, "hidraw0", KEYBOARD)
    plug_in(sysfs, "hidraw1", SCALE)
    for name in ("hidraw0", "hidraw1"):
        (dev / name).touch()
    (dev / "scale").symlink_to(dev / "hidraw0")
    for name in ("hidraw0", "scale"):
        with pytest.raises(ValueError, match=r"not a scale\. USB HID scales: .*hidraw1"):
            open_hidraw(f"hidraw://{dev / name}", sysfs=sysfs)
    os.unlink(dev / "hidraw1")
    os.mkfifo(dev / "hidraw1")
    open_hidraw(f"hidraw://{dev / 'hidraw1'}", sysfs=sysfs).close()


def test_pages_of_a_descriptor():
    assert usage_pages(SCALE) == {0x8D}
    assert usage_pages(KEYBOARD) == {0x01, 0x07}
    # A long item is skipped whole; a usage of four bytes carries its page.
    assert usage_pages(bytes.fromhex("fe0310058d01") + KEYBOARD[:2]) == {0x01}
    assert usage_pages(bytes.fromhex("0b20008d00")) == {0x8D}


@given(st.binary(max_size=80))
def test_a_damaged_descriptor_never_raises(descriptor):
    assert all(page >= 0 for page in usage_pages(descriptor))
