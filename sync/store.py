"""Evidence files under their SHA-256: written once, never changed, durable before they count.

The layout is that of C2SP tlog-addenda: ``addenda/9f/86/9f86d0...``, mode 0444.
"""

import hashlib
import re
import threading
from collections.abc import Iterable
from pathlib import Path

from returnbench.sync.files import Files, SyncError, part_of, write_new

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class StoreError(Exception):
    """Evidence could not be written or read; nothing that was asked for may be relied on."""


class EvidenceMissing(StoreError):
    """There is no file of this hash: it was erased, or lost."""


class EvidenceDamaged(StoreError):
    """The bytes on the disk are not those that were stored."""


class EvidenceStore:
    """Files under their SHA-256 below ``root``. Threads may share one store.

    After a failed sync it takes no more files: the system may have dropped the bytes and would
    report a second sync as a success.
    """

    def __init__(self, root: Path, files: Files | None = None) -> None:
        self.root = root
        self._files = files or Files()
        self._lock = threading.Lock()
        self._durable_directories: set[Path] = set()
        self._sync_failed = False

    def put(self, data: bytes) -> str:
        """Store ``data`` and return its SHA-256 in hex; on the disk when this returns.

        Raises:
            StoreError: it is not certain that the bytes are on the disk.

        """
        return self.put_many([data])[0]

    def put_many(self, items: Iterable[bytes]) -> list[str]:
        """Store a group and return its hashes in order; all are on the disk when this returns.

        Raises:
            StoreError: it is not certain that all bytes are on the disk.

        """
        contents = list(items)
        names = [hashlib.sha256(data).hexdigest() for data in contents]
        with self._lock:
            if self._sync_failed:
                raise StoreError(
                    f"the disk of {self.root} failed to store evidence before; "
                    "check the disk, then restart the program"
                )
            try:
                self._write_group(dict(zip(names, contents, strict=True)))
            except OSError as error:
                raise StoreError(
                    f"evidence cannot be written below {self.root}: {error}"
                ) from error
        return names

    def has(self, sha256: str) -> bool:
        """Whether a file of this hash is here; its content is not checked."""
        return self.path(sha256).is_file()

    def path(self, sha256: str) -> Path:
        """Where the file of this hash lies or would lie.

        Raises:
            StoreError: ``sha256`` is not 64 lower-case hex digits.

        """
        if not _SHA256.match(sha256):
            raise StoreError(f"{sha256[:80]!r} is no SHA-256 in lower-case hex")
        return self.root / "addenda" / sha256[:2] / sha256[2:4] / sha256

    def read(self, sha256: str) -> bytes:
        """The file of this hash, checked.

        Raises:
            EvidenceMissing: it is not here.
            EvidenceDamaged: its bytes have another hash.
            StoreError: it cannot be read.

        """
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise EvidenceMissing(f"evidence {sha256} is not in {self.root}") from error
        except OSError as error:
            raise StoreError(f"evidence {path} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise EvidenceDamaged(
                f"evidence {path} was changed or the disk damaged it; keep the file, "
                "and bring the good one back from the hub or a backup"
            )
        return data

    def erase(self, sha256: str) -> bool:
        """Remove the file of this hash; whether there was one. Proofs about it stay valid.

        The caller records the erasure in the log.

        Raises:
            StoreError: it is not certain that the file is gone.

        """
        path = self.path(sha256)
        with self._lock:
            try:
                self._files.unlink(path)
            except FileNotFoundError:
                return False
            except OSError as error:
                raise StoreError(f"evidence {path} cannot be erased: {error.strerror}") from error
            try:
                self._sync_directories([path.parent])
            except OSError as error:
                raise StoreError(f"evidence {path} may not be erased: {error.strerror}") from error
        return True

    def names(self) -> Iterable[str]:
        """The hashes of all files that are here, in no order."""
        for path in self.root.glob("addenda/??/??/*"):
            if _SHA256.match(path.name):
                yield path.name

    def remove_parts(self) -> int:
        """Remove what an interrupted write left; the number of files. For the start alone."""
        parts = list(self.root.glob("addenda/??/??/.*.part"))
        for path in parts:
            path.unlink(missing_ok=True)
        return len(parts)

    def _write_group(self, group: dict[str, bytes]) -> None:
        missing: dict[Path, bytes] = {}
        touched: dict[Path, None] = {}
        for name, data in group.items():
            path = self.path(name)
            self._make_directory(path.parent)
            # Also for a file that is here: its first writer may have died before the sync.
            touched[path.parent] = None
            if path.exists():
                self.read(name)
            else:
                missing[path] = data
        parts = {path: part_of(path) for path in missing}
        try:
            for path, part in parts.items():
                write_new(self._files, part, missing[path], 0o444)
            for path, part in parts.items():
                self._files.rename(part, path)
        except OSError as error:
            self._sync_failed = self._sync_failed or isinstance(error, SyncError)
            for part in parts.values():
                part.unlink(missing_ok=True)
            raise
        self._sync_directories(touched)

    def _sync_directories(self, paths: Iterable[Path]) -> None:
        for path in paths:
            try:
                self._files.sync_directory(path)
            except OSError:
                self._sync_failed = True
                raise

    def _make_directory(self, path: Path) -> None:
        """Make ``path`` and its parents up to the root's, each name on the disk.

        Directories that exist are synced once too: who made them may have died before the sync.
        """
        if path in self._durable_directories:
            return
        if path != self.root:
            self._make_directory(path.parent)
            self._files.make_directory(path)
        else:
            path.mkdir(parents=True, exist_ok=True)
        self._sync_directories([path.parent])
        self._durable_directories.add(path)
