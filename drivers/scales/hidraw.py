"""USB HID scales through Linux's hidraw files, without a library.

Each read of ``/dev/hidrawN`` gives one report as the device sent it. Every program that opens the
file gets its own copy of the reports, so nothing is stolen by a second one. Sources: Linux kernel,
"HIDRAW - Raw Access to USB and Bluetooth Human Interface Devices"; USB Implementers Forum, "Device
Class Definition for HID 1.11", section 6.2.2 (report descriptors), and "HID Point of Sale Usage
Tables" (page 8Dh, weighing devices).
"""

import errno
import os
import select
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from returnbench.drivers.scales.protocols.usb_hid import report_line

URL_SCHEME = "hidraw"
WEIGHING_DEVICES_PAGE = 0x8D

_SYSFS = Path("/sys/class/hidraw")
_DEV = Path("/dev")
_READ_SECONDS = 0.05

# Longer than any report of a scale; the kernel cuts a report that is longer than the read.
_LONGEST_REPORT = 4096
# The kernel queues at most 64 reports for a reader.
_QUEUE = 64

_LONG_ITEM = 0xFE
_ITEM_KIND = 0xFC
_USAGE_PAGE = 0x04
_USAGE = 0x08
_ITEM_BYTES = (0, 1, 2, 4)


class HidrawDevice:
    """An open hidraw file, read like a serial port: each report is one line of hexadecimal digits.

    Reports that piled up while nobody read are dropped for the newest, and so is whatever comes
    first after opening: scales are known to deliver an old report then. All methods raise
    ``OSError`` once the device is gone.
    """

    def __init__(self, descriptor: int, read_seconds: float = _READ_SECONDS) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._milliseconds = round(read_seconds * 1000)
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._lines = bytearray()
        self._first = True

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read without waiting."""
        return len(self._lines)

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; waits a short time for a report when there are none.

        Raises:
            OSError: the device is gone.

        """
        if not self._lines and self._poll.poll(self._milliseconds):
            report = self._newest()
            if report and not self._first:
                self._lines += report_line(report)
            self._first = False
        data = bytes(self._lines[:size])
        del self._lines[:size]
        return data

    def write(self, data: bytes, /) -> int:
        """Refuse: no command to a HID scale works on all of them.

        Raises:
            OSError: always.

        """
        raise OSError(errno.EOPNOTSUPP, "nothing is sent to USB HID scales")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _newest(self) -> bytes:
        newest = b""
        for _ in range(_QUEUE):
            try:
                report = os.read(self._descriptor, _LONGEST_REPORT)
            except BlockingIOError:
                break
            if not report:
                if newest:
                    break  # the next read says it
                raise OSError(errno.ENODEV, "the USB scale is gone")
            newest = report
        return newest


def hidraw_path(url: str) -> Path:
    """The file that a URL such as ``hidraw:///dev/hidraw0`` names.

    Raises:
        ValueError: the URL is not of that form.

    """
    parts = urlsplit(url)
    if parts.scheme != URL_SCHEME or parts.netloc or not parts.path.startswith("/"):
        raise ValueError(
            f"{url!r} does not name a USB scale: write it as hidraw:///dev/hidraw0 (three slashes)"
        )
    return Path(parts.path)


def open_hidraw(
    url: str, read_seconds: float = _READ_SECONDS, sysfs: Path = _SYSFS
) -> HidrawDevice:
    """Open the scale that ``url`` names, to read only.

    Raises:
        OSError: the file is missing, or may not be read.
        ValueError: the URL is wrong, or the file belongs to another kind of device (a keyboard,
            for instance, whose keys must not be read).

    """
    path = hidraw_path(url)
    pages = _pages_of(sysfs / path.resolve().name)
    if pages is not None and WEIGHING_DEVICES_PAGE not in pages:
        known = ", ".join(str(found) for found in hid_scales(sysfs)) or "none is plugged in"
        raise ValueError(f"{path} is not a scale. USB HID scales: {known}")
    return HidrawDevice(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), read_seconds)


def hid_scales(sysfs: Path = _SYSFS, dev: Path = _DEV) -> list[Path]:
    """The hidraw files whose devices describe themselves as scales, whatever their maker."""
    if not sysfs.is_dir():
        return []
    return [
        dev / entry.name
        for entry in sorted(sysfs.iterdir())
        if WEIGHING_DEVICES_PAGE in (_pages_of(entry) or frozenset())
    ]


def _pages_of(entry: Path) -> frozenset[int] | None:
    """The usage pages of a device; ``None`` when the system does not tell them."""
    try:
        return usage_pages((entry / "device" / "report_descriptor").read_bytes())
    except OSError:
        return None


def usage_pages(descriptor: bytes) -> frozenset[int]:
    """The usage pages that a report descriptor names. A damaged one never raises."""
    pages = set()
    for kind, data in _items(descriptor):
        if kind == _USAGE_PAGE:
            pages.add(int.from_bytes(data, "little"))
        elif kind == _USAGE and len(data) == 4:
            # A usage of four bytes has its page in the upper half.
            pages.add(int.from_bytes(data[2:], "little"))
    return frozenset(pages)


def _items(descriptor: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(descriptor):
        prefix = descriptor[at]
        if prefix == _LONG_ITEM:
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = _ITEM_BYTES[prefix & 3]
        yield prefix & _ITEM_KIND, descriptor[at + 1 : at + 1 + size]
        at += 1 + size
