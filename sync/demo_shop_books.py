"""The books of the demo shop: its own prices, what it has booked, in an SQLite file.

It protects itself by the idempotency key alone. A second order for the same return under a new key
is booked again, on purpose: so a refund that was ordered twice shows in the books.
"""

import contextlib
import hashlib
import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, answer TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS bookings (
    number INTEGER PRIMARY KEY, rma TEXT NOT NULL, idempotency_key TEXT NOT NULL UNIQUE,
    amount_minor INTEGER NOT NULL, currency TEXT NOT NULL
) STRICT;
"""


class KeyReusedError(ValueError):
    """An idempotency key came back with another order."""


class OrderError(ValueError):
    """The refund order cannot be understood."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What the shop knows about its orders.

    ``orders`` maps each return to the unit price of its lines in minor units of ``currency``.
    ``default_minor`` is the price of what is not listed; ``None`` refuses unknown returns.
    """

    orders: Mapping[str, Mapping[str, int]]
    currency: str = "EUR"
    default_minor: int | None = None
    already_refunded: Collection[str] = ()


class Books:
    """Bookings in the file ``path``, durable when a method returns. Threads may share it."""

    def __init__(self, path: Path, prices: Prices) -> None:
        self._prices = prices
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA busy_timeout = 5000")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def book(self, key: str, body: bytes) -> tuple[Json, bool]:
        """Carry out a refund order, once for each key.

        Returns the answer, and whether it is the one that was given before.

        Raises:
            KeyReusedError: the key came with another body before.
            OrderError: the body is no refund order.

        """
        fingerprint = hashlib.sha256(body).hexdigest()
        with self._transaction() as connection:
            kept = connection.execute(
                "SELECT fingerprint, answer FROM answers WHERE idempotency_key = ?", (key,)
            ).fetchone()
            if kept is not None:
                if kept[0] != fingerprint:
                    raise KeyReusedError("this idempotency key came with another order before")
                return dict(json.loads(kept[1])), True
            answer = self._decide(connection, key, _read_order(body))
            connection.execute(
                "INSERT INTO answers VALUES (?, ?, ?)", (key, fingerprint, json.dumps(answer))
            )
        return answer, False

    def answer_to(self, key: str) -> Json | None:
        """What was answered under this key; ``None`` when it never came."""
        with self._lock:
            kept = self._connection.execute(
                "SELECT answer FROM answers WHERE idempotency_key = ?", (key,)
            ).fetchone()
        return None if kept is None else dict(json.loads(kept[0]))

    def ledger(self) -> Json:
        """All bookings by return, with totals. ``doubled`` counts returns booked more than once."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT rma, COUNT(*), SUM(amount_minor) FROM bookings GROUP BY rma ORDER BY rma"
            ).fetchall()
        returns = {rma: {"bookings": count, "amount_minor": total} for rma, count, total in rows}
        return {
            "returns": returns,
            "bookings": sum(count for _, count, _ in rows),
            "amount_minor": sum(total for _, _, total in rows),
            "currency": self._prices.currency,
            "doubled": sum(1 for _, count, _ in rows if count > 1),
        }

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def _decide(self, connection: sqlite3.Connection, key: str, order: Json) -> Json:
        rma = order["rma"]
        if rma in self._prices.already_refunded:
            return _refused("the shop refunded this return before")
        try:
            amount = sum(self._price_of(rma, line) for line in order["lines"])
        except KeyError as error:
            return _refused(f"the shop does not know {error.args[0]}")
        number = connection.execute(
            "INSERT INTO bookings (rma, idempotency_key, amount_minor, currency) "
            "VALUES (?, ?, ?, ?) RETURNING number",
            (rma, key, amount, self._prices.currency),
        ).fetchone()[0]
        return {
            "state": "booked",
            "refund_id": f"RF-{number:06d}",
            "amount_minor": amount,
            "currency": self._prices.currency,
            "detail": "",
        }

    def _price_of(self, rma: str, line: Json) -> int:
        """Money for one line in minor units, rounded half to even."""
        known = self._prices.orders.get(rma)
        unit = self._prices.default_minor if known is None else known.get(line["line_ref"])
        if unit is None:
            raise KeyError(f"return {rma}" if known is None else f"line {line['line_ref']}")
        exact = Decimal(unit * line["quantity"] * line["refund_permille"]) / 1000
        return int(exact.to_integral_value(ROUND_HALF_EVEN))


def _read_order(body: bytes) -> Json:
    try:
        order = json.loads(body)
        data = order["data"]
        good = (
            order["type"] == "refund.requested"
            and isinstance(data["rma"], str)
            and all(_is_line(line) for line in data["lines"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise OrderError(f"this is no refund order: {error}") from error
    if not good:
        raise OrderError("this is no refund order")
    return dict(data)


def _is_line(line: Any) -> bool:
    return (
        isinstance(line["line_ref"], str)
        and type(line["quantity"]) is int
        and line["quantity"] >= 0
        and type(line["refund_permille"]) is int
        and 0 <= line["refund_permille"] <= 1000
    )


def _refused(detail: str) -> Json:
    return {
        "state": "refused",
        "refund_id": "",
        "amount_minor": 0,
        "currency": "",
        "detail": detail,
    }
