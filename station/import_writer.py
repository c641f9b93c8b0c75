"""Put announced returns into the event log of a station, and from there into its tables."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

from returnbench.inspect.case import AnnouncedReturn
from returnbench.inspect.codec import Json, plain
from returnbench.station.import_inbox import hand_over
from returnbench.sync.clock import SystemClock
from returnbench.sync.keys import load_or_create_signer
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import EventLog, LogBusy, Record
from returnbench.sync.projection import Projection
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database


@dataclass(frozen=True, slots=True)
class Imported:
    """Where an import stands: its entry in the log, and the addendum with the returns.

    ``entry`` is ``None`` when a running bench was asked to make the entry.
    """

    entry: int | None
    sha256: str


def to_lines(returns: Sequence[AnnouncedReturn]) -> bytes:
    """The returns as an addendum: one sorted, compact JSON object of a return per line."""
    encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
    return "".join(encode(plain(announced)) + "\n" for announced in returns).encode()


def write_import(
    layout: DataLayout,
    origin: str,
    returns: Sequence[AnnouncedReturn],
    *,
    rejected: int,
    source_name: str,
) -> Imported:
    """Store ``returns`` durably and take them into the tables of the station.

    A bench that is at work gets an order to take them in, which it does within seconds.

    ``origin`` names a log that has to be made first; one that exists keeps its own name. Waybills
    stay in the addendum, which can be erased without breaking a proof of the log.

    Raises:
        LogDamaged, LogWriteFailed, StoreError, KeyFileError: nothing was taken in.
        ProjectionFailed: the returns are in the log, the tables are made again at the next start.

    """
    origin = layout.read_origin() or origin
    layout.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = EvidenceStore(layout.evidence)
    sha256 = store.put(to_lines(returns))
    fields = {
        "kind": "announced",
        "sha256": sha256,
        "count": len(returns),
        "rejected": rejected,
        "source_name": source_name,
    }
    try:
        return Imported(_make_entry(layout, origin, store, fields), sha256)
    except LogBusy:
        hand_over(layout, fields)
        return Imported(None, sha256)


def _make_entry(layout: DataLayout, origin: str, store: EvidenceStore, fields: Json) -> int:
    with EventLog.open(
        layout.log,
        origin=origin,
        signer=load_or_create_signer(layout.log_key, origin),
        clock=SystemClock(),
        software={"name": "returnbench", "version": metadata.version("returnbench")},
        store=store,
    ) as log:
        (entry,) = log.append([Record("import", fields)])
        engine = open_database(layout.database)
        try:
            Projection(engine, log).catch_up()
        finally:
            engine.dispose()
    return entry.seq
