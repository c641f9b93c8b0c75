"""The event log: what an entry looks like, that it is there again, who may write."""

import hashlib
import json
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.sync.entry import canonical
from returnbench.sync.log import (
    EntryError,
    EntryTooLarge,
    LogBusy,
    LogDamaged,
    LogWriteFailed,
    Record,
    verify_log,
)
from returnbench.sync.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from returnbench.sync.note import NoteVerifier, open_note, parse_checkpoint
from returnbench.sync.store import EvidenceDamaged


def notes(count, first=0):
    return [Record("note", {"n": number}) for number in range(first, first + count)]


def head_of(log, signer):
    opened = open_note(log.checkpoint, [NoteVerifier.from_vkey(signer.vkey)])
    return parse_checkpoint(opened.text)


def test_an_entry_has_all_common_fields_in_canonical_form(open_log):
    log = open_log()
    (entry,) = log.append([Record("door_passed", {"case": "c-1"}, actor="ab12")])
    data = json.loads(entry.raw)
    nonce = data.pop("nonce")
    assert len(bytes.fromhex(nonce)) == 16
    assert data == {
        "v": 1,
        "type": "door_passed",
        "seq": 0,
        "prev": EMPTY_ROOT.hex(),
        "station": "station-07",
        "utc": "2026-11-21T14:03:22.667Z",
        "mono_ns": 918_273_895_546_372,
        "boot": "8e1c0000-0000-4000-8000-000000000001",
        "clock": {"synced": True, "max_err_ms": 12, "source": "chrony"},
        "actor": "ab12",
        "sw": {"name": "returnbench", "version": "0"},
        "case": "c-1",
    }
    assert (
        entry.raw
        == json.dumps(
            entry.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
    )
    assert entry.type == "door_passed"


def test_entries_are_there_after_closing(open_log, log_signer, tmp_path):
    log = open_log()
    written = [*log.append(notes(3)), *log.append(notes(2, 3))]
    root = log.root()
    assert (log.size, log.origin, log.station) == (5, log_signer.name, "station-07")
    log.close()
    log = open_log()
    assert list(log.entries()) == written
    assert [entry.seq for entry in log.entries(1, 4)] == [1, 2, 3]
    assert list(log.entries(5)) == []
    assert list(log.entries(0, 99)) == written
    assert (log.size, log.root()) == (5, root)
    assert (tmp_path / "log" / "origin").read_text() == log_signer.name + "\n"
    assert verify_log(tmp_path / "log", log_signer.vkey) == []


def test_each_entry_commits_to_all_before_it(open_log):
    log = open_log()
    log.append(notes(7))
    for entry in log.entries():
        assert entry.data["prev"] == log.root(entry.seq).hex()


def test_the_head_is_signed_after_each_group(open_log, log_signer, tmp_path):
    log = open_log()
    assert head_of(log, log_signer).size == 0
    for size in range(1, 4):
        log.append(notes(1))
        head = head_of(log, log_signer)
        assert (head.origin, head.size, head.root) == (log_signer.name, size, log.root())
        assert (tmp_path / "log" / "checkpoint").read_text() == log.checkpoint


def test_proofs_of_the_tree_hold_for_the_signed_head(open_log):
    log = open_log()
    entries = log.append(notes(6))
    proof = log.tree.inclusion_proof(4, 6)
    assert verify_inclusion(leaf_hash(entries[4].raw), 4, 6, proof, log.root())
    consistency = log.tree.consistency_proof(3, 6)
    assert verify_consistency(3, 6, log.root(3), log.root(), consistency)


def test_personal_data_is_outside_the_log_and_can_be_erased(open_log, tmp_path):
    log = open_log()
    personal = {"waybill": "SF123", "advice": {"return_slip": "S1"}}
    entry, other = log.append([Record("note", {}, personal), Record("note", {}, personal)])
    assert b"SF123" not in (tmp_path / "log" / "entries.log").read_bytes()
    assert log.personal_of(entry) == personal
    named = entry.data["pii"]
    addendum = log.evidence(named["sha256"])
    assert hashlib.sha256(addendum).hexdigest() == named["sha256"]
    assert len(addendum) == named["bytes"]
    assert len(bytes.fromhex(json.loads(addendum)["nonce"])) == 16
    assert other.data["pii"]["sha256"] != named["sha256"]
    path = next((tmp_path / "evidence").rglob(named["sha256"]))
    path.unlink()
    assert log.personal_of(entry) == {}
    assert log.personal_of(other) == personal


def test_damaged_personal_data_is_told_from_erased(open_log, tmp_path):
    log = open_log()
    (entry,) = log.append([Record("note", {}, {"name": "x"})])
    path = next((tmp_path / "evidence").rglob(entry.data["pii"]["sha256"]))
    path.chmod(0o644)
    path.write_bytes(b"{}")
    with pytest.raises(EvidenceDamaged):
        log.personal_of(entry)


@pytest.mark.parametrize("personal", [{}, {"second_person": ""}, {"advice": {"waybill": ""}}])
def test_nothing_personal_makes_no_file(open_log, tmp_path, personal):
    log = open_log()
    (entry,) = log.append([Record("note", {}, personal)])
    assert "pii" not in entry.data
    assert log.personal_of(entry) == {}
    assert not list((tmp_path / "evidence").rglob("*"))


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (Record("note", {"x": 1.5}), "float"),
        (Record("note", {"x": [{"y": 0.0}]}), "float"),
        (Record("note", {"schlüssel": 1}), "ASCII"),
        (Record("note", {"x": {1: 2}}), "ASCII"),
        (Record("note", {"x": b"bytes"}), "bytes cannot be stored"),
        (Record("note", {"x": "\ud800"}), "Unicode"),
        (Record("note", {"seq": 7}), "sets the field seq"),
        (Record("note", {}, {"nonce": "x"}), "nonce"),
        (Record("note", {}, {"x": 1.5}), "float"),
        (Record("", {}), "type"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_changes_nothing(open_log, record, error):
    log = open_log()
    log.append(notes(1))
    before = (log.size, log.root(), log.checkpoint)
    with pytest.raises(EntryError, match=error):
        log.append([*notes(1), record])
    assert (log.size, log.root(), log.checkpoint) == before
    log.append(notes(1))
    assert [entry.seq for entry in log.entries()] == [0, 1]


def test_the_longest_entry_and_one_byte_more(open_log):
    log = open_log()
    (entry,) = log.append([Record("note", {"text": ""})])
    room = 65_535 - len(entry.raw)
    # The clock's numbers keep their length, so the second entry is as long but for its text.
    (longest,) = log.append([Record("note", {"text": "x" * room})])
    assert len(longest.raw) == 65_535
    with pytest.raises(EntryTooLarge, match="65536 bytes"):
        log.append([Record("note", {"text": "x" * (room + 1)})])
    log.close()
    log = open_log()
    assert log.size == 2


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii")), inner)
        ),
    )
)
def test_canonical_json_is_one_line_and_reads_back(value):
    raw = canonical(value)
    assert b"\n" not in raw
    assert json.loads(raw) == value
    assert canonical(json.loads(raw)) == raw


