"""The shapes by which the frames of scale protocols are recognised when one only listens.

A shape says less than a decoder: it also fits frames whose meaning needs a setting of the site, and
protocols that the station does not speak. Sources are named where each protocol is decoded.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_LINE_BEGIN = rb"(?:\A|(?<=\n))"
_BCD = (
    rb"[\x00-\x09\x10-\x19\x20-\x29\x30-\x39\x40-\x49\x50-\x59\x60-\x69\x70-\x79\x80-\x89\x90-\x99]"
)


def _nothing_more(_: list[bytes]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Signature:
    """One shape: the protocols that send it, what to call it, and what else the frames tell."""

    names: tuple[str, ...]
    seen: str
    shape: re.Pattern[bytes]
    more: Callable[[list[bytes]], str] = _nothing_more


def _line(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(_LINE_BEGIN + rb"(?:" + pattern + rb")\r\n")


def _order_of_digits(frames: list[bytes]) -> str:
    last = any(frame.endswith(b"-") for frame in frames)
    first = any(frame.startswith(b"=-") for frame in frames)
    if last != first:
        return f"a minus sign shows the order: set digits_reversed = {'true' if last else 'false'}"
    return (
        "the order of the digits does not show while the weight is not negative: put a known load "
        "on the pan to find out"
    )


SIGNATURES = (
    Signature(
        ("mt-sics", "kern-kcp"),
        "lines S S or S D with number and unit",
        _line(rb"S [SD] +-?[0-9:.]+ [!-~]{1,10}|S [I+-]"),
    ),
    Signature(
        ("and",),
        "status, then a sign in the place of a second header",
        _line(rb"(?:ST|US|QT),[+-][0-9.,]{8}[ -~]{3}|OL,[+-][0-9.E+]{8,11}"),
    ),
    Signature(
        ("cas-22",),
        "two headers and a lamp byte above 7Fh, 22 bytes",
        _line(rb"(?:ST|US|OL),(?:GS|NT),[^\r\n][\x80-\xff],[ -~]{8} [ -~]{2}"),
    ),
    Signature(
        ("dini-argeo",),
        "two headers and a comma before the unit (clones of other makers send this, too)",
        _line(rb"(?:[0-9]{2})?(?:ST|US|OL|UL|TL),(?:GS|NT),[ -~]{8},[ -~]{2}"),
    ),
    Signature(
        ("and-two-header",),
        "two headers, then a column for the sign (clones of other makers send this, too)",
        _line(rb"(?:ST|US|OL),(?:GS|NT|TR|PT|[GNT]~?),[+ -][ 0-9.]{7,8} ?[A-Za-z]{1,3}"),
    ),
    Signature(
        ("kern-kib",),
        "two headers and no comma behind them",
        _line(rb"(?:ST|US|OL),(?:GS|NT) *-? *[0-9.]+ *[A-Za-z]{1,3}"),
        lambda _: (
            "the width differs from model to model: set weight_columns or decimals in config.toml"
        ),
    ),
    Signature(
        ("toledo-continuous",),
        "STX, three status bytes, twelve digits or blanks, CR",
        re.compile(rb"\x02[\x20-\x7f]{3}[0-9 ]{12}\r(?:[^\x02](?=\x02|\Z))?"),
    ),
    Signature(
        ("toledo-continuous-short",),
        "STX, three status bytes, six digits or blanks, CR",
        re.compile(rb"\x02[\x20-\x7f]{3}[0-9 ]{6}\r(?:[^\x02](?=\x02|\Z))?"),
    ),
    Signature(
        ("yaohua-tf0",),
        "STX, sign, seven digits, two hexadecimal digits, ETX",
        re.compile(rb"\x02[+-][0-9]{7}[0-9A-F]{2}\x03"),
    ),
    Signature(
        ("yaohua-equals",),
        "an equals sign every nine bytes",
        re.compile(rb"=[-.0-9]{8}(?==)"),
        _order_of_digits,
    ),
    Signature(
        ("yaohua-a12",),
        "WG or WN, number, kg, two hexadecimal digits",
        _line(rb"W[GN][-.0-9]{7}kg[0-9A-F]{2}| {9}(?:OL|LO)23"),
    ),
    Signature(
        ("sbi-16",),
        "sign, number, unit and no letter before, 16 bytes",
        _line(rb"(?=[^\r\n]{14}\r)[+ -] *[0-9.]+ [A-Za-z%/ ]{3}"),
    ),
    Signature(
        ("kern-old",),
        "sign, number, unit and no letter before, 18 bytes",
        _line(rb"(?=[^\r\n]{16}\r) *-? *[0-9.]+ [A-Za-z%][A-Za-z% ]{2}"),
    ),
    Signature(
        ("adam-pgl",),
        "sign, twelve columns, three of unit, 16 characters",
        _line(rb"(?=[^\r\n]{16}\r)[+ -] *[0-9.]+(?: g |kg |lb |oz )"),
    ),
    Signature(
        ("sbi-22",),
        "an identifier of six characters, sign, number, unit, 22 bytes",
        _line(rb"(?=[^\r\n]{20}\r)[A-Z][A-Za-z0-9# ]{5}[+ -] *[0-9.]+ [A-Za-z%/ ]{3}"),
    ),
    Signature(
        ("usb-hid",),
        "reports of six bytes as hexadecimal digits",
        re.compile(_LINE_BEGIN + rb"0[34][0-9A-F]{10}\n"),
    ),
    Signature(
        ("yousheng-bcd",),
        "FFh every six bytes with packed decimal digits",
        re.compile(rb"\xff[\x00-\xff]" + _BCD + rb"{3}[\x00\x01](?=\xff)"),
    ),
)
