"""What a crash may leave is mended and recorded; what only a hand can do is refused."""

import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from returnbench.sync.clock import SystemClock
from returnbench.sync.keys import load_signer
from returnbench.sync.log import EventLog, LogDamaged, LogWriteFailed, Record, verify_log
from returnbench.sync.merkle import Tree
from returnbench.sync.note import Checkpoint, Ed25519Signer, NoteError, sign_note
from returnbench.sync.recovery import read_entries
from returnbench.sync.store import EvidenceStore


def notes(count):
    return [Record("note", {"n": number}) for number in range(count)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def three(open_log, folder):
    """A closed log of three entries; its lines."""
    with open_log() as log:
        log.append(notes(3))
    return (folder / "entries.log").read_bytes().splitlines(keepends=True)


def found(log):
    (entry,) = [entry for entry in log.entries() if entry.type == "recover"]
    return entry.data["found"]


def test_a_well_closed_log_needs_no_mending(open_log, three, folder, log_signer):
    log = open_log()
    assert log.size == 3
    assert not (folder / "recover").exists()
    assert verify_log(folder, log_signer.vkey) == []


def test_an_unsigned_end_torn_anywhere_is_set_aside(open_log, folder):
    path = folder / "entries.log"
    with open_log() as log:
        log.append(notes(2))
        head = log.checkpoint
        signed = path.read_bytes()
        log.append(notes(1))
    last = path.read_bytes()[len(signed) :]
    for torn in range(1, len(last)):
        path.write_bytes(signed + last[:torn])
        (folder / "checkpoint").write_text(head)
        with open_log() as log:
            what = found(log)
            assert log.size == 3
            assert what["torn_bytes"] == torn
            assert (folder / what["torn_file"]).read_bytes() == last[:torn]


def test_a_signed_end_torn_anywhere_is_refused_and_kept(open_log, three, folder, log_signer):
    path = folder / "entries.log"
    whole = path.read_bytes()
    head = (folder / "checkpoint").read_bytes()
    for missing in range(1, len(three[-1]) + 1):
        path.write_bytes(whole[:-missing])
        with pytest.raises(LogDamaged, match="2 whole entries, but 3 were signed"):
            open_log()
        assert path.read_bytes() == whole[:-missing]
        assert (folder / "checkpoint").read_bytes() == head
        assert len(verify_log(folder, log_signer.vkey)) == 1
    path.write_bytes(whole)
    assert open_log().size == 3


def test_whole_entries_without_a_signature_are_taken_over(open_log, folder, log_signer):
    with open_log() as log:
        log.append(notes(1))
        head = log.checkpoint
        log.append([*notes(1), Record("note", {}, {"name": "x"})])
        (entry,) = log.entries(2)
    (folder / "checkpoint").write_text(head)
    assert any("not signed" in problem for problem in verify_log(folder, log_signer.vkey))
    with open_log() as log:
        assert log.size == 4
        assert found(log) == {"signed_before": 1, "taken_over": 2}
        assert log.personal_of(entry) == {"name": "x"}
    assert verify_log(folder, log_signer.vkey) == []


def test_a_missing_addendum_of_an_unsigned_entry_is_listed(open_log, folder, tmp_path):
    with open_log() as log:
        head = log.checkpoint
        (entry,) = log.append([Record("note", {}, {"name": "x"})])
    (folder / "checkpoint").write_text(head)
    sha256 = entry.data["pii"]["sha256"]
    next((tmp_path / "evidence").rglob(sha256)).unlink()
    assert found(open_log())["addenda_missing"] == [sha256]


@pytest.mark.parametrize(
    "end",
    [
        b"\n",
        b"{}\n",
        b"[]\n",
        b'{"seq":3}\n',
        bytes(4096),
        b"\xff\xfe\n",
        b"x" * 70_000 + b"\n",
        b'{"seq":3,"prev":"%s"}\n' % (b"0" * 64),
    ],
)
def test_a_foreign_end_is_set_aside(open_log, three, folder, log_signer, end):
    with (folder / "entries.log").open("ab") as file:
        file.write(end)
    assert len(verify_log(folder, log_signer.vkey)) == 1
    log = open_log()
    assert log.size == 4
    assert (folder / found(log)["torn_file"]).read_bytes() == end
    assert verify_log(folder, log_signer.vkey) == []


def test_good_entries_after_a_gap_are_not_taken_over(open_log, three, folder, tmp_path):
    with open_log(tmp_path / "twin") as twin:
        twin.append(notes(1))
        head = twin.checkpoint
        twin.append(notes(3))
    lines = (tmp_path / "twin/log/entries.log").read_bytes().splitlines(keepends=True)
    hole = lines[0] + lines[1] + bytes(len(lines[2]) - 1) + b"\n" + lines[3]
    (folder / "entries.log").write_bytes(hole)
    (folder / "checkpoint").write_text(head)
    log = open_log()
    assert log.size == 3
    assert found(log)["taken_over"] == 1
    assert found(log)["torn_bytes"] == len(lines[2]) + len(lines[3])


def test_every_turned_bit_in_a_byte_of_the_entries_is_found(open_log, three, folder, log_signer):
    path = folder / "entries.log"
    whole = path.read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1 << (at % 8)
        path.write_bytes(changed)
        assert verify_log(folder, log_signer.vkey), f"byte {at}"
        with pytest.raises(LogDamaged):
            open_log()
        assert path.read_bytes() == changed


def test_every_turned_bit_in_a_byte_of_the_head_is_found(open_log, three, folder, log_signer):
    path = folder / "checkpoint"
    whole = path.read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1 << (at % 8)
        path.write_bytes(changed)
        assert verify_log(folder, log_signer.vkey), f"byte {at}"
        with pytest.raises(LogDamaged):
            open_log()
        assert path.read_bytes() == changed


@pytest.mark.parametrize(
    "tamper",
    [
        lambda lines: [lines[0], lines[2], lines[1]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[0], lines[1], lines[2]],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [],
    ],
)
def test_moved_lost_and_doubled_entries_are_found(open_log, three, folder, log_signer, tamper):
    (folder / "entries.log").write_bytes(b"".join(tamper(three)))
    assert verify_log(folder, log_signer.vkey)
    with pytest.raises(LogDamaged):
        open_log()


def test_a_lost_head_is_refused(open_log, three, folder, log_signer):
    (folder / "checkpoint").unlink()
    with pytest.raises(LogDamaged, match="no checkpoint"):
        open_log()
    assert "no checkpoint" in verify_log(folder, log_signer.vkey)[0]


def test_lost_entries_are_refused(open_log, three, folder):
    (folder / "entries.log").unlink()
    with pytest.raises(LogDamaged, match="0 whole entries, but 3"):
        open_log()
    assert not (folder / "entries.log").exists()


def test_an_older_head_of_the_same_key_is_no_cover_for_a_change(open_log, three, folder):
    """An older head with changed entries beyond it: they do not hang on what it signs."""
    head = (folder / "checkpoint").read_text()
    with open_log() as log:
        log.append(notes(2))
    (folder / "checkpoint").write_text(head)
    path = folder / "entries.log"
    path.write_bytes(path.read_bytes().replace(b'"n":0', b'"n":5'))
    with pytest.raises(LogDamaged, match="at least one of the first 3"):
        open_log()


def test_another_key_is_refused(open_log, three, folder, log_signer):
    other = Ed25519Signer(log_signer.name, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(LogDamaged, match="the key in use"):
        open_log(signer=other)
    assert "the key in use" in verify_log(folder, other.vkey)[0]


def test_another_origin_is_refused(open_log, three, log_signer):
    other = Ed25519Signer("other.example/x", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    with pytest.raises(LogDamaged):
        open_log(signer=other)


def test_a_broken_link_under_a_good_signature_is_found(open_log, folder, log_signer, tmp_path):
    """Only the holder of the key could make it; the check of every link still finds it."""
    with open_log() as log:
        log.append(notes(3))
    path = folder / "entries.log"
    changed = path.read_bytes().replace(b'"n":0', b'"n":5')
    path.write_bytes(changed)
    tree = Tree()
    for line in changed.splitlines():
        tree.append(line)
    head = Checkpoint(log_signer.name, 3, tree.root())
    (folder / "checkpoint").write_text(sign_note(head.text(), [log_signer]))
    problems = verify_log(folder, log_signer.vkey)
    assert [problem.split(":")[0] for problem in problems] == [
        "entry 1 does not fit",
        "entry 2 does not fit",
    ]


def test_verifying_needs_a_log_and_a_key(folder, log_signer):
    assert "no log" in verify_log(folder, log_signer.vkey)[0]
    with pytest.raises(NoteError):
        verify_log(folder, "no key")


def test_reading_without_a_lock(open_log, folder):
    assert list(read_entries(folder)) == []
    log = open_log()
    written = log.append(notes(4))
    assert list(read_entries(folder)) == list(written)
    assert list(read_entries(folder, 1, 3)) == list(written[1:3])
    with (folder / "entries.log").open("ab") as file:
        file.write(b'{"half')
    assert list(read_entries(folder)) == list(written)


def test_a_folder_that_cannot_be_made_is_an_error(open_log, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LogWriteFailed, match="no event log can be opened"):
        open_log(tmp_path / "file")


WRITER = """
import sys
from pathlib import Path
from returnbench.sync.clock import SystemClock
from returnbench.sync.keys import load_or_create_signer
from returnbench.sync.log import EventLog, Record
from returnbench.sync.store import EvidenceStore

root = Path(sys.argv[1])
origin = "returns.example/bench/07"
log = EventLog.open(root / "log", origin=origin, clock=SystemClock(), software={},
    signer=load_or_create_signer(root / "keys/log.key", origin),
    store=EvidenceStore(root / "evidence"))
number = 0
while True:
    group = [Record("note", {"n": number + at}, {"name": "x"}) for at in range(number % 3 + 1)]
    for entry in log.append(group):
        sys.stdout.write(f"{entry.seq} {entry.raw.hex()}\\n")
    sys.stdout.flush()
    number += 1
"""


def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path):
    acknowledged = {}
    for turn in range(12):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE)
        # The number of lines to wait for moves the kill to another place each time.
        lines = [writer.stdout.readline() for _ in range(1 + turn * 7 % 23)]
        writer.kill()
        lines += writer.stdout.read().splitlines(keepends=True)
        writer.stdout.close()
        writer.wait(timeout=30)
        for line in lines:
            if line.endswith(b"\n"):
                seq, raw = line.split()
                acknowledged[int(seq)] = bytes.fromhex(raw.decode())
    signer = load_signer(tmp_path / "keys/log.key", "returns.example/bench/07")
    log = EventLog.open(
        tmp_path / "log",
        origin=signer.name,
        signer=signer,
        clock=SystemClock(),
        software={},
        store=EvidenceStore(tmp_path / "evidence"),
    )
    with log:
        entries = {entry.seq: entry for entry in log.entries()}
        assert len(acknowledged) >= 12
        for seq, raw in acknowledged.items():
            assert entries[seq].raw == raw
            assert log.personal_of(entries[seq]) == {"name": "x"}
        assert not list((tmp_path / "evidence").rglob("*.part"))
    assert verify_log(tmp_path / "log", signer.vkey) == []
