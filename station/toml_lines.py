"""Line numbers of the keys and tables in a TOML text, which ``tomllib`` does not tell.

The text must already have been accepted by ``tomllib``: only the beginnings of statements have to
be found, everything else is skipped.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
"""Where a value stands: table names and keys; a number counts the tables of an array."""

_SKIP = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|'  # multi-line basic string
    r"'''.*?'{3,5}|"  # multi-line literal string
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'|"
    r"#[^\n]*|"
    r"[\[\]{}=\n]|"
    r"[^\"'#\[\]{}=\n]+",
    re.DOTALL,
)


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) on which each key or table begins, by its path."""
    lines: dict[Path, int] = {}
    arrays: dict[Path, int] = {}
    table: Path = ()
    for line, head, is_header in _statements(text):
        if is_header:
            table = _open_table(head, arrays)
            lines.setdefault(table, line)
        else:
            key = _key_path(head)
            for end in range(1, len(key) + 1):
                lines.setdefault(table + key[:end], line)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of ``path``, or of the nearest thing around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _statements(text: str) -> Iterator[tuple[int, str, bool]]:
    """(line, text before ``=`` or the whole header, whether it is a header) of each statement."""
    line, depth, head, start, in_value = 1, 0, "", 1, False
    for match in _SKIP.finditer(text):
        token = match[0]
        if not head.strip() and not token.isspace():
            start = line
        line += token.count("\n")
        if token == "\n" and depth == 0:
            if head.strip().startswith("["):
                yield start, head.strip(), True
            head, in_value = "", False
        elif token == "=" and not in_value:
            yield start, head.strip(), False
            in_value = True
        elif token in ("[", "{", "]", "}") and in_value:
            depth += 1 if token in ("[", "{") else -1
        if not in_value and token != "\n" and not token.startswith("#"):
            head += token
    if head.strip().startswith("["):
        yield start, head.strip(), True


def _key_path(head: str) -> Path:
    return tuple(_nested(tomllib.loads(f"{head} = 0")))


def _open_table(header: str, arrays: dict[Path, int]) -> Path:
    """The path of a header; the newest element of an array of tables counts as its parent."""
    path: Path = ()
    parts = list(_nested(tomllib.loads(header)))
    for position, part in enumerate(parts):
        path += (part,)
        if position == len(parts) - 1 and header.startswith("[["):
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path += (arrays[path],)
    return path


def _nested(value: Any) -> Iterator[str]:
    """The names on the way down a parsed statement that holds a single key."""
    while isinstance(value, dict | list) and value:
        if isinstance(value, list):
            value = value[0]
            continue
        name, value = next(iter(value.items()))
        yield name
