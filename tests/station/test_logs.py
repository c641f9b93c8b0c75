"""The log file: JSON lines, rotated, silent on the terminal, and never in the way."""

import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from returnbench.station.logs import JsonLines, start_logging, stop_logging, utc_text
from returnbench.station.settings import LogConfig

CONFIG = LogConfig()


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    stop_logging()


def records(folder: Path) -> list[dict[str, Any]]:
    stop_logging()
    text = (folder / CONFIG.file).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_record_is_one_line_with_time_level_logger_case(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert start_logging(CONFIG, tmp_path) is None
    log = logging.getLogger("returnbench.drivers.scales")
    log.debug("not at this level")
    log.info("scale %s is back\nafter %d s", "scale-1", 3, extra={"case": "C-7"})
    log.warning("half a character: \udce4 and 羊")
    (first, second) = records(tmp_path)
    assert first["message"] == "scale scale-1 is back\nafter 3 s"
    assert (first["level"], first["logger"]) == ("INFO", "returnbench.drivers.scales")
    assert first["case"] == "C-7"
    assert first["utc"].endswith("Z")
    assert len(first["utc"]) == len("2026-11-21T23:30:21.123Z")
    assert "case" not in second
    assert second["message"] == "half a character: \udce4 and 羊"
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_traceback_is_kept(tmp_path: Path) -> None:
    start_logging(CONFIG, tmp_path)
    try:
        raise ValueError("torn frame")
    except ValueError:
        logging.getLogger("x").exception("the scale thread goes on")
    (record,) = records(tmp_path)
    assert "ValueError: torn frame" in record["traceback"]
    assert record["level"] == "ERROR"


def test_a_wrong_format_costs_no_record() -> None:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "%d parcels", ("many",), None)
    message = json.loads(JsonLines().format(record))["message"]
    assert "parcels" in message
    assert "many" in message


def test_warnings_of_libraries_go_into_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    start_logging(CONFIG, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old call", UserWarning, stacklevel=1)
    (record,) = records(tmp_path)
    assert "old call" in record["message"]
    assert capfd.readouterr().err == ""


def test_times_are_utc_with_milliseconds() -> None:
    assert utc_text(1_790_000_000.25) == "2026-09-21T14:13:20.250Z"
    assert utc_text(0) == "1970-01-01T00:00:00.000Z"


def test_files_are_rotated_and_old_ones_removed(tmp_path: Path) -> None:
    start_logging(LogConfig(max_bytes=10_000, backups=2), tmp_path)
    for number in range(400):
        logging.getLogger("x").info("record %d of a long shift", number)
    stop_logging()
    files = sorted(path.name for path in (tmp_path / "log").iterdir())
    assert files == ["returnbench.jsonl", "returnbench.jsonl.1", "returnbench.jsonl.2"]
    assert all(path.stat().st_size <= 10_000 for path in (tmp_path / "log").iterdir())
    newest = (tmp_path / CONFIG.file).read_text().splitlines()[-1]
    assert json.loads(newest)["message"] == "record 399 of a long shift"


def test_the_file_is_not_for_everybody(tmp_path: Path) -> None:
    start_logging(CONFIG, tmp_path)
    assert (tmp_path / CONFIG.file).stat().st_mode & 0o137 == 0


def test_starting_again_replaces_the_file(tmp_path: Path) -> None:
    start_logging(CONFIG, tmp_path / "a")
    start_logging(CONFIG, tmp_path / "b")
    logging.getLogger("x").info("once")
    assert len(records(tmp_path / "b")) == 1
    assert (tmp_path / "a" / CONFIG.file).read_text() == ""


def test_a_place_that_cannot_be_written_is_told_and_the_program_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("a file stands where the folder should be")
    problem = start_logging(CONFIG, tmp_path)
    assert problem is not None
    assert str(tmp_path / "log") in problem
    assert "config.toml" in problem
    logging.getLogger("x").error("nobody hears this")
    assert capfd.readouterr().err == ""


def test_a_full_disk_costs_records_and_says_how_many(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    start_logging(LogConfig(file="/dev/full"), tmp_path)
    log = logging.getLogger("x")
    log.error("first")
    log.error("second")
    handler = next(h for h in logging.getLogger().handlers if h.get_name() == "returnbench-file")
    assert isinstance(handler, logging.FileHandler)
    handler.stream.close()
    handler.stream = (tmp_path / "room").open("w", encoding="utf-8")
    log.error("third")
    stop_logging()
    written = [json.loads(line) for line in (tmp_path / "room").read_text().splitlines()]
    assert [record["message"] for record in written] == ["third", "2 records were lost"]
    assert capfd.readouterr().err == ""
