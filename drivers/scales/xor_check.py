"""The check digits of Yaohua indicators: an exclusive or in two hexadecimal digits."""

from functools import reduce
from operator import xor


def xor_check(data: bytes) -> bytes:
    """The exclusive or of all bytes as two upper-case hexadecimal digits."""
    return b"%02X" % reduce(xor, data, 0)
