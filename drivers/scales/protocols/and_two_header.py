"""Two-header lines of A&D indicators and of the many that copy them, as they stream them.

``ST,GS,+0012.34kg`` and CR LF: stability (``ST``, ``US``, ``OL`` out of range), what is shown
(``GS`` gross, ``NT`` net, ``TR`` tare, ``PT`` preset tare; ``G~``, ``N~``, ``T~``, ``G`` and
``N`` on some), sign, 7 or 8 columns, unit in 2 or 3 columns. Makers put blanks between sign and
digits, a blank for ``+``, a comma before the unit, capital units, or a decimal comma. Source:
A&D, AD-4329 instruction manual; KERN, KXS-TM manual; Excell, interface manual.

A line that lost a character looks like that of a model with fewer columns, so only lines of one
length are taken: 18 bytes with CR LF, or ``frame_bytes`` of the site. Nothing is sent to the
device: the commands of the copies differ, and one family answers them with bare numbers without
status.
"""

import re
from functools import partial

from returnbench.drivers.scales.ascii_lines import (
    NUMBER,
    decode_line,
    line_framer,
    other_length,
    weight_line,
)
from returnbench.drivers.scales.protocol import Commands, Decoded, ScaleProtocol
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.and_standard import out_of_range
from returnbench.inspect.weighing import WeightKind

_TITLE = "A&D two-header lines"
_FRAME_BYTES = 18
_SHORTEST, _LONGEST = 16, 24

_WEIGHT = re.compile(
    r"(?P<header>ST|US),(?P<shown>GS|NT|TR|PT|G~|N~|T~|G|N),"
    rf"(?P<field>(?:(?P<first>[+-])\x20*|\x20*(?P<beside>[+-]?))(?P<number>{NUMBER}))"
    r",?(?P<unit>(?P<pad>\x20{0,2})(?P<name>[A-Za-z]{1,3}))\r\n"
)
_OUT_OF_RANGE = re.compile(
    r"OL,(?:GS|NT|TR|PT|G~|N~|T~|G|N),(?P<sign>[+-]?)[\x209.,]{0,13}(?:\x20{0,2}[A-Za-z]{0,3})\r\n"
)
_SIGN_AND_COLUMNS = (8, 9)
_UNIT_COLUMNS = (2, 3)
_CAPITALS = {"KG": "kg", "G": "g", "LB": "lb", "OZ": "oz"}

_KINDS = {
    "G": WeightKind.GROSS,
    "N": WeightKind.NET,
    "T": WeightKind.TARE,
    "P": WeightKind.TARE,
}


def decode(raw: bytes, options: ProtocolOptions | None = None) -> Decoded:
    """What one line says. Never raises; a line of another length than expected is no weight."""
    entered = options or ProtocolOptions()
    return decode_line(raw, lambda line: _known(line, entered), _TITLE)


def _known(line: str, options: ProtocolOptions) -> Decoded | None:
    if match := _OUT_OF_RANGE.fullmatch(line):
        return out_of_range(match["sign"])
    match = _WEIGHT.fullmatch(line)
    if match is None or not _columns_fit(match):
        return None
    expected = options.frame_bytes or _FRAME_BYTES
    if len(line) != expected:
        return other_length(len(line), expected)
    sign = match["first"] or match["beside"] or ""
    return weight_line(
        sign + match["number"],
        _CAPITALS.get(match["name"], match["name"]),
        stable=match["header"] == "ST",
        kind=_KINDS[match["shown"][0]],
        expected=options.unit,
    )


def _columns_fit(match: re.Match[str]) -> bool:
    return (
        len(match["field"]) in _SIGN_AND_COLUMNS
        and len(match["unit"]) in _UNIT_COLUMNS
        and len(match["name"]) <= 2
    )


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one device. ``frame_bytes`` and ``unit`` are used where entered.

    Raises:
        ValueError: no line of this protocol has ``frame_bytes``.

    """
    frame_bytes = options.frame_bytes
    if frame_bytes is not None and not _SHORTEST <= frame_bytes <= _LONGEST:
        raise ValueError(
            f"frame_bytes = {frame_bytes}: a number from {_SHORTEST} to {_LONGEST} is expected "
            "for and-two-header"
        )
    return ScaleProtocol(
        "and-two-header", _TITLE, line_framer, partial(decode, options=options), Commands()
    )


AND_TWO_HEADER = make(ProtocolOptions())
