"""NCI SCP-01, "NCI standard" (also 3825): ``LF weight unit CR LF status CR ETX``.

Source: NCI / Weigh-Tronix SCP-01, document 8408-14788-01; service manuals of the NCI 6702 and 7800.
The weight is what the display shows, so its width belongs to the model: seven characters
(``0012.34``) unless ``weight_columns`` says otherwise. A minus sign stands before them. Where it
takes the place of a digit, the frame could be one that lost a digit: then the weight is under zero,
without a number. A lone ``g`` counts only where the site has entered grams.

Weak: not all scales answer ``T``; makers differ in how wide the field of a negative weight is.
"""

import re
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, unreadable
from returnbench.drivers.scales.dialogue import ReadCommand
from returnbench.drivers.scales.framing_nci import NciFramer
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    Commands,
    Decoded,
    NoWeightLine,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.nci_frames import (
    POLL_SECONDS,
    RESPONSE_SECONDS,
    STATUS,
    UNIT,
    Status,
    blocked_by,
    filled,
    other_form,
    question,
    status_of,
    tare_answer,
    weight_line,
    zero_answer,
)
from returnbench.inspect.weighing import NoWeightReason, WeightUnit

NAME = "nci-scp-01"
TITLE = "NCI SCP-01 (NCI standard)"
COLUMNS = 7

_WEIGHT = re.compile(rf"\n(?P<field>[\x20-~]*?){UNIT}\r\n{STATUS}\r\x03")
_POUND_OUNCE = re.compile(
    r"\n(?P<sign>-?)(?P<lb>[0-9]{2})lb (?P<oz>[0-9]{2}\.[0-9])oz\r\n" + STATUS + r"\r\x03"
)
_STATUS_ONLY = re.compile(rf"\n{STATUS}\r\x03")
_OUNCES_PER_POUND = 16


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one frame says. Never raises; what is not exactly an answer is unreadable."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), TITLE)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """SCP-01 as one model speaks it. Reads ``unit``, ``decimals`` and ``weight_columns``."""
    commands = Commands(
        poll=b"W\r",
        poll_seconds=POLL_SECONDS,
        zero=ReadCommand(b"Z\r", frozenset(), RESPONSE_SECONDS, _zeroed),
        tare=ReadCommand(b"T\r", frozenset(), RESPONSE_SECONDS, _tared),
    )
    return ScaleProtocol(NAME, TITLE, NciFramer, partial(decode, options=options), commands)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    if refused := question(raw):
        return refused
    if not raw.isascii():
        return None
    text = raw.decode("ascii")
    match = _POUND_OUNCE.fullmatch(text) or _WEIGHT.fullmatch(text) or _STATUS_ONLY.fullmatch(text)
    status = status_of(match["status"]) if match else None
    if match is None or status is None:
        return other_form(raw, NAME)
    if match.re is _STATUS_ONLY:
        # W is always answered with a weight or a text of the display.
        return blocked_by(status) or unreadable("a status without the weight that belongs to it")
    if blocked := blocked_by(status):
        return blocked
    if match.re is _POUND_OUNCE:
        return _pounds_and_ounces(match, status)
    return _weight(match["field"], match["unit"], status, options)


def _weight(field: str, unit: str, status: Status, options: ProtocolOptions) -> Decoded:
    if fill := filled(field):
        return fill
    columns = options.weight_columns or COLUMNS
    signed = field.startswith("-")
    if signed and len(field) == columns:
        return NoWeightLine(NoWeightReason.UNDER_ZERO, "below zero; a digit may be missing")
    if any(character.isdigit() for character in field) and len(field) != columns + signed:
        return unreadable(
            f"the weight has {len(field)} characters instead of {columns}: one is missing or too "
            "many; if the scale always sends it so, set weight_columns in config.toml"
        )
    return weight_line(field, unit, status, options)


def _pounds_and_ounces(match: re.Match[str], status: Status) -> Decoded:
    ounces = Decimal(match["oz"])
    if ounces >= _OUNCES_PER_POUND:
        return unreadable("16 ounces or more beside the pounds")
    total = int(match["lb"]) * _OUNCES_PER_POUND + ounces
    signed = total.copy_negate() if match["sign"] else total
    return WeightLine(signed, WeightUnit.OZ, not status.moving, status.kind)


def _status_alone(raw: bytes) -> Status | None:
    match = _STATUS_ONLY.fullmatch(raw.decode("latin-1"))
    return status_of(match["status"]) if match else None


def _zeroed(raw: bytes) -> AnswerLine | None:
    status = _status_alone(raw)
    return zero_answer(status) if status else None


def _tared(raw: bytes) -> AnswerLine | None:
    status = _status_alone(raw)
    return tare_answer(status) if status else None


NCI_SCP_01 = make(ProtocolOptions())
