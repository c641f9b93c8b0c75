"""The refund order of one return: its keys and the exact bytes that the shop gets."""

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass

from returnbench.inspect.codec import plain
from returnbench.inspect.events import VerdictReleased
from returnbench.sync.note import Signer

WHOLE_RETURN = "*"
"""The ``line_ref`` of a refund that covers the whole return."""
FIRST_CYCLE = 1


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """One refund before it is sent; every attempt sends the same keys and bytes."""

    shop: str
    return_ref: str
    order_ref: str
    case: str
    intent_id: str
    platform_key: str
    message_id: str
    body: bytes


def make_order(signer: Signer, released: VerdictReleased, utc: str) -> RefundOrder:
    """The refund order of a released verdict; ``utc`` is when it was released (RFC 3339).

    The keys cannot be guessed without the hub's key, yet are the same whenever the same return is
    ordered again: a hub that was restored from an old backup, and learns of a verdict for the
    second time, orders it under the key that the shop already knows.
    """
    digest = _secret_digest(signer, released.shop, released.rma)
    intent_id = "ri_" + _base32(digest[0:16])
    verdict = released.verdict
    body = {
        "type": "refund.requested",
        "timestamp": utc,
        "data": {
            "intent_id": intent_id,
            "rma": released.rma,
            "order_ref": released.order_ref,
            "shop": released.shop,
            "case": released.case,
            "verdict": str(verdict.kind),
            "lines": [
                {
                    "line_ref": line.line_ref,
                    "quantity": line.quantity,
                    "refund_permille": line.refund_permille,
                }
                for line in verdict.lines
            ],
            "liable_party": str(verdict.liable_party),
            "rules": list(verdict.rules),
            "revision": FIRST_CYCLE,
        },
    }
    return RefundOrder(
        shop=released.shop,
        return_ref=released.rma,
        order_ref=released.order_ref,
        case=released.case,
        intent_id=intent_id,
        platform_key=str(uuid.UUID(bytes=digest[16:32], version=4)),
        message_id="msg_" + _base32(hashlib.sha256(b"message" + digest).digest()[:16]),
        body=json.dumps(body, sort_keys=True, separators=(",", ":")).encode(),
    )


def _secret_digest(signer: Signer, shop: str, return_ref: str) -> bytes:
    """32 bytes that only the holder of the key can make, the same each time.

    Ed25519 signatures are deterministic (RFC 8032 section 5.1.6).
    """
    fact = json.dumps(["returnbench refund", shop, return_ref, WHOLE_RETURN, FIRST_CYCLE])
    return hashlib.sha256(signer.sign(fact.encode())).digest()


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def verdict_json(released: VerdictReleased) -> str:
    """The verdict as canonical JSON text, to store and to compare."""
    return json.dumps(plain(released.verdict), sort_keys=True, separators=(",", ":"))
