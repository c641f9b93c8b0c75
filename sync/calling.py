"""HTTP calls with a deadline for the whole call, and a clear word on whether anything was sent.

The timeouts of the HTTP client count per read: a peer that sends one byte now and then would hold
a call for ever. Here the deadline covers connecting, sending and reading the whole answer.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError as FutureCancelled
from dataclasses import dataclass
from typing import Any

import httpx2

_CONNECT_SECONDS = 5.0


class CallError(Exception):
    """A call gave no usable answer. ``sent`` is false only when surely nothing was sent."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The JSON object of the body; empty when the body is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class Caller:
    """An HTTP client that many threads may use. Redirects are not followed.

    ``keep_alive`` reuses connections; without it each call has its own, so that a stale connection
    never makes an answer unclear. ``max_answer`` bounds the body in bytes.
    """

    def __init__(self, *, keep_alive: bool = True, max_answer: int = 16 * 1024 * 1024) -> None:
        self._max_answer = max_answer
        self._loop = asyncio.new_event_loop()
        limits = httpx2.Limits(max_keepalive_connections=20 if keep_alive else 0)
        self._client = httpx2.AsyncClient(
            limits=limits, follow_redirects=False, trust_env=False, timeout=None
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name="http", daemon=True)
        self._thread.start()
        self._closed = False
        self._closing = threading.Lock()

    def call(
        self,
        method: str,
        url: str,
        *,
        deadline: float,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Make one call that ends within ``deadline`` seconds.

        Raises:
            CallError: no complete answer came.

        """
        coroutine = self._call(method, url, deadline, headers or {}, content)
        with self._closing:
            if self._closed:
                coroutine.close()
                raise CallError("the client was closed", sent=False)
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except FutureCancelled as error:
            raise CallError("the call was cut off by closing the client", sent=True) from error

    async def _call(
        self,
        method: str,
        url: str,
        deadline: float,
        headers: Mapping[str, str],
        content: bytes | None,
    ) -> Answer:
        timeout = httpx2.Timeout(None, connect=min(_CONNECT_SECONDS, deadline))
        try:
            async with (
                asyncio.timeout(deadline),
                self._client.stream(
                    method, url, headers=headers, content=content, timeout=timeout
                ) as response,
            ):
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self._max_answer:
                        raise CallError("the answer is too long", sent=True)
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, names, bytes(body))
        except TimeoutError as error:
            raise CallError(f"no complete answer within {deadline:g} s", sent=True) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol) as error:
            raise CallError(
                f"no connection: {error or type(error).__name__}", sent=False
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise CallError(f"{type(error).__name__}: {error}", sent=True) from error

    def close(self) -> None:
        """Cut off running calls and free the connections. May be called twice."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _shut(self) -> None:
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*running, return_exceptions=True)
        await self._client.aclose()
