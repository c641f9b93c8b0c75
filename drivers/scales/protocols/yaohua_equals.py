"""Yaohua indicators, continuous output in formats 1 and 2: frames that begin with ``=``.

Nine bytes and no end mark. Format 1: ``=``, seven characters with the lowest digit first, then
``0`` or ``-``; 3.000 is ``=000.3000``. Format 2: ``=``, then ``0`` or ``-``, seven characters with
the highest digit first; 3.000 is ``=0003.000``. Source: Shanghai Yaohua, manual of the XK3190-A26,
chapter on serial communication.

A frame does not tell its format: ``=000.3000`` is 3.000 in one and 0.3000 in the other. So the site
enters ``digits_reversed`` (true for format 1), and the unit, which is not sent. There is no
checksum and no end: a frame counts only when the next ``=`` is in its place and the frame before it
had nine bytes, too. A digit that was changed to another digit on the line cannot be detected.
Neither stability nor overload nor net or gross are sent; the stability is ``UNAVAILABLE``, no
reading is called stable here, and a field of nines is refused. How a number without decimals looks
is not documented: it is accepted without a point only where the site enters ``decimals = 0``.
"""

import re
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, filled_with_nines, unreadable
from returnbench.drivers.scales.plain_number import decimals_fault
from returnbench.drivers.scales.protocol import (
    Commands,
    Decoded,
    NoWeightLine,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.weighing import NoWeightReason, StabilitySource

FRAME_BYTES = 9

# BDh is the = of an indicator that sends seven bits with even parity.
_MARKS = b"=\xbd"
_FRAME = re.compile(rb"=(?P<field>[-.0-9]{8})")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_SIGNS = {"0": "", "-": "-"}
_TITLE = "Yaohua formats 1 and 2 (=)"


class EqualsFramer:
    """Cuts at each ``=``.

    A frame comes out when the next one begins, and only if the one before had the right length,
    too; the first good one after a disturbance is dropped. What has another length comes out as it
    is: it cannot be read, but it is not silence.
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._whole_before = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes, and the pieces that are none."""
        frames: list[bytes] = []
        for byte in data:
            if byte in _MARKS:
                self._close_into(frames)
            self._begun.append(byte)
            if len(self._begun) > FRAME_BYTES:
                self._close_into(frames)
        return frames

    def reset(self) -> None:
        """Forget the beginning of an unfinished frame, and the one before it."""
        self._begun.clear()
        self._whole_before = False

    def _close_into(self, frames: list[bytes]) -> None:
        if not self._begun:
            return
        whole = len(self._begun) == FRAME_BYTES and self._begun[0] in _MARKS
        if self._whole_before or not whole:
            frames.append(bytes(self._begun))
        self._whole_before = whole
        self._begun.clear()


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one frame says. Never raises; a weight needs ``digits_reversed`` and ``unit``."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), _TITLE)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    match = _FRAME.fullmatch(raw)
    if match is None:
        return None
    field = match["field"].decode("ascii")
    if options.digits_reversed is None:
        if _signed(field) is None and _signed(field[::-1]) is None:
            return None
        return unreadable(
            "a frame does not tell the order of its digits: put a known load on the pan and set "
            "digits_reversed in config.toml to true if the lowest digit comes first, else to false"
        )
    number = _signed(field[::-1] if options.digits_reversed else field)
    if number is None:
        return None
    if filled_with_nines(number):
        return NoWeightLine(NoWeightReason.OVERLOAD, "all nines: above the range")
    fault = decimals_fault(number, options.decimals)
    if fault is not None:
        return fault
    if options.unit is None:
        return unreadable(
            "the indicator does not send its unit: set unit in config.toml to the unit on its "
            "display"
        )
    return WeightLine(
        Decimal(number), options.unit, stable=False, stability=StabilitySource.UNAVAILABLE
    )


def _signed(field: str) -> str | None:
    """``field`` (sign position, then digits from the highest on) as a number."""
    sign = _SIGNS.get(field[0])
    if sign is None or _NUMBER.fullmatch(field[1:]) is None:
        return None
    return sign + field[1:]


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one indicator; ``unit`` and ``digits_reversed`` are needed.

    ``decimals`` is checked if given.
    """
    return ScaleProtocol(
        "yaohua-equals", _TITLE, EqualsFramer, partial(decode, options=options), Commands()
    )


YAOHUA_EQUALS = make(ProtocolOptions())
