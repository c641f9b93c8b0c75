"""``returnbench decode``: read the barcodes in picture files and say what they mean."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from returnbench.drivers.decode import BarcodeRead, Decoded, decode_picture
from returnbench.drivers.quiet_cv import divert_native_output
from returnbench.inspect.codec import plain
from returnbench.inspect.waybill import understand

_DEFAULT_LIMIT_MS = 1500
_LARGEST_FILE = 200_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="picture file (JPEG, PNG, ...)")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each picture")
    parser.add_argument(
        "--limit-ms",
        type=_milliseconds,
        default=_DEFAULT_LIMIT_MS,
        metavar="N",
        help="start no further pass over a picture after N milliseconds (default %(default)s)",
    )


def _milliseconds(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= value <= 600_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 600000")
    return value


def run(options: argparse.Namespace) -> int:
    """Decode each file; 1 when at least one of them could not be read as a picture."""
    failed = False
    for name in options.images:
        with divert_native_output():
            answer = _decode(name, options.limit_ms)
        failed = failed or "error" in answer
        if options.json:
            print(json.dumps(answer, ensure_ascii=True, sort_keys=True), flush=True)
        else:
            text = "\n".join(_lines(answer))
            # A file name may hold bytes that are no text.
            print(text.encode("utf-8", "backslashreplace").decode(), flush=True)
    return 1 if failed else 0


def _decode(name: str, limit_ms: int) -> dict[str, Any]:
    """What is known about one file, as it is printed with ``--json``."""
    answer: dict[str, Any] = {"file": name, "texts": [], "results": [], "ms": 0.0}
    try:
        path = Path(name)
        size = path.stat().st_size
        if not path.is_file():
            return answer | {"error": "not a file; give the names of picture files"}
        if size > _LARGEST_FILE:
            return answer | {"error": f"{size} bytes are more than a picture has"}
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return answer | {"error": f"cannot be read: {reason}"}
    decoded = decode_picture(data, limit_ms=limit_ms)
    if any(note.startswith("unreadable") for note in decoded.notes):
        return answer | {
            "error": "not a picture that can be decoded; give a JPEG, PNG, BMP, TIFF or WebP file"
        }
    return answer | _found(decoded)


def _found(decoded: Decoded) -> dict[str, Any]:
    return {
        "texts": [read.text for read in decoded.results],
        "results": [_result(read) for read in decoded.results],
        "ms": decoded.ms,
        "engines": list(decoded.engines_used),
        "notes": list(decoded.notes),
    }


def _result(read: BarcodeRead) -> dict[str, Any]:
    meaning = plain(understand(read.text, read.symbology_identifier))
    return plain(read) | {"meaning": meaning}


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    if "error" in answer:
        yield f"{answer['file']}: {answer['error']}"
        return
    count = len(answer["results"])
    yield f"{answer['file']}: {count or 'no'} barcode{'' if count == 1 else 's'}"
    for result in answer["results"]:
        meaning = result["meaning"]
        carriers = ", ".join(candidate["carrier"] for candidate in meaning["candidates"])
        said = " ".join(part for part in (meaning["kind"], carriers, meaning["problem"]) if part)
        sure = "agreed" if result["agreed"] else "read once: check it"
        text = result["text"].encode("unicode_escape").decode("ascii")
        shown = result["text"] if result["text"].isprintable() else text
        yield f"  {shown}  {result['symbology']}  {said}  ({sure})"
    for note in answer["notes"]:
        yield f"  note: {note}"
