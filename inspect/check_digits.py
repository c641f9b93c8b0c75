"""Check digits of waybills, logistic units, products and our own bench codes.

Each ``*_check`` function takes the characters before the check digit and returns the digit (or the
two digits) that must follow; it raises :class:`ValueError` for characters it cannot count.
"""

import string
from collections.abc import Callable, Iterable

CheckFunction = Callable[[str], str]
"""From the characters before a check digit to the check digit."""

_ALPHANUMERIC = string.digits + string.ascii_uppercase


def s10_check(serial: str) -> str:
    """Check digit of the eight-digit serial of a postal item (UPU standard S10, modulus 11)."""
    if len(serial) != 8:
        raise ValueError("an S10 serial has eight digits")
    weighted = sum(
        weight * digit
        for weight, digit in zip((8, 6, 4, 2, 3, 5, 9, 7), _digits(serial), strict=True)
    )
    check = 11 - weighted % 11
    return {10: "0", 11: "5"}.get(check, str(check))


def ups_check(payload: str) -> str:
    """Check digit of a UPS number: the 15 characters after ``1Z`` (modulus 10).

    Letters count (ASCII - 63) mod 10, so A is 2; even positions count twice.
    """
    values = [_ups_value(character) for character in payload]
    return str(-(sum(values[0::2]) + 2 * sum(values[1::2])) % 10)


def fedex_check(payload: str) -> str:
    """Check digit of a FedEx number of 12 (modulus 11, then 10): the first eleven digits."""
    weights = (3, 1, 7) * (len(payload) // 3 + 1)
    weighted = sum(weight * digit for weight, digit in zip(weights, _digits(payload), strict=False))
    return str(weighted % 11 % 10)


def gs1_check(payload: str) -> str:
    """Check digit of GTIN, SSCC, GSIN, GLN and others (GS1 General Specifications 7.9).

    Weights 3 and 1 alternate from the right.
    """
    digits = list(_digits(payload))[::-1]
    return str(-(3 * sum(digits[0::2]) + sum(digits[1::2])) % 10)


def mod37_36_check(payload: str) -> str:
    """Check character of a DPD number (ISO/IEC 7064, MOD 37,36)."""
    product = 36
    for character in payload:
        total = (product + _alphanumeric(character)) % 36 or 36
        product = total * 2 % 37
    return _ALPHANUMERIC[(37 - product) % 36]


def identcode_check(payload: str) -> str:
    """Check digit of a DHL Identcode or Leitcode: weights 4 and 9 alternate from the left."""
    digits = list(_digits(payload))
    return str(-(4 * sum(digits[0::2]) + 9 * sum(digits[1::2])) % 10)


def mod7_check(payload: str) -> str:
    """Check digit of DHL Express, air waybills (IATA) and Japanese carriers: the number mod 7."""
    remainder = 0
    for digit in _digits(payload):
        remainder = (remainder * 10 + digit) % 7
    return str(remainder)


def luhn_check(payload: str) -> str:
    """Check digit of an IMEI or a Purolator number (ISO/IEC 7812-1, annex B)."""
    digits = list(_digits(payload))[::-1]
    doubled = sum(2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[0::2])
    return str(-(doubled + sum(digits[1::2])) % 10)


def mod97_10_check(payload: str) -> str:
    """The two check digits of our bench codes (ISO/IEC 7064, MOD 97-10; A is 10 ... Z is 35)."""
    return f"{98 - _mod97(payload + '00'):02d}"


def mod97_10_holds(text: str) -> bool:
    """Whether ``text`` ends with its two right check digits (ISO/IEC 7064, MOD 97-10)."""
    return _mod97(text) == 1


def ends_right(text: str, check: CheckFunction) -> bool:
    """Whether the last character of ``text`` is the check digit of what stands before it."""
    return len(text) > 1 and check(text[:-1]) == text[-1]


def _mod97(text: str) -> int:
    remainder = 0
    for character in text:
        value = _alphanumeric(character)
        remainder = (remainder * (100 if value > 9 else 10) + value) % 97
    return remainder


def _digits(text: str) -> Iterable[int]:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("digits expected")
    return map(int, text)


def _alphanumeric(character: str) -> int:
    return _ALPHANUMERIC.index(character)


def _ups_value(character: str) -> int:
    value = _alphanumeric(character)
    return value if value < 10 else (ord(character) - 63) % 10
