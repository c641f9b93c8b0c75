"""The hub's tables. Times are Unix milliseconds in UTC; bodies are the bytes as they came."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

_Big = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str, *, key: bool = False, default: str | None = None) -> Column[str]:
    if default is None:
        return Column(name, Text, primary_key=key, nullable=False)
    return Column(name, Text, nullable=False, default=default)


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, _Big, primary_key=key, nullable=False, autoincrement=False)


stations = Table(
    "stations",
    metadata,
    _text("station", key=True),
    _text("vkey"),
    _text("token_sha256"),
    _number("size"),
    _number("log_size"),
    _number("last_cursor"),
    _text("cosigned"),
    _number("enrolled_ms"),
    Column("seen_ms", _Big),
    sqlite_strict=True,
)
"""``size`` entries are held; ``log_size`` is the size that the station last showed."""

entries = Table(
    "entries",
    metadata,
    _text("station", key=True),
    _number("seq", key=True),
    Column("leaf", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _number("received_ms"),
    sqlite_strict=True,
)

alarms = Table(
    "alarms",
    metadata,
    _text("station", key=True),
    _text("code", key=True),
    _number("seq", key=True),
    _text("other_sha256", key=True),
    _text("detail"),
    _number("at_ms"),
    sqlite_strict=True,
)
"""What must never happen and did: shown until a person has dealt with it."""

evidence = Table(
    "evidence",
    metadata,
    _text("station", key=True),
    _text("sha256", key=True),
    _number("seq"),
    _text("state"),
    _text("reason", default=""),
    Index("evidence_by_hash", "sha256"),
    Index("evidence_by_state", "station", "state", "seq"),
    sqlite_strict=True,
)
"""``state`` is ``missing``, ``stored`` or ``absent`` (the station has it no more)."""

cases = Table(
    "cases",
    metadata,
    _text("station", key=True),
    _text("case_id", key=True),
    _text("rma"),
    Column("already_refunded", Integer, nullable=False),
    sqlite_strict=True,
)

verdicts = Table(
    "verdicts",
    metadata,
    _text("station", key=True),
    _number("seq", key=True),
    _text("case_id"),
    _text("shop"),
    _text("rma"),
    _text("order_ref"),
    _text("kind"),
    _text("body"),
    _text("status"),
    _number("at_ms"),
    Index("verdicts_by_return", "shop", "rma"),
    Index("verdicts_by_status", "status"),
    sqlite_strict=True,
)
"""Every released verdict. ``status`` is a :class:`returnbench.sync.hub.projection.Taken`."""

intents = Table(
    "refund_intents",
    metadata,
    _text("intent_id", key=True),
    _text("shop"),
    _text("return_ref"),
    _text("line_ref"),
    _number("cycle"),
    Column("platform_key", Text, nullable=False, unique=True),
    _text("message_id"),
    _text("order_ref"),
    _text("station"),
    _number("seq"),
    _text("case_id"),
    Column("body", LargeBinary, nullable=False),
    _text("state"),
    _number("due_ms"),
    _number("lease_epoch"),
    _number("lease_until_ms"),
    _number("failures"),
    _text("refund_id"),
    Column("amount_minor", _Big),
    _text("currency"),
    _text("detail"),
    _number("created_ms"),
    _number("changed_ms"),
    # The key of a refund is the business fact: two benches may inspect one parcel.
    UniqueConstraint("shop", "return_ref", "line_ref", "cycle", name="one_refund_per_return"),
    Index("intents_by_due", "state", "due_ms"),
    Index("intents_by_order", "shop", "order_ref"),
    sqlite_strict=True,
)

attempts = Table(
    "attempts",
    metadata,
    _text("intent_id", key=True),
    _number("lease_epoch", key=True),
    _text("kind"),
    _number("started_ms"),
    Column("ended_ms", _Big),
    _text("outcome"),
    _text("detail"),
    sqlite_strict=True,
)
"""One row before every act at the shop; its outcome is filled in after the act."""

orphan_answers = Table(
    "orphan_answers",
    metadata,
    _text("intent_id", key=True),
    _number("lease_epoch", key=True),
    _text("answer"),
    _number("at_ms"),
    sqlite_strict=True,
)
"""Answers of the shop to a worker that had lost its lease meanwhile."""

changes = Table(
    "changes",
    metadata,
    _text("station", key=True),
    _number("cursor", key=True),
    _text("answer"),
    _number("at_ms"),
    sqlite_strict=True,
)

row_locks = Table("row_locks", metadata, _text("name", key=True), sqlite_strict=True)
"""Rows to lock for things that have no row of their own yet (PostgreSQL only)."""
