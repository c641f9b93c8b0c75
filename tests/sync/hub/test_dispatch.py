"""Refunds on their way to the shop: every way to fail, and one booking in the end."""

import asyncio
import json
import socket
import threading
from dataclasses import dataclass

import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from returnbench.inspect.codec import decode_event
from returnbench.inspect.codes import RefundState
from returnbench.sync.calling import Answer, Caller, CallError
from returnbench.sync.demo_shop import ShopFaults
from returnbench.sync.hub.database import Database
from returnbench.sync.hub.inbox import Batch
from returnbench.sync.hub.outcomes import (
    Absent,
    Act,
    Booked,
    IntentState,
    NothingDone,
    PersonNeeded,
    Refused,
    RetrySchedule,
    Unclear,
    next_step,
)
from returnbench.sync.hub.refund_order import make_order
from returnbench.sync.hub.refund_queue import RefundQueue, _due
from returnbench.sync.hub.settings import HubSettings, HubSettingsError, ShopSettings
from returnbench.sync.hub.shop_client import ShopClient, read_order_answer
from returnbench.sync.hub.tables import attempts, intents, orphan_answers, stations
from returnbench.sync.serving import ThreadServer


@pytest.fixture
def run(site):
    """A hub whose dispatcher runs, with one station connected to it."""

    def start(shop_server, **options):
        hub = site.hub(shop_server, **options)
        hub.start_dispatcher()
        _, url = site.serve(hub)
        station = site.station(hub=hub)
        site.sync(station, url)
        return hub, station

    return start


def states(hub):
    return hub.board()["counts"]["refunds"]


def told(station):
    return [answer for _, answer in station.answers]


def test_booked_refund_comes_back_with_number_and_sum(site, run, until):
    shop, server = site.shop(orders={"R-1": {"1": 333}})
    _, station = run(server)
    case = station.release("R-1")
    (answer,) = until(lambda: told(station))
    assert (answer.state, answer.case, answer.rma) == (RefundState.BOOKED, case, "R-1")
    assert (answer.shop_ref, answer.amount_minor, answer.currency) == ("RF-000001", 333, "EUR")
    assert shop.ledger()["returns"] == {"R-1": {"bookings": 1, "amount_minor": 333}}


def test_refusal_of_the_shop_is_final(site, run, until):
    shop, server = site.shop(default_minor=None)
    hub, station = run(server)
    station.release("R-1")
    (answer,) = until(lambda: told(station))
    assert answer.state is RefundState.REFUSED
    assert "does not know" in answer.detail
    assert answer.amount_minor is None
    assert states(hub) == {"refused": 1}
    assert shop.ledger()["bookings"] == 0


def test_lost_answer_after_booking_is_asked_for_not_booked_again(site, run, until, proxy_to):
    shop, server = site.shop()
    proxy = proxy_to(server.url)
    _, station = run(server, webhook_url=f"{proxy.url}/webhooks/returnbench")
    proxy.lose_answers = 1
    station.release("R-1")
    (answer,) = until(lambda: told(station))
    assert proxy.lost == 1
    assert (answer.state, answer.shop_ref) == (RefundState.BOOKED, "RF-000001")
    assert shop.ledger()["bookings"] == 1


def test_shop_of_many_faults_books_each_return_once(site, run, until):
    faults = ShopFaults(seed=7, drop_answer=0.3, fail_before=0.3)
    shop, server = site.shop(faults=faults)
    hub, station = run(server)
    for number in range(15):
        station.release(f"R-{number}")
    until(lambda: states(hub) == {"succeeded": 15})
    assert shop.ledger()["bookings"] == 15
    assert shop.ledger()["doubled"] == 0
    until(lambda: len(station.answers) == 15)
    assert {answer.state for answer in told(station)} == {RefundState.BOOKED}


