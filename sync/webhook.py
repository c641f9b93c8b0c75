"""Signing and checking webhooks (Standard Webhooks 1.0.0, symmetric scheme ``v1``).

The signature is HMAC-SHA256 over ``id.timestamp.body``, in base64, after the prefix ``v1,``. The
secret is base64 of 24 to 64 random bytes after the prefix ``whsec_``.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

TOLERANCE_SECONDS = 300
"""How far the timestamp of a webhook may lie from the receiver's clock, either way."""

_PREFIX = "whsec_"


class WebhookError(ValueError):
    """A webhook or its secret is malformed, or the webhook is not authentic."""


def decode_secret(secret: str) -> bytes:
    """The key bytes of a secret ``whsec_...``.

    Raises:
        WebhookError: no such secret.

    """
    if not secret.startswith(_PREFIX):
        raise WebhookError(f"a webhook secret starts with {_PREFIX}; copy the whole secret")
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WebhookError("the webhook secret is not base64 after its prefix") from error
    if not 24 <= len(key) <= 64:
        raise WebhookError(f"a webhook secret has 24 to 64 bytes, this one has {len(key)}")
    return key


def encode_secret(key: bytes) -> str:
    """The secret text ``whsec_...`` of ``key``."""
    return _PREFIX + base64.b64encode(key).decode()


def sign(secret: str, message_id: str, unix_seconds: int, body: bytes) -> str:
    """The value of ``webhook-signature`` for one attempt at ``unix_seconds``."""
    signed = f"{message_id}.{unix_seconds}.".encode() + body
    digest = hmac.new(decode_secret(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def signed_headers(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one attempt. ``at`` is the time of this attempt, with its zone.

    Raises:
        WebhookError: ``at`` has no zone, or the secret is none.

    """
    if at.tzinfo is None:
        raise WebhookError("the time of a webhook needs a zone")
    seconds = int(at.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(secret, message_id, seconds, body),
    }


def verify(
    secret: str, headers: Mapping[str, str], body: bytes, now: datetime | None = None
) -> str:
    """Check a received webhook and return its id. Header names are given in lower case.

    Raises:
        WebhookError: a header is missing or malformed, the time is too far off, or no signature
            fits.

    """
    try:
        message_id = headers["webhook-id"]
        timestamp = headers["webhook-timestamp"]
        signatures = headers["webhook-signature"]
    except KeyError as error:
        raise WebhookError(f"the header {error.args[0]} is missing") from error
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 12:
        raise WebhookError("webhook-timestamp is not a whole number of Unix seconds")
    off = int(timestamp) - (now or datetime.now(UTC)).timestamp()
    if abs(off) > TOLERANCE_SECONDS:
        raise WebhookError(f"the webhook is {abs(off):.0f} s off this clock; at most 300 s are let")
    expected = sign(secret, message_id, int(timestamp), body).encode()
    # All are compared, without stopping early, so that timing tells nothing.
    fits = [hmac.compare_digest(expected, part.encode()) for part in signatures.split(" ")]
    if not any(fits):
        raise WebhookError("no signature fits: another secret, or the body was changed")
    return message_id
