"""JSON of the station protocol, read strictly: anything else is ``schema-invalid``."""

import base64
import binascii
import json
from typing import Any

from returnbench.sync.hub.inbox import MOST_BYTES, MOST_ENTRIES, Batch, Head
from returnbench.sync.problem import Problem

PROTOCOL = 1
# Base64 takes a third more than the entries; the rest is checkpoint, proof and punctuation.
MOST_REQUEST_BYTES = MOST_BYTES * 4 // 3 + 256 * 1024
_REASONS = {"gone", "damaged"}


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a request body."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise _invalid("the body is not a JSON object")
    return value


def read_batch(body: bytes) -> Batch:
    """The batch of ``POST /v1/stations/{station}/entries``."""
    value = read_object(body)
    if value.get("protocol") != PROTOCOL:
        raise _invalid(f"protocol {PROTOCOL} is spoken here, not {value.get('protocol')!r:.40}")
    start, checkpoint = value.get("from"), value.get("checkpoint")
    if type(start) is not int or not 0 <= start < 2**53:
        raise _invalid("'from' is not a position in the log")
    if not isinstance(checkpoint, str) or len(checkpoint) > 65_536:
        raise _invalid("'checkpoint' is not the text of a signed note")
    entries = _base64_list(value.get("entries"), "entries", MOST_ENTRIES)
    if sum(map(len, entries)) > MOST_BYTES:
        raise Problem(413, "payload-too-large", f"at most {MOST_BYTES} bytes of entries at once")
    proof = _base64_list(value.get("proof", []), "proof", 64)
    return Batch(start, entries, checkpoint, proof)


def read_absent(body: bytes) -> dict[str, str]:
    """Hashes and reasons of ``POST /v1/evidence/absent``."""
    value = read_object(body)
    hashes, reason = value.get("sha256"), value.get("reason", "gone")
    if reason not in _REASONS:
        raise _invalid("'reason' is 'gone' or 'damaged'")
    if not isinstance(hashes, list) or not all(isinstance(item, str) for item in hashes):
        raise _invalid("'sha256' is not a list of hashes")
    return dict.fromkeys(hashes, reason)


def head_json(head: Head, hub_time: str) -> dict[str, Any]:
    """What the hub holds, as it is answered."""
    return {
        "size": head.size,
        "root": head.root.hex(),
        "cosigned": head.cosigned,
        "evidence_missing": list(head.missing),
        "hub_time": hub_time,
    }


def _base64_list(value: Any, name: str, most: int) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _invalid(f"'{name}' is not a list of base64 texts")
    if len(value) > most:
        raise Problem(413, "payload-too-large", f"'{name}' has more than {most} items")
    try:
        return tuple(base64.b64decode(item, validate=True) for item in value)
    except (binascii.Error, ValueError) as error:
        raise _invalid(f"'{name}' is not base64: {error}") from error


def _invalid(detail: str) -> Problem:
    return Problem(422, "schema-invalid", detail)
