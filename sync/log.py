"""The event log of a station: what happened, in order, signed, and on the disk before it counts."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from returnbench.inspect.codec import Json
from returnbench.sync.clock import Clock
from returnbench.sync.entry import Entry, EntryError, EntryTooLarge, Record
from returnbench.sync.entry_builder import EntryBuilder
from returnbench.sync.files import Files
from returnbench.sync.log_folder import LogBusy, LogFolder
from returnbench.sync.merkle import EMPTY_ROOT, Tree, leaf_hash
from returnbench.sync.note import Checkpoint, NoteVerifier, Signer, sign_note
from returnbench.sync.recovery import LogDamaged, Scan, read_head, scan, verify_log
from returnbench.sync.store import EvidenceMissing, EvidenceStore, StoreError

__all__ = [
    "Entry",
    "EntryError",
    "EntryTooLarge",
    "EventLog",
    "LogBusy",
    "LogDamaged",
    "LogWriteFailed",
    "Record",
    "verify_log",
]

_log = logging.getLogger(__name__)
_READ_BYTES = 1 << 20


class LogWriteFailed(Exception):
    """It is not certain that the records are on the disk; the log takes no more until reopened."""


class EventLog:
    """The log in one folder, open for writing by this process alone. Threads may share it.

    Made with :meth:`open`. Sizes, roots and entries are those that are on the disk.
    """

    def __init__(  # noqa: PLR0913 - called by open() alone, with what it has checked
        self,
        folder: LogFolder,
        *,
        signer: Signer,
        builder: EntryBuilder,
        store: EvidenceStore,
        found: Scan,
        note: str,
    ) -> None:
        self._folder = folder
        self._signer = signer
        self._builder = builder
        self._store = store
        self._tree = found.tree
        self._offsets = found.offsets
        self._size = found.tree.size
        self._checkpoint = note
        self._lock = threading.Lock()
        self._refusal = ""
        self._closed = False
        self._listeners: list[Callable[[int], None]] = []

    @classmethod
    def open(  # noqa: PLR0913 - each is one thing that the log needs from outside
        cls,
        directory: Path,
        *,
        origin: str,
        signer: Signer,
        clock: Clock,
        software: Mapping[str, str],
        store: EvidenceStore,
        files: Files | None = None,
    ) -> "EventLog":
        """Open the log in ``directory``, making it when there is none, and mend what a crash left.

        A torn end is kept in the folder ``recover`` and cut off, whole entries that were not signed
        yet are taken over; an entry of type ``recover`` says so.

        Raises:
            LogBusy: another process has it open.
            LogDamaged: acknowledged entries are missing or changed, or the key does not fit.
            LogWriteFailed: the folder or what was mended could not be written.

        """
        if signer.name != origin:
            raise ValueError(f"the key is named {signer.name}, the log {origin}; both are one name")
        try:
            folder = LogFolder(directory, files or Files())
        except OSError as error:
            raise LogWriteFailed(f"no event log can be opened in {directory}: {error}") from error
        try:
            parts = 0 if folder.was_closed else folder.remove_parts() + store.remove_parts()
            note, found, signed = _load(folder, signer)
            log = cls(
                folder,
                signer=signer,
                builder=EntryBuilder(_station(origin), clock, software),
                store=store,
                found=found,
                note=note,
            )
            log._mend(found, signed, parts)
        except BaseException as error:
            folder.close(clean=False)
            if isinstance(error, OSError):
                raise LogWriteFailed(f"the event log in {directory} fails: {error}") from error
            raise
        return log

    @property
    def origin(self) -> str:
        """Name of the log."""
        return self._signer.name

    @property
    def station(self) -> str:
        """Last part of the origin's path."""
        return _station(self.origin)

    @property
    def size(self) -> int:
        """Number of entries on the disk."""
        return self._size

    @property
    def tree(self) -> Tree:
        """The tree for proofs about sizes up to :attr:`size`."""
        return self._tree

    @property
    def checkpoint(self) -> str:
        """The newest signed head, as a note."""
        return self._checkpoint

    def root(self, size: int | None = None) -> bytes:
        """Root of the first ``size`` entries, of all when ``None``.

        Raises:
            ValueError: the log has fewer entries.

        """
        return self._tree.root(self._size if size is None else size)

    def append(self, records: Sequence[Record]) -> tuple[Entry, ...]:
        """Write ``records`` as one group; they are on the disk and signed when this returns.

        Raises:
            EntryError: a record cannot be stored; nothing was written, the log goes on.
            LogWriteFailed: it is not certain that they are on the disk. The log takes no more
                until it is opened again; that brings it back to a sound state.

        """
        if not records:
            return ()
        with self._lock:
            if self._refusal:
                raise LogWriteFailed(self._refusal)
            entries = self._append(records)
            size = self._size
        self._tell(size)
        return entries

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """Entries ``start`` to ``stop`` (to the end when ``None``), each checked against the tree.

        Raises:
            LogDamaged: the file was changed since the log was opened.

        """
        end = self._size if stop is None else min(stop, self._size)
        seq = max(start, 0)
        while seq < end:
            upto = seq + 1
            while upto < end and self._offsets[upto + 1] - self._offsets[seq] <= _READ_BYTES:
                upto += 1
            base = self._offsets[seq]
            block = self._folder.read(base, self._offsets[upto] - base)
            for number in range(seq, upto):
                raw = block[self._offsets[number] - base : self._offsets[number + 1] - base - 1]
                if leaf_hash(raw) != self._tree.leaf(number):
                    raise LogDamaged(
                        f"entry {number} in {self._folder.directory} was changed while the log "
                        "was open; stop the bench and compare with the hub"
                    )
                yield Entry(number, raw)
            seq = upto

    def personal_of(self, entry: Entry) -> Json:
        """The personal fields of ``entry``; empty when it has none or they were erased.

        Raises:
            EvidenceDamaged: the addendum was changed.
            StoreError: it cannot be read.

        """
        named = entry.data.get("pii")
        if not named:
            return {}
        try:
            raw = self._store.read(named["sha256"])
        except EvidenceMissing:
            return {}
        personal = dict(Entry(entry.seq, raw).data)
        personal.pop("nonce", None)
        return personal

    def evidence(self, sha256: str) -> bytes:
        """The addendum of this hash.

        Raises:
            StoreError: it is missing, damaged or cannot be read.

        """
        return self._store.read(sha256)

    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call ``callback`` with the new size after each group, in the thread that appended.

        Returns what ends the subscription.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def close(self) -> None:
        """Close the files and let another process open the log."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            clean = not self._refusal
            self._refusal = "the log is closed"
            self._folder.close(clean=clean)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, records: Sequence[Record]) -> tuple[Entry, ...]:
        try:
            entries, addenda = self._builder.build(records, self._tree)
            note = self._signed_head()
        except BaseException:
            self._tree.truncate(self._size)
            raise
        end = self._offsets[-1]
        cut_at: int | None = end
        try:
            if addenda:
                self._store.put_many(addenda)
            self._folder.append(b"".join(entry.raw + b"\n" for entry in entries))
            # From here on the disk may have the new head: nothing that it signs may be cut off.
            cut_at = None
            self._folder.write_head(note)
        except BaseException as error:
            self._fail(error, cut_at)
            if isinstance(error, OSError | StoreError):
                raise LogWriteFailed(self._refusal) from error
            raise
        for entry in entries:
            end += len(entry.raw) + 1
            self._offsets.append(end)
        self._checkpoint = note
        self._size = self._tree.size
        return entries

    def _signed_head(self) -> str:
        head = Checkpoint(self.origin, self._tree.size, self._tree.root())
        return sign_note(head.text(), [self._signer])

    def _fail(self, error: BaseException, cut_at: int | None) -> None:
        """Refuse everything from now on; cut off what is certainly not signed."""
        self._refusal = (
            f"the event log in {self._folder.directory} cannot be written: {error}. "
            "Check the disk (space, errors), then restart the bench"
        )
        _log.error("event log write failed", exc_info=error)
        self._tree.truncate(self._size)
        if cut_at is None:
            return
        try:
            self._folder.cut(cut_at)
        except OSError:
            _log.warning("the unsigned end of the log stays; the next start deals with it")

    def _tell(self, size: int) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(size)
            except Exception:
                # The records are safe; a listener that fails must not make them look unsaved.
                _log.exception("a listener of the event log failed")

    def _mend(self, found: Scan, signed: Checkpoint, parts: int) -> None:
        """Set a torn end aside, sign entries that were not, and record what was found."""
        what: Json = {}
        if found.trouble:
            what = self._folder.set_aside(found.offsets[-1], found.trouble)
        if found.tree.size > signed.size:
            what |= {"signed_before": signed.size, "taken_over": found.tree.size - signed.size}
            missing = self._missing_addenda(signed.size)
            if missing:
                what["addenda_missing"] = missing
        if parts:
            what["parts_removed"] = parts
        if what:
            _log.warning("the event log was not closed well: %s", sorted(what))
            self.append([Record("recover", {"found": what})])

    def _missing_addenda(self, start: int) -> list[str]:
        named = (entry.data.get("pii", {}).get("sha256") for entry in self.entries(start))
        return [sha256 for sha256 in named if sha256 and not self._store.has(sha256)]


def _load(folder: LogFolder, signer: Signer) -> tuple[str, Scan, Checkpoint]:
    """Head and entries on the disk; an empty log is made where there is none."""
    head = read_head(folder.directory, [NoteVerifier.from_vkey(signer.vkey)])
    if head is None:
        signed = Checkpoint(signer.name, 0, EMPTY_ROOT)
        note = sign_note(signed.text(), [signer])
        folder.make(signer.name, note)
    else:
        note, signed = head
        if signed.origin != signer.name:
            raise LogDamaged(
                f"the log in {folder.directory} is that of {signed.origin}, not of {signer.name}; "
                "set the origin back, or use another data folder"
            )
    found = scan(folder.directory, signed)
    folder.open_entries()
    return note, found, signed


def _station(origin: str) -> str:
    return origin.rsplit("/", 1)[-1]
