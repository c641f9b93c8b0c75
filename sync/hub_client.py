"""The station's side of the hub protocol: one method for each request, typed answers."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from returnbench.inspect.case import RefundAnswer
from returnbench.inspect.codec import CodecError, join
from returnbench.sync.calling import Answer, Caller, CallError

PROTOCOL = 1

_ENTRY_SECONDS = 30.0
_SMALL_SECONDS = 15.0
# The slowest line that still makes sense to wait for, in bytes per second.
_SLOWEST_LINE = 50_000


class HubUnreachable(Exception):
    """No complete answer came; the request may or may not have been taken."""


class HubRefused(Exception):
    """The hub answered with an error. ``code`` is its stable name, ``extra`` its members."""

    def __init__(self, status: int, code: str, detail: str, extra: dict[str, Any]) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = extra
        self.retry_after = 0.0


@dataclass(frozen=True, slots=True)
class HubHead:
    """What the hub holds of this station's log. ``missing`` are hashes of files it waits for."""

    size: int
    root: str
    cosigned: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One answer for this station under its cursor."""

    cursor: int
    answer: RefundAnswer


class HubClient:
    """Requests of one station to its hub.

    Every method raises :class:`HubUnreachable` or :class:`HubRefused`.
    """

    def __init__(self, caller: Caller, hub_url: str, token: str, station: str) -> None:
        self._caller = caller
        self._url = hub_url.rstrip("/")
        self._station = f"{self._url}/v1/stations/{quote(station, safe='')}"
        self._headers = {"Authorization": f"Bearer {token}"}

    def head(self) -> HubHead:
        """What the hub holds."""
        return _head(self._call("GET", f"{self._station}/head", _SMALL_SECONDS))

    def push(
        self, start: int, entries: Sequence[bytes], checkpoint: str, proof: Sequence[bytes]
    ) -> HubHead:
        """Send entries from position ``start`` on, with the proof that the checkpoint has them."""
        body = {
            "protocol": PROTOCOL,
            "from": start,
            "entries": _texts(entries),
            "checkpoint": checkpoint,
            "proof": _texts(proof),
        }
        return _head(self._post(f"{self._station}/entries", body, _ENTRY_SECONDS))

    def put_evidence(self, sha256: str, data: bytes) -> None:
        """Send one file."""
        deadline = _SMALL_SECONDS + len(data) / _SLOWEST_LINE
        self._call("PUT", f"{self._url}/v1/evidence/{sha256}", deadline, data)

    def declare_absent(self, hashes: Sequence[str], reason: str) -> None:
        """Say that these files will not come; ``reason`` is ``gone`` or ``damaged``."""
        body = {"sha256": list(hashes), "reason": reason}
        self._post(f"{self._url}/v1/evidence/absent", body, _SMALL_SECONDS)

    def changes(self, cursor: int, wait: float) -> list[Change]:
        """Answers behind ``cursor``; waits up to ``wait`` seconds for the first."""
        url = f"{self._station}/changes?cursor={cursor}&wait={wait:g}"
        body = self._call("GET", url, wait + _SMALL_SECONDS)
        try:
            return [
                Change(_whole(item["cursor"]), join(RefundAnswer, item["answer"]))
                for item in body["changes"]
            ]
        except (KeyError, TypeError, CodecError) as error:
            raise HubUnreachable(f"the hub's answer cannot be read: {error}") from error

    def _post(self, url: str, body: dict[str, Any], deadline: float) -> dict[str, Any]:
        content = json.dumps(body, separators=(",", ":")).encode()
        return self._call("POST", url, deadline, content)

    def _call(
        self, method: str, url: str, deadline: float, content: bytes | None = None
    ) -> dict[str, Any]:
        try:
            answer = self._caller.call(
                method, url, deadline=deadline, headers=self._headers, content=content
            )
        except CallError as error:
            raise HubUnreachable(str(error)) from error
        body = answer.json()
        if 200 <= answer.status < 300 and body:
            return body
        raise _refusal(answer, body)


def _refusal(answer: Answer, body: dict[str, Any]) -> HubRefused:
    code, detail = body.get("code"), body.get("detail")
    refused = HubRefused(
        answer.status,
        code if isinstance(code, str) else f"http-{answer.status}",
        detail if isinstance(detail, str) else "an answer that is not the hub's",
        body,
    )
    seconds = answer.headers.get("retry-after", "")
    if seconds.isascii() and seconds.isdigit():
        # At most a quarter of an hour: a hub that is back should not wait for us longer.
        refused.retry_after = min(float(seconds[:6]), 900.0)
    return refused


def _head(body: dict[str, Any]) -> HubHead:
    try:
        return HubHead(
            size=_whole(body["size"]),
            root=str(body["root"]),
            cosigned=str(body["cosigned"]),
            missing=tuple(str(item) for item in body["evidence_missing"]),
        )
    except (KeyError, TypeError) as error:
        raise HubUnreachable(f"the hub's answer cannot be read: {error}") from error


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _texts(items: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(item).decode() for item in items]
