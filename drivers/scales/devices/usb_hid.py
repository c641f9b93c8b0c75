"""The device's side of USB HID scales: one report for each weight."""

from returnbench.drivers.scales.display import Display
from returnbench.drivers.scales.protocols.usb_hid import REPORT_ID, UNIT_CODES, report_line
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range
from returnbench.drivers.scales.streaming_device import StreamingDevice

_FAULT, _ZERO, _MOVING, _STABLE, _UNDER, _OVER = 1, 2, 3, 4, 5, 6
_CODES = {unit: code for code, unit in UNIT_CODES.items()}
_LARGEST = 0xFFFE


def report(display: Display, shown: Indication, fault: str) -> bytes:
    """The six bytes of one report. Below zero the field carries the magnitude, as scales do."""
    number = display.number(shown.milligrams)
    steps = int(number.lstrip("-").replace(".", ""))
    status = _status(shown, fault, steps, negative=number.startswith("-"))
    if status in (_FAULT, _OVER):
        steps = 0
    header = bytes([REPORT_ID, status, _CODES[display.unit], -display.decimals & 0xFF])
    return header + min(steps, _LARGEST).to_bytes(2, "little")


def _status(shown: Indication, fault: str, steps: int, *, negative: bool) -> int:
    if fault:
        return _FAULT
    if shown.range is Range.UNDER or negative:
        return _UNDER
    if shown.range is Range.OVER or steps > _LARGEST:
        return _OVER
    if not shown.stable:
        return _MOVING
    return _STABLE if steps else _ZERO


def usb_hid_device(setup: DeviceSetup) -> StreamingDevice:
    """A USB scale of the HID class, each report as one line of hexadecimal digits."""
    return StreamingDevice(
        setup, lambda display, shown, fault: report_line(report(display, shown, fault))
    )