def test_shop_that_is_down_is_tried_until_it_is_up(site, run, until, proxy_to):
    shop, server = site.shop()
    proxy = proxy_to(server.url)
    proxy.refuse = True
    shops = ShopSettings("demo", f"{proxy.url}/webhooks/returnbench", site.secret, server.read_url)
    hub, station = run(server, webhook_url=shops.webhook_url)
    station.release("R-1")
    until(lambda: [row for row in hub.board()["refunds"] if row["failures"] >= 2])
    assert shop.ledger()["bookings"] == 0
    proxy.refuse = False
    until(lambda: states(hub) == {"succeeded": 1})
    assert shop.ledger()["bookings"] == 1


def test_silent_shop_is_left_at_the_deadline(site, run, until, proxy_to):
    shop, server = site.shop()
    proxy = proxy_to(server.url)
    proxy.silent = True
    hub, station = run(
        server,
        webhook_url=f"{proxy.url}/webhooks/returnbench",
        call_seconds=0.2,
        lease_seconds=5,
    )
    station.release("R-1")
    until(lambda: [row for row in hub.board()["refunds"] if row["failures"] >= 1])
    assert "within 0.2 s" in hub.board()["refunds"][0]["detail"]
    proxy.silent = False
    until(lambda: states(hub) == {"succeeded": 1})
    assert shop.ledger()["bookings"] == 1


def test_wrong_secret_is_visible_and_books_nothing(site, run, until):
    shop, server = site.shop()
    shop.secret = "whsec_" + "A" * 43 + "="
    hub, station = run(server)
    station.release("R-1")
    (row,) = until(lambda: [row for row in hub.board()["refunds"] if row["failures"] >= 2])
    assert "signature-invalid" in row["detail"]
    assert row["state"] == "ready"
    assert shop.ledger()["bookings"] == 0


def test_unclear_answer_of_a_shop_that_cannot_be_asked_waits_for_a_person(site, run, until):
    shop, server = site.shop(faults=ShopFaults(fail_before=1))

    class Blind:
        webhook_url, read_url = server.webhook_url, ""

    hub, station = run(Blind)
    station.release("R-1")
    (answer,) = until(lambda: told(station))
    assert answer.state is RefundState.NEEDS_PERSON
    assert states(hub) == {"needs_person": 1}
    assert shop.ledger()["bookings"] == 0


def test_person_has_a_given_up_refund_asked_for_again(site, run, until):
    shop, server = site.shop(faults=ShopFaults(fail_before=1))
    hub, station = run(server, retry_most=2)
    station.release("R-1")
    until(lambda: states(hub) == {"needs_person": 1})
    assert until(lambda: told(station))[0].state is RefundState.NEEDS_PERSON
    shop._faults = ShopFaults()
    (row,) = hub.board()["refunds"]
    assert "given up" in row["detail"]
    assert hub.ask_again(row["intent_id"])
    assert not hub.ask_again("ri_unknown")
    until(lambda: states(hub) == {"succeeded": 1})
    assert shop.ledger()["bookings"] == 1
    until(lambda: [a.state for a in told(station)] == ["NEEDS_PERSON", "BOOKED"])


def test_hub_that_forgot_everything_does_not_pay_again(site, until):
    """The database is lost, the key is not: the log comes again, and every refund with it."""
    shop, server = site.shop()
    hub = site.hub(server)
    station = site.station(hub=hub)
    hub.start_dispatcher()
    front, url = site.serve(hub)
    worker = site.sync(station, url)
    for number in range(5):
        station.release(f"R-{number}")
    until(lambda: states(hub) == {"succeeded": 5})
    worker.stop()
    front.stop()
    hub.stop()
    (site.folder / "hub" / "hub.db").unlink()
    again = site.hub(server)
    again.enrol(station.name, station.signer.vkey, station.token)
    again.start_dispatcher()
    _, url = site.serve(again)
    site.sync(station, url)
    until(lambda: states(again) == {"succeeded": 5})
    assert shop.ledger()["bookings"] == 5


def test_one_order_has_one_refund_in_flight(site, queue_of):
    queue, _ = queue_of("R-1", "R-2", order_ref="O-1")
    first = queue.claim(["demo"], NOW)
    assert queue.claim(["demo"], NOW) is None
    queue.settle(first, Unclear("timeout"), NOW)
    assert queue.claim(["demo"], NOW) is None
    read = queue.claim(["demo"], NOW + 10_000)
    assert (read.intent_id, read.act) == (first.intent_id, Act.READ)
    queue.settle(read, Booked("RF-1", 1, "EUR"), NOW)
    assert queue.claim(["demo"], NOW).rma == "R-2"


