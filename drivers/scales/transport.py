"""The way to a scale: a serial port or anything else that a URL names."""

import errno
import logging
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import serial
from serial.tools import list_ports

from returnbench.drivers.scales.hidraw import open_hidraw
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.inspect.weighing import NoWeightReason

log = logging.getLogger(__name__)

READ_SECONDS = 0.05
"""How long one read waits: the longest time until a stop or a command is noticed."""

_WRITE_SECONDS = 1.0

# pyserial lets three families through when a device goes away: its own exception, plain OSError
# (from ``in_waiting``) and termios.error (from flushing), which is neither.
_DEVICE_GONE = (serial.SerialException, OSError, termios.error)

_BY_ID = Path("/dev/serial/by-id")

_BUSY = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EBUSY})
_DENIED = frozenset({errno.EACCES, errno.EPERM})


class PortError(Exception):
    """A port cannot be used.

    ``code`` is the stable code of the device's health, ``reason`` what stands in the place of the
    weight, the text what the system said.
    """

    def __init__(self, code: str, reason: NoWeightReason, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.reason = reason


class SerialDevice(Protocol):
    """What pyserial's ports of every kind have in common."""

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read without waiting."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes, fewer when the time is over."""

    def write(self, data: bytes, /) -> int | None:
        """Send bytes."""

    def close(self) -> None:
        """Close the port."""


class Port:
    """An open port. Reading and writing raise :class:`PortError` once the device is gone."""

    def __init__(self, device: SerialDevice) -> None:
        self._device = device

    def read(self) -> tuple[bytes, int]:
        """Whatever arrives within ``READ_SECONDS``, and the monotonic time in ns of its last byte.

        Raises:
            PortError: the device is gone.

        """
        try:
            data = self._device.read(1)
            waiting = self._device.in_waiting if data else 0
            if waiting:
                data += self._device.read(waiting)
        except _DEVICE_GONE as error:
            raise _lost(error) from error
        return data, time.monotonic_ns()

    def write(self, data: bytes) -> None:
        """Send ``data``.

        Raises:
            PortError: the device is gone, or its flow control holds us back.

        """
        try:
            self._device.write(data)
        except _DEVICE_GONE as error:
            raise _lost(error) from error

    def close(self) -> None:
        """Close the port; a device that is gone already is no error."""
        try:
            self._device.close()
        except _DEVICE_GONE as error:
            log.debug("closing the port: %s", error)


def _lost(error: BaseException) -> PortError:
    return PortError("connection-lost", NoWeightReason.CONNECTION_LOST, str(error))


def open_port(settings: ScaleSettings) -> Port:
    """Open the port of a scale for this process alone and drop what had arrived before.

    Raises:
        PortError: ``port-missing``, ``port-busy`` or ``port-denied``.

    """
    try:
        if settings.url.startswith("hidraw://"):
            return Port(open_hidraw(settings.url, READ_SECONDS))
        device = serial.serial_for_url(settings.url, do_not_open=True)
        device.baudrate = settings.baud
        device.bytesize = settings.bytesize
        device.parity = settings.parity
        device.stopbits = settings.stopbits
        device.xonxoff = settings.xonxoff
        device.rtscts = settings.rtscts
        device.dtr = settings.dtr
        device.rts = settings.rts
        device.timeout = READ_SECONDS
        device.write_timeout = _WRITE_SECONDS
        if "://" not in settings.url:
            # Without it a second program reads half of our bytes and nobody notices.
            device.exclusive = True
        device.open()
    except ValueError as error:
        raise PortError("port-missing", NoWeightReason.PORT_MISSING, str(error)) from error
    except _DEVICE_GONE as error:
        raise _not_opened(error) from error
    return Port(cast(SerialDevice, device))


def _not_opened(error: BaseException) -> PortError:
    number = getattr(error, "errno", None)
    if number in _BUSY:
        return PortError("port-busy", NoWeightReason.PORT_BUSY, str(error))
    if number in _DENIED:
        return PortError("port-denied", NoWeightReason.PORT_MISSING, str(error))
    return PortError("port-missing", NoWeightReason.PORT_MISSING, str(error))


def existing_ports() -> Sequence[str]:
    """Names of the serial ports of this machine; the lasting names (by id) come first."""
    lasting = sorted(str(path) for path in _BY_ID.iterdir()) if _BY_ID.is_dir() else []
    return lasting + sorted(port.device for port in list_ports.comports())
