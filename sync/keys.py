"""The key of a log in its file: made once, readable by its owner alone, never exported."""

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from returnbench.sync.files import Files, part_of, write_new
from returnbench.sync.note import Ed25519Signer

# An Ed25519 key in PEM has 119 bytes; a bound keeps us from reading a wrong, large file.
_MOST_BYTES = 4096


class KeyFileError(Exception):
    """A key file is missing, damaged or readable by others; the message says what to do."""


def load_or_create_signer(path: Path, origin: str) -> Ed25519Signer:
    """The key in ``path``, named ``origin``; made there when the file does not exist.

    The file is PKCS #8 in PEM (RFC 8410, RFC 5958), mode 0600.

    Raises:
        KeyFileError: the file is damaged, readable by others, or cannot be read or made.

    """
    if not path.exists():
        _create(path)
    return load_signer(path, origin)


def load_signer(path: Path, origin: str) -> Ed25519Signer:
    """The key in ``path``, named ``origin``.

    Raises:
        KeyFileError: the file is missing, damaged or readable by others.

    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(_MOST_BYTES)
    except FileNotFoundError as error:
        raise KeyFileError(
            f"the key file {path} is missing; bring it back from the backup, "
            "or start the bench once to make a new one"
        ) from error
    except OSError as error:
        raise KeyFileError(f"the key file {path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise KeyFileError(
            f"others may read or change the key file {path} (mode {mode:04o}); "
            f"run: chmod 600 {path}"
        )
    return Ed25519Signer(origin, _private_key(path, data))


def _private_key(path: Path, data: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            f"the key file {path} is damaged; bring it back from the backup. Without it the log "
            "cannot go on: only then move the data folder away and enrol the station anew"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"the key file {path} holds another kind of key; Ed25519 is needed")
    return key


def _create(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = Files()
    part = part_of(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(files, part, pem, 0o600)
        try:
            # A link does not replace a key that another process made in the meantime.
            os.link(part, path)
        except FileExistsError:
            return
        finally:
            files.unlink(part)
        files.sync_directory(path.parent)
        files.sync_directory(path.parent.parent)
    except OSError as error:
        raise KeyFileError(f"the key file {path} cannot be made: {error.strerror}") from error
