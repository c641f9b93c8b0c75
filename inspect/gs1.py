"""GS1 element strings: application identifiers and their values (GS1 General Specifications 7.8).

Only splitting is done here. Check digits and meaning are the caller's matter.
"""

import re

SEPARATOR = "\x1d"
"""FNC1 between elements, as scanners transmit it."""

GS1_IDENTIFIERS = frozenset({"]C1", "]e0", "]d2", "]Q3"})
"""Symbology identifiers of symbols whose content is an element string (ISO/IEC 15424)."""

_FIXED_LENGTH = {
    "00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "11": 8, "12": 8, "13": 8, "14": 8, "15": 8,
    "16": 8, "17": 8, "18": 8, "19": 8, "20": 4, "31": 10, "32": 10, "33": 10, "34": 10, "35": 10,
    "36": 10, "41": 16,
}  # fmt: skip
"""Predefined length, identifier included, by the first two digits: no separator is needed."""

_PRINTED = re.compile(r"\(([0-9]{2,4})\)([^()]+)")
_LINK = re.compile(r"https?://[^/?#]+(?:/[^?#]*)?/(00|01)/([0-9]{8,18})(?:[/?#].*)?", re.IGNORECASE)

Elements = tuple[tuple[str, str], ...]


def split_elements(text: str) -> Elements:
    """(application identifier, value) of each element; empty when ``text`` is no element string.

    A separator after an element of predefined length is allowed. Printed parentheses, which are
    never in the symbol but are added by some readers, are understood when the whole text has them.
    """
    if text.startswith("("):
        return _split_printed(text)
    rest = text.lstrip(SEPARATOR)
    found: list[tuple[str, str]] = []
    while rest:
        width = _identifier_width(rest)
        if not (rest[:width].isascii() and rest[:width].isdigit() and len(rest) > width):
            return ()
        end = _FIXED_LENGTH.get(rest[:2]) or (rest + SEPARATOR).index(SEPARATOR)
        value = rest[width:end]
        if len(rest) < end or not value or SEPARATOR in value:
            return ()
        found.append((rest[:width], value))
        rest = rest[end:].lstrip(SEPARATOR)
    return tuple(found)


def digital_link(url: str) -> Elements:
    """The key of a GS1 Digital Link address, from its path alone; any host may serve one.

    Source: GS1 Digital Link Standard, URI Syntax. The address itself is never opened.
    """
    match = _LINK.fullmatch(url)
    if match is None:
        return ()
    identifier, value = match.groups()
    if identifier == "01":
        value = value.zfill(14)
    return ((identifier, value),)


def _identifier_width(text: str) -> int:
    """Digits of the application identifier that ``text`` begins with."""
    first = text[:2]
    if first in ("23", "24", "25", "40", "41", "42", "71"):
        return 3
    if first in ("31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"):
        return 4
    return 2


def _split_printed(text: str) -> Elements:
    elements = tuple(
        (match[1], match[2].strip(" " + SEPARATOR)) for match in _PRINTED.finditer(text)
    )
    whole = _PRINTED.sub("", text).strip(" " + SEPARATOR) == ""
    return elements if whole else ()
