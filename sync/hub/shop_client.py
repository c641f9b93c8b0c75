"""Talks to one shop: orders a refund by signed webhook, and asks what became of one.

Requests are Standard Webhooks 1.0.0 with an ``Idempotency-Key``; the answer is a JSON object with
``state`` (``booked`` or ``refused``), ``refund_id``, ``amount_minor``, ``currency``, ``detail``.
Whatever does not clearly say what happened is unclear, whatever its status.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from returnbench.sync.calling import Answer, Caller, CallError
from returnbench.sync.hub.outcomes import (
    Absent,
    Booked,
    NothingDone,
    Outcome,
    PersonNeeded,
    Refused,
    Unclear,
)
from returnbench.sync.hub.refund_queue import Claim
from returnbench.sync.hub.settings import ShopSettings
from returnbench.sync.webhook import signed_headers

UNKNOWN_KEY = "refund-unknown"
"""The problem code by which a shop says that it has never seen an idempotency key."""

_LONGEST_RETRY_AFTER = timedelta(minutes=15).total_seconds()
_LONGEST_TEXT = 300
_BUSY = 429
_NOT_LET_IN = {401, 403}
# The shop read the request and will say the same each time.
_NO_USE = {400, 404, 405, 406, 410, 411, 413, 414, 415, 421, 422, 431}


class ShopClient:
    """One shop. ``deadline`` bounds each call, in seconds."""

    def __init__(self, settings: ShopSettings, caller: Caller, deadline: float) -> None:
        self._settings = settings
        self._caller = caller
        self._deadline = deadline

    @property
    def can_read(self) -> bool:
        """Whether the shop can be asked what became of a refund."""
        return bool(self._settings.read_url)

    def order(self, claim: Claim) -> Outcome:
        """Order the refund; each repetition has the same id, key and body."""
        headers = {
            "Content-Type": "application/json",
            # A structured-field string (RFC 9651), hence the quotes.
            "Idempotency-Key": f'"{claim.platform_key}"',
            **self._signed(claim.message_id, claim.body),
        }
        try:
            answer = self._caller.call(
                "POST",
                self._settings.webhook_url,
                deadline=self._deadline,
                headers=headers,
                content=claim.body,
            )
        except CallError as error:
            return Unclear(str(error)) if error.sent else NothingDone(str(error))
        return read_order_answer(answer)

    def read_back(self, claim: Claim) -> Outcome:
        """Ask what became of the refund. ``Absent`` only when the shop itself says so."""
        if not self.can_read:
            return PersonNeeded(
                "it is not known whether the shop booked this, and the shop has no read_url to ask"
            )
        url = f"{self._settings.read_url.rstrip('/')}/{claim.platform_key}"
        try:
            answer = self._caller.call(
                "GET",
                url,
                deadline=self._deadline / 2,
                headers=self._signed("read_" + claim.message_id, b""),
            )
        except CallError as error:
            return NothingDone(f"the shop could not be asked: {error}")
        if answer.status == 404 and answer.json().get("code") == UNKNOWN_KEY:
            return Absent()
        if answer.status == 200:
            settled = _settled(answer.json())
            if settled is not None:
                return settled
        return NothingDone(
            f"the shop, asked about the refund, answered {_said(answer)}", _retry_after(answer)
        )

    def _signed(self, message_id: str, body: bytes) -> dict[str, str]:
        return signed_headers(self._settings.secret, message_id, datetime.now(UTC), body)


def read_order_answer(answer: Answer) -> Outcome:
    """What the answer to a refund order means."""
    said = f"the shop answered {_said(answer)}"
    if 200 <= answer.status < 300:
        return _settled(answer.json()) or Unclear(said)
    if answer.status in _NOT_LET_IN or answer.status == _BUSY:
        return NothingDone(said, _retry_after(answer))
    if answer.status in _NO_USE:
        return PersonNeeded(said)
    return Unclear(said, _retry_after(answer))


def _settled(body: dict[str, Any]) -> Booked | Refused | None:
    state, detail = body.get("state"), body.get("detail", "")
    if not isinstance(detail, str):
        return None
    if state == "refused":
        return Refused(detail[:_LONGEST_TEXT])
    number, amount, currency = (body.get(k) for k in ("refund_id", "amount_minor", "currency"))
    complete = (
        isinstance(number, str)
        and number != ""
        and type(amount) is int
        and amount >= 0
        and isinstance(currency, str)
        and len(currency) == 3
    )
    if state != "booked" or not complete:
        return None
    return Booked(str(number), int(str(amount)), str(currency), detail[:_LONGEST_TEXT])


def _said(answer: Answer) -> str:
    body = answer.json()
    words = [str(answer.status)]
    for key in ("code", "detail"):
        if isinstance(body.get(key), str):
            words.append(body[key])
    return " ".join(words)[:_LONGEST_TEXT]


def _retry_after(answer: Answer) -> float:
    """Seconds of ``Retry-After`` (RFC 9110 section 10.2.3), at most a quarter of an hour."""
    value = answer.headers.get("retry-after", "").strip()
    if not value:
        return 0.0
    if value.isascii() and value.isdigit():
        seconds = float(value[:9])
    else:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return 0.0
        if at.tzinfo is None:
            return 0.0
        seconds = (at - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)