NOW = 10**13
LEASE = 90_000


@pytest.fixture
def queue_of(site):
    """A queue with refunds for these returns, and its database."""

    def make(*returns, **options):
        hub = site.hub()
        station = site.station(hub=hub)
        for rma in returns:
            station.release(rma, **options)
        database = hub._database
        raw = tuple(entry.raw for entry in station.log.entries())
        hub.accept(station.name, Batch(0, raw, station.log.checkpoint))
        schedule = RetrySchedule(1.0, 60.0, 3, lambda: 0.5)
        return RefundQueue(database, schedule, LEASE), database

    return make


def rows(database, table):
    with database.reading() as connection:
        return connection.execute(select(table)).all()


def test_intent_is_written_before_the_act(queue_of):
    queue, database = queue_of("R-1")
    claim = queue.claim(["demo"], NOW)
    (row,) = rows(database, intents)
    assert (row.state, row.lease_epoch, row.lease_until_ms) == ("sending", 1, NOW + LEASE)
    (attempt,) = rows(database, attempts)
    assert (attempt.intent_id, attempt.kind, attempt.ended_ms) == (claim.intent_id, "send", None)
    assert queue.claim(["demo"], NOW) is None
    assert queue.claim(["other"], NOW + LEASE * 2) is None


def test_sender_that_died_leaves_an_unknown_refund(queue_of):
    queue, database = queue_of("R-1")
    claim = queue.claim(["demo"], NOW)
    assert queue.recover(NOW + 1, alone=False) == 0
    assert queue.recover(NOW + 1, alone=True) == 1
    (row,) = rows(database, intents)
    assert row.state == "unknown"
    again = queue.claim(["demo"], NOW + 2)
    assert (again.act, again.platform_key) == (Act.READ, claim.platform_key)


def test_lost_lease_cannot_write(queue_of):
    queue, database = queue_of("R-1")
    stalled = queue.claim(["demo"], NOW)
    assert queue.recover(NOW + LEASE + 1, alone=False) == 1
    reader = queue.claim(["demo"], NOW + LEASE + 2)
    assert queue.settle(stalled, Refused("late"), NOW + LEASE + 3) is False
    assert queue.settle(reader, Booked("RF-1", 5, "EUR"), NOW + LEASE + 4) is True
    (row,) = rows(database, intents)
    assert (row.state, row.refund_id) == ("succeeded", "RF-1")
    (orphan,) = rows(database, orphan_answers)
    assert json.loads(orphan.answer) == {"outcome": "Refused", "detail": "late"}
    assert queue.recover(NOW + LEASE * 9, alone=True) == 0


def test_absent_refund_is_sent_again_under_the_same_key(queue_of):
    queue, _ = queue_of("R-1")
    sent = queue.claim(["demo"], NOW)
    queue.settle(sent, Unclear("reset"), NOW)
    read = queue.claim(["demo"], NOW + 2000)
    queue.settle(read, Absent(), NOW + 2000)
    again = queue.claim(["demo"], NOW + 2000)
    assert again.act is Act.SEND
    assert (again.platform_key, again.message_id, again.body) == (
        sent.platform_key,
        sent.message_id,
        sent.body,
    )
    assert not again.is_first


def test_due_time_outlives_a_restart(queue_of):
    queue, database = queue_of("R-1")
    queue.settle(queue.claim(["demo"], NOW), NothingDone("429", retry_after=30), NOW)
    assert queue.claim(["demo"], NOW + 29_999) is None
    assert queue.next_due(["demo"]) == NOW + 30_000
    later = RefundQueue(database, RetrySchedule(1, 1, 3, lambda: 0.5), LEASE)
    later.recover(NOW + 1, alone=True)
    assert later.claim(["demo"], NOW + 29_999) is None
    assert later.claim(["demo"], NOW + 30_000) is not None


