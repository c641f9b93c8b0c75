"""``returnbench log``: look at the event log, check it, make the tables from it again."""

import argparse
import json
import sys
from importlib import metadata
from itertools import islice
from pathlib import Path

from returnbench.inspect.codec import Json
from returnbench.sync.auditing import audit_evidence
from returnbench.sync.clock import SystemClock
from returnbench.sync.entry import COMMON_FIELDS, Entry
from returnbench.sync.keys import KeyFileError, load_signer
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import EventLog, LogBusy, LogDamaged, LogWriteFailed
from returnbench.sync.note import NoteError, NoteVerifier
from returnbench.sync.projection import Projection, ProjectionFailed
from returnbench.sync.recovery import read_entries, read_head, verify_log
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database

_ACTIONS = {
    "show": "print entries, one a line",
    "verify": "check every entry, the signed head and the evidence files",
    "checkpoint": "print the signed head",
    "key": "print the public key of the log, with which a hub lets this station in",
    "rebuild": "make the tables from the log again (the bench must be stopped)",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to ``parser``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=summary)
        action.add_argument(
            "--dir",
            type=Path,
            default=Path("returnbench-data"),
            metavar="DIR",
            help="data folder of the station (default: %(default)s)",
        )
        action.add_argument("--json", action="store_true", help="print JSON")
        if name == "show":
            action.add_argument(
                "--from", dest="start", type=_position, default=0, metavar="N", help="first entry"
            )
            action.add_argument(
                "--count", type=_position, metavar="N", help="at most so many entries"
            )
        if name == "verify":
            action.add_argument(
                "--vkey",
                metavar="KEY",
                help="public key to check under, as the station printed it "
                "(default: that of the key file in DIR)",
            )


def run(options: argparse.Namespace) -> int:
    """Do what ``options`` say: 0 all is well, 1 it is not, 2 there is nothing to look at."""
    layout = DataLayout(options.dir)
    if not layout.log.is_dir():
        print(
            f"there is no event log in {layout.log}; name the data folder with --dir",
            file=sys.stderr,
        )
        return 2
    actions = {
        "show": _show,
        "verify": _verify,
        "checkpoint": _checkpoint,
        "key": _key,
        "rebuild": _rebuild,
    }
    try:
        return actions[options.action](layout, options)
    except (
        *(KeyFileError, NoteError, LogBusy, LogDamaged, LogWriteFailed, ProjectionFailed),
        OSError,
    ) as error:
        print(error, file=sys.stderr)
        return 1


def _key(layout: DataLayout, options: argparse.Namespace) -> int:
    vkey = _signer_vkey(layout)
    print(json.dumps({"vkey": vkey}) if options.json else vkey)
    return 0


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of an entry (0, 1, 2, ...)")
    return int(text)


def _show(layout: DataLayout, options: argparse.Namespace) -> int:
    entries = read_entries(layout.log, options.start)
    for entry in islice(entries, options.count):
        if options.json:
            # The bytes as they were hashed; whoever reads them can check the proof.
            sys.stdout.buffer.write(entry.raw + b"\n")
        else:
            print(_line(entry))
    sys.stdout.flush()
    return 0


def _line(entry: Entry) -> str:
    data = entry.data
    rest = {key: value for key, value in data.items() if key not in COMMON_FIELDS}
    shown = json.dumps(rest, ensure_ascii=False, separators=(", ", ": "))[1:-1]
    erasable = " +personal" if "pii" in data else ""
    return f"{entry.seq:>8}  {data.get('utc', '')}  {data.get('type', ''):<16} {shown}{erasable}"


def _verify(layout: DataLayout, options: argparse.Namespace) -> int:
    vkey = options.vkey or _signer_vkey(layout)
    problems = verify_log(layout.log, vkey)
    audit = audit_evidence(layout.log, EvidenceStore(layout.evidence))
    problems += audit.problems
    if options.json:
        result: Json = {
            "ok": not problems,
            "entries": audit.entries,
            "evidence_checked": audit.checked,
            "evidence_erased": audit.erased,
            "evidence_not_named": len(audit.not_named),
            "problems": problems,
        }
        print(json.dumps(result, ensure_ascii=False))
        return 1 if problems else 0
    for problem in problems:
        print(f"PROBLEM  {problem}")
    print(f"{audit.entries} entries, {audit.checked} evidence files, {audit.erased} erased")
    if audit.not_named:
        print(f"{len(audit.not_named)} evidence files are named by no entry (a write was cut off)")
    print("not in order" if problems else f"in order under the key {vkey}")
    return 1 if problems else 0


def _checkpoint(layout: DataLayout, options: argparse.Namespace) -> int:
    vkey = _signer_vkey(layout)
    head = read_head(layout.log, [NoteVerifier.from_vkey(vkey)])
    if head is None:
        print(f"the event log in {layout.log} has no signed head yet", file=sys.stderr)
        return 2
    note, checkpoint = head
    if options.json:
        fields = {"origin": checkpoint.origin, "size": checkpoint.size}
        fields |= {"root": checkpoint.root.hex(), "vkey": vkey, "note": note}
        print(json.dumps(fields, ensure_ascii=False))
    else:
        print(note, end="")
    return 0


def _rebuild(layout: DataLayout, options: argparse.Namespace) -> int:
    origin = _origin(layout)
    with EventLog.open(
        layout.log,
        origin=origin,
        signer=load_signer(layout.log_key, origin),
        clock=SystemClock(),
        software={"name": "returnbench", "version": metadata.version("returnbench")},
        store=EvidenceStore(layout.evidence),
    ) as log:
        engine = open_database(layout.database)
        try:
            applied = Projection(engine, log).rebuild()
        finally:
            engine.dispose()
    if options.json:
        print(json.dumps({"entries": applied}))
    else:
        print(f"made the tables in {layout.database} from {applied} entries")
    return 0


def _signer_vkey(layout: DataLayout) -> str:
    return load_signer(layout.log_key, _origin(layout)).vkey


def _origin(layout: DataLayout) -> str:
    origin = layout.read_origin()
    if origin is None:
        raise LogDamaged(f"{layout.origin_file} is missing; write the origin of the log into it")
    return origin
