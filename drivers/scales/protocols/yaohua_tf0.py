"""Yaohua XK3190-A9, A23p and A26 indicators, continuous output in format 0 (menu tF).

Twelve bytes: STX, sign, six digits with the highest first, the number of decimals (0 to 4), two
hexadecimal digits of the exclusive or of sign, digits and decimals, ETX. Source: Shanghai Yaohua,
manuals of the XK3190-A23p and XK3190-A26, chapter on serial communication.

The frame carries neither unit nor stability, neither overload nor net or gross. The unit is entered
by the site; the stability of these readings is ``UNAVAILABLE`` and they are never called stable
here. Nothing is published about what is sent above the range: a field of nines is refused, another
number above the capacity must be refused by whoever knows the capacity. The exclusive or finds
every changed or lost byte, but not two bytes that changed places. The command mode of the A9 is not
spoken: no document of its frames could be confirmed.
"""

import re
from decimal import Decimal
from functools import partial

from returnbench.drivers.scales.decoding import decoded_or_why_not, filled_with_nines, unreadable
from returnbench.drivers.scales.framing_delimited import DelimitedFramer
from returnbench.drivers.scales.protocol import (
    Commands,
    Decoded,
    NoWeightLine,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.xor_check import xor_check
from returnbench.inspect.weighing import NoWeightReason, StabilitySource

FRAME_BYTES = 12

# 82h and 83h are STX and ETX of an indicator that sends seven bits with parity.
_STARTS = b"\x02\x82"
_ENDS = b"\x03\x83"

_FRAME = re.compile(
    rb"\x02(?P<checked>(?P<number>[+-][0-9]{6})(?P<decimals>[0-4]))(?P<check>[0-9A-F]{2})\x03"
)
_TITLE = "Yaohua format 0 (tF 0)"


def decode(raw: bytes, options: ProtocolOptions) -> Decoded:
    """What one frame says. Never raises; without ``options.unit`` no frame is a weight."""
    return decoded_or_why_not(raw, partial(_decode_known, options=options), _TITLE)


def _decode_known(raw: bytes, options: ProtocolOptions) -> Decoded | None:
    match = _FRAME.fullmatch(raw)
    if match is None:
        return None
    if xor_check(match["checked"]) != match["check"]:
        return unreadable("the check digits do not fit: a byte was damaged on the line")
    number, decimals = match["number"].decode("ascii"), int(match["decimals"])
    if filled_with_nines(number):
        return NoWeightLine(NoWeightReason.OVERLOAD, "all nines: above the range")
    if options.decimals not in (None, decimals):
        return unreadable(
            f"{decimals} decimals instead of {options.decimals}: somebody changed the indicator, "
            "or set decimals in config.toml"
        )
    if options.unit is None:
        return unreadable(
            "the indicator does not send its unit: set unit in config.toml to the unit on its "
            "display"
        )
    return WeightLine(
        Decimal(number).scaleb(-decimals),
        options.unit,
        stable=False,
        stability=StabilitySource.UNAVAILABLE,
    )


def make(options: ProtocolOptions) -> ScaleProtocol:
    """The protocol for one indicator; ``unit`` is needed, ``decimals`` is checked if given."""
    return ScaleProtocol(
        "yaohua-tf0", _TITLE, _framer, partial(decode, options=options), Commands()
    )


def _framer() -> DelimitedFramer:
    return DelimitedFramer(_STARTS, _ENDS, 2 * FRAME_BYTES)


YAOHUA_TF0 = make(ProtocolOptions())