def test_database_refuses_a_second_refund_of_a_return(queue_of):
    queue, database = queue_of("R-1", "R-2")
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(update(intents).values(return_ref="R-1"))
    assert queue.claim(["demo"], NOW) is not None


def test_claim_on_postgresql_skips_rows_that_others_hold():
    statement = select(intents).where(_due(["demo"], NOW)).with_for_update(skip_locked=True)
    assert "FOR UPDATE SKIP LOCKED" in str(statement.compile(dialect=postgresql.dialect()))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"state": "booked", "refund_id": "1", "amount_minor": 0, "currency": "EUR"}, Booked),
        (201, {"state": "refused", "detail": "no"}, Refused),
        (200, {"state": "booked"}, Unclear),
        (
            200,
            {"state": "booked", "refund_id": "", "amount_minor": 1, "currency": "EUR"},
            Unclear,
        ),
        (
            200,
            {"state": "booked", "refund_id": "1", "amount_minor": 1.5, "currency": "EUR"},
            Unclear,
        ),
        (
            200,
            {"state": "booked", "refund_id": "1", "amount_minor": -1, "currency": "EUR"},
            Unclear,
        ),
        (200, {"error": "database is down"}, Unclear),
        (200, [], Unclear),
        (204, None, Unclear),
        (302, None, Unclear),
        (307, {"state": "booked"}, Unclear),
        (400, None, PersonNeeded),
        (401, None, NothingDone),
        (403, None, NothingDone),
        (404, None, PersonNeeded),
        (408, None, Unclear),
        (409, None, Unclear),
        (410, None, PersonNeeded),
        (422, {"code": "idempotency-mismatch"}, PersonNeeded),
        (429, None, NothingDone),
        (500, None, Unclear),
        (502, None, Unclear),
        (503, {"state": "refused", "detail": "x"}, Unclear),
        (504, None, Unclear),
        (599, None, Unclear),
    ],
)
def test_meaning_of_answers(status, body, kind):
    content = b"<html>" if body is None else json.dumps(body).encode()
    assert isinstance(read_order_answer(Answer(status, {}, content)), kind)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        ("0", 0),
        ("99999999999999", 900),
        ("-5", 0),
        ("soon", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 900),
    ],
)
def test_retry_after(value, seconds):
    outcome = read_order_answer(Answer(429, {"retry-after": value}, b""))
    assert outcome.retry_after == seconds


OUTCOMES = st.sampled_from(
    [
        Booked("1", 1, "EUR"),
        Refused("no"),
        NothingDone("429"),
        Unclear("timeout"),
        Absent(),
        PersonNeeded("422"),
    ]
)


@given(st.sampled_from(Act), OUTCOMES, st.integers(0, 30), st.floats(0, 1))
def test_nothing_is_sent_again_that_may_be_booked(act, outcome, failures, jitter):
    schedule = RetrySchedule(5, 21_600, 24, lambda: jitter)
    step = next_step(act, outcome, failures, schedule)
    if isinstance(outcome, Unclear):
        assert step.state in (IntentState.UNKNOWN, IntentState.NEEDS_PERSON)
    if act is Act.READ and not isinstance(outcome, Absent):
        assert step.state is not IntentState.READY
    if step.state in (IntentState.READY, IntentState.UNKNOWN) and not isinstance(outcome, Absent):
        assert step.wait >= 4
        assert step.failures == failures + 1 <= 24
    assert step.wait <= 21_600 * 1.2 + 1


def test_retries_last_about_three_days():
    schedule = RetrySchedule(5, 6 * 3600, 24, lambda: 0.5)
    total = sum(schedule.wait(n) for n in range(1, 25))
    assert 2.5 * 86_400 < total < 4 * 86_400


