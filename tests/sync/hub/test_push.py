"""The sync worker: everything arrives, whatever breaks, and what cannot arrive is visible."""

import hashlib
import threading

import pytest

from returnbench.sync.hub.inbox import MOST_BYTES, MOST_ENTRIES
from returnbench.sync.push import _Pause


@pytest.fixture
def pair(site):
    """A station with its worker, and a hub that can be reached."""
    hub = site.hub()
    server, url = site.serve(hub)
    station = site.station(hub=hub)
    return hub, server, url, station


def test_backlog_arrives_in_parts(site, pair):
    hub, _, url, station = pair
    pictures = [bytes([n]) * 1000 for n in range(8)]
    hashes = station.store.put_many(pictures)
    with_files = [{"photo": {"sha256": digest}} for digest in hashes]
    for fields in with_files:
        station.note(**fields)
    for number in range(3):
        station.log.append([_note(f"{number}-{n}") for n in range(MOST_ENTRIES // 2)])
    worker = site.sync(station, url)
    assert worker.drain(20)
    status = worker.status()
    assert (status.connected, status.backlog, status.evidence_backlog) == (True, 0, 0)
    assert status.hub_size == status.log_size == station.log.size > MOST_ENTRIES
    assert (status.oldest_unsent_s, status.last_error, status.halted) == (None, "", False)
    head = hub.head(station.name)
    assert head.root == station.log.root()
    assert head.missing == ()
    assert hub.board()["counts"]["evidence"] == {"stored": 8}


class _note:  # noqa: N801
    def __init__(self, text):
        self.type, self.fields, self.personal, self.actor = "note", {"text": text}, {}, ""


def test_large_entries_stay_below_the_limit_of_a_request(site, pair):
    hub, _, url, station = pair
    big = [_note("x" * 60_000) for _ in range(MOST_BYTES // 60_000 + 5)]
    station.log.append(big)
    worker = site.sync(station, url)
    assert worker.drain(20), worker.status()
    assert hub.head(station.name).size == len(big)


def test_new_entries_are_sent_at_once(site, pair, until):
    hub, _, url, station = pair
    worker = site.sync(station, url)
    assert worker.drain(10)
    station.release("R-1")
    until(lambda: hub.head(station.name).size == 2, seconds=5)


def test_work_goes_on_without_a_hub_and_arrives_later(site, until):
    hub = site.hub()
    server, url = site.serve(hub)
    port = int(url.rsplit(":", 1)[1])
    station = site.station(hub=hub)
    worker = site.sync(station, url)
    assert worker.drain(10)
    server.stop()
    station.release("R-1")
    until(lambda: not worker.status().connected)
    status = worker.status()
    assert status.backlog == 2
    assert status.last_error.startswith("hub-unreachable: ")
    assert 0 <= status.oldest_unsent_s < 60
    assert not worker.drain(0.05)
    site.serve(hub, port=port)
    assert worker.drain(20)
    until(lambda: worker.status().last_error == "")


@pytest.mark.parametrize("lost", [1, 3, 6])
def test_lost_answers_change_nothing(site, pair, proxy_to, lost):
    hub, _, url, station = pair
    digest = station.store.put(b"picture")
    station.release("R-1")
    station.note(photo={"sha256": digest})
    proxy = proxy_to(url)
    proxy.lose_answers = lost
    worker = site.sync(station, proxy.url)
    assert worker.drain(20)
    assert proxy.lost >= 1
    board = hub.board()
    assert board["counts"]["verdicts"] == {"refund_due": 1}
    assert board["counts"]["evidence"] == {"stored": 2}
    assert board["alarms"] == []


def test_erased_evidence_does_not_hold_up_the_rest(site, pair):
    hub, _, url, station = pair
    kept, erased = station.store.put(b"kept"), station.store.put(b"erased")
    station.note(a={"sha256": erased}, b={"sha256": kept})
    station.store.erase(erased)
    worker = site.sync(station, url)
    assert worker.drain(20)
    assert hub.board()["counts"]["evidence"] == {"stored": 1, "absent": 1}


def test_damaged_evidence_is_reported_not_sent(site, pair):
    hub, _, url, station = pair
    digest = station.store.put(b"picture")
    station.note(photo={"sha256": digest})
    path = station.store.path(digest)
    path.chmod(0o644)
    path.write_bytes(b"Picture")
    worker = site.sync(station, url)
    assert worker.drain(20)
    assert hub.board()["counts"]["evidence"] == {"absent": 1}
    assert not hub.evidence._store.has(hashlib.sha256(b"Picture").hexdigest())


def test_more_files_than_the_hub_names_at_once(site, pair, monkeypatch):
    hub, _, url, station = pair
    monkeypatch.setattr("returnbench.sync.hub.inbox.MOST_MISSING", 4)
    hashes = station.store.put_many([bytes([n]) for n in range(11)])
    station.note(photos=[{"sha256": digest} for digest in hashes])
    worker = site.sync(station, url)
    assert worker.drain(20)
    assert hub.board()["counts"]["evidence"] == {"stored": 11}


def test_station_restored_from_an_old_copy_halts(site, pair, until):
    hub, _, url, station = pair
    for number in range(4):
        station.release(f"R-{number}")
    assert site.sync(station, url).drain(20)
    twin = site.station(folder=site.folder / "old", signer=station.signer)
    twin.token = station.token
    twin.release("R-0")
    worker = site.sync(twin, url)
    until(lambda: worker.status().halted)
    assert worker.status().last_error.startswith("log-behind-hub: ")
    assert not worker.drain(0.1)
    assert hub.head(station.name).size == 8


def test_other_history_halts_and_raises_an_alarm(site, pair, until):
    hub, _, url, station = pair
    station.release("R-0")
    assert site.sync(station, url).drain(20)
    twin = site.station(folder=site.folder / "old", signer=station.signer)
    twin.token = station.token
    for number in range(4):
        twin.release(f"R-{number}")
    worker = site.sync(twin, url)
    until(lambda: worker.status().halted)
    assert worker.status().last_error.startswith("event-conflict: ")
    until(lambda: [row["code"] for row in hub.board()["alarms"]] == ["event-conflict"])
    assert hub.head(station.name).root == station.log.root()


def test_wrong_token_is_shown_and_tried_again(site, pair, until):
    hub, _, url, station = pair
    station.release("R-1")
    worker = site.sync(station, url, token="a-token-of-somebody-else")
    until(lambda: worker.status().last_error.startswith("token-invalid"))
    assert worker.status().hub_size is None
    hub.enrol(station.name, station.signer.vkey, "a-token-of-somebody-else")
    assert worker.drain(20)


def test_damaged_log_is_not_sent(site, pair, until):
    hub, _, url, station = pair
    station.release("R-1")
    path = site.folder / station.name / "log" / "entries.log"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"R-1", b"R-2"))
    worker = site.sync(station, url)
    until(lambda: worker.status().last_error.startswith("log-damaged"))
    assert hub.head(station.name).size == 0
    path.write_bytes(raw)
    assert worker.drain(20)


def test_answers_come_in_order_and_only_behind_the_cursor(site, pair, until):
    _, _, url, station = pair
    first = site.sync(station, url)
    for number in range(3):
        station.release("", case=f"c-{number}")
    until(lambda: len(station.answers) == 3)
    first.stop()
    assert [(cursor, answer.case) for cursor, answer in station.answers] == [
        (1, "c-0"),
        (2, "c-1"),
        (3, "c-2"),
    ]
    station.answers.clear()
    site.sync(station, url, cursor=2)
    until(lambda: station.answers)
    assert [cursor for cursor, _ in station.answers] == [3]


def test_answer_that_could_not_be_kept_comes_again(site, pair, until):
    _, _, url, station = pair
    tries = []

    def full_disk_at_first(cursor, answer):
        tries.append(cursor)
        if len(tries) < 3:
            raise OSError("no space left")
        station.answers.append((cursor, answer))

    site.sync(station, url, on_change=full_disk_at_first)
    station.release("", case="c-1")
    station.release("", case="c-2")
    until(lambda: len(station.answers) == 2)
    assert [cursor for cursor, _ in station.answers] == [1, 2]
    assert tries[:3] == [1, 1, 1]


def test_stop_is_prompt_while_the_hub_is_silent(site, pair, proxy_to, until):
    _, _, url, station = pair
    proxy = proxy_to(url)
    proxy.silent = True
    station.release("R-1")
    worker = site.sync(station, proxy.url)
    until(lambda: len(proxy._open) >= 2)
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    stopper.join(timeout=5)
    assert not stopper.is_alive()
    worker.stop()


def test_pauses_grow_to_the_longest_and_start_again():
    pause = _Pause(1.0, 60.0)
    longest = [max(_drawn(pause, n) for _ in range(200)) for n in range(10)]
    for number, most in enumerate(longest):
        assert most <= min(2.0**number, 60)
        assert most > min(2.0**number, 60) * 0.7
    pause.reset()
    assert pause.after_failure() <= 1.0
    assert pause.after_failure(at_least=30) >= 30


def _drawn(pause, failures):
    pause.reset()
    for _ in range(failures):
        pause.after_failure()
    return pause.after_failure()
