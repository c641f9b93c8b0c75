"""Whether a number on the wire has the decimals that the display is known to have."""

from returnbench.drivers.scales.decoding import unreadable
from returnbench.drivers.scales.protocol import NoWeightLine


def decimals_fault(number: str, expected: int | None) -> NoWeightLine | None:
    """Why ``number`` cannot be trusted, or ``None`` when nothing speaks against it.

    A point that is lost on the way multiplies the weight. So a number must have one, unless the
    site says that the display has no decimals; where the site says how many, it must have those.
    """
    found = len(number.partition(".")[2])
    if expected is None and not found:
        return unreadable(
            "a number without a decimal point: if the display of the scale has no decimals, set "
            "decimals = 0 in config.toml"
        )
    if expected is not None and found != expected:
        return unreadable(
            f"{found} decimals instead of {expected}: a character was damaged, or the scale was "
            "changed; then set decimals in config.toml"
        )
    return None
