"""The sentences of the bench, looked up by id. Only here do codes become words."""

import tomllib
from functools import cache
from pathlib import Path


class UnknownText(KeyError):
    """There is no text with this id: a mistake in the program, found by a test."""


class Texts:
    """The texts of one language, addressed as ``section.name``."""

    def __init__(self, language: str) -> None:
        # importlib.resources cannot read a namespace package behind the import hook of an editable
        # install (Python 3.11); the file lies beside this one in every kind of install.
        source = Path(__file__).with_name("locale") / f"{language}.toml"
        sections = tomllib.loads(source.read_text(encoding="utf-8"))
        self._texts: dict[str, str] = {
            f"{section}.{name}": text
            for section, entries in sections.items()
            for name, text in entries.items()
        }

    def __call__(self, text_id: str, **params: object) -> str:
        """The sentence of ``text_id`` with its parameters filled in.

        Raises:
            UnknownText: no such id.

        """
        try:
            return self._texts[text_id].format(**params)
        except KeyError as error:
            raise UnknownText(f"{text_id}: {error}") from error

    def has(self, text_id: str) -> bool:
        """Whether there is a text with this id."""
        return text_id in self._texts

    @property
    def ids(self) -> frozenset[str]:
        """All ids of this language."""
        return frozenset(self._texts)


@cache
def texts(language: str) -> Texts:
    """The texts of ``language`` (``en``), read once."""
    return Texts(language)
