"""NCI SCP-02, "ECR": ``LF weight UNIT CR LF S status CR ETX``, or the status alone.

Spoken by scanner scales (DIVA, Magellan) and the Ohaus Aviator 7000; source: their service manuals.
The weight has six characters with leading zeros and never a sign. While it moves, below zero, out
of range or not zeroed the scale sends its status without a weight.
"""

import re
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, unreadable
from returnbench.drivers.scales.dialogue import ReadCommand
from returnbench.drivers.scales.framing_nci import NciFramer
from returnbench.drivers.scales.protocol import AnswerLine, Commands, Decoded, ScaleProtocol
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.nci_frames import (
    POLL_SECONDS,
    RESPONSE_SECONDS,
    STATUS,
    UNIT,
    blocked_by,
    filled,
    other_form,
    question,
    status_of,
    weight_line,
    without_weight,
    zero_answer,
)

NAME = "nci-scp-02"
TITLE = "NCI SCP-02 (ECR)"
COLUMNS = 6

_WEIGHT = re.compile(rf"\n(?P<field>[\x20-~]*?){UNIT}\r\nS{STATUS}\r\x03")
_STATUS_ONLY = re.compile(rf"\nS{STATUS}\r\x03")


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one frame says. Never raises; what is not exactly an answer is unreadable."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), TITLE)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """SCP-02 as one model speaks it. Reads ``unit`` and ``decimals``."""
    commands = Commands(
        poll=b"W\r",
        poll_seconds=POLL_SECONDS,
        zero=ReadCommand(b"Z\r", frozenset(), RESPONSE_SECONDS, _zeroed),
    )
    return ScaleProtocol(NAME, TITLE, NciFramer, partial(decode, options=options), commands)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    if refused := question(raw):
        return refused
    if not raw.isascii():
        return None
    text = raw.decode("ascii")
    match = _WEIGHT.fullmatch(text) or _STATUS_ONLY.fullmatch(text)
    status = status_of(match["status"]) if match else None
    if match is None or status is None:
        return other_form(raw, NAME)
    if match.re is _STATUS_ONLY:
        return without_weight(status)
    if blocked := blocked_by(status):
        return blocked
    field = match["field"]
    if fill := filled(field):
        return fill
    if len(field) != COLUMNS or not set(field) <= set("0123456789."):
        return unreadable(f"{field!r} is no weight of {COLUMNS} characters with leading zeros")
    return weight_line(field, match["unit"], status, options)


def _zeroed(raw: bytes) -> AnswerLine | None:
    match = _STATUS_ONLY.fullmatch(raw.decode("latin-1"))
    status = status_of(match["status"]) if match else None
    return zero_answer(status) if status else None


NCI_SCP_02 = make(ProtocolOptions())
