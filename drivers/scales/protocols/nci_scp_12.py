"""NCI SCP-12 (3825/3835, as UPS WorldShip asks for it): ``LF p weight UNIT CR status ETX``.

``p`` is a minus sign or a blank; the weight has six characters, in ounces seven that begin with
``00``. Sources: service manuals of the Measuretek PSE and the Fairbanks PC2250 ("P Ship").

Weak: a service manual of Brecknell prints bits 0 and 1 of the status the other way round (0 = in
motion). ``inverted_status`` is for such a model. A frame that says "at zero" and shows a load is
not read, so that a scale of the other kind cannot pass moving weights for stable ones. Ounces are
printed in the manuals without a decimal point: without one they need ``decimals``.
The scale does not answer the command to zero: the status is asked for after it.
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
    weight_line,
    without_weight,
    zero_answer,
)

NAME = "nci-scp-12"
TITLE = "NCI SCP-12 (3825/3835)"
COLUMNS = 6
OUNCE_COLUMNS = 7

_WEIGHT = re.compile(rf"\n(?P<sign>[\x20-])(?P<field>[\x20-~]*?){UNIT}\r{STATUS}\x03")
_STATUS_ONLY = re.compile(rf"\n{STATUS}\r\x03")


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one frame says. Never raises; what is not exactly an answer is unreadable."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), TITLE)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """SCP-12 as one model speaks it. Reads ``unit``, ``decimals`` and ``inverted_status``."""
    commands = Commands(
        poll=b"W\r",
        poll_seconds=POLL_SECONDS,
        zero=ReadCommand(
            b"Z\rS\r",
            frozenset(),
            RESPONSE_SECONDS,
            partial(_zeroed, inverted=options.inverted_status),
        ),
    )
    return ScaleProtocol(NAME, TITLE, _framer, partial(decode, options=options), commands)


def _framer() -> NciFramer:
    return NciFramer(short_question=True)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    if refused := question(raw):
        return refused
    if not raw.isascii():
        return None
    text = raw.decode("ascii")
    match = _WEIGHT.fullmatch(text) or _STATUS_ONLY.fullmatch(text)
    status = status_of(match["status"], inverted=options.inverted_status) if match else None
    if match is None or status is None:
        return other_form(raw, NAME)
    if match.re is _STATUS_ONLY:
        return without_weight(status)
    if blocked := blocked_by(status):
        return blocked
    if fill := filled(match["field"]):
        return fill
    return _weight(match, status, options)


def _weight(match: re.Match[str], status: Status, options: ProtocolOptions) -> Decoded:
    field, unit = match["field"], match["unit"]
    ounces = unit.upper() == "OZ"
    columns = OUNCE_COLUMNS if ounces else COLUMNS
    if len(field) != columns or (ounces and not field.startswith("00")):
        return unreadable(f"{field!r} is no weight of {columns} characters in {unit}")
    if ounces and field.isdigit() and options.decimals is not None:
        field = f"{Decimal(field).scaleb(-options.decimals):0{columns}}"
    weight = weight_line(field, unit, status, options)
    if isinstance(weight, WeightLine):
        return _checked(weight, match["sign"] == "-", status)
    return weight


def _checked(weight: WeightLine, negative: bool, status: Status) -> Decoded:
    if weight.value.is_signed():
        return unreadable("two signs before the weight")
    if status.at_zero and weight.value and not negative:
        return unreadable(
            "the status says zero and the weight does not: if that is so at every load, set "
            "inverted_status in config.toml"
        )
    value = weight.value.copy_negate() if negative else weight.value
    return WeightLine(value, weight.unit, weight.stable, weight.kind)


def _zeroed(raw: bytes, *, inverted: bool) -> AnswerLine | None:
    match = _STATUS_ONLY.fullmatch(raw.decode("latin-1"))
    status = status_of(match["status"], inverted=inverted) if match else None
    return zero_answer(status) if status else None


NCI_SCP_12 = make(ProtocolOptions())
