"""SBI, the Sartorius balance interface (also Minebea Intec), with 16 or 22 characters a line.

A block of 14 characters and CR LF: sign, number right aligned in 9 columns, blank, unit left
aligned in 3 columns. A blank unit means that the weight is not stable; there is no other sign of
that. The 22-character form puts 6 columns in front that say what is sent (``N`` net, ``G#``
gross, ``T`` tare, ``Qnt`` count, ``Stat`` everything that is no weight). Source: Sartorius,
operating instructions of Quintix and Entris, chapters on the data output format. The 16-character
form does not tell net from gross.

A moving weight comes without its unit: it is a weight only where the site entered ``unit``, else
it is told as movement. Digits in square brackets are not verified (d smaller than e); they count
as digits, and the frame keeps the brackets.

Weak: with automatic output switched on, the command to print toggles that output instead of
giving one weight: the scale must be set to "print on request". The key for zero (``<ESC>V``) is
not on old models. Tare and zero are not confirmed, and may wait for stability.
"""

import re
from functools import partial

from returnbench.drivers.scales.ascii_lines import (
    decode_line,
    line_framer,
    unreadable,
    weight_line,
)
from returnbench.drivers.scales.protocol import (
    Command,
    Commands,
    Decoded,
    NoWeightLine,
    ScaleProtocol,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.weighing import NoWeightReason, WeightKind

_BLOCK = 14
_ID_COLUMNS = 6

_NUMBER = re.compile(r"\x20*(?P<digits>[0-9]+(?:[.,][0-9]*)?)(?:\[(?P<unverified>[0-9])\]|\x20)")
_ERROR = re.compile(r"E(?:rr|RR) (?P<code>[0-9]{1,3})|(?:APP|DIS|PRT)\.ERR")
_SPECIAL = {
    "High": NoWeightLine(NoWeightReason.OVERLOAD, "High: overload"),
    "Low": NoWeightLine(NoWeightReason.UNDER_ZERO, "Low: below the weighing range"),
    "--": NoWeightLine(NoWeightReason.NOT_READY, "--: final readout, no weight now"),
    "Cal.Ext.": NoWeightLine(NoWeightReason.NOT_READY, "the scale adjusts itself (external)"),
    "Cal.Int.": NoWeightLine(NoWeightReason.NOT_READY, "the scale adjusts itself (internal)"),
}
_SPECIAL_ID = "Stat"
_COUNT_ID = "Qnt"
_KINDS = {"N": WeightKind.NET, "G#": WeightKind.GROSS, "T": WeightKind.TARE}


def decode_16(raw: bytes, options: ProtocolOptions | None = None) -> Decoded:
    """What one line of 16 bytes says. Never raises; any other line is unreadable."""
    entered = options or ProtocolOptions()
    return decode_line(raw, lambda line: _known_16(line, entered), "SBI with 16 characters")


def decode_22(raw: bytes, options: ProtocolOptions | None = None) -> Decoded:
    """What one line of 22 bytes says. Never raises; any other line is unreadable."""
    entered = options or ProtocolOptions()
    return decode_line(raw, lambda line: _known_22(line, entered), "SBI with 22 characters")


def _known_16(line: str, options: ProtocolOptions) -> Decoded | None:
    block = _block(line, 0)
    if block is not None:
        return _special(block) or _weight(block, WeightKind.UNKNOWN, options)
    if (longer := _block(line, _ID_COLUMNS)) and (_special(longer) or _number(longer)):
        return unreadable('the lines have 22 characters: set protocol = "sbi-22"')
    return None


def _known_22(line: str, options: ProtocolOptions) -> Decoded | None:
    block = _block(line, _ID_COLUMNS)
    if block is None:
        if (shorter := _block(line, 0)) and (_special(shorter) or _number(shorter)):
            return unreadable('the lines have 16 characters: set protocol = "sbi-16"')
        return None
    name = line[:_ID_COLUMNS].rstrip(" ")
    if name == _SPECIAL_ID:
        return _special(block)
    if _number(block) is None:
        return None
    if name == _COUNT_ID:
        return unreadable("the scale counts (Qnt): switch it to weighing")
    if name not in _KINDS:
        return unreadable(f"the line is marked {name!r}: only N, G# and T are weights")
    return _weight(block, _KINDS[name], options)


def _block(line: str, start: int) -> str | None:
    if len(line) != start + _BLOCK + 2 or not line.endswith("\r\n"):
        return None
    return line[start:-2]


def _special(block: str) -> NoWeightLine | None:
    text = block.strip(" ")
    if _ERROR.fullmatch(text):
        return NoWeightLine(NoWeightReason.DEVICE_ERROR, text)
    return _SPECIAL.get(text)


def _number(block: str) -> str | None:
    """Sign and digits of a block, or ``None`` where it is no weight."""
    match = _NUMBER.fullmatch(block[1:11])
    if block[0] not in "+- " or match is None:
        return None
    digits = match["digits"] + (match["unverified"] or "")
    return block[0].strip(" ") + digits if digits[-1].isdigit() else None


def _weight(block: str, kind: WeightKind, options: ProtocolOptions) -> Decoded | None:
    number = _number(block)
    if number is None:
        return None
    unit = block[11:].rstrip(" ")
    if unit:
        return weight_line(number, unit, stable=True, kind=kind, expected=options.unit)
    if options.unit is not None:
        return weight_line(number, options.unit, stable=False, kind=kind)
    return NoWeightLine(
        NoWeightReason.IN_MOTION, "the scale sends no unit: the weight is not stable yet"
    )


# Only requests to print are answered: an empty set of answers says so of zero and tare.
_COMMANDS = Commands(
    poll=b"\x1bP\r\n",
    # A line of 22 characters takes 180 ms at the 1200 baud of older models.
    poll_seconds=0.3,
    zero=Command(b"\x1bV\r\n", frozenset(), 2.0),
    tare=Command(b"\x1bT\r\n", frozenset(), 2.0),
)


def make_16(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol with 16 characters for one scale. ``unit`` is used where entered."""
    return ScaleProtocol(
        "sbi-16",
        "Sartorius SBI, 16 characters",
        line_framer,
        partial(decode_16, options=options),
        _COMMANDS,
    )


def make_22(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol with 22 characters for one scale. ``unit`` is used where entered."""
    return ScaleProtocol(
        "sbi-22",
        "Sartorius SBI, 22 characters",
        line_framer,
        partial(decode_22, options=options),
        _COMMANDS,
    )


SBI_16 = make_16(ProtocolOptions())
SBI_22 = make_22(ProtocolOptions())
