"""A shop to try refunds with: takes signed webhooks, books money, tells what it booked.

``python -m returnbench.sync.demo_shop --db FILE --secret-file FILE`` runs it as a process.
"""

import argparse
import asyncio
import json
import logging
import random
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from returnbench.sync.demo_shop_books import Books, KeyReusedError, OrderError, Prices
from returnbench.sync.problem import CONTENT_TYPE, Problem
from returnbench.sync.serving import ThreadServer
from returnbench.sync.webhook import WebhookError, decode_secret, verify

_log = logging.getLogger(__name__)

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ShopFaults:
    """How often, from 0 to 1, the shop misbehaves; the same ``seed`` gives the same sequence.

    ``drop_answer`` books and then breaks the connection, ``fail_before`` answers 500 without
    booking, ``slow`` waits ``slow_seconds`` before it books.
    """

    seed: int = 0
    drop_answer: float = 0.0
    fail_before: float = 0.0
    slow: float = 0.0
    slow_seconds: float = 1.0


class DemoShop:
    """The shop without its HTTP server.

    ``orders`` maps each return to the unit prices of its lines in minor units. Returns that are
    not listed cost ``default_minor`` a unit; with ``None`` they are refused.
    """

    def __init__(  # noqa: PLR0913 - what a shop knows, each by its name
        self,
        db_path: Path,
        secret: str,
        orders: Mapping[str, Mapping[str, int]] | None = None,
        *,
        already_refunded: Collection[str] = (),
        currency: str = "EUR",
        default_minor: int | None = None,
        faults: ShopFaults | None = None,
    ) -> None:
        decode_secret(secret)
        self.secret = secret
        self.books = Books(
            db_path, Prices(dict(orders or {}), currency, default_minor, already_refunded)
        )
        self._faults = faults or ShopFaults()
        self._random = random.Random(self._faults.seed)

    def ledger(self) -> dict[str, Any]:
        """All bookings by return, with totals and how many returns were booked twice."""
        return self.books.ledger()

    def draw_faults(self) -> tuple[bool, bool, float]:
        """For one request: drop the answer, fail before booking, seconds to wait."""
        drop, fail, slow = (self._random.random() for _ in range(3))
        wait = self._faults.slow_seconds if slow < self._faults.slow else 0.0
        return drop < self._faults.drop_answer, fail < self._faults.fail_before, wait

    def close(self) -> None:
        """Close the books."""
        self.books.close()


class _DroppedAnswer(Response):
    """Announces a body that never comes, so that the server breaks the connection."""

    async def __call__(
        self, _scope: Any, _receive: Any, send: Callable[[Any], Awaitable[None]]
    ) -> None:
        headers = [(b"content-length", b"4096"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"state":', "more_body": False})


def create_shop_app(shop: DemoShop) -> FastAPI:
    """The shop over HTTP."""
    app = FastAPI(title="demo shop", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(Problem, _answer_problem)

    @app.post("/webhooks/returnbench")
    async def take(request: Request) -> Response:
        body = await _read(request)
        _check_signature(shop, request, body)
        key = request.headers.get("idempotency-key", "").strip('"')
        if not key:
            raise Problem(400, "idempotency-key-missing", "send an Idempotency-Key")
        drop, fail, wait = shop.draw_faults()
        if wait:
            await asyncio.sleep(wait)
        if fail:
            raise Problem(500, "internal", "the shop failed before booking", retry="after")
        answer, replayed = await run_in_threadpool(_book, shop.books, key, body)
        if drop:
            return _DroppedAnswer()
        headers = {"Idempotency-Replayed": "true"} if replayed else {}
        return JSONResponse(answer, headers=headers)

    @app.get("/v1/refunds/{key}")
    async def read(key: str, request: Request) -> Response:
        _check_signature(shop, request, b"")
        answer = await run_in_threadpool(shop.books.answer_to, key)
        if answer is None:
            raise Problem(404, "refund-unknown", "no refund came under this key", retry="same")
        return JSONResponse(answer)

    @app.get("/v1/ledger")
    async def ledger() -> Response:
        return JSONResponse(await run_in_threadpool(shop.ledger))

    return app


def _book(books: Books, key: str, body: bytes) -> tuple[dict[str, Any], bool]:
    try:
        return books.book(key, body)
    except KeyReusedError as error:
        raise Problem(422, "idempotency-mismatch", str(error)) from error
    except OrderError as error:
        raise Problem(422, "schema-invalid", str(error)) from error


def _check_signature(shop: DemoShop, request: Request, body: bytes) -> None:
    try:
        verify(shop.secret, request.headers, body)
    except WebhookError as error:
        raise Problem(401, "signature-invalid", str(error)) from error


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise Problem(413, "payload-too-large", f"at most {_MOST_BYTES} bytes are taken")
    return bytes(body)


async def _answer_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return Response(error.body(), status_code=error.status, media_type=CONTENT_TYPE)


class DemoShopServer:
    """Serves ``shop`` from a thread; port 0 takes a free one."""

    def __init__(self, shop: DemoShop, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = ThreadServer(create_shop_app(shop), host, port)
        self.url = ""

    def start(self) -> str:
        """Listen and return the base URL."""
        self.url = self._server.start()
        return self.url

    @property
    def webhook_url(self) -> str:
        """Where refund orders go."""
        return f"{self.url}/webhooks/returnbench"

    @property
    def read_url(self) -> str:
        """Where the shop tells what became of an order."""
        return f"{self.url}/v1/refunds"

    def stop(self) -> None:
        """Stop listening. May be called twice."""
        self._server.stop()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the shop until it is told to stop."""
    parser = argparse.ArgumentParser(prog="returnbench.sync.demo_shop", description=__doc__)
    parser.add_argument("--db", type=Path, required=True, help="file with the books")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--secret-file", type=Path, required=True, help="file with whsec_...")
    parser.add_argument("--orders", type=Path, help='JSON: {"RMA": {"line": price in cents}}')
    parser.add_argument("--default-minor", type=int, help="price of returns that are not listed")
    for name in ("drop-answer", "fail-before", "slow"):
        parser.add_argument(f"--{name}", type=float, default=0.0, help="how often, from 0 to 1")
    parser.add_argument("--slow-seconds", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    shop = DemoShop(
        options.db,
        options.secret_file.read_text().strip(),
        json.loads(options.orders.read_text()) if options.orders else None,
        default_minor=options.default_minor,
        faults=ShopFaults(
            options.seed,
            options.drop_answer,
            options.fail_before,
            options.slow,
            options.slow_seconds,
        ),
    )
    server = DemoShopServer(shop, options.host, options.port)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    sys.stdout.write(json.dumps({"ready": True, "url": server.start()}) + "\n")
    sys.stdout.flush()
    ended.wait()
    server.stop()
    shop.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
