"""Put announced returns into the event log of a station, and from there into its tables."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

from returnbench.inspect.case import AnnouncedReturn
from returnbench.inspect.codec import plain
from returnbench.sync.clock import SystemClock
from returnbench.sync.keys import load_or_create_signer
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import EventLog, Record
from returnbench.sync.projection import Projection
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database


@dataclass(frozen=True, slots=True)
class Imported:
    """Where an import stands: its entry in the log, and the addendum with the returns."""

    entry: int
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

    ``origin`` names a log that has to be made first; one that exists keeps its own name. Waybills
    stay in the addendum, which can be erased without breaking a proof of the log.

    Raises:
        LogBusy: a running bench has the log open.
        LogDamaged, LogWriteFailed, StoreError, KeyFileError: nothing was taken in.
        ProjectionFailed: the returns are in the log, the tables are made again at the next start.

    """
    origin = layout.read_origin() or origin
    layout.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = EvidenceStore(layout.evidence)
    with EventLog.open(
        layout.log,
        origin=origin,
        signer=load_or_create_signer(layout.log_key, origin),
        clock=SystemClock(),
        software={"name": "returnbench", "version": metadata.version("returnbench")},
        store=store,
    ) as log:
        sha256 = store.put(to_lines(returns))
        fields = {
            "kind": "announced",
            "sha256": sha256,
            "count": len(returns),
            "rejected": rejected,
            "source_name": source_name,
        }
        (entry,) = log.append([Record("import", fields)])
        engine = open_database(layout.database)
        try:
            Projection(engine, log).catch_up()
        finally:
            engine.dispose()
    return Imported(entry.seq, sha256)