def test_an_empty_group_writes_nothing(open_log):
    log = open_log()
    assert log.append([]) == ()
    assert log.size == 0


def test_a_second_opener_is_refused(open_log, tmp_path):
    log = open_log()
    with pytest.raises(LogBusy, match="stop that one first"):
        open_log()
    log.append(notes(1))
    log.close()
    assert open_log().size == 1


def test_a_second_process_is_refused(open_log, tmp_path):
    open_log()
    program = (
        "import sys, pathlib; from returnbench.sync.files import Files;"
        "from returnbench.sync.log_folder import LogBusy, LogFolder\n"
        "try:\n  LogFolder(pathlib.Path(sys.argv[1]), Files())\n"
        "except LogBusy as error:\n  print(error)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "log")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "open in another process" in done.stdout


def test_a_closed_log_takes_nothing(open_log):
    log = open_log()
    log.close()
    log.close()
    with pytest.raises(LogWriteFailed, match="closed"):
        log.append(notes(1))


def test_threads_append_without_mixing(open_log, log_signer, tmp_path):
    log = open_log()

    def work(number):
        for turn in range(10):
            log.append([Record("note", {"who": number, "turn": turn, "part": p}) for p in (0, 1)])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    entries = list(log.entries())
    assert [entry.seq for entry in entries] == list(range(80))
    assert [entry.data["part"] for entry in entries] == [0, 1] * 40
    for number in range(4):
        turns = [e.data["turn"] for e in entries if e.data["who"] == number]
        assert turns == sorted(turns)
    assert verify_log(tmp_path / "log", log_signer.vkey) == []


def test_readers_see_whole_entries_while_others_append(open_log):
    log = open_log()
    stop = threading.Event()
    failures = []

    def read():
        while not stop.is_set():
            size = log.size
            seen = [entry.seq for entry in log.entries(max(0, size - 20), size)]
            if seen != list(range(max(0, size - 20), size)):
                failures.append(seen)
            log.root(size)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        log.append(notes(3, turn))
    stop.set()
    reader.join(timeout=30)
    assert not failures


def test_listeners_are_told_the_size_and_cannot_spoil_a_write(open_log, caplog):
    log = open_log()
    seen = []

    def fail(size):
        raise RuntimeError("listener")

    log.subscribe(fail)
    end = log.subscribe(seen.append)
    log.append(notes(2))
    log.append(notes(1))
    end()
    log.append(notes(1))
    assert seen == [2, 3]
    assert log.size == 4
    assert "listener of the event log failed" in caplog.text


def test_a_change_on_the_disk_is_found_when_reading(open_log, tmp_path):
    log = open_log()
    log.append(notes(3))
    path = tmp_path / "log" / "entries.log"
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"n":1', b'"n":7'))
    with pytest.raises(LogDamaged, match="entry 1"):
        list(log.entries())
    path.write_bytes(content[:-10])
    with pytest.raises(LogDamaged, match="shorter"):
        list(log.entries(2))


def test_the_key_has_the_name_of_the_log(open_log, tmp_path, log_signer):
    open_log().close()
    with pytest.raises(ValueError, match="one name"):
        type(open_log()).open(
            tmp_path / "other",
            origin="another.example/x",
            signer=log_signer,
            clock=None,
            software={},
            store=None,
        )
