"""What every decoder of text frames says when a frame is not one of its protocol."""

from collections.abc import Callable

from returnbench.drivers.scales.parity import parity_setting, without_parity
from returnbench.drivers.scales.protocol import Decoded, NoWeightLine
from returnbench.inspect.weighing import NoWeightReason


def decoded_or_why_not(raw: bytes, known: Callable[[bytes], Decoded | None], title: str) -> Decoded:
    """What ``known`` makes of ``raw``, or why it makes nothing of it.

    ``known`` gives ``None`` for what is not a frame of its protocol. Seven bits with parity that
    were read as eight are recognised by trying the seven bits alone.
    """
    decoded = known(raw)
    if decoded is not None:
        return decoded
    setting = parity_setting(raw)
    if setting and known(without_parity(raw)) is not None:
        return NoWeightLine(
            NoWeightReason.WRONG_PARITY, f"the scale sends seven bits with parity: set {setting}"
        )
    return unreadable(f"not a frame of {title}")


def unreadable(detail: str) -> NoWeightLine:
    """A frame that gives no weight because of its form, and what to do about it."""
    return NoWeightLine(NoWeightReason.UNREADABLE, detail)


def filled_with_nines(field: str) -> bool:
    """A field without blanks whose every digit is 9: many displays show that above their range."""
    digits = field.lstrip("+-").replace(".", "", 1)
    return bool(digits) and set(digits) == {"9"}
