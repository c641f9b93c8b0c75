"""USB scales of the HID class: usage page 8Dh, one report of six bytes for each weight.

Report id (3), status, unit, exponent of ten (signed), weight (unsigned, 16 bits, low byte first).
Source: USB Implementers Forum, "HID Point of Sale Usage Tables", weighing devices; the layout of
the report as scales of Dymo, Stamps.com and Fairbanks send it.

A weight below zero has no number of its own: status 5 is no weight, whatever the field says. A
report with id 0 is an empty buffer. A field of all ones is refused. Net and gross are not told.
Reports are protected by the check of the USB packet; there is none in the report.

Weak: some scales send their weights in report 4; that is read only where the site enters
``report_id = 4``. Zeroing by a report works on one model and stops another one, so it is not
done. Scales of this kind are normally not legal for trade.

On the way from the device to the decoder a report is one line of hexadecimal digits: a stream of
bytes does not keep the limits of packets, lines do.
"""

import re
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import unreadable
from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.protocol import (
    Commands,
    Decoded,
    NoWeightLine,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.weighing import NoWeightReason, WeightUnit

REPORT_ID = 3
REPORT_BYTES = 6

_LONGEST_REPORT = 64
_LINE = re.compile(rb"(?:[0-9A-F]{2})+\n")
_ZERO, _MOVING, _STABLE = 2, 3, 4
_NO_WEIGHT = {
    1: NoWeightLine(NoWeightReason.DEVICE_ERROR, "status 1: fault of the scale"),
    5: NoWeightLine(NoWeightReason.UNDER_ZERO, "status 5: below zero"),
    6: NoWeightLine(NoWeightReason.OVERLOAD, "status 6: overload"),
    7: NoWeightLine(
        NoWeightReason.DEVICE_ERROR, "status 7: the scale must be calibrated: see its manual"
    ),
    8: NoWeightLine(
        NoWeightReason.NOT_READY, "status 8: empty the pan and press the zero key of the scale"
    ),
}
UNIT_CODES = {
    1: WeightUnit.MG,
    2: WeightUnit.G,
    3: WeightUnit.KG,
    11: WeightUnit.OZ,
    12: WeightUnit.LB,
}
_OTHER_UNITS = {
    4: "carat",
    5: "tael",
    6: "grain",
    7: "pennyweight",
    8: "metric ton",
    9: "avoirdupois ton",
    10: "troy ounce",
}
_ALL_ONES = 0xFFFF
# No display has more digits than this on either side; a larger exponent is a damaged report.
_LARGEST_EXPONENT = 6
_TITLE = "USB HID scale"


def report_line(report: bytes) -> bytes:
    """``report`` as one line of a stream of bytes."""
    return report.hex().upper().encode("ascii") + b"\n"


class ReportFramer:
    """Turns lines of hexadecimal digits back into reports; what is no such line is empty."""

    def __init__(self) -> None:
        self._lines = LineFramer(b"\n", 2 * _LONGEST_REPORT + 1)

    def feed(self, data: bytes) -> list[bytes]:
        """The reports that ``data`` completes."""
        return [_report_of(line) for line in self._lines.feed(data)]

    def reset(self) -> None:
        """Forget the beginning of an unfinished line."""
        self._lines.reset()


def _report_of(line: bytes) -> bytes:
    return bytes.fromhex(line.decode("ascii")) if _LINE.fullmatch(line) else b""


def decode(raw: bytes, report_id: int = REPORT_ID) -> Decoded:
    """What one report says. Never raises. ``report_id`` is the report that carries weights."""
    if not raw:
        return unreadable("not a report of a USB scale: for one, set url to hidraw:///dev/hidraw0")
    if len(raw) != REPORT_BYTES:
        return unreadable(f"a report of {len(raw)} bytes instead of {REPORT_BYTES}")
    if raw[0] == 0:
        return unreadable("report 0: an empty buffer, not a report of the scale")
    if raw[0] != report_id:
        return unreadable(
            f"report {raw[0]} instead of {report_id}: if this scale sends its weights in it, set "
            f"report_id = {raw[0]} in config.toml"
        )
    status = raw[1]
    if status in _NO_WEIGHT:
        return _NO_WEIGHT[status]
    if status not in (_ZERO, _MOVING, _STABLE):
        return unreadable(f"status {status} is not defined")
    return _weight(raw)


def _weight(raw: bytes) -> Decoded:
    status, unit_code = raw[1], raw[2]
    exponent = int.from_bytes(raw[3:4], "little", signed=True)
    steps = int.from_bytes(raw[4:6], "little")
    unit = UNIT_CODES.get(unit_code)
    if unit is None:
        name = _OTHER_UNITS.get(unit_code, "not defined")
        return unreadable(
            f"unit {unit_code} ({name}) is not one of mg, g, kg, oz, lb: change it on the scale"
        )
    if abs(exponent) > _LARGEST_EXPONENT:
        return unreadable(f"an exponent of {exponent} is more than any display shows")
    if steps == _ALL_ONES:
        return NoWeightLine(NoWeightReason.OVERLOAD, "a field of all ones: above the range")
    if status == _ZERO and steps != 0:
        return unreadable(f"the scale says that it shows zero, and sends {steps} steps")
    value = Decimal(steps * 10**exponent) if exponent > 0 else Decimal(steps).scaleb(exponent)
    return WeightLine(value, unit, status != _MOVING)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one scale; ``report_id`` where it is not 3."""
    report_id = REPORT_ID if options.report_id is None else options.report_id
    return ScaleProtocol(
        "usb-hid", _TITLE, ReportFramer, partial(decode, report_id=report_id), Commands()
    )


USB_HID = make(ProtocolOptions())
