"""``returnbench log`` as it is typed."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from returnbench.inspect.codec import encode_event
from returnbench.inspect.events import ScanRecorded
from returnbench.station.cli import main
from returnbench.sync.erasing import erase_evidence
from returnbench.sync.keys import load_or_create_signer
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import Record
from returnbench.sync.note import Ed25519Signer
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database

ORIGIN = "returns.example/bench/07"


@pytest.fixture
def station(tmp_path, open_log):
    """A closed station with three entries, one of them with personal data; its layout."""
    layout = DataLayout(tmp_path)
    store = EvidenceStore(layout.evidence)
    signer = load_or_create_signer(layout.log_key, ORIGIN)
    with open_log(tmp_path, signer=signer, store=store) as log:
        photo = store.put(b"jpeg")
        log.append([Record("start", {"config": "c1"})])
        log.append([Record(*encode_event(ScanRecorded("SF1", "WAYBILL", "QR", "wedge")))])
        log.append([Record("photo_note", {"photo": {"sha256": photo, "readings_sha256": ""}})])
    return layout


@pytest.fixture
def run(station, capfdbinary):
    def run(*words):
        action, *rest = words
        status = main(["log", action, "--dir", str(station.root), *rest])
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    return run


def test_show_prints_one_line_for_each_entry(run):
    status, out, _ = run("show")
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["0", "1", "2"]
    assert '"config": "c1"' in lines[0]
    assert lines[1].endswith("+personal")
    assert "SF1" not in out
    assert run("show", "--from", "1", "--count", "1")[1].splitlines() == [lines[1]]


def test_show_in_json_gives_the_bytes_that_were_hashed(run, station):
    _, out, _ = run("show", "--json")
    assert out.encode() == (station.log / "entries.log").read_bytes()


def test_a_log_in_order(run):
    status, out, _ = run("verify")
    assert status == 0
    assert "3 entries, 2 evidence files, 0 erased" in out
    status, out, _ = run("verify", "--json")
    assert status == 0
    assert json.loads(out) == {
        "ok": True,
        "entries": 3,
        "evidence_checked": 2,
        "evidence_erased": 0,
        "evidence_not_named": 0,
        "problems": [],
    }


def test_a_changed_entry(run, station):
    path = station.log / "entries.log"
    path.write_bytes(path.read_bytes().replace(b'"c1"', b'"c2"'))
    status, out, _ = run("verify")
    assert status == 1
    assert "PROBLEM" in out
    assert "not in order" in out


def test_missing_damaged_and_superfluous_evidence(run, station):
    store = EvidenceStore(station.evidence)
    store.put(b"named by nobody")
    photo = store.path(store.put(b"jpeg"))
    photo.chmod(0o644)
    photo.write_bytes(b"other")
    (addendum,) = [path for path in station.evidence.rglob("*") if b"SF1" in contents(path)]
    addendum.unlink()
    status, out, _ = run("verify", "--json")
    found = json.loads(out)
    assert status == 1
    assert found["evidence_not_named"] == 1
    missing, damaged = found["problems"]
    assert missing == f"evidence {addendum.name} of entry 1 is missing"
    assert damaged.startswith("entry 2: evidence")


def contents(path):
    return path.read_bytes() if path.is_file() else b""


def test_erased_evidence_is_in_order(run, station, open_log):
    store = EvidenceStore(station.evidence)
    signer = load_or_create_signer(station.log_key, ORIGIN)
    with open_log(station.root, signer=signer, store=store) as log:
        (_, scan, _) = log.entries()
        erase_evidence(log, store, [scan.data["pii"]["sha256"]], ground="retention")
    status, out, _ = run("verify", "--json")
    assert status == 0
    assert json.loads(out)["evidence_erased"] == 1


def test_verify_under_the_key_of_somebody_else(run):
    other = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    status, out, _ = run("verify", "--vkey", other.vkey)
    assert status == 1
    assert "cannot be trusted" in out
    status, _, err = run("verify", "--vkey", "nonsense")
    assert status == 1
    assert "no verifier key" in err


def test_verify_without_the_private_key(run, station):
    vkey = load_or_create_signer(station.log_key, ORIGIN).vkey
    station.log_key.unlink()
    assert run("verify", "--vkey", vkey)[0] == 0
    status, _, err = run("verify")
    assert status == 1
    assert "key file" in err
    assert not station.log_key.exists()


def test_the_checkpoint(run, station):
    status, out, _ = run("checkpoint")
    assert status == 0
    assert out == (station.log / "checkpoint").read_text()
    fields = json.loads(run("checkpoint", "--json")[1])
    assert (fields["origin"], fields["size"], fields["note"]) == (ORIGIN, 3, out)


def test_rebuild_makes_the_tables(run, station):
    status, out, _ = run("rebuild")
    assert status == 0
    assert "3 entries" in out
    engine = open_database(station.database)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT raw FROM scans").scalar() == "SF1"
    engine.dispose()
    assert json.loads(run("rebuild", "--json")[1]) == {"entries": 3}


def test_rebuild_waits_for_no_bench(run, station, open_log):
    signer = load_or_create_signer(station.log_key, ORIGIN)
    open_log(station.root, signer=signer)
    status, _, err = run("rebuild")
    assert status == 1
    assert "stop that one first" in err
    assert run("show")[0] == run("verify")[0] == run("checkpoint")[0] == 0


def test_a_folder_without_a_log(tmp_path, capsys):
    for action in ("show", "verify", "checkpoint", "rebuild"):
        assert main(["log", action, "--dir", str(tmp_path / "none")]) == 2
        assert "--dir" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_lost_origin_is_named(run, station):
    station.origin_file.unlink()
    status, _, err = run("checkpoint")
    assert status == 1
    assert str(station.origin_file) in err


def test_a_wrong_position_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["log", "show", "--from", "-1"])
    assert ended.value.code == 2
    assert "number of an entry" in capsys.readouterr().err
