"""Signed notes and checkpoints: the head of a log as a text that anyone can check.

Formats: C2SP signed-note (``c2sp.org/signed-note``), tlog-checkpoint (``c2sp.org/tlog-checkpoint``)
and tlog-cosignature (``c2sp.org/tlog-cosignature``); signatures are Ed25519 (RFC 8032).
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from returnbench.sync.merkle import HASH_BYTES

LOG_KEY = 0x01
"""Key type of an Ed25519 note signature."""
WITNESS_KEY = 0x04
"""Key type of a time-stamped Ed25519 co-signature of a witness."""

_DASH = "\N{EM DASH} "
_SIGNATURE_BYTES = 64
_TIME_BYTES = 8
# The format wants at least 16 to be accepted; a bound keeps a hostile note from costing much.
_MOST_SIGNATURES = 100


class NoteError(ValueError):
    """A note, checkpoint or verifier key is malformed, or a signature on it is wrong."""


class Signer(Protocol):
    """What signs a note: a key in a file here, a hardware key elsewhere."""

    @property
    def name(self) -> str:
        """Key name; for the key of a log, the log's origin."""

    @property
    def key_id(self) -> bytes:
        """The four bytes that, with the name, tell which key signed."""

    @property
    def vkey(self) -> str:
        """Verifier key text, as :meth:`NoteVerifier.from_vkey` reads it."""

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature (64 bytes) of ``message``."""


class Ed25519Signer:
    """An Ed25519 private key with the name under which it signs.

    Raises:
        NoteError: ``name`` cannot be a key name.

    """

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        _check_name(name)
        self._name = name
        self._private_key = private_key
        self._public = private_key.public_key().public_bytes_raw()

    @property
    def name(self) -> str:
        """Key name."""
        return self._name

    @property
    def key_id(self) -> bytes:
        """Key id for note signatures."""
        return _key_id(self._name, LOG_KEY, self._public)

    @property
    def vkey(self) -> str:
        """Verifier key text for notes signed with :func:`sign_note`."""
        return _vkey(self._name, LOG_KEY, self._public)

    @property
    def witness_key_id(self) -> bytes:
        """Key id for co-signatures."""
        return _key_id(self._name, WITNESS_KEY, self._public)

    @property
    def witness_vkey(self) -> str:
        """Verifier key text for co-signatures made with :func:`cosign`."""
        return _vkey(self._name, WITNESS_KEY, self._public)

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature of ``message``, 64 bytes."""
        return self._private_key.sign(message)


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key with its name, as in a policy file."""

    name: str
    key_type: int
    public: bytes

    @classmethod
    def from_vkey(cls, text: str) -> "NoteVerifier":
        """The key of ``name+hex(key id)+base64(type and public key)``.

        Raises:
            NoteError: the text is no such key, or its id does not belong to it.

        """
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise NoteError(
                f"{text[:80]!r} is no verifier key; expected name+8 hex digits+base64 in one line"
            )
        name, key_id, encoded = parts
        _check_name(name)
        blob = _decode(encoded, "the verifier key")
        if len(blob) != 33 or blob[0] not in (LOG_KEY, WITNESS_KEY):
            raise NoteError(f"the verifier key of {name} is neither an Ed25519 nor a witness key")
        verifier = cls(name, blob[0], blob[1:])
        if verifier.key_id.hex() != key_id:
            raise NoteError(
                f"the verifier key of {name} is damaged: its id says {key_id}, "
                f"its content {verifier.key_id.hex()}; copy the whole line again"
            )
        return verifier

    @property
    def key_id(self) -> bytes:
        """The four bytes that, with the name, tell which key signed."""
        return _key_id(self.name, self.key_type, self.public)

    @property
    def vkey(self) -> str:
        """The key as text, as :meth:`from_vkey` reads it."""
        return _vkey(self.name, self.key_type, self.public)

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether ``signature`` (without key id) is this key's on the note text ``text``."""
        message = text.encode()
        if self.key_type == WITNESS_KEY:
            if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES:
                return False
            message = _cosigned(text, int.from_bytes(signature[:_TIME_BYTES]))
            signature = signature[_TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note with at least one good signature of a known key.

    ``verified`` and ``unknown`` are key names in the order of the note; ``cosigned_at`` has the
    time of each good co-signature in Unix seconds.
    """

    text: str
    verified: tuple[str, ...]
    unknown: tuple[str, ...]
    cosigned_at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Head of a log: its origin, its number of entries and their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text, without its signatures. Extension lines are refused.

    Raises:
        NoteError: it is not three lines of origin, size and root.

    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise NoteError("a checkpoint has three lines: origin, size, root")
    origin, size, encoded = lines[:3]
    if not origin:
        raise NoteError("the checkpoint has no origin")
    if not (size.isascii() and size.isdigit()) or len(size) > 20 or str(int(size)) != size:
        raise NoteError(f"the checkpoint's size {size[:40]!r} is not a decimal number")
    root = _decode(encoded, "the checkpoint's root")
    if len(root) != HASH_BYTES:
        raise NoteError(f"the checkpoint's root has {len(root)} bytes instead of {HASH_BYTES}")
    return Checkpoint(origin, int(size), root)


def sign_note(text: str, signers: Sequence[Signer]) -> str:
    """``text`` with one signature line of each of ``signers``.

    Raises:
        NoteError: ``text`` cannot be a note, or there is no signer.

    """
    _check_text(text)
    if not signers:
        raise NoteError("a note needs at least one signer")
    message = text.encode()
    lines = [_line(signer.name, signer.key_id + signer.sign(message)) for signer in signers]
    return text + "\n" + "".join(lines)


def open_note(note: str, verifiers: Sequence[NoteVerifier]) -> OpenedNote:
    """Check ``note`` and return its text with the names of the keys that signed it.

    Signatures of unknown keys are passed over; a wrong one of a known key spoils the note.

    Raises:
        NoteError: the note is malformed, a known key's signature is wrong, or none is known.

    """
    text, signatures = _split(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    verified: list[str] = []
    unknown: list[str] = []
    cosigned_at: dict[str, int] = {}
    for name, blob in signatures:
        key_id, signature = blob[:4], blob[4:]
        verifier = known.get((name, key_id))
        if verifier is None:
            unknown.append(name)
            continue
        if not verifier.verify(text, signature):
            raise NoteError(f"the signature of {name} does not fit: the note was changed")
        verified.append(name)
        if verifier.key_type == WITNESS_KEY:
            cosigned_at[name] = int.from_bytes(signature[:_TIME_BYTES])
    if not verified:
        raise NoteError(
            "no signature of a known key on the note; it is signed by: "
            + (", ".join(unknown) or "nobody")
        )
    return OpenedNote(
        text, tuple(dict.fromkeys(verified)), tuple(dict.fromkeys(unknown)), cosigned_at
    )


def cosign(note: str, signer: Ed25519Signer, unix_seconds: int) -> str:
    """The checkpoint ``note`` with a witness co-signature added, time-stamped ``unix_seconds``.

    The caller has checked the log's signature and that this head extends the last one it signed.

    Raises:
        NoteError: ``note`` is not a signed checkpoint.

    """
    text, _ = _split(note)
    parse_checkpoint(text)
    signature = signer.sign(_cosigned(text, unix_seconds))
    blob = signer.witness_key_id + unix_seconds.to_bytes(_TIME_BYTES) + signature
    return note + _line(signer.name, blob)


def _cosigned(text: str, unix_seconds: int) -> bytes:
    return f"cosignature/v1\ntime {unix_seconds}\n{text}".encode()


def _key_id(name: str, key_type: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([key_type]) + public).digest()[:4]


def _vkey(name: str, key_type: int, public: bytes) -> str:
    encoded = base64.b64encode(bytes([key_type]) + public).decode()
    return f"{name}+{_key_id(name, key_type, public).hex()}+{encoded}"


def _line(name: str, blob: bytes) -> str:
    return f"{_DASH}{name} {base64.b64encode(blob).decode()}\n"


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
        raise NoteError(f"{name[:80]!r} cannot name a key: no spaces, no '+', not empty")


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("the text of a note ends in a line feed")
    if any((c < " " and c != "\n") or c == "\x7f" for c in text):
        raise NoteError("a note has no control characters except line feeds")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoteError("the note is not valid Unicode") from error


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signatures (name, key id and signature) of a note."""
    _check_text(note)
    # The last empty line parts them: the text itself may have empty lines.
    at = note.rfind("\n\n")
    if at < 0:
        raise NoteError("the note has no empty line before its signatures")
    text, tail = note[: at + 1], note[at + 2 :]
    lines = tail.split("\n")[:-1]
    if not lines:
        raise NoteError("the note has no signature")
    if len(lines) > _MOST_SIGNATURES:
        raise NoteError(f"the note has more than {_MOST_SIGNATURES} signatures")
    return text, [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    if not line.startswith(_DASH):
        raise NoteError(f"{line[:80]!r} is not a signature line: an em dash is missing")
    name, space, encoded = line[len(_DASH) :].partition(" ")
    if not space:
        raise NoteError(f"{line[:80]!r} is not a signature line: the signature is missing")
    _check_name(name)
    blob = _decode(encoded, f"the signature of {name}")
    if len(blob) < 5:
        raise NoteError(f"the signature of {name} is too short")
    return name, blob


def _decode(encoded: str, what: str) -> bytes:
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"{what} is not base64") from error
    # Python takes stray bits in the last character; one value must have one text.
    if base64.b64encode(blob).decode() != encoded:
        raise NoteError(f"{what} is not base64 in its usual form")
    return blob
