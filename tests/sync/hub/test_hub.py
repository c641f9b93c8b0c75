"""The hub takes logs: what it keeps, what it refuses, what it makes of them."""

import base64
import hashlib
import json

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from returnbench.inspect.codes import RefundState, VerdictKind
from returnbench.sync.hub.inbox import Batch
from returnbench.sync.hub.projection import evidence_of
from returnbench.sync.hub.service import Hub, HubBusyError
from returnbench.sync.hub.stations import EnrolmentError
from returnbench.sync.note import Ed25519Signer, NoteVerifier, open_note, parse_checkpoint
from returnbench.sync.problem import Problem


def batch_of(station, start=0, stop=None):
    """What a station sends: its entries with the proof that its newest checkpoint has them."""
    size = station.log.size
    stop = size if stop is None else stop
    raw = tuple(entry.raw for entry in station.log.entries(start, stop))
    proof = station.log.tree.consistency_proof(stop, size)
    return Batch(start, raw, station.log.checkpoint, proof)


def refused(hub, station, batch, code):
    before = hub.head(station.name)
    with pytest.raises(Problem) as caught:
        hub.accept(station.name, batch)
    assert caught.value.code == code
    after = hub.head(station.name)
    assert (after.size, after.root) == (before.size, before.root)
    return caught.value


def answers(hub, station):
    return [change["answer"] for change in hub.changes(station.name, 0)]


