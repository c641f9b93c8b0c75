"""What can go wrong between a scale and the station, done to the bytes that the scale sends."""

import random
from enum import StrEnum


class Fault(StrEnum):
    """One kind of trouble. ``none`` ends it."""

    NONE = "none"
    HALF_FRAMES = "half-frames"
    """Each frame breaks off in its middle."""
    HEADLESS = "headless"
    """Each frame has lost its first characters."""
    GARBAGE = "garbage"
    PARITY_EVEN = "parity-even"
    """The scale sends seven bits with even parity and hears nothing right."""
    PARITY_ODD = "parity-odd"
    SILENT = "silent"
    LATE = "late"
    """Answers come seconds after their commands."""
    NEVER_STABLE = "never-stable"
    FROZEN = "frozen"
    """The display stays at what it showed, flagged stable."""
    HARDWARE_ERROR = "hardware-error"


LATE_SECONDS = 2.5
_SHORTEST_TO_CUT = 3


def damaged(fault: Fault, line: bytes, rng: random.Random) -> bytes:
    """The bytes that arrive instead of ``line``. One that is cut loses at least one byte."""
    if fault in (Fault.HALF_FRAMES, Fault.HEADLESS) and len(line) < _SHORTEST_TO_CUT:
        return b""
    match fault:
        case Fault.HALF_FRAMES:
            return line[: rng.randrange(1, len(line) - 1)]
        case Fault.HEADLESS:
            return line[rng.randrange(1, max(2, min(4, len(line) - 2))) :]
        case Fault.PARITY_EVEN:
            return bytes(byte | (byte.bit_count() & 1) << 7 for byte in line)
        case Fault.PARITY_ODD:
            return bytes(byte | (~byte.bit_count() & 1) << 7 for byte in line)
        case Fault.SILENT | Fault.GARBAGE:
            return b""
        case _:
            return line


def garbage(rng: random.Random) -> bytes:
    """Some random bytes, as a wrong baud rate makes them."""
    return rng.randbytes(rng.randrange(5, 30))
