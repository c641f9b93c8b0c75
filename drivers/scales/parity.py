"""Recognises seven data bits with parity that were read as eight data bits without.

Then the parity bit arrives as bit 7: with even parity it is set in every character with an odd
number of ones, with odd parity in all others.
"""


def parity_setting(raw: bytes) -> str | None:
    """``7E1`` or ``7O1`` when every byte carries that parity in bit 7; else ``None``.

    Plain ASCII gives ``None``: at least one byte must have bit 7 set.
    """
    if not any(byte & 0x80 for byte in raw):
        return None
    odd_bytes = sum(byte.bit_count() & 1 for byte in raw)
    if odd_bytes == 0:
        return "7E1"
    if odd_bytes == len(raw):
        return "7O1"
    return None


def without_parity(raw: bytes) -> bytes:
    """``raw`` with bit 7 cleared: the seven data bits."""
    return bytes(byte & 0x7F for byte in raw)
