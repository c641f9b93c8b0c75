"""The hub over HTTP. Errors are problem details (RFC 9457) with a ``code``."""

import logging
import math
import re
import time
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from returnbench.sync.hub import wire
from returnbench.sync.hub.clock import utc_text
from returnbench.sync.hub.service import Hub
from returnbench.sync.problem import CONTENT_TYPE, Problem

_log = logging.getLogger(__name__)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_WAIT_SECONDS = 25.0


def create_app(hub: Hub) -> FastAPI:
    """The application that serves ``hub``."""
    app = FastAPI(title="returnbench hub", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(Exception, _answer_defect)
    _add_log_routes(app, hub)
    _add_evidence_routes(app, hub)
    _add_board_routes(app, hub)
    return app


def _add_log_routes(app: FastAPI, hub: Hub) -> None:
    @app.post("/v1/stations/{station}/entries")
    async def push(station: str, request: Request) -> JSONResponse:
        await _let_in(hub, request, station)
        batch = wire.read_batch(await _read(request, wire.MOST_REQUEST_BYTES))
        head = await run_in_threadpool(hub.accept, station, batch)
        return JSONResponse(wire.head_json(head, utc_text()))

    @app.get("/v1/stations/{station}/head")
    async def head(station: str, request: Request) -> JSONResponse:
        await _let_in(hub, request, station)
        found = await run_in_threadpool(hub.head, station)
        return JSONResponse(wire.head_json(found, utc_text()))

    @app.get("/v1/stations/{station}/changes")
    async def changes(station: str, request: Request) -> JSONResponse:
        await _let_in(hub, request, station)
        cursor = int(_number(request, "cursor", 2**53))
        wait = _number(request, "wait", _LONGEST_WAIT_SECONDS)
        found = await _await_changes(hub, request, station, cursor, wait)
        last = found[-1]["cursor"] if found else cursor
        return JSONResponse({"changes": found, "cursor": last})


async def _await_changes(
    hub: Hub, request: Request, station: str, cursor: int, wait: float
) -> list[dict[str, Any]]:
    """Changes behind ``cursor``, as soon as there are any; none after ``wait`` seconds."""
    ends = time.monotonic() + wait
    while True:
        # Read before looking, so that a ring while looking is not missed.
        rings = hub.bell.rings
        found = await run_in_threadpool(hub.changes, station, cursor)
        left = ends - time.monotonic()
        if found or left <= 0 or hub.bell.closed or await request.is_disconnected():
            return found
        await hub.bell.wait(rings, left)


def _add_evidence_routes(app: FastAPI, hub: Hub) -> None:
    @app.put("/v1/evidence/{sha256}")
    async def put(sha256: str, request: Request) -> JSONResponse:
        await _let_in(hub, request)
        if not _SHA256.fullmatch(sha256):
            raise Problem(422, "schema-invalid", "the name is not a SHA-256 in lower-case hex")
        data = await _read(request, hub.settings.most_evidence_bytes)
        new = await run_in_threadpool(hub.evidence.put, sha256, data)
        return JSONResponse({"sha256": sha256, "new": new}, status_code=201 if new else 200)

    @app.post("/v1/evidence/absent")
    async def absent(request: Request) -> JSONResponse:
        station = await _let_in(hub, request)
        reasons = wire.read_absent(await _read(request, wire.MOST_REQUEST_BYTES))
        await run_in_threadpool(hub.evidence.declare_absent, station, reasons)
        return JSONResponse({"taken": len(reasons)})


def _add_board_routes(app: FastAPI, hub: Hub) -> None:
    @app.get("/v1/board")
    async def board(request: Request) -> JSONResponse:
        await _let_in(hub, request)
        return JSONResponse(await run_in_threadpool(hub.board))

    @app.get("/v1/health")
    async def health() -> JSONResponse:
        return JSONResponse(
            {"status": "ok", "protocol": wire.PROTOCOL, "vkey": hub.vkey, "hub_time": utc_text()}
        )


async def _let_in(hub: Hub, request: Request, station: str | None = None) -> str:
    """The station that asks, which must be ``station`` where the path names one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(401, "token-missing", "send the station's token: Authorization: Bearer ...")
    known = await run_in_threadpool(hub.stations.of_token, token.strip())
    if station is not None and known != station:
        raise Problem(403, "station-other", "the token belongs to another station")
    return known


async def _read(request: Request, most: int) -> bytes:
    """The body, refused as soon as it is longer than ``most`` bytes."""
    too_long = Problem(413, "payload-too-large", f"at most {most} bytes are taken")
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > most:
        raise too_long
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise too_long
    except ClientDisconnect as error:
        # Nobody is there to read the answer; it only ends the request.
        raise Problem(400, "request-cut-off", "the request ended early", retry="same") from error
    return bytes(body)


def _number(request: Request, name: str, most: float) -> float:
    text = request.query_params.get(name, "0")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise Problem(422, "schema-invalid", f"{name!r} is not a number from 0 on")
    return min(value, most)


async def _answer_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return Response(error.body(), status_code=error.status, media_type=CONTENT_TYPE)


async def _answer_defect(request: Request, error: Exception) -> Response:
    # The text of the error stays here: it may name files and statements.
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    problem = Problem(500, "internal", "the hub failed; its log says why", retry="after")
    return Response(problem.body(), status_code=500, media_type=CONTENT_TYPE)
