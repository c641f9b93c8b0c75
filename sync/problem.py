"""Errors on the wire: problem details for HTTP (RFC 9457) with our ``code`` and ``retry``."""

import json
from typing import Any

CONTENT_TYPE = "application/problem+json"

_RETRY = {"never", "same", "after"}


class Problem(Exception):
    """A request that is answered with an error.

    ``code`` is stable and is what callers switch on; ``retry`` says whether the same request may be
    sent again (``never``, ``same``, ``after`` a while). ``extra`` are further members.
    """

    def __init__(
        self, status: int, code: str, detail: str, *, retry: str = "never", **extra: Any
    ) -> None:
        super().__init__(f"{code}: {detail}")
        assert retry in _RETRY
        self.status = status
        self.code = code
        self.detail = detail
        self.retry = retry
        self.extra = extra

    def body(self) -> bytes:
        """The problem as JSON."""
        members = {
            "type": f"urn:returnbench:problem:{self.code}",
            "title": self.code.replace("-", " "),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "retry": self.retry,
            **self.extra,
        }
        return json.dumps(members, separators=(",", ":")).encode()
