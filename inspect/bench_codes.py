"""The bench's own barcodes: commands on the printed mat, and operator badges.

Both use only A-Z and 0-9, which every scanner and keyboard layout passes unchanged, and end in two
check digits (ISO/IEC 7064, MOD 97-10). A command is ``XCMD`` + word + check; a badge is ``XOP`` +
name + eight random characters + check, so that it cannot be guessed from the name. Digits alone
never form either.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from returnbench.inspect.check_digits import mod97_10_check, mod97_10_holds

COMMAND_PREFIX = "XCMD"
BADGE_PREFIX = "XOP"
BADGE_RANDOM_LENGTH = 8
BADGE_NAME_MAX = 12

COMMAND_WORDS: tuple[str, ...] = (
    *(f"KEY{digit}" for digit in range(10)),
    "KEYENTER",
    "UNDO",
    "HOLD",
    "REFUSE",
    "CAMERA",
    "ALLOK",
)
"""Every command that the bench knows."""

_BODY = re.compile(r"[A-Z0-9]+")


class BadCodeReason(StrEnum):
    """Why a text is not a code of the bench."""

    OTHER_KIND = "OTHER_KIND"
    """It does not start with the prefix: it is no code of this kind at all."""
    FORM = "FORM"
    """Cut off, or with characters that such a code never has."""
    CHECK_DIGITS = "CHECK_DIGITS"
    """The check digits are wrong: misread, or not printed by us."""
    UNKNOWN_WORD = "UNKNOWN_WORD"
    """Sound, but this version knows no such command."""


@dataclass(frozen=True, slots=True)
class BadCode:
    """The text is not a valid code of the bench; it must never act."""

    reason: BadCodeReason
    text: str


@dataclass(frozen=True, slots=True)
class Badge:
    """An operator badge: the name part and the part that cannot be guessed."""

    name: str
    token: str


def encode_command(word: str) -> str:
    """The text of the command barcode for ``word``.

    Raises:
        ValueError: the bench knows no such command.

    """
    if word not in COMMAND_WORDS:
        raise ValueError(f"no command {word!r}; there are {', '.join(COMMAND_WORDS)}")
    return _with_check(COMMAND_PREFIX + word)


def decode_command(text: str) -> str | BadCode:
    """The word of a command barcode, or why ``text`` is none. Only the whole text counts."""
    body = _checked_body(text, COMMAND_PREFIX)
    if isinstance(body, BadCode):
        return body
    return body if body in COMMAND_WORDS else BadCode(BadCodeReason.UNKNOWN_WORD, text)


def encode_badge(name: str, token: str) -> str:
    """The text of the badge of operator ``name``.

    ``token`` is the random part: eight characters of A-Z and 0-9 from a good random source.

    Raises:
        ValueError: name or token have characters or a length that a badge cannot carry.

    """
    if not _BODY.fullmatch(name) or len(name) > BADGE_NAME_MAX:
        raise ValueError(f"a badge name has 1 to {BADGE_NAME_MAX} characters of A-Z and 0-9")
    if not _BODY.fullmatch(token) or len(token) != BADGE_RANDOM_LENGTH:
        raise ValueError(f"the random part has {BADGE_RANDOM_LENGTH} characters of A-Z and 0-9")
    return _with_check(BADGE_PREFIX + name + token)


def decode_badge(text: str) -> Badge | BadCode:
    """The parts of an operator badge, or why ``text`` is none. Only the whole text counts."""
    body = _checked_body(text, BADGE_PREFIX)
    if isinstance(body, BadCode):
        return body
    name, token = body[:-BADGE_RANDOM_LENGTH], body[-BADGE_RANDOM_LENGTH:]
    if not 1 <= len(name) <= BADGE_NAME_MAX:
        return BadCode(BadCodeReason.FORM, text)
    return Badge(name, token)


def _with_check(text: str) -> str:
    return text + mod97_10_check(text)


def _checked_body(text: str, prefix: str) -> str | BadCode:
    """What stands between ``prefix`` and the two check digits."""
    if not text.startswith(prefix):
        return BadCode(BadCodeReason.OTHER_KIND, text)
    body, check = text[len(prefix) : -2], text[-2:]
    if not _BODY.fullmatch(body) or not (check.isascii() and check.isdigit()):
        return BadCode(BadCodeReason.FORM, text)
    if not mod97_10_holds(text):
        return BadCode(BadCodeReason.CHECK_DIGITS, text)
    return body
