"""Secrets: from the environment or a file that only its owner can read, and never printed."""

import os
import stat
from pathlib import Path


class SecretError(Exception):
    """A secret is not where the configuration says, or others could read it."""


class Secret:
    """A text that shows as dots wherever it is printed; :meth:`reveal` gives it to who needs it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(••••)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def read_secret(variable: str, file: str, what: str) -> Secret:
    """The secret from environment ``variable`` or ``file``, whichever is named.

    Raises:
        SecretError: nothing is named, it is missing or empty, or the file is open to others.

    """
    if variable:
        return _from_environment(variable, what)
    if file:
        return _from_file(Path(file).expanduser(), what)
    raise SecretError(f"{what}: no secret is named; give a variable or a file in config.toml")


def _from_environment(variable: str, what: str) -> Secret:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise SecretError(f"{what}: the environment variable {variable} is not set or is empty")
    return Secret(value)


def _from_file(path: Path, what: str) -> Secret:
    try:
        with path.open(encoding="utf-8") as stream:
            # The open file is asked, so that nobody can change it between look and read.
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            if mode & 0o077:
                raise SecretError(
                    f"{what}: {path} has mode {mode:04o}, other users may read it; "
                    f"run: chmod 600 {path}"
                )
            value = stream.read().strip()
    except UnicodeDecodeError as error:
        raise SecretError(f"{what}: {path} is not UTF-8 text") from error
    except OSError as error:
        reason = error.strerror or error
        raise SecretError(f"{what}: cannot read {path}: {reason}") from error
    if not value:
        raise SecretError(f"{what}: {path} is empty; write the secret into its first line")
    return Secret(value)
