"""The columns of announced returns: what each cell must hold, and the values made from it."""

import difflib
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from returnbench.inspect.case import Mass
from returnbench.inspect.codes import ArrivalType, ClaimedReason
from returnbench.inspect.scan_text import escape_controls

Cells = dict[str, str]
"""Column name to text, both as read; columns without text are left out."""

_LARGEST_G = Decimal(1_000_000)
_PLAIN_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class CellError(ValueError):
    """A cell does not hold what its column needs; the message says what it needs."""


@dataclass(frozen=True, slots=True)
class Column:
    """``read`` makes the value or raises :class:`CellError`; ``per_line`` cells are of one line."""

    read: Callable[[str], Any]
    required: bool = False
    per_line: bool = False


def _text(longest: int) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) <= longest and cell.isascii() and cell.isprintable() and "  " not in cell:
            return cell
        value = " ".join(cell.split())
        if len(value) > longest:
            raise CellError(f"at most {longest} characters are possible, here are {len(value)}")
        if escape_controls(value) != value:
            raise CellError("control characters are not possible; type the text anew")
        return value

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(cell: str) -> int:
        if cell.isascii() and cell.isdigit() and len(cell) <= 9 and low <= int(cell) <= high:
            return int(cell)
        raise CellError(f"a whole number from {low} to {high} is needed")

    return read


def _milligrams(*, zero: bool) -> Callable[[str], int]:
    @lru_cache(maxsize=4096)
    def read(cell: str) -> int:
        if not _PLAIN_NUMBER.fullmatch(cell):
            raise CellError("grams as a plain number such as 12.5 (with a point) are needed")
        grams = Decimal(cell)
        if grams > _LARGEST_G:
            raise CellError("more than a tonne; grams are needed")
        if grams == 0 and not zero:
            raise CellError("0 is no weight; leave the cell empty when it is not known")
        return round(grams * 1000)

    return read


def _yes_no(cell: str) -> bool:
    try:
        return _YES_NO[cell.lower()]
    except KeyError:
        raise CellError("yes or no is needed") from None


def _claimed_reason(cell: str) -> ClaimedReason:
    try:
        return ClaimedReason(cell.upper())
    except ValueError:
        raise CellError(f"one of {', '.join(ClaimedReason)} is needed") from None


def _arrival(cell: str) -> ArrivalType:
    try:
        return ArrivalType(cell.upper())
    except ValueError:
        raise CellError(f"one of {', '.join(ArrivalType)} is needed") from None


@lru_cache(maxsize=4096)
def _codes(cell: str) -> tuple[str, ...]:
    read = _text(100)
    codes = tuple(dict.fromkeys(read(code) for code in cell.split("|") if code.strip()))
    if len(codes) > 1000:
        raise CellError("at most 1000 codes are possible")
    return codes


COLUMNS: dict[str, Column] = {
    "rma": Column(_text(64), required=True),
    "shop": Column(_text(64), required=True),
    "order_ref": Column(_text(64)),
    "waybill": Column(_text(64)),
    "carrier": Column(lambda cell: _text(40)(cell).upper()),
    "line_ref": Column(_text(64), required=True, per_line=True),
    "sku": Column(_text(64), required=True, per_line=True),
    "title": Column(_text(300), per_line=True),
    "category": Column(_text(64), per_line=True),
    "quantity": Column(_whole(1, 10_000), required=True, per_line=True),
    "unit_g": Column(_milligrams(zero=False), per_line=True),
    "unit_sd_g": Column(_milligrams(zero=True), per_line=True),
    "unit_codes": Column(_codes, per_line=True),
    "serials": Column(_codes, per_line=True),
    "claimed_reason": Column(_claimed_reason),
    "packaging_g": Column(_milligrams(zero=True)),
    "packaging_sd_g": Column(_milligrams(zero=True)),
    "outbound_g": Column(_milligrams(zero=False)),
    "freight_collect": Column(_yes_no),
    "already_refunded": Column(_yes_no),
    "return_slip": Column(_text(64)),
    "sibling_parcels": Column(_whole(0, 1000)),
    "instruction": Column(_text(1000)),
    "arrival": Column(_arrival),
}
"""Every column that is read, in the order in which it is shown."""

LINE_COLUMNS = frozenset(name for name, column in COLUMNS.items() if column.per_line)


def nearest_column(name: str) -> str:
    """The known column that ``name`` is most likely meant to be; empty when none is near."""
    return next(iter(difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.6)), "")


def catalogue_mass(mean_mg: int, sd_mg: int | None) -> Mass:
    """The mass of a unit from a shop's catalogue, in milligrams.

    Where the shop does not know how much its units differ, the standard deviation is that of a
    weight that nobody has confirmed yet: the root of (6 % of the weight) squared plus 30 square
    grams. It is wide on purpose, so that a careless catalogue accuses nobody.
    """
    if sd_mg is None:
        sd_mg = round(math.hypot(0.06 * mean_mg, math.sqrt(30.0) * 1000))
    return Mass(mean_mg, sd_mg)


def flatten(value: Any) -> Iterator[Cells | str]:
    """One return as parsed from JSON as the rows that it would have in CSV.

    It may use the column names, or the names in which returns are stored (masses as objects
    in milligrams). A text instead of a row says why there is none.
    """
    if not isinstance(value, dict):
        yield "an object with the fields of one return is needed"
        return
    lines = value.get("lines", [])
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        yield '"lines" must be a list of objects'
        return
    try:
        of_return = _cells({name: item for name, item in value.items() if name != "lines"})
        rows = [{**of_return, **_cells(line)} for line in lines or [{}]]
    except CellError as error:
        yield str(error)
    else:
        yield from rows


def _cells(record: dict[str, Any]) -> Cells:
    cells: Cells = {}
    for name, item in record.items():
        key = name.strip().lower()
        if key.endswith("_mass") and isinstance(item, dict):
            stem = key.removesuffix("_mass")
            cells |= _cells({f"{stem}_mg": item.get("mean_mg"), f"{stem}_sd_mg": item.get("sd_mg")})
        elif key.endswith("_mg") and isinstance(item, str):
            cells[f"{key.removesuffix('_mg')}_g"] = _grams_text(item)
        elif (text := _cell_text(name, item)) != "":
            cells[key] = text
    unknown = next((name for name in cells if name not in COLUMNS), None)
    if unknown is not None:
        near = nearest_column(unknown)
        raise CellError(
            f"no field {unknown!r} is known" + (f"; did you mean {near}?" if near else "")
        )
    return cells


def _cell_text(name: str, item: Any) -> str:
    if item is None:
        return ""
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, str):
        return item.strip()
    if isinstance(item, list) and all(isinstance(part, str) and "|" not in part for part in item):
        return "|".join(item)
    raise CellError(f"the field {name!r} needs a text or a number")


def _grams_text(milligrams: str) -> str:
    if not (milligrams.isascii() and milligrams.isdigit()):
        return milligrams
    digits = milligrams.zfill(4)
    return f"{digits[:-3]}.{digits[-3:]}"
