"""Announced returns from a shop's file: good returns are kept whole, bad ones rejected whole.

One bad line rejects its return, because a return with a line too few would make a complete parcel
look wrong. Every rejected line is named with its place in the file.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from returnbench.inspect.case import AnnouncedReturn, ExpectedLine, Mass
from returnbench.inspect.waybill import (
    Meaning,
    MeaningKind,
    ScanProblem,
    WaybillRole,
    normalise,
    understand,
)
from returnbench.station.import_columns import (
    COLUMNS,
    LINE_COLUMNS,
    CellError,
    Cells,
    catalogue_mass,
)
from returnbench.station.import_rows import (
    BadRow,
    FileUnusable,
    RowProblem,
    SourceRow,
    csv_rows,
    decode,
    json_rows,
)

__all__ = ["ImportResult", "RowProblem", "parse_announced"]


_ORDER = tuple(COLUMNS)
_REQUIRED = frozenset(name for name, column in COLUMNS.items() if column.required)
_REQUIRED_OF_LINE = _REQUIRED & LINE_COLUMNS
_REQUIRED_OF_RETURN = _REQUIRED - LINE_COLUMNS


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file holds. ``rejected`` counts the returns that were named but not taken."""

    returns: tuple[AnnouncedReturn, ...]
    problems: tuple[RowProblem, ...]
    rejected: int = 0


@dataclass(slots=True)
class _Draft:
    """One return while its rows come in."""

    cells: Cells = field(default_factory=dict)
    """The cells of the return as a whole, from whichever row had them first."""
    values: dict[str, Any] = field(default_factory=dict)
    lines: list[ExpectedLine] = field(default_factory=list)
    line_refs: set[str] = field(default_factory=set)
    rows: list[int] = field(default_factory=list)
    bad_row: int = 0
    """The first row that rejects this return; 0 while there is none."""


def parse_announced(data: bytes, name: str) -> ImportResult:
    """The announced returns in the file ``name`` with content ``data``, CSV or JSON.

    JSON is told by the ending ``.json``, ``.jsonl`` or ``.ndjson``, or by its first character.
    """
    reading = _Reading()
    try:
        text = decode(data)
        json_name = name.lower().endswith((".json", ".jsonl", ".ndjson"))
        is_json = json_name or text.lstrip()[:1] in ("{", "[")
        for row in json_rows(text) if is_json else csv_rows(text):
            reading.take(row)
    except FileUnusable as error:
        return ImportResult((), (*reading.problems, error.problem), len(reading.drafts))
    return reading.result()


class _Reading:
    """Collects the rows of one file."""

    def __init__(self) -> None:
        self.drafts: dict[str, _Draft] = {}
        self.problems: list[RowProblem] = []

    def take(self, row: SourceRow | BadRow | RowProblem) -> None:
        if isinstance(row, RowProblem):
            self.problems.append(row)
        elif isinstance(row, BadRow):
            self.problems.append(row.problem)
            if row.rma:
                self._reject(self._draft(row.rma, row.problem.line), row.problem.line)
        else:
            self._take_row(row)

    def result(self) -> ImportResult:
        """Everything that was taken, with the problems in the order of the file."""
        returns: list[AnnouncedReturn] = []
        taken: dict[tuple[str, str], str] = {}
        for rma, draft in self.drafts.items():
            announced = None if draft.bad_row else self._finish(rma, draft)
            if announced and not self._taken_before(announced, draft, taken):
                returns.append(announced)
        rejected = [(rma, draft) for rma, draft in self.drafts.items() if draft.bad_row]
        self._name_companions(rejected)
        problems = tuple(sorted(self.problems, key=lambda problem: problem.line))
        return ImportResult(tuple(returns), problems, len(rejected))

    def _draft(self, rma: str, line: int) -> _Draft:
        draft = self.drafts.setdefault(rma, _Draft())
        draft.rows.append(line)
        return draft

    def _reject(self, draft: _Draft, line: int) -> None:
        draft.bad_row = draft.bad_row or line

    def _take_row(self, row: SourceRow) -> None:
        rma = row.cells.get("rma", "")
        if not rma:
            self._problem(row.line, "rma", "", "the number of the return is missing")
            return
        draft = self._draft(rma, row.line)
        values, problems = _read_row(row, draft)
        line = None if problems else _expected_line(values)
        if line and line.line_ref in draft.line_refs:
            message = "the line stands twice in this return"
            problems.append(RowProblem(row.line, "line_ref", line.line_ref, message))
        if line and len(line.serials) > line.quantity:
            message = f"more serial numbers than the quantity of {line.quantity}"
            problems.append(RowProblem(row.line, "serials", row.cells["serials"], message))
        if problems or line is None:
            self.problems += problems
            self._reject(draft, row.line)
            return
        draft.lines.append(line)
        draft.line_refs.add(line.line_ref)

    def _finish(self, rma: str, draft: _Draft) -> AnnouncedReturn | None:
        """The return of a draft without bad rows, unless it is bad as a whole."""
        values = draft.values
        row = draft.rows[0]
        waybill = values.pop("waybill", "")
        meaning = understand(waybill) if waybill else None
        if "packaging_g" in values and "packaging_sd_g" not in values:
            message = "is needed with packaging_g: the standard deviation between parcels in grams"
            self._problem(row, "packaging_sd_g", "", message)
        elif meaning is None and not values.get("return_slip"):
            self._problem(row, "waybill", "", "a waybill or a return_slip is needed")
        elif meaning is not None and (message := _waybill_problem(meaning)):
            self._problem(row, "waybill", waybill, message)
        else:
            return _announced(rma, values, draft.lines, meaning, waybill)
        self._reject(draft, row)
        return None

    def _taken_before(
        self, announced: AnnouncedReturn, draft: _Draft, taken: dict[tuple[str, str], str]
    ) -> bool:
        """Whether a return before it has the same waybill or slip; a scan could not tell them."""
        codes = {"waybill": announced.waybill, "return_slip": normalise(announced.return_slip).text}
        for column, code in codes.items():
            other = taken.setdefault((column, code), announced.rma) if code else ""
            if other not in ("", announced.rma):
                message = f"belongs to the return {other} of this file already"
                self._problem(draft.rows[0], column, code, message)
                self._reject(draft, draft.rows[0])
                return True
        return False

    def _name_companions(self, rejected: Iterable[tuple[str, _Draft]]) -> None:
        """Name the good rows of rejected returns, too."""
        named = {problem.line for problem in self.problems}
        for rma, draft in rejected:
            message = f"rejected with its return, because of line {draft.bad_row}"
            for row in draft.rows:
                if row not in named:
                    self._problem(row, "rma", rma, message)

    def _problem(self, line: int, column: str, value: str, message: str) -> None:
        self.problems.append(RowProblem(line, column, value, message))


