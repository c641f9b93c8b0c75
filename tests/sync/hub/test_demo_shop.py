"""The demo shop: it books what it is told, and its books show when it was told twice."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from returnbench.sync.demo_shop import DemoShop, ShopFaults
from returnbench.sync.webhook import encode_secret, signed_headers


def order(rma="R-1", lines=(("1", 1, 1000),), **changes):
    data = {
        "rma": rma,
        "lines": [
            {"line_ref": ref, "quantity": quantity, "refund_permille": share}
            for ref, quantity, share in lines
        ],
    }
    return json.dumps({"type": "refund.requested", "data": data} | changes).encode()


@pytest.fixture
def ask(site):
    def connect(server, secret=site.secret):
        client = httpx2.Client(base_url=server.url, trust_env=False)
        site.also_stop(client.close)

        def post(key, body, at=None, **headers):
            signed = signed_headers(secret, "msg_1", at or datetime.now(UTC), body)
            if key is not None:
                signed["Idempotency-Key"] = key
            return client.post("/webhooks/returnbench", content=body, headers=signed | headers)

        def read(key):
            signed = signed_headers(secret, "read_1", datetime.now(UTC), b"")
            return client.get(f"/v1/refunds/{key}", headers=signed)

        return post, read, lambda: client.get("/v1/ledger").json()

    return connect


def test_books_its_own_prices(site, ask):
    _, server = site.shop(orders={"R-1": {"a": 999, "b": 15}}, default_minor=None)
    post, read, ledger = ask(server)
    answer = post('"k-1"', order(lines=(("a", 2, 500), ("b", 1, 500))))
    # 999 and half of 15, the half rounded to even.
    assert answer.json() == {
        "state": "booked",
        "refund_id": "RF-000001",
        "amount_minor": 999 + 8,
        "currency": "EUR",
        "detail": "",
    }
    assert read("k-1").json() == answer.json()
    assert ledger() == {
        "returns": {"R-1": {"bookings": 1, "amount_minor": 1007}},
        "bookings": 1,
        "amount_minor": 1007,
        "currency": "EUR",
        "doubled": 0,
    }


def test_same_key_books_once_even_at_the_same_time(site, ask):
    shop, server = site.shop()
    post, _, _ = ask(server)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post('"k-1"', order()), range(16)))
    assert {answer.text for answer in answers} == {answers[0].text}
    replays = [answer for answer in answers if answer.headers.get("idempotency-replayed")]
    assert len(replays) == 15
    assert shop.ledger()["bookings"] == 1


def test_new_key_for_the_same_return_is_booked_again_and_shows(site, ask):
    _, server = site.shop()
    post, _, ledger = ask(server)
    post("k-1", order())
    post("k-2", order())
    assert ledger()["doubled"] == 1
    assert ledger()["bookings"] == 2


def test_key_with_another_order_is_refused(site, ask):
    shop, server = site.shop()
    post, _, _ = ask(server)
    post("k-1", order())
    answer = post("k-1", order(rma="R-2"))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-mismatch")
    assert shop.ledger()["bookings"] == 1


@pytest.mark.parametrize("rma", ["R-unknown", "R-known", "R-paid"])
def test_what_it_does_not_owe_is_refused(site, ask, rma):
    shop, server = site.shop(
        orders={"R-known": {"9": 100}, "R-paid": {"1": 100}},
        default_minor=None,
        already_refunded={"R-paid"},
    )
    post, read, _ = ask(server)
    answer = post("k-1", order(rma=rma))
    assert answer.json()["state"] == "refused"
    assert answer.json()["detail"]
    assert read("k-1").json() == answer.json()
    assert shop.ledger()["bookings"] == 0


def test_forged_old_and_keyless_orders_are_refused(site, ask):
    shop, server = site.shop()
    post, read, _ = ask(server)
    forge, spy, _ = ask(server, secret=encode_secret(secrets.token_bytes(32)))
    assert forge("k-1", order()).json()["code"] == "signature-invalid"
    assert spy("k-1").status_code == 401
    old = datetime.now(UTC) - timedelta(minutes=6)
    assert post("k-1", order(), at=old).status_code == 401
    assert post("k-1", order(), **{"webhook-id": "msg_2"}).status_code == 401
    assert post(None, order()).status_code == 400
    assert read("k-1").json()["code"] == "refund-unknown"
    assert shop.ledger()["bookings"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        order(type="verdict.released"),
        order(data={}),
        order(data={"rma": "R", "lines": [{"line_ref": "1"}]}),
        order(lines=(("1", -1, 1000),)),
        order(lines=(("1", 1, 1001),)),
        order(lines=(("1", 1, True),)),
    ],
)
def test_what_is_no_order_is_refused(site, ask, body):
    shop, server = site.shop()
    post, _, _ = ask(server)
    assert post("k-1", body).status_code == 422
    assert shop.ledger()["bookings"] == 0


def test_books_outlive_the_shop(tmp_path, site):
    first = DemoShop(tmp_path / "books.db", site.secret, default_minor=5)
    answer, _ = first.books.book("k-1", order())
    first.close()
    second = DemoShop(tmp_path / "books.db", site.secret, default_minor=5)
    assert second.books.book("k-1", order()) == (answer, True)
    assert second.ledger()["bookings"] == 1
    second.close()


def test_faults_come_as_seeded(site, ask):
    shop, server = site.shop(faults=ShopFaults(seed=3, drop_answer=1.0))
    post, read, _ = ask(server)
    with pytest.raises(httpx2.RemoteProtocolError):
        post("k-1", order())
    assert read("k-1").json()["state"] == "booked"
    faults = ShopFaults(seed=3, drop_answer=0.5, fail_before=0.5, slow=0.5, slow_seconds=0.1)
    one = DemoShop(site.folder / "a.db", site.secret, faults=faults)
    two = DemoShop(site.folder / "b.db", site.secret, faults=faults)
    drawn = [one.draw_faults() for _ in range(50)]
    assert drawn == [two.draw_faults() for _ in range(50)]
    assert {wait for _, _, wait in drawn} == {0.0, 0.1}
    one.close()
    two.close()
    assert shop.ledger()["bookings"] == 1
