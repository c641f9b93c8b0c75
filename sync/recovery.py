"""Reading a log folder from the disk: what is sound, what is torn, what was tampered with.

The signed head decides. Entries below it were acknowledged and must be there unchanged; what lies
beyond it was never acknowledged, so a crash may have left it in any state.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from returnbench.sync.entry import MOST_BYTES, Entry, chain_problem
from returnbench.sync.merkle import EMPTY_ROOT, Tree
from returnbench.sync.note import (
    Checkpoint,
    NoteError,
    NoteVerifier,
    open_note,
    parse_checkpoint,
)

ENTRIES = "entries.log"
CHECKPOINT = "checkpoint"
RECOVER = "recover"


class LogDamaged(Exception):
    """Acknowledged entries are missing or changed. Nothing was altered and nothing is signed."""


@dataclass(slots=True)
class Scan:
    """The sound part of an entries file.

    ``offsets`` has the start of each entry and, last, the end of the sound part. ``trouble`` says
    what is wrong with the byte after it; it is empty when the file ends there.
    """

    tree: Tree = field(default_factory=Tree)
    offsets: "array[int]" = field(default_factory=lambda: array("Q", [0]))
    trouble: str = ""


def read_head(directory: Path, verifiers: Sequence[NoteVerifier]) -> tuple[str, Checkpoint] | None:
    """The signed head of the log as note and content; ``None`` for a folder without a log.

    Raises:
        LogDamaged: the head is missing beside entries, malformed, or not signed by a known key.

    """
    try:
        note = (directory / CHECKPOINT).read_bytes().decode()
        return note, parse_checkpoint(open_note(note, verifiers).text)
    except FileNotFoundError:
        entries = directory / ENTRIES
        if entries.exists() and entries.stat().st_size:
            raise LogDamaged(
                f"{directory} has entries but no {CHECKPOINT}; bring the file back from a backup "
                "or the hub before starting again"
            ) from None
        return None
    except (NoteError, UnicodeDecodeError) as error:
        raise LogDamaged(
            f"the head of the log in {directory / CHECKPOINT} cannot be trusted: {error}. "
            "It was changed, or the key in use is not the one that signed it: "
            "put the right key or the untouched file back"
        ) from error


def scan(directory: Path, signed: Checkpoint) -> Scan:
    """Read the entries of ``directory`` and check them against its ``signed`` head.

    Entries that the head covers are checked by their root; later ones one by one.

    Raises:
        LogDamaged: an entry that the head covers is missing or changed.

    """
    found = Scan()
    path = directory / ENTRIES
    if not path.exists():
        if signed.size:
            raise _shorter(path, 0, signed.size)
        return found
    with path.open("rb") as file:
        while found.tree.size < signed.size:
            raw, trouble = _line(file)
            if trouble or not raw:
                raise _shorter(path, found.tree.size, signed.size)
            _take(found, raw)
        if (found.tree.root() if signed.size else EMPTY_ROOT) != signed.root:
            raise LogDamaged(
                f"the entries in {path} are not those that were signed: at least one of the first "
                f"{signed.size} was changed. Keep the folder as it is and compare with the hub"
            )
        _scan_unsigned(found, file)
    return found


def _scan_unsigned(found: Scan, file: BinaryIO) -> None:
    while True:
        raw, found.trouble = _line(file)
        if not raw and not found.trouble:
            return
        found.trouble = found.trouble or (
            chain_problem(raw, found.tree.size, found.tree.root()) or ""
        )
        if found.trouble:
            return
        _take(found, raw)


def _take(found: Scan, raw: bytes) -> None:
    found.tree.append(raw)
    found.offsets.append(found.offsets[-1] + len(raw) + 1)


def _line(file: BinaryIO) -> tuple[bytes, str]:
    """The next line without its end, and what is wrong with it; two empty values at the end."""
    line = file.readline(MOST_BYTES + 1)
    if line.endswith(b"\n"):
        return line[:-1], "" if len(line) > 1 else "it is empty"
    if len(line) > MOST_BYTES:
        return line, f"it has more than {MOST_BYTES} bytes"
    return line, "it has no end" if line else ""


def _shorter(path: Path, found: int, signed: int) -> LogDamaged:
    return LogDamaged(
        f"{path} has {found} whole entries, but {signed} were signed: entries are lost or were "
        "changed. Keep the folder as it is; bring the log back from the hub or a backup"
    )


def read_entries(directory: Path, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
    """Entries ``start`` to ``stop`` as they lie on the disk, without a lock and without a check.

    An end that is being written, or was torn, is left out.
    """
    path = directory / ENTRIES
    if not path.exists():
        return
    with path.open("rb") as file:
        seq = 0
        while stop is None or seq < stop:
            raw, trouble = _line(file)
            if trouble or not raw:
                return
            if seq >= start:
                yield Entry(seq, raw)
            seq += 1


def verify_log(directory: Path, vkey: str) -> list[str]:
    """Check the log in ``directory`` under the public key ``vkey``; the problems, best none.

    Every entry is checked: its place, its link to those before, and the signed head over all. It
    needs no lock and may run beside the bench.

    Raises:
        NoteError: ``vkey`` is no verifier key.

    """
    verifier = NoteVerifier.from_vkey(vkey)
    problems: list[str] = []
    # A bench at work may have added entries after we read the head: then look once more.
    for _ in range(3):
        problems = _problems(directory, verifier)
        if not problems:
            break
    return problems


def _problems(directory: Path, verifier: NoteVerifier) -> list[str]:
    try:
        head = read_head(directory, [verifier])
        if head is None:
            return [f"there is no log in {directory}"]
        signed = head[1]
        found = scan(directory, signed)
    except LogDamaged as error:
        return [str(error)]
    problems = []
    if signed.origin != verifier.name:
        problems.append(f"the head is of the log {signed.origin}, not of {verifier.name}")
    if found.tree.size > signed.size:
        problems.append(
            f"{found.tree.size - signed.size} entries after the signed {signed.size} are not "
            "signed; opening the log signs them and records it"
        )
    if found.trouble:
        problems.append(
            f"what follows entry {found.tree.size - 1} is no entry: {found.trouble}; "
            "opening the log sets it aside"
        )
    return problems + _broken_links(directory, found.tree)


def _broken_links(directory: Path, tree: Tree) -> list[str]:
    problems = []
    for entry in read_entries(directory, stop=tree.size):
        trouble = chain_problem(entry.raw, entry.seq, tree.root(entry.seq))
        if trouble:
            problems.append(f"entry {entry.seq} does not fit: {trouble}")
    return problems
