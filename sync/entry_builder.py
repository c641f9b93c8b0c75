"""From records to entries: place, link, times and addenda of each."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

from returnbench.inspect.codec import Json
from returnbench.sync.clock import Clock, rfc3339
from returnbench.sync.entry import VERSION, Entry, EntryError, Record, canonical, encode_entry
from returnbench.sync.merkle import Tree


class EntryBuilder:
    """Makes the entries of one station. ``software`` is the ``sw`` field of each."""

    def __init__(self, station: str, clock: Clock, software: Mapping[str, str]) -> None:
        self._station = station
        self._clock = clock
        self._software = dict(software)

    def build(self, records: Sequence[Record], tree: Tree) -> tuple[tuple[Entry, ...], list[bytes]]:
        """The entries, already appended to ``tree``, and the addenda that they name.

        Raises:
            EntryError: a record cannot be stored; ``tree`` may have entries of this group.

        """
        entries: list[Entry] = []
        addenda: list[bytes] = []
        for record in records:
            common = self._common(tree)
            if _says_something(record.personal):
                addendum = _addendum(record)
                sha256 = hashlib.sha256(addendum).hexdigest()
                common["pii"] = {"sha256": sha256, "bytes": len(addendum)}
                addenda.append(addendum)
            raw = encode_entry(record, common)
            entries.append(Entry(tree.append(raw), raw))
        return tuple(entries), addenda

    def _common(self, tree: Tree) -> Json:
        quality = self._clock.quality()
        return {
            "v": VERSION,
            "seq": tree.size,
            "prev": tree.root().hex(),
            "station": self._station,
            "utc": rfc3339(self._clock.utc()),
            "mono_ns": self._clock.mono_ns(),
            "boot": self._clock.boot_id,
            "clock": {
                "synced": quality.synced,
                "max_err_ms": quality.max_err_ms,
                "source": quality.source,
            },
            "sw": self._software,
            # Makes the leaf hash of an entry with few possible contents impossible to guess.
            "nonce": os.urandom(16).hex(),
        }


def _addendum(record: Record) -> bytes:
    if "nonce" in record.personal:
        raise EntryError("the log itself sets the nonce of personal data")
    # Once it is erased, nobody can guess the content back from the hash that stays.
    return canonical({**record.personal, "nonce": os.urandom(16).hex()})


def _says_something(personal: Any) -> bool:
    """Whether there is anything to keep; empty texts alone come back as such without a file."""
    if isinstance(personal, Mapping):
        return any(_says_something(item) for item in personal.values())
    return personal not in ("", None)
