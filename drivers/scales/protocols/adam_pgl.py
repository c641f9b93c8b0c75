"""Adam Equipment PGL, Nimbus and Highland balances (Highland in output format 2).

A line of 16 characters and CR LF: the sign (blank or ``-``), the number right aligned in twelve
columns, the unit in three (one letter stands in the middle: ``" g "``). The host sends ``!KP`` and
CR for a print and gets ``!EU``, ``!EK`` or ``!EF`` and CR for what the balance does not know.
Source: Adam Equipment, PGL user manual and Highland user manual, chapters RS-232 interface.

The line says nothing about stability (``UNAVAILABLE``; no reading is called stable here), about
range or net and gross, and has no checksum: a digit that was changed to another digit cannot be
detected. No answer to the tare command ``!KT`` is documented, so the station does not send it.
Highland balances add each print to a total of their own, unless that is switched off there.
"""

import re
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, filled_with_nines, unreadable
from returnbench.drivers.scales.plain_number import decimals_fault
from returnbench.drivers.scales.protocol import (
    Commands,
    Decoded,
    ErrorLine,
    NoWeightLine,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.weighing import NoWeightReason, StabilitySource, WeightUnit

WEIGHT_COLUMNS = 12

_LINE_LIMIT = 40
_LINE_FEEDS = b"\n\x8a"
_RETURNS = b"\r\x8d"
# A1h is the ! of a balance that sends seven bits with odd parity.
_ERROR_MARKS = b"!\xa1"
_WEIGHT = re.compile(
    rf"(?P<sign>[\x20+-])(?P<field>[\x20-~]{{{WEIGHT_COLUMNS}}})(?P<unit>[\x20-~]{{3}})\r\n"
)
_NUMBER = re.compile(r"\x20*[0-9]+(?:\.[0-9]+)?")
_UNITS = {" g ": WeightUnit.G, "kg ": WeightUnit.KG, "lb ": WeightUnit.LB, "oz ": WeightUnit.OZ}
_ERRORS = {
    b"!EU\r": ErrorLine(NoWeightReason.COMMAND_REFUSED, "!EU: command not known to the balance"),
    b"!EK\r": ErrorLine(NoWeightReason.COMMAND_REFUSED, "!EK: the balance has no such key"),
    b"!EF\r": ErrorLine(NoWeightReason.COMMAND_REFUSED, "!EF: wrong form of the command"),
}
_TITLE = "Adam PGL, Nimbus, Highland"


class PglFramer:
    """Lines that end with a line feed, and errors (``!EU``) that end with a bare CR."""

    def __init__(self) -> None:
        self._begun = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ``data`` completes.

        A line that is too long comes out in pieces without an end, and its rest is dropped.
        """
        frames: list[bytes] = []
        for byte in data:
            self._begun.append(byte)
            is_error = self._begun[0] in _ERROR_MARKS and byte in _RETURNS
            if byte in _LINE_FEEDS or is_error:
                if not self._overlong:
                    frames.append(bytes(self._begun))
                self.reset()
            elif len(self._begun) >= _LINE_LIMIT:
                frames.append(bytes(self._begun))
                self._begun.clear()
                self._overlong = True
        return frames

    def reset(self) -> None:
        """Forget the beginning of an unfinished line."""
        self._begun.clear()
        self._overlong = False


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one line says. Never raises."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), _TITLE)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    if raw in _ERRORS:
        return _ERRORS[raw]
    match = _WEIGHT.fullmatch(raw.decode("latin-1"))
    if match is None:
        return None
    field = match["field"]
    if _NUMBER.fullmatch(field) is None:
        return unreadable(f"{field!r} is not a number right aligned in {WEIGHT_COLUMNS} columns")
    if filled_with_nines(field):
        return NoWeightLine(NoWeightReason.OVERLOAD, "all nines: above the range")
    unit = _UNITS.get(match["unit"])
    if unit is None:
        return unreadable(
            f"unit {match['unit']!r} is not one of g, kg, lb, oz: change it on the balance"
        )
    number = field.strip()
    if options.decimals is not None and (fault := decimals_fault(number, options.decimals)):
        return fault
    return WeightLine(
        Decimal(match["sign"].strip() + number),
        unit,
        stable=False,
        stability=StabilitySource.UNAVAILABLE,
    )


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one balance; ``decimals`` is checked if given."""
    commands = Commands(poll=b"!KP\r", poll_seconds=0.5)
    return ScaleProtocol("adam-pgl", _TITLE, PglFramer, partial(decode, options=options), commands)


ADAM_PGL = make(ProtocolOptions())