def test_keys_are_the_same_for_the_same_return_and_secret(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1")
    entry = list(station.log.entries())[-1]
    released = decode_event(entry.type, entry.data, {})
    first = make_order(station.signer, released, "2026-11-21T20:31:20.630Z")
    again = make_order(station.signer, released, "2026-11-21T20:31:20.630Z")
    other = make_order(site.station("bench-2").signer, released, "2026-11-21T20:31:20.630Z")
    assert first == again
    assert {first.platform_key, first.intent_id}.isdisjoint({other.platform_key, other.intent_id})
    data = json.loads(first.body)["data"]
    assert data["lines"] == [{"line_ref": "1", "quantity": 1, "refund_permille": 1000}]
    assert "." not in first.message_id
    assert len(first.message_id) == 30


@pytest.mark.parametrize(
    "change",
    [
        {"shop": ""},
        {"secret": "x"},
        {"webhook_url": "ftp://shop.example/x"},
        {"webhook_url": ""},
        {"webhook_url": "http://shop.example/x"},
        {"read_url": "http://10.0.0.7/x"},
    ],
)
def test_shop_settings_are_checked(site, change):
    good = {"shop": "demo", "webhook_url": "https://shop.example/x", "secret": site.secret}
    assert site.secret not in repr(ShopSettings(**good))
    with pytest.raises(HubSettingsError):
        ShopSettings(**good | change)


def test_hub_settings_are_checked(tmp_path, site):
    shop = ShopSettings("demo", "https://shop.example/x", site.secret)
    for change in ({"shops": (shop, shop)}, {"lease_seconds": 30}, {"retry_most": 0}):
        with pytest.raises(HubSettingsError):
            HubSettings(tmp_path, **change)


def slow_app():
    """Sends its answer byte by byte: each read is quick, the whole is not."""
    app = FastAPI()

    class Dripping(Response):
        async def __call__(self, _scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(40):
                await send({"type": "http.response.body", "body": b" ", "more_body": True})
                await asyncio.sleep(0.02)

    @app.post("/drip")
    async def drip(request: Request):
        return Dripping()

    return app


def test_deadline_covers_an_answer_that_drips():
    server = ThreadServer(slow_app())
    url = server.start()
    caller = Caller()
    try:
        with pytest.raises(CallError, match=r"within 0.3 s") as caught:
            caller.call("POST", f"{url}/drip", deadline=0.3, content=b"x")
        assert caught.value.sent
    finally:
        caller.close()
        server.stop()


def test_call_says_when_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    caller = Caller()
    try:
        with pytest.raises(CallError) as caught:
            caller.call("POST", f"http://127.0.0.1:{port}/", deadline=5, content=b"x")
        assert not caught.value.sent
    finally:
        caller.close()
    with pytest.raises(CallError, match="closed"):
        caller.call("GET", f"http://127.0.0.1:{port}/", deadline=5)


def test_closing_the_caller_cuts_off_its_calls(proxy_to):
    proxy = proxy_to("http://127.0.0.1:9")
    proxy.silent = True
    caller = Caller()
    caught = []

    def call():
        try:
            caller.call("POST", proxy.url, deadline=60, content=b"x")
        except CallError as error:
            caught.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    while not proxy._open:
        threading.Event().wait(0.01)
    caller.close()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert [error.sent for error in caught] == [True]


@dataclass
class BookedOnce:
    """A shop that dedupes by key, as the contract says; counts what it books."""

    bookings: dict

    def order(self, key):
        self.bookings.setdefault(key, 0)
        if self.bookings[key] == 0:
            self.bookings[key] = 1


class DispatchMachine(RuleBasedStateMachine):
    """Workers that claim, act, die, stall and settle late, in any order, before one shop."""

    @initialize()
    def open(self):
        self.database = Database("sqlite://")
        self.queue = RefundQueue(self.database, RetrySchedule(1.0, 8.0, 1000, lambda: 0.5), LEASE)
        self.now = NOW
        self.shop = BookedOnce({})
        self.held = []
        self.count = 0

    @rule()
    def new_refund(self):
        self.count += 1
        number = self.count
        with self.database.writing() as connection:
            connection.execute(
                intents.insert().values(
                    intent_id=f"ri_{number}",
                    shop="demo",
                    return_ref=f"R-{number}",
                    line_ref="*",
                    cycle=1,
                    platform_key=f"k-{number}",
                    message_id=f"msg_{number}",
                    order_ref=f"O-{number % 2}",
                    station="bench-1",
                    seq=number,
                    case_id=f"c-{number}",
                    body=b"{}",
                    state="ready",
                    due_ms=self.now,
                    lease_epoch=0,
                    lease_until_ms=0,
                    failures=0,
                    refund_id="",
                    amount_minor=None,
                    currency="",
                    detail="",
                    created_ms=self.now,
                    changed_ms=self.now,
                )
            )
            if number == 1:
                _add_station(connection)

    @rule()
    def claim(self):
        claim = self.queue.claim(["demo"], self.now)
        if claim is not None:
            self.held.append([claim, None])

    @precondition(lambda self: self.held)
    @rule(data=st.data(), answered=st.booleans())
    def act(self, data, answered):
        held = data.draw(st.sampled_from(self.held))
        claim = held[0]
        booked = Booked("RF", 1, "EUR")
        if claim.act is Act.SEND:
            self.shop.order(claim.platform_key)
            held[1] = booked if answered else Unclear("lost")
        elif not answered:
            held[1] = NothingDone("not reached")
        else:
            held[1] = booked if self.shop.bookings.get(claim.platform_key) else Absent()

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def settle(self, data):
        held = data.draw(st.sampled_from(self.held))
        if held[1] is not None:
            self.held.remove(held)
            self.queue.settle(held[0], held[1], self.now)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def worker_dies(self, data):
        self.held.remove(data.draw(st.sampled_from(self.held)))

    @rule(seconds=st.sampled_from([1, 20, 100]))
    def time_passes(self, seconds):
        self.now += seconds * 1000
        self.queue.recover(self.now, alone=False)

    @rule()
    def hub_restarts(self):
        # Calls of the old process may still end at the shop, but nobody hears of it.
        for held in self.held:
            if held[0].act is Act.SEND:
                self.shop.order(held[0].platform_key)
        self.held.clear()
        self.queue.recover(self.now, alone=True)

    @invariant()
    def what_is_called_booked_is_booked_once(self):
        if not hasattr(self, "database"):
            return
        assert all(count == 1 for count in self.shop.bookings.values())
        for row in rows(self.database, intents):
            if row.state == "succeeded":
                assert self.shop.bookings.get(row.platform_key) == 1
            assert row.state != "refused"

    def teardown(self):
        if not hasattr(self, "database"):
            return
        # Left alone with a healthy shop, everything that was due gets booked.
        for _ in range(20 * self.count):
            if {row.state for row in rows(self.database, intents)} == {"succeeded"}:
                break
            self.now += 100_000
            self.queue.recover(self.now, alone=False)
            claim = self.queue.claim(["demo"], self.now)
            if claim is None:
                continue
            known = self.shop.bookings.get(claim.platform_key)
            if claim.act is Act.SEND:
                self.shop.order(claim.platform_key)
                known = 1
            self.queue.settle(claim, Booked("RF", 1, "EUR") if known else Absent(), self.now)
        assert {row.state for row in rows(self.database, intents)} <= {"succeeded"}
        assert len(self.shop.bookings) == self.count
        self.database.close()


def _add_station(connection):
    connection.execute(
        stations.insert().values(
            station="bench-1",
            vkey="",
            token_sha256="",
            size=0,
            log_size=0,
            last_cursor=0,
            cosigned="",
            enrolled_ms=0,
        )
    )


DispatchMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestDispatchMachine = DispatchMachine.TestCase


def test_read_back_needs_the_shop_to_say_absent(site, queue_of):
    """A 404 of somebody else (a proxy, a wrong URL) proves nothing."""
    queue, _ = queue_of("R-1")
    claim = queue.claim(["demo"], NOW)
    _, server = site.shop()
    caller = Caller()
    site.also_stop(caller.close)
    good = ShopSettings("demo", server.webhook_url, site.secret, server.read_url)
    wrong = ShopSettings("demo", server.webhook_url, site.secret, server.url + "/elsewhere")
    assert ShopClient(good, caller, 5).read_back(claim) == Absent()
    assert isinstance(ShopClient(wrong, caller, 5).read_back(claim), NothingDone)
    booked = ShopClient(good, caller, 5).order(claim)
    assert isinstance(booked, Booked)
    assert ShopClient(good, caller, 5).read_back(claim) == booked
