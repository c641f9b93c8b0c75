"""``returnbench import``: announced returns from a file into the log of the station."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from returnbench.inspect.scan_text import escape_controls
from returnbench.station.config import ConfigError, load_settings
from returnbench.station.import_writer import Imported, write_import
from returnbench.station.importer import ImportResult, RowProblem, parse_announced
from returnbench.sync.keys import KeyFileError
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import LogDamaged, LogWriteFailed
from returnbench.sync.projection import ProjectionFailed
from returnbench.sync.store import StoreError

_MOST_SHOWN = 50
_MOST_BYTES = 1 << 30


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to ``parser``."""
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV, JSON or JSON lines")
    parser.add_argument(
        "--kind", choices=["announced"], default="announced", help="what the file holds"
    )
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="data folder (default: that of the configuration)"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration (default: ./config.toml)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with all problems")


def run(options: argparse.Namespace) -> int:
    """Read the file and store its good returns: 0 when there was one, 1 when there was none."""
    try:
        settings = load_settings(options.config)
        data = _read(options.file)
    except (ConfigError, OSError) as error:
        return _refuse(str(error))
    result = parse_announced(data, options.file.name)
    imported = None
    if result.returns:
        try:
            imported = write_import(
                DataLayout(options.dir or settings.station.data_dir),
                settings.station.origin,
                result.returns,
                rejected=result.rejected,
                source_name=options.file.name,
            )
        except (
            *(LogDamaged, LogWriteFailed, StoreError, KeyFileError, ProjectionFailed),
            OSError,
        ) as error:
            return _refuse(str(error))
    if options.json:
        print(json.dumps(_report(options.file, result, imported)))
    else:
        _print(options.file, result, imported)
    return 0 if result.returns else 1


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise OSError(f"{path} has more than {_MOST_BYTES >> 20} MiB; split it")
    return data


def _refuse(message: str) -> int:
    print(f"nothing was imported: {message}", file=sys.stderr)
    return 1


def _report(path: Path, result: ImportResult, imported: Imported | None) -> dict[str, object]:
    return {
        "file": str(path),
        "imported": len(result.returns),
        "rejected": result.rejected,
        "entry": imported.entry if imported else None,
        "sha256": imported.sha256 if imported else None,
        "problems": [dataclasses.asdict(problem) for problem in result.problems],
    }


def _print(path: Path, result: ImportResult, imported: Imported | None) -> None:
    _print_problems(path, result.problems)
    units = sum(line.quantity for announced in result.returns for line in announced.lines)
    print(f"{len(result.returns)} returns with {units} units imported, {result.rejected} rejected")
    if imported and imported.entry is None:
        print("the bench is at work: it takes them in within seconds")
    elif imported:
        print(f"entry {imported.entry} of the log, addendum {imported.sha256}")
    if result.rejected:
        print("correct the rejected returns and import them again; repeating the others is safe")


def _print_problems(path: Path, problems: Sequence[RowProblem]) -> None:
    for problem in problems[:_MOST_SHOWN]:
        where = f"{path}:{problem.line}: "
        column = f"{problem.column} " if problem.column else ""
        value = f'"{problem.value[:60]}" ' if problem.value else ""
        # What stands in the file must not be able to steer the terminal.
        print(escape_controls(f"{where}{column}{value}{problem.message}").replace("\n", " "))
    if len(problems) > _MOST_SHOWN:
        print(f"... and {len(problems) - _MOST_SHOWN} more; --json prints all of them")
