"""Mettler Toledo 8217, the weight-only protocol of checkout scales.

The host sends single letters, the scale answers ``STX weight CR`` or ``STX ? status CR``. Source:
Mettler Toledo, "DIVA Service Manual", 8217 protocol with its status byte.

What is weak, and how it is read here:

- The unit is a setup constant and must be entered. kg has three decimals, lb two; a weight with
  another number of decimals is unreadable until ``decimals`` says so.
- A weight is sent only when it can be used, so it is stable. ``N`` marks net; that it is missing
  does not prove gross, because some models never send it.
- Bit 5 of the status means net on some models and is always 1 on others: ``net_bit``. Bit 6 is
  always 1; that one driver calls it "bad command" is not followed.
- A status without motion, overload or under zero carries no weight, not even zero. Models that
  send a weight once and then only such a status until it changes cannot be used.
- There is no checksum, and serial ports do not check parity by themselves: a changed digit cannot
  be seen. A lost or added character can.
"""

import re
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, unreadable
from returnbench.drivers.scales.dialogue import ReadCommand
from returnbench.drivers.scales.framing_delimited import DelimitedFramer
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    Command,
    Commands,
    Decoded,
    NoWeightLine,
    Outcome,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

DECIMALS = {WeightUnit.KG: 3, WeightUnit.LB: 2}
"""Digits behind the point, as DIVA sends them."""

MOTION, OVER, UNDER, OUTSIDE_ZERO, CENTRE_OF_ZERO, NET, ALWAYS = (1 << bit for bit in range(7))
"""Bits of the status byte, from 0 to 6."""

_WEIGHT = re.compile(rb"\x02(?P<number>[0-9]{2}\.(?P<decimals>[0-9]{1,5}))(?P<net>N?)\r")
_STATUS = re.compile(rb"\x02\?(?P<status>[@-\x7f])\r")

# The second of each pair is the character with even parity, read as eight bits.
_STARTS, _ENDS = b"\x02\x82", b"\r\x8d"
_LONGEST = 16
_ANSWER_SECONDS = 1.0

_MEANINGS = {
    MOTION: "in motion",
    OVER: "over capacity",
    UNDER: "under zero",
    OUTSIDE_ZERO: "outside the zero range",
    CENTRE_OF_ZERO: "centre of zero",
    NET: "net",
}
_REASONS = {
    OVER: NoWeightReason.OVERLOAD,
    UNDER: NoWeightReason.UNDER_ZERO,
    MOTION: NoWeightReason.IN_MOTION,
}


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one frame says. Never raises; what is not exactly a frame is unreadable."""
    return decoded_or_why_not(raw, partial(_known, options=options), "the 8217 protocol")


def _known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    if match := _WEIGHT.fullmatch(raw):
        return _weight(match, options)
    if match := _STATUS.fullmatch(raw):
        return _status(match["status"][0], options)
    return None


def _weight(match: re.Match[bytes], options: ProtocolOptions) -> Decoded:
    unit = options.unit
    if unit is None:
        return unreadable("the scale does not send its unit: set unit in config.toml")
    expected = options.decimals if options.decimals is not None else DECIMALS.get(unit)
    if expected is None:
        return unreadable(f"a weight in {unit} has no usual decimals: set decimals in config.toml")
    sent = len(match["decimals"])
    if sent != expected:
        return unreadable(
            f"{sent} decimals instead of {expected}: a character is missing or too many; if the "
            "scale always sends it so, set decimals in config.toml"
        )
    kind = WeightKind.NET if match["net"] else WeightKind.UNKNOWN
    return WeightLine(Decimal(match["number"].decode("ascii")), unit, stable=True, kind=kind)


def _status(status: int, options: ProtocolOptions) -> NoWeightLine:
    told = status if options.net_bit else status & ~NET
    detail = ", ".join(text for bit, text in _MEANINGS.items() if told & bit)
    for bit, reason in _REASONS.items():
        if status & bit:
            return NoWeightLine(reason, detail)
    return NoWeightLine(NoWeightReason.NOT_READY, f"status without weight: {detail or 'all clear'}")


def _zeroed(raw: bytes, net_bit: bool) -> AnswerLine | None:
    """The status as the answer to ``Z``: zero is taken if stable, in range and without tare."""
    status = _status_byte(raw)
    if status is None:
        return None
    outcome = _refused(status)
    if outcome is None and status & OUTSIDE_ZERO:
        outcome = Outcome.TOO_HIGH
    if outcome is None and net_bit and status & NET:
        outcome = Outcome.NOT_POSSIBLE
    return AnswerLine("Z", outcome or Outcome.DONE)


def _tared(raw: bytes) -> AnswerLine | None:
    """The status as the answer to ``T``, from a scale that tells net by bit 5.

    Bit 5 alone may stand for an older tare; a net weight of zero is that of the load itself.
    """
    status = _status_byte(raw)
    if status is None:
        return None
    tared = bool(status & NET and status & CENTRE_OF_ZERO)
    return AnswerLine("T", _refused(status) or (Outcome.DONE if tared else Outcome.NOT_POSSIBLE))


def _refused(status: int) -> Outcome | None:
    why = {MOTION: Outcome.NOT_NOW, OVER: Outcome.TOO_HIGH, UNDER: Outcome.TOO_LOW}
    return next((outcome for bit, outcome in why.items() if status & bit), None)


def _status_byte(raw: bytes) -> int | None:
    match = _STATUS.fullmatch(raw)
    return match["status"][0] if match else None


def _commands(options: ProtocolOptions) -> Commands:
    # Without bit 5 as net, the status does not say whether the scale has tared.
    tare = (
        ReadCommand(b"T", frozenset(), _ANSWER_SECONDS, _tared)
        if options.net_bit
        else Command(b"T", frozenset(), _ANSWER_SECONDS)
    )
    return Commands(
        poll=b"W",
        poll_seconds=0.15,
        zero=ReadCommand(
            b"Z", frozenset(), _ANSWER_SECONDS, partial(_zeroed, net_bit=options.net_bit)
        ),
        tare=tare,
    )


def _framer() -> DelimitedFramer:
    return DelimitedFramer(_STARTS, _ENDS, _LONGEST)


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for a scale with this setup. It needs ``unit``."""
    return ScaleProtocol(
        "mettler-8217",
        "Mettler Toledo 8217 (checkout scales)",
        _framer,
        partial(decode, options=options),
        _commands(options),
    )


METTLER_8217 = make(ProtocolOptions())
