"""What a key of ``config.toml`` accepts: each :class:`Accepts` reads one kind of value.

A reader gets the value as TOML gave it and returns it in the program's form; it raises
:class:`ValueError` when the value is not of its kind. ``says`` is the sentence for the person.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from returnbench.inspect.codes import Grade
from returnbench.inspect.weighing import WeightUnit, to_milligrams


@dataclass(frozen=True, slots=True)
class Accepts:
    """One kind of value. ``read`` raises ValueError or TypeError for any other."""

    says: str
    read: Callable[[Any], Any]


def setting(default: Any, accepts: Accepts, key: str = "") -> Any:
    """A dataclass field that can be set in the file, under ``key`` or under its own name.

    ``default`` is written as in the file and read the same way.
    """
    return field(default=accepts.read(default), metadata={"accepts": accepts, "key": key})


def text(longest: int = 1000) -> Accepts:
    """Any text on one line."""

    def read(value: Any) -> Any:
        return _when(isinstance(value, str) and len(value) <= longest and "\n" not in value, value)

    return Accepts(f"a text of up to {longest} characters", read)


def pattern(expression: str, says: str) -> Accepts:
    """A text that matches ``expression`` as a whole."""
    compiled = re.compile(expression)

    def read(value: Any) -> Any:
        return _when(isinstance(value, str) and compiled.fullmatch(value) is not None, value)

    return Accepts(says, read)


def choice(*options: str | int) -> Accepts:
    """One of ``options``."""

    def read(value: Any) -> Any:
        return _when(type(value) in (str, int) and value in options, value)

    return Accepts(_one_of(options), read)


def names(options: Sequence[str] | None) -> Accepts:
    """A list of texts: any short upper-case codes, or only those of ``options``."""
    code = re.compile(r"[A-Z0-9_]{1,20}")

    def read(value: Any) -> Any:
        good = isinstance(value, list) and all(isinstance(item, str) for item in value)
        known = good and all(
            bool(code.fullmatch(item)) if options is None else item in options for item in value
        )
        return tuple(str(item) for item in _when(known and len(set(value)) == len(value), value))

    if options is None:
        return Accepts('a list of upper-case codes such as ["SF", "JD"], each once', read)
    return Accepts(f"a list in brackets, each once, {_one_of(options)}", read)


def whole(low: int, high: int) -> Accepts:
    """A whole number from ``low`` to ``high``."""

    def read(value: Any) -> Any:
        return _when(type(value) is int and low <= value <= high, value)

    return Accepts(f"a whole number from {low} to {high}", read)


def switch() -> Accepts:
    """True or false."""
    return Accepts("true or false", lambda value: _when(type(value) is bool, value))


def decimal(low: str, high: str) -> Accepts:
    """A decimal number, as text or as a TOML number."""

    def read(value: Any) -> Any:
        number = _number(value)
        return _when(Decimal(low) <= number <= Decimal(high), number)

    return Accepts(f"a number from {low} to {high}", read)


def grams(low: str, high: str) -> Accepts:
    """A mass in grams with up to three decimals; it is kept in whole milligrams."""

    def read(value: Any) -> Any:
        number = _number(value)
        _when(Decimal(low) <= number <= Decimal(high), number)
        return _when(number * 1000 % 1 == 0, to_milligrams(number, WeightUnit.G))

    return Accepts(f"grams from {low} to {high}, with up to three decimals", read)


def file_path() -> Accepts:
    """A path; ``~`` is the home folder."""

    def read(value: Any) -> Any:
        return Path(
            _when(isinstance(value, str) and bool(value) and "\0" not in value, value)
        ).expanduser()

    return Accepts("a path", read)


def url(*schemes: str) -> Accepts:
    """An address without a password in it; empty means none."""

    def read(value: Any) -> Any:
        if value == "":
            return ""
        parts = urlsplit(_when(isinstance(value, str), value))
        served = bool(parts.hostname) or parts.scheme == "sqlite"
        return _when(parts.scheme in schemes and served and parts.password is None, value)

    shown = " or ".join(f"{scheme}://" for scheme in schemes)
    return Accepts(f"an address that begins with {shown} and holds no password", read)


def permille_by_grade() -> Accepts:
    """A table with one share in parts per thousand for every grade."""

    def read(value: Any) -> Any:
        complete = isinstance(value, dict) and set(value) == set(Grade)
        _when(complete and all(type(v) is int and 0 <= v <= 1000 for v in value.values()), value)
        return tuple((grade, value[grade]) for grade in Grade)

    grades = ", ".join(f"{grade} = 0..1000" for grade in Grade)
    return Accepts(f"a table with every grade: {{ {grades} }}", read)


def _number(value: Any) -> Decimal:
    if type(value) not in (int, str, Decimal):
        raise ValueError("not a number")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if not number.is_finite():
        raise ValueError("not a number")
    return number


def _when(holds: bool, value: Any) -> Any:
    if not holds:
        raise ValueError("not accepted")
    return value


def _one_of(options: Sequence[str | int]) -> str:
    return "one of " + ", ".join(repr(option).replace("'", '"') for option in map(_bare, options))


def _bare(option: str | int) -> str | int:
    return option if isinstance(option, int) else str(option)
