"""The hub's copy of the stations' logs: takes entries, checks them, keeps them, co-signs.

Every batch is proved against a checkpoint that the station signed, so nothing that a station did
not sign is kept or acted upon. What is kept is never replaced.
"""

import hashlib
import json
import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from returnbench.sync.hub.alarms import raise_alarm
from returnbench.sync.hub.clock import now_ms
from returnbench.sync.hub.database import Database
from returnbench.sync.hub.entry_place import EntryPlace
from returnbench.sync.hub.projection import Projector
from returnbench.sync.hub.tables import entries, evidence, stations
from returnbench.sync.merkle import Tree, leaf_hash, verify_consistency
from returnbench.sync.note import (
    Checkpoint,
    Ed25519Signer,
    NoteError,
    NoteVerifier,
    cosign,
    open_note,
    parse_checkpoint,
)
from returnbench.sync.problem import Problem

MOST_ENTRIES = 500
MOST_BYTES = 1024 * 1024
MOST_ENTRY_BYTES = 65_535
MOST_MISSING = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries ``start`` and following, exactly as the station keeps them.

    ``checkpoint`` is the signed head of the log; ``proof`` shows that the log up to the end of this
    batch begins the log of the checkpoint (RFC 6962 section 2.1.2); empty when it ends there.
    """

    start: int
    entries: tuple[bytes, ...]
    checkpoint: str
    proof: tuple[bytes, ...] = ()

    @property
    def end(self) -> int:
        """Position behind the last entry."""
        return self.start + len(self.entries)


@dataclass(frozen=True, slots=True)
class Head:
    """What the hub holds of a station's log. ``missing`` are hashes of files not here yet."""

    size: int
    root: bytes
    cosigned: str
    missing: tuple[str, ...]


