"""Hub and shop are killed in the middle of the work; afterwards every refund is booked once."""

import json
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from returnbench.inspect.case import CaseId, Verdict, VerdictLine
from returnbench.inspect.codec import encode_event
from returnbench.inspect.codes import (
    Disposition,
    FreightPayer,
    LiableParty,
    RefundState,
    VerdictKind,
)
from returnbench.inspect.events import VerdictReleased
from returnbench.sync.clock import SystemClock
from returnbench.sync.entry import Record
from returnbench.sync.log import EventLog
from returnbench.sync.note import Ed25519Signer
from returnbench.sync.push import SyncWorker
from returnbench.sync.store import EvidenceStore
from returnbench.sync.webhook import encode_secret

VERDICTS = 30
VERDICT = Verdict(
    kind=VerdictKind.ACCEPT_PARTIAL,
    lines=(VerdictLine("1", 1, 500, Disposition.RESALE_B),),
    liable_party=LiableParty.BUYER,
    freight_payer=FreightPayer.BUYER,
    rules=("R1",),
    policy_version="1",
    facts=(),
)


class Process:
    """A program of ours that says on its first line where it listens."""

    def __init__(self, *command, folder):
        self._command = [sys.executable, "-m", *map(str, command)]
        self._folder = folder
        self._errors = (folder / f"{command[0].rsplit('.', 1)[-1]}.err").open("ab")
        self._process = None

    def start(self):
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=self._errors, cwd=self._folder
        )
        line = self._process.stdout.readline()
        assert line, f"no ready line; see {self._errors.name}"
        return json.loads(line)["url"]

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        assert self._process.wait() == -signal.SIGKILL
        self._process.stdout.close()

    def end(self):
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(timeout=30)
        self._process.stdout.close()
        return status

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def until(condition, seconds=60):
    ends = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < ends, "the condition did not come true in time"
        threading.Event().wait(0.005)
    return found


def ask(url, token=""):
    """A JSON answer; ``None`` while nobody answers."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx2.get(url, headers=headers, timeout=10, trust_env=False)
    except httpx2.TransportError:
        return None
    return answer.json() if answer.status_code == 200 else None


@pytest.fixture
def site(tmp_path):
    """Shop and hub as processes on fixed ports, and one station in this process."""
    made = Site(tmp_path)
    yield made
    made.close()


def private(path, text):
    path.touch(mode=0o600)
    path.write_text(text)
    return path


class Site:
    def __init__(self, folder):
        secret = private(folder / "secret", encode_secret(secrets.token_bytes(32)))
        self.token = secrets.token_urlsafe(24)
        token = private(folder / "token", self.token)
        signer = Ed25519Signer("returns.example/bench-1", Ed25519PrivateKey.generate())
        shop_port, hub_port = free_port(), free_port()
        shop_url = f"http://127.0.0.1:{shop_port}"
        self.ledger_url = f"{shop_url}/v1/ledger"
        self.hub_url = f"http://127.0.0.1:{hub_port}"
        shop = ["returnbench.sync.demo_shop", "--db", folder / "shop.db", "--port", shop_port]
        shop += ["--secret-file", secret, "--default-minor", 1000, "--drop-answer", 0.1]
        shop += ["--fail-before", 0.1, "--slow", 0.5, "--slow-seconds", 0.05]
        self.shop = Process(*shop, folder=folder)
        hub = ["returnbench.station.cli", "hub", "--data", folder / "hub", "--port", hub_port]
        hub += ["--shop", f"demo={shop_url}/webhooks/returnbench"]
        hub += ["--shop-read", f"demo={shop_url}/v1/refunds", "--shop-secret", f"demo={secret}"]
        hub += ["--enrol", "bench-1", signer.vkey, token, "--json", "--retry-base", 0.05]
        self.hub = Process(*hub, folder=folder)
        self.store = EvidenceStore(folder / "evidence")
        self.log = EventLog.open(
            folder / "log",
            origin=signer.name,
            signer=signer,
            clock=SystemClock(),
            software={"name": "returnbench", "version": "0"},
            store=self.store,
        )
        self.answers = {}
        self.worker = SyncWorker(
            self.log,
            self.store,
            hub_url=self.hub_url,
            token=self.token,
            station="bench-1",
            on_change=self.answers.__setitem__,
            retry_base_seconds=0.05,
            retry_longest_seconds=0.2,
        )

    def release(self, rma):
        released = VerdictReleased(CaseId(f"c-{rma}"), rma, "demo", f"O-{rma}", VERDICT)
        self.log.append([Record(*encode_event(released))])

    def booked(self):
        ledger = ask(self.ledger_url)
        return ledger["bookings"] if ledger else 0

    def close(self):
        self.worker.stop()
        self.hub.close()
        self.shop.close()
        self.log.close()


def test_every_refund_is_booked_once_whatever_is_killed(site):
    site.shop.start()
    site.hub.start()
    site.worker.start()
    releases = threading.Thread(
        target=lambda: [site.release(f"R-{number}") for number in range(VERDICTS)]
    )
    releases.start()
    both = (site.hub, site.shop)
    for booked, victims in ((3, both[:1]), (10, both[1:]), (17, both), (24, both[:1])):
        until(lambda wanted=booked: site.booked() >= wanted)
        for victim in victims:
            victim.kill()
        for victim in reversed(victims):
            victim.start()
    releases.join()
    assert site.worker.drain(60)
    done = {"succeeded": VERDICTS}
    board_url = f"{site.hub_url}/v1/board"
    until(lambda: (ask(board_url, site.token) or {}).get("counts", {}).get("refunds") == done)
    ledger = ask(site.ledger_url)
    assert ledger["doubled"] == 0
    assert ledger["bookings"] == VERDICTS
    assert ledger["amount_minor"] == VERDICTS * 500
    assert set(ledger["returns"]) == {f"R-{number}" for number in range(VERDICTS)}
    until(lambda: len(site.answers) == VERDICTS)
    assert sorted(site.answers) == list(range(1, VERDICTS + 1))
    assert {answer.rma for answer in site.answers.values()} == set(ledger["returns"])
    assert {answer.state for answer in site.answers.values()} == {RefundState.BOOKED}
    board = ask(board_url, site.token)
    assert (board["refunds"], board["alarms"], board["disputed"]) == ([], [], [])


def test_hub_and_shop_end_when_told(site):
    site.shop.start()
    url = site.hub.start()
    assert ask(f"{url}/v1/health")["status"] == "ok"
    site.worker.start()
    site.release("R-1")
    until(lambda: site.answers)
    # The bench waits for answers meanwhile; that must not hold the hub.
    assert site.hub.end() == 0
    assert site.shop.end() == 0
