"""A site for the tests of the hub: stations with real logs, a hub, a shop, all over HTTP."""

import contextlib
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from returnbench.inspect.case import (
    AnnouncedReturn,
    CaseId,
    ExpectedLine,
    Verdict,
    VerdictLine,
)
from returnbench.inspect.codec import encode_event
from returnbench.inspect.codes import (
    ArrivalType,
    Disposition,
    FreightPayer,
    LiableParty,
    VerdictKind,
)
from returnbench.inspect.events import CaseOpened, VerdictReleased
from returnbench.sync.clock import SystemClock
from returnbench.sync.demo_shop import DemoShop, DemoShopServer
from returnbench.sync.entry import Record
from returnbench.sync.hub.server import HubServer
from returnbench.sync.hub.service import Hub
from returnbench.sync.hub.settings import HubSettings, ShopSettings
from returnbench.sync.log import EventLog
from returnbench.sync.note import Ed25519Signer
from returnbench.sync.push import SyncWorker
from returnbench.sync.store import EvidenceStore
from returnbench.sync.webhook import encode_secret

ACCEPTED = Verdict(
    kind=VerdictKind.ACCEPT_FULL,
    lines=(VerdictLine("1", 1, 1000, Disposition.RESTOCK),),
    liable_party=LiableParty.BUYER,
    freight_payer=FreightPayer.BUYER,
    rules=("R1",),
    policy_version="1",
    facts=("OK",),
)


@dataclass
class Station:
    """A bench without its devices: its log, its evidence, what the hub told it."""

    name: str
    token: str
    store: EvidenceStore
    log: EventLog
    signer: Ed25519Signer
    answers: list = field(default_factory=list)

    def release(self, rma, case=None, **changes):
        """A case from opening to the released verdict; returns the case."""
        case = CaseId(case or f"{self.name}-{rma}")
        already = changes.pop("already_refunded", False)
        shop = changes.pop("shop", "demo")
        order = changes.pop("order_ref", f"O-{rma}")
        verdict = replace(ACCEPTED, **changes)
        advice = AnnouncedReturn(
            rma=rma,
            shop=shop,
            order_ref=order,
            waybill="SF1234567890123",
            carrier="sf",
            lines=(ExpectedLine("1", "SKU", "Thing", "toys", 1),),
            already_refunded=already,
        )
        opened = CaseOpened(case, "SF1234567890123", "sf", ArrivalType.ANNOUNCED, advice, ())
        self.record(opened, VerdictReleased(case, rma, shop, order, verdict))
        return case

    def record(self, *events):
        self.log.append([Record(*encode_event(event)) for event in events])

    def note(self, **fields):
        """An entry that is no event of the inspection."""
        self.log.append([Record("note", fields)])


class Site:
    """Makes the parts and takes them down again, last made first."""

    def __init__(self, folder):
        self.folder = folder
        self.secret = encode_secret(secrets.token_bytes(32))
        self._undo = []

    def also_stop(self, undo):
        self._undo.append(undo)

    def close(self):
        for undo in reversed(self._undo):
            undo()

    def shop(self, name="shop.db", **options):
        shop = DemoShop(self.folder / name, self.secret, **{"default_minor": 1999, **options})
        self.also_stop(shop.close)
        server = DemoShopServer(shop)
        server.start()
        self.also_stop(server.stop)
        return shop, server

    def hub(self, shop_server=None, *, webhook_url="", folder="hub", **options):
        shops = ()
        if shop_server is not None:
            url = webhook_url or shop_server.webhook_url
            shops = (ShopSettings("demo", url, self.secret, shop_server.read_url),)
        settings = HubSettings(
            self.folder / folder, shops, **{"retry_base_seconds": 0.02, **options}
        )
        hub = Hub(settings)
        self.also_stop(hub.stop)
        return hub

    def serve(self, hub, port=0):
        server = HubServer(hub, port=port)
        url = server.start()
        self.also_stop(server.stop)
        return server, url

    def station(self, name="bench-1", hub=None, folder=None, signer=None):
        root = Path(folder or self.folder / name)
        signer = signer or Ed25519Signer(f"returns.example/{name}", Ed25519PrivateKey.generate())
        store = EvidenceStore(root / "evidence")
        log = EventLog.open(
            root / "log",
            origin=signer.name,
            signer=signer,
            clock=SystemClock(),
            software={"name": "returnbench", "version": "0"},
            store=store,
        )
        self.also_stop(log.close)
        station = Station(name, secrets.token_urlsafe(24), store, log, signer)
        if hub is not None:
            hub.enrol(name, signer.vkey, station.token)
        return station

    def sync(self, station, url, **options):
        def keep(cursor, answer):
            station.answers.append((cursor, answer))

        worker = SyncWorker(
            station.log,
            station.store,
            **{
                "hub_url": url,
                "token": station.token,
                "station": station.name,
                "on_change": keep,
                "retry_base_seconds": 0.02,
                "retry_longest_seconds": 0.2,
                **options,
            },
        )
        self.also_stop(worker.stop)
        worker.start()
        return worker


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.close()


@pytest.fixture
def until():
    """Waits for a condition; fails when it does not come true in time."""

    def wait(condition, seconds=20.0):
        ends = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < ends, "the condition did not come true in time"
            threading.Event().wait(0.01)
        return found

    return wait


class Proxy:
    """Forwards TCP connections to ``port`` and can break them.

    ``lose_answers`` is how many more requests are carried out while their answer is thrown away;
    ``refuse`` closes each new connection at once; ``silent`` accepts and never answers.
    """

    def __init__(self, port):
        self._port = port
        self.lose_answers = 0
        self.refuse = False
        self.silent = False
        self.lost = 0
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.refuse:
                near.close()
                continue
            self._open.append(near)
            if self.silent:
                continue
            far = socket.create_connection(("127.0.0.1", self._port))
            self._open.append(far)
            for source, target, is_answer in ((near, far, False), (far, near, True)):
                threading.Thread(
                    target=self._carry, args=(source, target, is_answer), daemon=True
                ).start()

    def _carry(self, source, target, is_answer):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self.lose_answers > 0:
                    self.lose_answers -= 1
                    self.lost += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for end in self._open:
            end.close()


@pytest.fixture
def proxy_to():
    made = []

    def make(url):
        proxy = Proxy(int(url.rsplit(":", 1)[1].split("/")[0]))
        made.append(proxy)
        return proxy

    yield make
    for proxy in made:
        proxy.close()