class Inbox:
    """Takes the logs of all stations."""

    def __init__(self, database: Database, signer: Ed25519Signer, projector: Projector) -> None:
        self._database = database
        self._signer = signer
        self._projector = projector
        self._trees: dict[str, Tree] = {}
        self._guard = threading.Lock()

    def accept(self, station: str, batch: Batch) -> Head:
        """Check and keep a batch; what is here already must be the same.

        Raises:
            Problem: the batch is malformed (``schema-invalid``, ``entry-invalid``,
                ``checkpoint-invalid``), does not follow what is here (``gap``), or contradicts it
                (``event-conflict``, which also raises an alarm). Nothing of it is kept then.

        """
        with self._guard:
            try:
                with self._database.writing() as connection:
                    return self._take(connection, station, batch)
            except BaseException as error:
                # The tree in memory may be ahead of what was rolled back.
                self._trees.pop(station, None)
                if isinstance(error, Problem) and error.code == "event-conflict":
                    self._raise_conflict(station, error)
                raise

    def head(self, station: str) -> Head:
        """What the hub holds of this station's log."""
        with self._guard, self._database.reading() as connection:
            row = _station(connection, station, lock=False)
            tree = self._tree(connection, station, row.size)
            return Head(
                row.size, tree.root(row.size), row.cosigned, missing_of(connection, station)
            )

    def _take(self, connection: Connection, station: str, batch: Batch) -> Head:
        row = _station(connection, station, lock=True)
        checkpoint = _checked_checkpoint(row.vkey, batch)
        if batch.start > row.size:
            raise Problem(
                409,
                "gap",
                f"entries from {row.size} on are expected",
                retry="after",
                size=row.size,
            )
        _compare(connection, station, batch, row.size)
        tree = self._tree(connection, station, row.size)
        now = now_ms()
        fresh = batch.entries[row.size - batch.start :]
        if fresh:
            _check_history(tree, fresh[0])
        parsed = [_append(tree, station, raw) for raw in fresh]
        _check_root(tree, batch, checkpoint)
        for seq, (raw, entry) in enumerate(zip(fresh, parsed, strict=True), row.size):
            _keep(connection, station, seq, raw, now)
            self._projector.apply(EntryPlace(connection, station, seq, now), entry)
        size = row.size + len(fresh)
        cosigned = self._cosign(row.cosigned, batch, checkpoint)
        connection.execute(
            update(stations)
            .where(stations.c.station == station)
            .values(
                size=size,
                log_size=max(row.log_size, checkpoint.size),
                cosigned=cosigned,
                seen_ms=now,
            )
        )
        return Head(size, tree.root(size), cosigned, missing_of(connection, station))

    def _cosign(self, last: str, batch: Batch, checkpoint: Checkpoint) -> str:
        """The newest checkpoint that the hub vouches for: it holds every entry of it."""
        held = parse_checkpoint(last.split("\n\n", 1)[0] + "\n").size if last else -1
        if checkpoint.size != batch.end or checkpoint.size <= held:
            return last
        return cosign(batch.checkpoint, self._signer, now_ms() // 1000)

    def _tree(self, connection: Connection, station: str, size: int) -> Tree:
        """The tree of the ``size`` entries in the database, brought up to date from there."""
        tree = self._trees.get(station)
        if tree is None or tree.size > size:
            tree = self._trees[station] = Tree()
        if tree.size < size:
            leaves = connection.execute(
                select(entries.c.leaf)
                .where(
                    entries.c.station == station,
                    entries.c.seq >= tree.size,
                    entries.c.seq < size,
                )
                .order_by(entries.c.seq)
            ).scalars()
            for leaf in leaves:
                tree.append_leaf(leaf)
        return tree

    def _raise_conflict(self, station: str, problem: Problem) -> None:
        seq, digest = problem.extra["seq"], problem.extra["sha256"]
        with self._database.writing() as connection:
            place = EntryPlace(connection, station, seq, now_ms())
            raise_alarm(place, problem.code, problem.detail, digest)


def missing_of(connection: Connection, station: str) -> tuple[str, ...]:
    """The first hashes of files that this station's entries name and the hub does not have."""
    rows = connection.execute(
        select(evidence.c.sha256)
        .where(evidence.c.station == station, evidence.c.state == "missing")
        .order_by(evidence.c.seq)
        .limit(MOST_MISSING)
    )
    return tuple(rows.scalars())


def _station(connection: Connection, station: str, *, lock: bool) -> Row[Any]:
    query = select(stations).where(stations.c.station == station)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise Problem(404, "station-unknown", "this station is not enrolled here")
    return row


def _checked_checkpoint(vkey: str, batch: Batch) -> Checkpoint:
    verifier = NoteVerifier.from_vkey(vkey)
    try:
        checkpoint = parse_checkpoint(open_note(batch.checkpoint, [verifier]).text)
    except NoteError as error:
        raise Problem(422, "checkpoint-invalid", str(error)) from error
    if checkpoint.origin != verifier.name:
        raise Problem(
            422, "checkpoint-invalid", f"the checkpoint is of {checkpoint.origin}, not of this log"
        )
    if checkpoint.size < batch.end:
        raise Problem(
            422,
            "checkpoint-invalid",
            f"the checkpoint covers {checkpoint.size} entries, the batch ends at {batch.end}",
        )
    return checkpoint


def _compare(connection: Connection, station: str, batch: Batch, size: int) -> None:
    """What was sent before must be byte for byte the same."""
    rows = connection.execute(
        select(entries.c.seq, entries.c.body)
        .where(
            entries.c.station == station,
            entries.c.seq >= batch.start,
            entries.c.seq < min(batch.end, size),
        )
        .order_by(entries.c.seq)
    )
    for row in rows:
        sent = batch.entries[row.seq - batch.start]
        if sent != row.body:
            raise _conflict(row.seq, sent, f"entry {row.seq} differs from the one kept here")


def _conflict(seq: int, sent: bytes, detail: str) -> Problem:
    digest = hashlib.sha256(sent).hexdigest()
    return Problem(409, "event-conflict", detail, seq=seq, sha256=digest)


def _check_history(tree: Tree, raw: bytes) -> None:
    """The first new entry must name the very past that is kept here."""
    seq = tree.size
    if seq and _parse(raw).get("prev") != tree.root().hex():
        raise _conflict(seq, raw, f"entry {seq} follows another history than the one kept here")


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Problem(422, "entry-invalid", f"an entry is not JSON: {error}") from error
    if not isinstance(entry, dict):
        raise Problem(422, "entry-invalid", "an entry is not a JSON object")
    return entry


def _append(tree: Tree, station: str, raw: bytes) -> dict[str, Any]:
    """Check entry ``raw`` as the next of the log, and add it to the tree."""
    seq = tree.size
    if len(raw) > MOST_ENTRY_BYTES or b"\n" in raw:
        raise Problem(
            422, "entry-invalid", f"entry {seq}: one line of at most {MOST_ENTRY_BYTES} bytes"
        )
    entry = _parse(raw)
    if not isinstance(entry.get("utc"), str):
        raise Problem(422, "entry-invalid", f"entry {seq} is not an entry of an event log")
    if type(entry.get("seq")) is not int or entry["seq"] != seq:
        raise Problem(422, "entry-invalid", f"entry {seq} calls itself {entry.get('seq')!r:.40}")
    if entry.get("station") != station:
        raise Problem(422, "entry-invalid", f"entry {seq} is of another station")
    if entry.get("prev") != tree.root().hex():
        raise Problem(
            422, "entry-invalid", f"entry {seq} does not follow the one before it", retry="same"
        )
    tree.append(raw)
    return entry


def _check_root(tree: Tree, batch: Batch, checkpoint: Checkpoint) -> None:
    if not verify_consistency(
        batch.end, checkpoint.size, tree.root(batch.end), checkpoint.root, batch.proof
    ):
        raise Problem(
            422,
            "root-mismatch",
            f"the entries up to {batch.end} do not lead to the signed checkpoint",
        )


def _keep(connection: Connection, station: str, seq: int, raw: bytes, now: int) -> None:
    connection.execute(
        insert(entries).values(
            station=station, seq=seq, leaf=leaf_hash(raw), body=raw, received_ms=now
        )
    )