def test_whole_log_is_kept_and_cosigned(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1")
    head = hub.accept(station.name, batch_of(station))
    assert head.size == station.log.size
    assert head.root == station.log.root()
    opened = open_note(head.cosigned, [NoteVerifier.from_vkey(hub.vkey)])
    assert opened.verified == ("returnbench.hub",)
    checkpoint = parse_checkpoint(opened.text)
    assert (checkpoint.size, checkpoint.root) == (station.log.size, station.log.root())
    assert hub.head(station.name) == head


def test_parts_are_proved_one_by_one_and_cosigned_at_the_end(site):
    hub = site.hub()
    station = site.station(hub=hub)
    for number in range(5):
        station.note(n=number)
    for start in range(5):
        head = hub.accept(station.name, batch_of(station, start, start + 1))
        assert head.size == start + 1
        assert bool(head.cosigned) == (start == 4)


def test_sending_again_changes_nothing(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1")
    first = hub.accept(station.name, batch_of(station))
    assert hub.accept(station.name, batch_of(station)) == first
    assert hub.board()["counts"]["refunds"] == {"ready": 1}
    station.release("R-2")
    # An overlap is compared, the rest is new.
    assert hub.accept(station.name, batch_of(station, 1)).size == station.log.size
    assert hub.board()["counts"]["refunds"] == {"ready": 2}


def test_gap_names_the_position_to_send_from(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1")
    station.release("R-2")
    hub.accept(station.name, batch_of(station, 0, 1))
    assert refused(hub, station, batch_of(station, 3), "gap").extra["size"] == 1


def test_other_bytes_for_a_kept_entry_are_a_conflict(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1")
    hub.accept(station.name, batch_of(station))
    twin = site.station(folder=site.folder / "twin", signer=station.signer)
    twin.release("R-1")
    twin.release("R-9")
    refused(hub, station, batch_of(twin), "event-conflict")
    refused(hub, station, batch_of(twin), "event-conflict")
    board = hub.board()
    assert [(row["code"], row["seq"]) for row in board["alarms"]] == [("event-conflict", 0)]
    assert board["counts"]["refunds"] == {"ready": 1}


def test_other_history_is_a_conflict_even_without_overlap(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1")
    hub.accept(station.name, batch_of(station))
    twin = site.station(folder=site.folder / "twin", signer=station.signer)
    twin.release("R-1")
    twin.release("R-9")
    refused(hub, station, batch_of(twin, 2), "event-conflict")
    assert hub.board()["counts"]["alarms"] == 1


@pytest.mark.parametrize("index", [0, 1, 2])
def test_changed_entry_is_refused(site, index):
    hub = site.hub()
    station = site.station(hub=hub)
    for number in range(3):
        station.note(n=number)
    good = batch_of(station)
    entries = list(good.entries)
    entries[index] = entries[index].replace(b'"n":', b'"m":')
    code = "root-mismatch" if index == 2 else "entry-invalid"
    refused(hub, station, Batch(0, tuple(entries), good.checkpoint), code)
    assert hub.accept(station.name, good).size == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: b"not json",
        lambda raw: b"[]",
        lambda raw: b"[" * 5000,
        lambda raw: raw.replace(b'"seq":0', b'"seq":1'),
        lambda raw: raw.replace(b'"seq":0', b'"seq":false'),
        lambda raw: raw.replace(b'"station":"bench-1"', b'"station":"bench-2"'),
        lambda raw: raw.replace(b'"utc":', b'"utd":'),
        lambda raw: raw + b"\n",
        lambda raw: raw + b" " * 65_536,
        lambda raw: raw.replace(b'"prev":"e3', b'"prev":"e4'),
    ],
)
def test_malformed_entry_is_refused(site, spoil):
    hub = site.hub()
    station = site.station(hub=hub)
    station.note(n=1)
    good = batch_of(station)
    refused(hub, station, Batch(0, (spoil(good.entries[0]),), good.checkpoint), "entry-invalid")


def test_checkpoint_must_be_signed_by_the_station_and_cover_the_batch(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.note(n=1)
    early = station.log.checkpoint
    station.note(n=2)
    good = batch_of(station)
    other = site.station("bench-2")
    other.note(n=1)
    for checkpoint in (other.log.checkpoint, early, "", "x\n\n— y z\n"):
        refused(hub, station, Batch(0, good.entries, checkpoint), "checkpoint-invalid")
    forged = Ed25519Signer(station.signer.name, Ed25519PrivateKey.generate())
    twin = site.station(folder=site.folder / "forged", signer=forged)
    twin.note(n=1)
    refused(hub, station, batch_of(twin), "checkpoint-invalid")


def test_wrong_or_missing_proof_is_refused(site):
    hub = site.hub()
    station = site.station(hub=hub)
    for number in range(6):
        station.note(n=number)
    part = batch_of(station, 0, 3)
    for proof in ((), part.proof[:-1], (*part.proof, bytes(32)), (b"short",), part.proof[::-1]):
        refused(hub, station, Batch(0, part.entries, part.checkpoint, proof), "root-mismatch")
    assert hub.accept(station.name, part).size == 3


def test_only_refunding_verdicts_make_refunds(site):
    hub = site.hub()
    station = site.station(hub=hub)
    for kind in VerdictKind:
        station.release(f"R-{kind}", kind=kind)
    hub.accept(station.name, batch_of(station))
    board = hub.board()
    assert {row["rma"] for row in board["refunds"]} == {"R-ACCEPT_FULL", "R-ACCEPT_PARTIAL"}
    assert board["counts"]["verdicts"] == {"refund_due": 2, "no_refund": len(VerdictKind) - 2}


def test_already_refunded_returns_are_not_refunded(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1", already_refunded=True)
    hub.accept(station.name, batch_of(station))
    assert hub.board()["refunds"] == []
    assert [answer["state"] for answer in answers(hub, station)] == [RefundState.NONE_DUE]


def test_two_benches_make_one_refund_and_one_dispute(site):
    hub = site.hub()
    first, second = site.station("bench-1", hub), site.station("bench-2", hub)
    first.release("R-1")
    second.release("R-1")
    hub.accept(first.name, batch_of(first))
    hub.accept(second.name, batch_of(second))
    board = hub.board()
    assert [(row["rma"], row["station"]) for row in board["refunds"]] == [("R-1", "bench-1")]
    assert [(row["rma"], row["station"]) for row in board["disputed"]] == [("R-1", "bench-2")]
    assert answers(hub, first) == []
    (answer,) = answers(hub, second)
    assert (answer["state"], answer["case"]) == (RefundState.NEEDS_PERSON, "bench-2-R-1")


def test_same_return_number_of_another_shop_is_another_return(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1", shop="demo", case="a")
    station.release("R-1", shop="other", case="b")
    hub.accept(station.name, batch_of(station))
    rows = hub.board()["refunds"]
    assert [(row["shop"], row["shop_configured"]) for row in rows] == [
        ("demo", False),
        ("other", False),
    ]


def test_refusal_at_one_bench_stops_the_refund_of_another(site):
    hub = site.hub()
    first, second = site.station("bench-1", hub), site.station("bench-2", hub)
    first.release("R-1", kind=VerdictKind.REJECT)
    second.release("R-1")
    hub.accept(first.name, batch_of(first))
    hub.accept(second.name, batch_of(second))
    assert hub.board()["refunds"] == []
    assert len(hub.board()["disputed"]) == 1


def test_hold_first_and_accept_later_is_refunded(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1", kind=VerdictKind.HOLD)
    station.release("R-1")
    hub.accept(station.name, batch_of(station))
    assert len(hub.board()["refunds"]) == 1


def test_same_release_twice_is_no_dispute(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1")
    station.release("R-1")
    hub.accept(station.name, batch_of(station))
    assert hub.board()["counts"]["verdicts"] == {"refund_due": 1, "repeated": 1}


def test_verdict_without_a_return_waits_for_a_person(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("", case="c-1")
    hub.accept(station.name, batch_of(station))
    assert [row["status"] for row in hub.board()["disputed"]] == ["unidentified"]
    assert [answer["state"] for answer in answers(hub, station)] == [RefundState.NEEDS_PERSON]


def test_entry_that_cannot_be_understood_is_kept_and_raises_an_alarm(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.log.append([_Broken])
    station.release("R-1")
    assert hub.accept(station.name, batch_of(station)).size == 3
    assert [row["code"] for row in hub.board()["alarms"]] == ["undecodable"]
    assert len(hub.board()["refunds"]) == 1


class _Broken:
    type = "verdict_released"
    fields = {"case": "c", "verdict": 7}  # noqa: RUF012
    personal: dict[str, str] = {}  # noqa: RUF012
    actor = ""


def test_evidence_is_asked_for_until_it_is_here(site):
    hub = site.hub()
    station = site.station(hub=hub)
    digest = hashlib.sha256(b"picture").hexdigest()
    station.note(photo={"sha256": digest}, raw_sha256="a" * 64, plain="b" * 64, sha256_of=["c"])
    assert set(hub.accept(station.name, batch_of(station)).missing) == {digest, "a" * 64}
    assert hub.evidence.put(digest, b"picture") is True
    assert hub.evidence.put(digest, b"picture") is False
    with pytest.raises(Problem, match="digest-mismatch"):
        hub.evidence.put("a" * 64, b"other")
    hub.evidence.declare_absent(station.name, {"a" * 64: "gone", digest: "gone"})
    assert hub.head(station.name).missing == ()
    row = hub.board()["stations"][0]
    assert (row["evidence_missing"], row["evidence_absent"]) == (0, 1)
    # A file that another entry names later is known to be here.
    station.note(photo={"sha256": digest})
    assert hub.accept(station.name, batch_of(station)).missing == ()


def test_evidence_of_finds_hashes_at_any_depth():
    digest = "0123456789abcdef" * 4
    nested = {"a": [{"b": {"sha256": digest}}], "x_sha256": digest, "sha256s": digest}
    assert list(evidence_of(nested)) == [digest, digest]
    assert list(evidence_of({"sha256": digest.upper(), "y_sha256": [digest], "sha256x": 1})) == []


def test_hub_opens_again_with_everything(site):
    hub = site.hub()
    station = site.station(hub=hub)
    station.release("R-1")
    head = hub.accept(station.name, batch_of(station))
    with pytest.raises(HubBusyError, match="another hub"):
        Hub(hub.settings)
    hub.stop()
    again = Hub(hub.settings)
    site.also_stop(again.stop)
    assert again.head(station.name) == head
    station.release("R-2")
    assert again.accept(station.name, batch_of(station, 2)).size == 4


def test_enrolment(site):
    hub = site.hub()
    station = site.station(hub=hub)
    hub.enrol(station.name, station.signer.vkey, "another-long-token")
    assert hub.stations.of_token("another-long-token") == station.name
    with pytest.raises(Problem, match="token-invalid"):
        hub.stations.of_token(station.token)
    other = Ed25519Signer(station.signer.name, Ed25519PrivateKey.generate())
    for name, vkey, token in (
        (station.name, other.vkey, station.token),
        ("bench-7", station.signer.vkey, station.token),
        (station.name, "garbage", station.token),
        (station.name, station.signer.vkey, "short"),
        (station.name, other.witness_vkey, station.token),
    ):
        with pytest.raises(EnrolmentError):
            hub.enrol(name, vkey, token)


@pytest.fixture
def web(site):
    """Hub, station and a function that makes a request as the station."""
    hub = site.hub()
    station = site.station(hub=hub)
    _, url = site.serve(hub)
    client = httpx2.Client(base_url=url, trust_env=False)
    site.also_stop(client.close)

    def ask(method, path, token=station.token, **options):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.request(method, path, headers=headers, **options)

    return hub, station, ask


def body_of(batch, **changes):
    def text(items):
        return [base64.b64encode(item).decode() for item in items]

    body = {
        "protocol": 1,
        "from": batch.start,
        "entries": text(batch.entries),
        "checkpoint": batch.checkpoint,
        "proof": text(batch.proof),
    }
    return json.dumps(body | changes).encode()


def test_entries_over_http(web):
    _, station, ask = web
    station.release("R-1")
    path = f"/v1/stations/{station.name}"
    answer = ask("POST", f"{path}/entries", content=body_of(batch_of(station)))
    assert answer.status_code == 200
    body = answer.json()
    assert body["size"] == station.log.size
    assert body["root"] == station.log.root().hex()
    assert set(body) == {"size", "root", "cosigned", "evidence_missing", "hub_time"}
    head = ask("GET", f"{path}/head").json()
    assert {**head, "hub_time": ""} == {**body, "hub_time": ""}
    station.release("R-2")
    gap = ask("POST", f"{path}/entries", content=body_of(batch_of(station, 3)))
    assert gap.headers["content-type"] == "application/problem+json"
    assert (gap.status_code, gap.json()["code"], gap.json()["size"]) == (409, "gap", 2)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "schema-invalid"),
        (b"[]", 422, "schema-invalid"),
        (b"[" * 100_000, 422, "schema-invalid"),
        (b'{"protocol":2}', 422, "schema-invalid"),
        (b'{"protocol":1,"from":-1,"entries":[],"checkpoint":""}', 422, "schema-invalid"),
        (b'{"protocol":1,"from":true,"entries":[],"checkpoint":""}', 422, "schema-invalid"),
        (b'{"protocol":1,"from":0,"entries":["*"],"checkpoint":""}', 422, "schema-invalid"),
        (b'{"protocol":1,"from":0,"entries":[7],"checkpoint":""}', 422, "schema-invalid"),
        (b'{"protocol":1,"from":0,"entries":[],"checkpoint":7}', 422, "schema-invalid"),
        (b'{"protocol":1,"from":0,"entries":[],"checkpoint":""}', 422, "checkpoint-invalid"),
        (b" " * 2_000_000, 413, "payload-too-large"),
    ],
    ids=lambda value: value[:60].decode().strip() if isinstance(value, bytes) else str(value),
)
def test_bad_requests_are_told_what_is_wrong(web, content, status, code):
    _, station, ask = web
    answer = ask("POST", f"/v1/stations/{station.name}/entries", content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    too_many = body_of(Batch(0, (b"x",) * 501, "c"))
    answer = ask("POST", f"/v1/stations/{station.name}/entries", content=too_many)
    assert answer.status_code == 413


def test_only_the_station_itself_is_let_in(web, site):
    hub, station, ask = web
    other = site.station("bench-2", hub)
    path = f"/v1/stations/{station.name}/head"
    assert ask("GET", path, token="").json()["code"] == "token-missing"
    assert ask("GET", path, token="w" * 30).json()["code"] == "token-invalid"
    assert ask("GET", path, token=other.token).status_code == 403
    for method, where in (
        ("GET", "/v1/board"),
        ("PUT", f"/v1/evidence/{'a' * 64}"),
        ("POST", "/v1/evidence/absent"),
        ("GET", f"/v1/stations/{station.name}/changes"),
    ):
        assert ask(method, where, token="").status_code == 401
    assert ask("GET", "/v1/health", token="").json()["status"] == "ok"


def test_evidence_over_http(web):
    hub, station, ask = web
    data = b"\xff\xd8" + bytes(300_000)
    digest = hashlib.sha256(data).hexdigest()
    station.note(photo={"sha256": digest}, old_sha256="d" * 64)
    hub.accept(station.name, batch_of(station))
    assert ask("PUT", f"/v1/evidence/{digest}", content=data).status_code == 201
    assert ask("PUT", f"/v1/evidence/{digest}", content=data).status_code == 200
    wrong = ask("PUT", f"/v1/evidence/{digest}", content=data[:-1])
    assert (wrong.status_code, wrong.json()["code"]) == (422, "digest-mismatch")
    assert ask("PUT", "/v1/evidence/..%2Fx", content=data).status_code in (404, 422)
    assert ask("PUT", f"/v1/evidence/{'A' * 64}", content=data).status_code == 422
    declared = {"sha256": ["d" * 64], "reason": "gone"}
    assert ask("POST", "/v1/evidence/absent", json=declared).status_code == 200
    assert ask("POST", "/v1/evidence/absent", json={"sha256": "x"}).status_code == 422
    assert hub.head(station.name).missing == ()


def test_changes_come_as_soon_as_they_are_there(web):
    hub, station, ask = web
    path = f"/v1/stations/{station.name}/changes"
    assert ask("GET", path, params={"cursor": 0}).json() == {"changes": [], "cursor": 0}
    station.release("", case="c-1")
    station.release("", case="c-2")
    hub.accept(station.name, batch_of(station))
    body = ask("GET", path, params={"cursor": 0, "wait": 20}).json()
    assert [change["cursor"] for change in body["changes"]] == [1, 2]
    assert body["cursor"] == 2
    later = ask("GET", path, params={"cursor": 1}).json()
    assert [change["answer"]["case"] for change in later["changes"]] == ["c-2"]
    for bad in ("x", "-1", "nan", "inf"):
        assert ask("GET", path, params={"cursor": bad}).status_code == 422


def test_board_over_http_shows_what_is_open(web):
    hub, station, ask = web
    station.release("R-1")
    hub.accept(station.name, batch_of(station))
    body = ask("GET", "/v1/board").json()
    assert body["refunds"][0]["state"] == "ready"
    assert body["stations"][0]["backlog"] == 0
