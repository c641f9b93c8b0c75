"""From what a scanner delivered to text that can be compared: each step is recorded.

The raw text is never altered; what is made here is derived from it.
"""

import re
import string
import unicodedata
from dataclasses import dataclass

MAX_LENGTH = 4000
"""Characters: more than any code on a parcel holds."""

_TERMINATORS = "\r\n\t"
_KEPT_CONTROLS = frozenset("\x1d\x1e\x04\r\n")
"""GS, RS and EOT structure data inside a code; CR and LF may stand inside a two-dimensional one."""

_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


@dataclass(frozen=True, slots=True)
class Normalised:
    """A scan in the form in which codes are compared.

    ``text`` is upper case without spaces and hyphens; ``content`` keeps them (piece suffixes and
    structured content need them). ``symbology_identifier`` is the AIM identifier in front of the
    data, such as ``]C0`` (ISO/IEC 15424), or empty. ``steps`` names what was changed, in order:
    ``terminator``, ``identifier``, ``full_width``, ``escaped``, ``upper``, ``separators``.
    """

    text: str
    symbology_identifier: str
    steps: tuple[str, ...]
    content: str = ""


def normalise(raw: str) -> Normalised:
    """Take the transport's and the keyboard's marks off ``raw``; any text is accepted."""
    steps: list[str] = []

    def changed(name: str, before: str, after: str) -> str:
        if before != after:
            steps.append(name)
        return after

    content = changed("terminator", raw, raw.rstrip(_TERMINATORS))
    identifier = ""
    if (match := _IDENTIFIER.match(content)) and len(content) > match.end():
        identifier = match[0]
        content = changed("identifier", content, content[match.end() :])
    content = changed("full_width", content, content.translate(_FULL_WIDTH))
    content = changed("escaped", content, escape_controls(content)).strip(" ")
    text = changed("upper", content, content.translate(_UPPER))
    text = changed("separators", text, text.replace(" ", "").replace("-", ""))
    return Normalised(text, identifier, tuple(steps), content)


def escape_controls(text: str) -> str:
    r"""``text`` with characters that cannot be seen or printed shown as ``\x07`` or ``\u202e``.

    GS, RS, EOT, CR and LF stay; so does everything printable of any script.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if character in _KEPT_CONTROLS or not _is_control(character)
        else _escape(character)
        for character in text
    )


def _is_control(character: str) -> bool:
    # Cc controls, Cf invisible format marks, Cs half pairs of undecodable bytes, Co and Cn unknown.
    return unicodedata.category(character).startswith("C") or character == "\ufffd"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii") if character != "\\" else character
