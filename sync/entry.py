"""One entry of the event log: what goes in, its exact bytes, and how it hangs on the one before.

An entry is one line of JSON in the form of RFC 8785. That form is reached without floats and with
ASCII keys alone, which is why both are refused. The stored bytes are what is hashed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from returnbench.inspect.codec import Json

VERSION = 1
MOST_BYTES = 65_535
"""Longest entry: the length field of a C2SP tlog-tiles entry bundle has 16 bits."""

COMMON_FIELDS = frozenset(
    {"v", "type", "seq", "prev", "station", "utc", "mono_ns", "boot", "clock", "actor", "sw"}
    | {"nonce", "pii"}
)
"""Fields that the log itself sets."""


class EntryError(ValueError):
    """A record cannot become an entry; nothing was written."""


class EntryTooLarge(EntryError):
    """The entry would be longer than 65535 bytes; long content belongs into an addendum."""


@dataclass(frozen=True, slots=True)
class Record:
    """What happened, before it has a place in the log.

    ``personal`` goes into an addendum of the evidence store; ``actor`` is the keyed hash of the
    operator, empty for the machine itself.
    """

    type: str
    fields: Mapping[str, Any]
    personal: Mapping[str, Any] = field(default_factory=dict)
    actor: str = ""


@dataclass(frozen=True)
class Entry:
    """Entry number ``seq`` with its exact bytes, without the line feed."""

    seq: int
    raw: bytes

    @cached_property
    def data(self) -> Json:
        """The parsed entry."""
        data: Json = json.loads(self.raw)
        return data

    @property
    def type(self) -> str:
        """What kind of entry it is."""
        kind: str = self.data["type"]
        return kind


def canonical(value: Any) -> bytes:
    """``value`` as canonical JSON (RFC 8785, for values without floats and with ASCII keys).

    Raises:
        EntryError: it has a float, a key that is not ASCII text, or a value JSON does not know.

    """
    _check(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EntryError("a text in the record is not valid Unicode") from error


def _check(value: Any) -> None:
    if value is None or isinstance(value, str | int):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise EntryError(f"the key {key!r} is not ASCII text")
            _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
    elif isinstance(value, float):
        raise EntryError(f"{value!r} is a float; store it as decimal text or a whole number")
    else:
        raise EntryError(f"a {type(value).__name__} cannot be stored in the log")


def encode_entry(record: Record, common: Json) -> bytes:
    """The bytes of the entry that ``record`` becomes with the ``common`` fields.

    Raises:
        EntryTooLarge: it would be longer than an entry may be.
        EntryError: it cannot be stored in the log.

    """
    taken = COMMON_FIELDS.intersection(record.fields)
    if taken:
        raise EntryError(f"the log itself sets the field {', '.join(sorted(taken))}")
    if not record.type or not record.type.isascii():
        raise EntryError(f"{record.type!r} cannot be the type of an entry")
    raw = canonical({**record.fields, **common, "type": record.type, "actor": record.actor})
    if len(raw) > MOST_BYTES:
        raise EntryTooLarge(
            f"the {record.type} entry would have {len(raw)} bytes, {MOST_BYTES} are allowed; "
            "put the long part into the evidence store and name its hash"
        )
    return raw


def chain_problem(raw: bytes, seq: int, root: bytes) -> str | None:
    """Why ``raw`` cannot be entry ``seq`` after entries with this ``root``; ``None`` if it can."""
    try:
        data = json.loads(raw)
    except ValueError:
        return "it is not JSON"
    if not isinstance(data, dict):
        return "it is not a JSON object"
    if type(data.get("seq")) is not int or data["seq"] != seq:
        return f"its seq is {data.get('seq')!r}"
    if data.get("prev") != root.hex():
        return "its prev is not the root of the entries before it"
    if not isinstance(data.get("type"), str):
        return "it has no type"
    return None
