"""The files of one event log on the disk: who may write, what is written, in which order.

::

    entries.log   one entry a line, only ever appended to
    checkpoint    the newest signed head
    origin        the name of the log
    lock          held by the process that has the log open; empty when it was closed well
    recover/      torn ends that a crash left
"""

import fcntl
import hashlib
import os
from pathlib import Path

from returnbench.inspect.codec import Json
from returnbench.sync.files import Files, replace, write_new
from returnbench.sync.recovery import CHECKPOINT, ENTRIES, RECOVER, LogDamaged


class LogBusy(Exception):
    """Another process has the log open."""


class LogFolder:
    """The folder of an event log, locked for this process.

    Raises:
        LogBusy: another process has it open.
        OSError: the folder cannot be made or opened.

    """

    def __init__(self, directory: Path, files: Files) -> None:
        self.directory = directory
        self._files = files
        directory.mkdir(parents=True, exist_ok=True)
        self._lock_file, self.was_closed = _lock(directory)
        self._entries = -1

    def remove_parts(self) -> int:
        """Remove what an interrupted write left; the number of files."""
        parts = list(self.directory.glob(".*.part"))
        for path in parts:
            path.unlink(missing_ok=True)
        return len(parts)

    def make(self, origin: str, note: str) -> None:
        """Begin an empty log with its first head ``note``.

        Raises:
            OSError: it is not certain that it is on the disk.

        """
        replace(self._files, self.directory / "origin", f"{origin}\n".encode())
        # The head comes before the entries: entries without a head mean that it was taken away.
        self.write_head(note)
        self._files.sync_directory(self.directory.parent)

    def open_entries(self) -> None:
        """Open the entries for appending and reading; to be called once, before the rest."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._entries = self._files.open(self.directory / ENTRIES, flags, 0o644)
        self._files.sync_directory(self.directory)

    def append(self, lines: bytes) -> None:
        """Write ``lines`` at the end; on the disk when this returns.

        Raises:
            OSError: it is not certain what is on the disk.

        """
        self._files.write(self._entries, lines)
        self._files.sync_data(self._entries)

    def write_head(self, note: str) -> None:
        """Replace the signed head; on the disk when this returns.

        Raises:
            OSError: the disk has the old or the new one.

        """
        replace(self._files, self.directory / CHECKPOINT, note.encode())

    def cut(self, end: int) -> None:
        """Cut the entries to ``end`` bytes.

        Raises:
            OSError: it is not certain that they are cut.

        """
        self._files.truncate(self._entries, end)
        self._files.sync(self._entries)

    def read(self, offset: int, count: int) -> bytes:
        """``count`` bytes of the entries.

        Raises:
            LogDamaged: the file is shorter.

        """
        blocks = []
        while count:
            block = os.pread(self._entries, count, offset)
            if not block:
                raise LogDamaged(
                    f"{self.directory / ENTRIES} became shorter while the log was open; "
                    "stop the bench and compare with the hub"
                )
            blocks.append(block)
            offset += len(block)
            count -= len(block)
        return b"".join(blocks)

    def set_aside(self, end: int, because: str) -> Json:
        """Move all from byte ``end`` on into a file of its own; what was done, for the log.

        Raises:
            OSError: it is not certain what is on the disk; nothing is lost.

        """
        torn = self.read(end, os.fstat(self._entries).st_size - end)
        digest = hashlib.sha256(torn).hexdigest()
        folder = self.directory / RECOVER
        target = folder / f"{end}-{digest[:16]}.torn"
        self._files.make_directory(folder)
        self._files.sync_directory(self.directory)
        if not target.exists() or target.read_bytes() != torn:
            target.unlink(missing_ok=True)
            write_new(self._files, target, torn, 0o444)
        self._files.sync_directory(folder)
        self.cut(end)
        return {
            "torn_bytes": len(torn),
            "torn_digest": digest,
            "torn_file": f"{RECOVER}/{target.name}",
            "torn_because": because,
        }

    def close(self, *, clean: bool) -> None:
        """Let go of the folder; ``clean`` when the next start needs to look for nothing."""
        if self._entries >= 0:
            os.close(self._entries)
        if clean:
            os.ftruncate(self._lock_file, 0)
        os.close(self._lock_file)


def _lock(directory: Path) -> tuple[int, bool]:
    """The lock of ``directory``, and whether its last holder closed the log."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise LogBusy(
            f"the event log in {directory} is open in another process (process id {holder}); "
            "stop that one first"
        ) from error
    was_closed = not os.pread(descriptor, 1, 0)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return descriptor, was_closed
