"""Ohaus scales: Ranger, Defender, Navigator, Courier, and Scout as far as it answers ``IP``.

Lines of ASCII, closed by CR LF; ``?`` marks a weight that moves. Three layouts, each of fixed
columns: Defender and Ranger 3000 (sign, blank, weight 7, blank, unit 5, ``?``, legend 3), Ranger
RC (sign, two blanks, weight 7, blank, unit 2, blank, ``?``, blank, legend 3), Navigator (weight,
blank, unit, blank, ``?``, legend). Source: Ohaus, instruction manuals of Defender 3000, Ranger RC
and Navigator, chapters on the RS232 output.

Weak: the weight of the Navigator layout has 11 columns in Ohaus' own examples, 10 or 12 by other
descriptions: the site enters ``weight_columns`` where it is not 11. That layout has neither a
check nor a fixed length: a ``?`` lost on the way makes a moving weight look stable, and a lost
``k`` turns kg into g unless the site entered ``unit``. What the scale sends above its range is
not published; it is unreadable here. Models before those with ``CP`` are asked for each weight.
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
    ErrorLine,
    ScaleProtocol,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.weighing import NoWeightReason, WeightKind

_TITLE = "Ohaus"
_NAVIGATOR_COLUMNS = 11
_ACCEPTED_COLUMNS = (10, 11, 12)

_DEFENDER = re.compile(
    r"(?P<sign>[\x20-])\x20(?P<field>[\x20.0-9]{7})\x20"
    r"(?P<unit>[!-~][\x20-~]{4})(?P<moving>[\x20?])(?P<legend>[A-Z\x20]{3})\r\n"
)
_RANGER_RC = re.compile(
    r"(?P<sign>[\x20-])\x20\x20(?P<field>[\x20.0-9]{7})\x20"
    r"(?P<unit>[\x20-~]{2})\x20(?P<moving>[\x20?])\x20(?P<legend>NET|B/G)\r\n"
)
_NAVIGATOR = re.compile(
    r"(?P<field>[\x20.0-9-]{4,16})(?<=[0-9])\x20(?P<unit>[!-~]{1,5})\x20"
    r"(?:(?P<moving>[\x20?])(?P<legend>NET|B/G|G|T)|(?P<alone>[\x20?]?))\r\n"
)
_FIELD = re.compile(r"\x20*(?P<sign>-?)\x20*(?P<number>[0-9]{1,10}(?:\.[0-9]{1,6})?)")
_FIXED_LENGTH = 21

_KINDS = {
    "": WeightKind.UNKNOWN,
    "G": WeightKind.GROSS,
    "B/G": WeightKind.GROSS,
    "NET": WeightKind.NET,
    "T": WeightKind.TARE,
}
_ERRORS = {
    "ES\r\n": ErrorLine(
        NoWeightReason.COMMAND_REFUSED, "ES: command not known, or no stable weight in time"
    )
}


def decode(raw: bytes, options: ProtocolOptions | None = None) -> Decoded:
    """What one line says. Never raises; what is not exactly a weight or an error is unreadable.

    With ``weight_columns`` only the Navigator layout of that width is accepted.
    """
    entered = options or ProtocolOptions()
    return decode_line(raw, lambda line: _known(line, entered), _TITLE)


def _known(line: str, options: ProtocolOptions) -> Decoded | None:
    if line in _ERRORS:
        return _ERRORS[line]
    if len(line) == _FIXED_LENGTH and options.weight_columns is None:
        match = _DEFENDER.fullmatch(line) or _RANGER_RC.fullmatch(line)
        if match is not None:
            sign = match["sign"].strip()
            return _weight(match, sign, match["moving"] == "?", match["legend"], options)
    return _navigator(line, options)


def _navigator(line: str, options: ProtocolOptions) -> Decoded | None:
    match = _NAVIGATOR.fullmatch(line)
    if match is None:
        return None
    columns, found = options.weight_columns or _NAVIGATOR_COLUMNS, len(match["field"])
    if found != columns:
        damaged = (
            f"the weight has {found} columns instead of {columns}: a character too few or many"
        )
        if found not in _ACCEPTED_COLUMNS:
            return unreadable(damaged)
        return unreadable(
            f"{damaged}; if the scale always sends it so, set weight_columns = {found} in "
            "config.toml"
        )
    moving = "?" in (match["moving"] or match["alone"] or "")
    return _weight(match, "", moving, match["legend"] or "", options)


def _weight(
    match: re.Match[str], sign: str, moving: bool, legend: str, options: ProtocolOptions
) -> Decoded | None:
    field = _FIELD.fullmatch(match["field"])
    kind = _KINDS.get(legend.rstrip())
    if field is None or kind is None or (sign and field["sign"]):
        return None
    number = (sign or field["sign"]) + field["number"]
    unit = match["unit"].strip()
    return weight_line(number, unit, stable=not moving, kind=kind, expected=options.unit)


# The keys for zero and tare send nothing back: an empty set of answers says so.
_COMMANDS = Commands(
    stream=b"CP\r\n",
    quiet=b"0P\r\n",
    poll=b"IP\r\n",
    poll_seconds=0.2,
    zero=Command(b"Z\r\n", frozenset(), 1.0),
    tare=Command(b"T\r\n", frozenset(), 1.0),
)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one scale. ``weight_columns`` and ``unit`` are used where entered.

    Raises:
        ValueError: ``weight_columns`` is none that Ohaus scales have.

    """
    if options.weight_columns not in (None, *_ACCEPTED_COLUMNS):
        raise ValueError(
            f"weight_columns = {options.weight_columns}: one of 10, 11, 12 is expected for ohaus"
        )
    return ScaleProtocol("ohaus", _TITLE, line_framer, partial(decode, options=options), _COMMANDS)


OHAUS = make(ProtocolOptions())
