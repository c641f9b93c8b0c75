"""The file operations on which durability rests, one method each.

Everything that the log and the evidence store write goes through here, so that a run can be made
to fail at each single operation.
"""

import os
import sys
from itertools import count
from pathlib import Path

_part_numbers = count()


class SyncError(OSError):
    """Bytes could not be brought to the disk; a second attempt would prove nothing.

    The kernel may have dropped them after the first error (fsync(2), EIO).
    """


class Files:
    """POSIX files. All methods raise ``OSError`` and never report a success that is none."""

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        """Open ``path`` and return its descriptor."""
        return os.open(path, flags, mode)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of ``data``, however many calls it takes."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int) -> None:
        """Return when content and metadata are on the disk."""
        if sys.platform == "darwin":
            import fcntl  # noqa: PLC0415 - the name below exists on this platform alone

            # There fsync leaves the bytes in the cache of the drive.
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)

    def sync_data(self, descriptor: int) -> None:
        """Return when the content, and the size that is needed to read it, is on the disk."""
        if sys.platform == "linux":
            os.fdatasync(descriptor)
        else:
            self.sync(descriptor)

    def set_mode(self, descriptor: int, mode: int) -> None:
        """Set the permissions of an open file, whatever the umask is."""
        os.fchmod(descriptor, mode)

    def close(self, descriptor: int) -> None:
        """Close ``descriptor``."""
        os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Give ``source`` the name ``target``; both are in one directory."""
        os.rename(source, target)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file to ``size`` bytes."""
        os.ftruncate(descriptor, size)

    def unlink(self, path: Path) -> None:
        """Remove the file ``path``."""
        os.unlink(path)

    def make_directory(self, path: Path) -> None:
        """Make the directory ``path``; it may exist."""
        path.mkdir(exist_ok=True)

    def sync_directory(self, path: Path) -> None:
        """Return when the names in directory ``path`` are on the disk."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.sync(descriptor)
        finally:
            os.close(descriptor)


def part_of(path: Path) -> Path:
    """A name beside ``path`` that no other writer uses, for its content while it is written."""
    return path.with_name(f".{path.name}.{os.getpid()}-{next(_part_numbers)}.part")


def write_new(files: Files, path: Path, data: bytes, mode: int) -> None:
    """Make the file ``path`` with ``data``, on the disk when this returns (its name is not yet).

    Raises:
        SyncError: the file was written and may still not be on the disk.
        OSError: it was not written.

    """
    descriptor = files.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        files.write(descriptor, data)
        files.set_mode(descriptor, mode)
        try:
            files.sync(descriptor)
        except OSError as error:
            raise SyncError(*error.args) from error
    finally:
        files.close(descriptor)


def replace(files: Files, path: Path, data: bytes, mode: int = 0o644) -> None:
    """Set the content of ``path`` to ``data``: after a crash it is the old one or the new one.

    Raises:
        OSError: it is not certain which of both is on the disk.

    """
    part = part_of(path)
    try:
        write_new(files, part, data, mode)
        files.rename(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    files.sync_directory(path.parent)
