"""``returnbench import`` from the file to the tables of the station."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from returnbench.station.cli import main
from returnbench.sync.clock import SystemClock
from returnbench.sync.keys import load_signer
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import EventLog
from returnbench.sync.projection import Projection
from returnbench.sync.recovery import read_entries, verify_log
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database

FILE = (
    "rma,shop,waybill,line_ref,sku,quantity,unit_g,unit_sd_g\n"
    "R1,demo,SF1385628716739,1,SOCK,2,90.5,1.5\n"
    "R1,demo,,2,CAP,1,80,2\n"
    "R2,demo,YT8962646785389,1,SOCK,1,90.5,1.5\n"
    "R3,demo,JT5261988016578,1,SOCK,none,90.5,1.5\n"
)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "returns.csv").write_text(FILE)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["import", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def open_log(layout: DataLayout) -> EventLog:
    origin = layout.read_origin()
    assert origin is not None
    return EventLog.open(
        layout.log,
        origin=origin,
        signer=load_signer(layout.log_key, origin),
        clock=SystemClock(),
        software={},
        store=EvidenceStore(layout.evidence),
    )


def found(layout: DataLayout, code: str) -> Any:
    with open_log(layout) as log:
        engine = open_database(layout.database)
        try:
            projection = Projection(engine, log)
            projection.catch_up()
            return projection.find_announced(code)
        finally:
            engine.dispose()


def test_good_returns_can_be_looked_up_afterwards(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, "returns.csv", "--dir", "data")
    assert status == 0
    assert "2 returns with 4 units imported, 1 rejected" in out
    assert 'returns.csv:5: quantity "none"' in out
    layout = DataLayout(folder / "data")
    announced = found(layout, "SF1385628716739")
    assert announced.rma == "R1"
    assert [line.sku for line in announced.lines] == ["SOCK", "CAP"]
    assert found(layout, "JT5261988016578") is None


def test_the_entry_says_what_was_imported_and_holds_no_waybill(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, "returns.csv", "--dir", "data", "--json")
    report = json.loads(out)
    layout = DataLayout(folder / "data")
    entry = next(e for e in read_entries(layout.log, report["entry"]) if e.type == "import")
    assert {key: entry.data[key] for key in ("kind", "count", "rejected", "source_name")} == {
        "kind": "announced",
        "count": 2,
        "rejected": 1,
        "source_name": "returns.csv",
    }
    assert entry.data["sha256"] == report["sha256"]
    assert b"SF1385628716739" not in entry.raw
    addendum = EvidenceStore(layout.evidence).read(report["sha256"]).decode()
    rows = [json.loads(line) for line in addendum.splitlines()]
    assert [row["rma"] for row in rows] == ["R1", "R2"]
    assert addendum.splitlines()[0] == json.dumps(rows[0], sort_keys=True, separators=(",", ":"))
    assert [problem["line"] for problem in report["problems"]] == [5]
    origin = layout.read_origin() or ""
    assert verify_log(layout.log, load_signer(layout.log_key, origin).vkey) == []


def test_importing_again_changes_what_changed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "returns.csv", "--dir", "data")
    (folder / "more.csv").write_text(FILE.replace("none", "7").replace("CAP", "HAT"))
    status, _, _ = run(capsys, "more.csv", "--dir", "data")
    assert status == 0
    layout = DataLayout(folder / "data")
    assert [line.sku for line in found(layout, "R1").lines] == ["SOCK", "HAT"]
    assert found(layout, "R3").lines[0].quantity == 7


def test_a_file_without_a_good_return_leaves_no_trace(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.csv").write_text(FILE.replace("demo", ""))
    status, out, _ = run(capsys, "bad.csv", "--dir", "data")
    assert status == 1
    assert "0 returns with 0 units imported, 3 rejected" in out
    assert not (folder / "data").exists()


def test_only_fifty_problems_are_printed_and_all_with_json(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = FILE.splitlines()[0]
    bad = "".join(f"\nB{number},demo,,1,SOCK,1,," for number in range(80))
    (folder / "bad.csv").write_text(header + bad)
    _, out, _ = run(capsys, "bad.csv", "--dir", "data")
    assert len(out.splitlines()) == 53
    assert "... and 30 more" in out
    _, out, _ = run(capsys, "bad.csv", "--dir", "data", "--json")
    assert len(json.loads(out)["problems"]) == 80


def test_a_cell_cannot_steer_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.csv").write_text(FILE.replace("none", "\x1b[2Jnone"))
    _, out, _ = run(capsys, "bad.csv", "--dir", "data")
    assert "\x1b" not in out


@pytest.mark.usefixtures("folder")
def test_files_and_configurations_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "absent.csv")
    assert status == 1
    assert "absent.csv" in err
    status, _, err = run(capsys, "returns.csv", "--config", "absent.toml")
    assert status == 1
    assert "absent.toml" in err


def test_the_data_folder_and_the_name_of_the_log_come_from_the_configuration(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.toml").write_text(
        '[station]\ndata_dir = "here"\norigin = "shop.example/bench-7"\n'
    )
    assert run(capsys, "returns.csv")[0] == 0
    assert DataLayout(folder / "here").read_origin() == "shop.example/bench-7"


def test_a_bench_at_work_is_asked_to_take_it_in(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "returns.csv", "--dir", "data")
    layout = DataLayout(folder / "data")
    with open_log(layout) as log:
        size = log.size
        status, out, _ = run(capsys, "returns.csv", "--dir", "data")
        assert status == 0
        assert "the bench is at work" in out
        assert log.size == size
    assert len(list((folder / "data" / "inbox").glob("*.json"))) == 1


def test_as_a_process(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "returnbench.station.cli", "import", "returns.csv", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["imported"] == 2
    assert done.stderr == ""
    assert (folder / "returnbench-data" / "station.db").exists()