def _read_row(row: SourceRow, draft: _Draft) -> tuple[dict[str, Any], list[RowProblem]]:
    """The values of the line in this row; those of its return go into ``draft``.

    Cells of the whole return must agree in all its rows; empty ones take over the others.
    """
    values: dict[str, Any] = {}
    problems: list[RowProblem] = []
    # Most cells of the return repeat those of its first row: the difference is quick.
    for name, cell in row.cells.items() - draft.cells.items():
        per_line = name in LINE_COLUMNS
        known = None if per_line else draft.cells.setdefault(name, cell)
        if known is not None and known != cell:
            message = f"differs from {known!r} in another row of the same return"
            problems.append(RowProblem(row.line, name, cell[:200], message))
            continue
        try:
            (values if per_line else draft.values)[name] = COLUMNS[name].read(cell)
        except CellError as error:
            problems.append(RowProblem(row.line, name, cell[:200], str(error)))
    empty = (_REQUIRED_OF_LINE - row.cells.keys()) | (_REQUIRED_OF_RETURN - draft.cells.keys())
    problems += [RowProblem(row.line, name, "", "the cell is empty") for name in empty]
    if "unit_sd_g" in row.cells and "unit_g" not in row.cells:
        problems.append(RowProblem(row.line, "unit_g", "", "is needed with unit_sd_g"))
    return values, sorted(problems, key=lambda problem: _ORDER.index(problem.column))


def _expected_line(values: dict[str, Any]) -> ExpectedLine:
    unit_mass = None
    if "unit_g" in values:
        unit_mass = catalogue_mass(values["unit_g"], values.get("unit_sd_g"))
    return ExpectedLine(
        line_ref=values["line_ref"],
        sku=values["sku"],
        title=values.get("title") or values["sku"],
        category=values.get("category", ""),
        quantity=values["quantity"],
        unit_mass=unit_mass,
        unit_codes=values.get("unit_codes", ()),
        serials=values.get("serials", ()),
    )


def _waybill_problem(meaning: Meaning) -> str:
    """Why this cannot be the waybill of a return; empty when it can."""
    if meaning.problem is ScanProblem.CHECK_DIGIT_WRONG:
        return "the check digit is wrong; compare with the label"
    if meaning.kind in (MeaningKind.COMMAND, MeaningKind.BADGE, MeaningKind.UNREADABLE):
        return "is no waybill"
    return ""


def _announced(
    rma: str,
    values: dict[str, Any],
    lines: list[ExpectedLine],
    meaning: Meaning | None,
    waybill: str,
) -> AnnouncedReturn:
    packaging = None
    if "packaging_g" in values:
        packaging = Mass(values.pop("packaging_g"), values.pop("packaging_sd_g"))
    values.pop("packaging_sd_g", None)
    values.pop("rma")
    return AnnouncedReturn(
        rma=rma,
        shop=values.pop("shop"),
        order_ref=values.pop("order_ref", ""),
        # As a scan of the same label gives it, so that the two are found together.
        waybill=meaning.text if meaning else waybill,
        carrier=values.pop("carrier", "") or _only_carrier(meaning),
        lines=tuple(lines),
        packaging_mass=packaging,
        outbound_mg=values.pop("outbound_g", None),
        **values,
    )


def _only_carrier(meaning: Meaning | None) -> str:
    """The carrier, where the number leaves no choice."""
    if meaning is None or meaning.kind is not MeaningKind.WAYBILL or len(meaning.candidates) != 1:
        return ""
    candidate = meaning.candidates[0]
    return "" if candidate.role is WaybillRole.LOGISTIC_UNIT else candidate.carrier
