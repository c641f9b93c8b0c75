"""Rows of an imported file, CSV or JSON, with the physical line on which each begins.

A row is a mapping from column name to text; empty cells are left out. What cannot be read as a row
comes as a :class:`RowProblem` in its place.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from returnbench.station.import_columns import COLUMNS, Cells, flatten, nearest_column

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing that is wrong in a file.

    ``line`` counts from 1; ``column`` and ``value`` are empty where the whole line is meant.
    """

    line: int
    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The cells of one row that are not empty."""

    line: int
    cells: Cells


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used; ``rma`` is its return, where that can still be read."""

    problem: RowProblem
    rma: str = ""


class FileUnusable(Exception):
    """Nothing of the file can be trusted: its structure is broken."""

    def __init__(self, line: int, message: str) -> None:
        self.problem = RowProblem(line, "", "", message)
        super().__init__(message)


def decode(data: bytes) -> str:
    """The text of a file: UTF-8 with or without mark, UTF-16 with mark, else GB18030.

    Raises:
        FileUnusable: it is none of these.

    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    for name in (encoding, "gb18030"):
        try:
            return data.decode(name)
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
    raise FileUnusable(line, "the file is no text; save it as CSV or JSON in UTF-8")


def csv_rows(text: str) -> Iterator[SourceRow | BadRow | RowProblem]:
    """The rows of CSV ``text``, whose first row names the columns.

    Raises:
        FileUnusable: there is no usable first row, or a quotation mark is never closed.

    """
    lines = _CountedLines(text)
    reader = csv.reader(lines, delimiter=_delimiter(text), strict=True)
    try:
        header = next((row for row in reader if any(map(str.strip, row))), None)
    except csv.Error as error:
        raise FileUnusable(lines.taken, f"the first row cannot be read: {error}") from error
    if header is None:
        raise FileUnusable(1, "the file is empty; its first row must name the columns")
    columns = [name.strip().lower() for name in header]
    yield from _header_problems(columns)
    while True:
        start = lines.taken + 1
        lines.begin()
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield _bad_csv_row(start, error, lines.since_begin(), reader.dialect.delimiter, columns)
            continue
        if row is None:
            return
        yield from _csv_row(start, columns, row)


def json_rows(text: str) -> Iterator[SourceRow | BadRow | RowProblem]:
    """The rows of JSON ``text``: a list of returns, or one return after the other (JSON lines).

    A return without lines gives one row without line columns.
    """
    scan = _JsonScan(text)
    seen: set[str] = set()
    while (found := scan.next()) is not None:
        line, value = found
        if isinstance(value, RowProblem):
            yield value
            continue
        rma = str(value.get("rma", "")).strip() if isinstance(value, dict) else ""
        if rma and rma in seen:
            message = "this return stands in the file before; keep one of the two"
            yield BadRow(RowProblem(line, "rma", rma, message), rma)
            continue
        seen.add(rma)
        for cells in flatten(value):
            if isinstance(cells, str):
                yield BadRow(RowProblem(line, "", "", cells), rma)
            else:
                yield SourceRow(line, cells)


class _CountedLines:
    """Gives out physical lines, counts them and remembers the newest."""

    def __init__(self, text: str) -> None:
        # newline="" keeps line ends inside quoted cells and still counts CR, LF and CR LF as one.
        self._lines = io.StringIO(text, newline="")
        self.taken = 0
        self._recent: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken += 1
        self._recent.append(line)
        return line

    def begin(self) -> None:
        self._recent.clear()

    def since_begin(self) -> str:
        return "".join(self._recent)


def _delimiter(text: str) -> str:
    """The sign that stands between the column names most often; the comma when none does."""
    first = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=bare.count)


def _header_problems(columns: list[str]) -> Iterator[RowProblem]:
    required = [name for name, column in COLUMNS.items() if column.required]
    missing = [name for name in required if name not in columns]
    if missing:
        raise FileUnusable(
            1,
            f"the first row must name the columns; missing: {', '.join(missing)}. "
            f"Known columns: {', '.join(COLUMNS)}",
        )
    for name in columns:
        if name in COLUMNS and columns.count(name) > 1:
            raise FileUnusable(1, f"the column {name} stands twice; keep one")
        if name and name not in COLUMNS:
            near = nearest_column(name)
            hint = f"; did you mean {near}?" if near else ""
            yield RowProblem(1, name, "", f"the column is not known and was not read{hint}")


def _csv_row(line: int, columns: list[str], row: list[str]) -> Iterator[SourceRow | BadRow]:
    if not any(row) or not any(map(str.strip, row)):
        return
    if len(row) != len(columns) and any(map(str.strip, row[len(columns) :])):
        message = f"the row has {len(row)} cells, the first row {len(columns)}; check its quotes"
        yield BadRow(RowProblem(line, "", "", message), _cell(columns, row, "rma"))
        return
    cells = {
        name: stripped
        for name, cell in zip(columns, row, strict=False)
        if cell and name in COLUMNS and (stripped := cell.strip())
    }
    yield SourceRow(line, cells)


def _bad_csv_row(
    line: int, error: csv.Error, raw: str, delimiter: str, columns: list[str]
) -> BadRow:
    if "unexpected end" in str(error) or "field limit" in str(error):
        raise FileUnusable(
            line,
            "a quotation mark that begins here is never closed, so the rows after it cannot be "
            "told apart; nothing of this file was taken",
        ) from error
    lenient = next(csv.reader([raw], delimiter=delimiter), [])
    problem = RowProblem(line, "", "", f"the row cannot be read: {error}; check its quotes")
    return BadRow(problem, _cell(columns, lenient, "rma"))


def _cell(columns: list[str], row: list[str], name: str) -> str:
    place = columns.index(name)
    return row[place].strip() if place < len(row) else ""


class _JsonScan:
    """Takes one value after the other from a text, keeping count of the lines."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._line = 1
        # Numbers stay text: they are judged with the cells, and cannot overflow here.
        self._decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
        self._skip()
        self._in_list = text[self._place : self._place + 1] == "["
        if self._in_list:
            if not text.rstrip().endswith("]"):
                raise FileUnusable(1, "the list is not closed: the file was cut off; nothing taken")
            self._move(self._place + 1)

    def next(self) -> tuple[int, Any] | None:
        """(line, value or problem) of the next value; ``None`` at the end."""
        self._skip()
        if self._place >= len(self._text):
            return None
        line = self._line
        try:
            value, end = self._decoder.raw_decode(self._text, self._place)
        except (ValueError, RecursionError) as error:
            return line, self._broken(line, error)
        self._move(end)
        return line, value

    def _broken(self, line: int, error: Exception) -> RowProblem:
        """Go on with the next line, if this is a line of JSON lines; else nothing is certain."""
        what, at = "nested too deeply", line
        if isinstance(error, json.JSONDecodeError):
            what, at = f"{error.msg} in column {error.colno}", error.lineno
        end = self._text.find("\n", self._place)
        end = len(self._text) if end < 0 else end
        following = self._text[end:].lstrip()[:1]
        if self._in_list or self._text[self._place] != "{" or following not in ("", "{"):
            raise FileUnusable(at, f"the file is no JSON: {what}; nothing of it was taken")
        self._move(end)
        return RowProblem(line, "", "", f"the line is no JSON: {what}")

    def _skip(self) -> None:
        end = self._place
        while end < len(self._text) and self._text[end] in " \t\r\n,]":
            end += 1
        self._move(end)

    def _move(self, end: int) -> None:
        self._line += self._text.count("\n", self._place, end)
        self._place = end
