"""Announced returns: from the addendum of an import into the table, and back by any code."""

import json
import logging
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, insert

from returnbench.sync.tables import Announced

_log = logging.getLogger(__name__)
_ROWS_PER_STATEMENT = 5000


def lookup_key(code: str) -> str | None:
    """``code`` as it is compared: upper case, without white space and hyphens; no empty text."""
    return "".join(code.upper().replace("-", "").split()) or None


def apply_import(connection: Connection, addendum: bytes, source: str) -> None:
    """Take in the announced returns of ``addendum``: one JSON object of a return per line.

    The newest announcement replaces an earlier one of the same rma or the same waybill.
    """
    rows = _rows(addendum, source)
    statement = insert(Announced).prefix_with("OR REPLACE")
    while block := list(islice(rows, _ROWS_PER_STATEMENT)):
        connection.execute(statement, block)


def forget_imports(connection: Connection) -> None:
    """Remove all announced returns, to take the imports in once more."""
    connection.execute(delete(Announced))


def _rows(addendum: bytes, source: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(addendum.decode("utf-8", "replace").split("\n"), start=1):
        if not line:
            continue
        try:
            advice = json.loads(line)
            if not isinstance(advice["rma"], str) or not isinstance(advice["shop"], str):
                raise TypeError("rma and shop are texts")
            yield {
                "rma": advice["rma"],
                "rma_key": lookup_key(advice["rma"]) or "",
                "waybill_key": lookup_key(advice["waybill"]),
                "slip_key": lookup_key(advice.get("return_slip", "")),
                "shop": advice["shop"],
                "advice": line,
                "source": source,
            }
        except (ValueError, TypeError, KeyError, AttributeError):
            _log.exception("line %d of import %s is no announced return", number, source)
