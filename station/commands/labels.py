"""``returnbench labels``: a sheet of command barcodes for the bench mat, and operator badges."""

import argparse
import html
import re
import secrets
import string
import sys
from collections.abc import Sequence
from pathlib import Path

import zxingcpp

from returnbench.inspect.bench_codes import (
    BADGE_NAME_MAX,
    BADGE_RANDOM_LENGTH,
    encode_badge,
    encode_command,
)
from returnbench.station.text import texts

MAT: tuple[tuple[str, str], ...] = (
    ("KEYENTER", "ENTER"),
    *((f"KEY{digit}", str(digit)) for digit in range(1, 9)),
    ("KEY9", "9"),
    ("KEY0", "0"),
)
"""The commands on the mat: the word, and the key that it stands for."""

_MEANINGS = {
    "KEYENTER": "key.enter",
    "KEY8": "key.go_without",
    "KEY9": "key.hold",
    "KEY0": "key.undo",
}

_STYLE = """
body { font-family: sans-serif; margin: 10mm; color: #000; background: #fff; }
.sheet { display: grid; grid-template-columns: repeat(3, 1fr); gap: 12mm 8mm; }
.label { text-align: center; break-inside: avoid; }
.label svg { width: 56mm; height: 20mm; }
.big { font-size: 16pt; font-weight: bold; }
.code { font-family: monospace; font-size: 8pt; }
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    mat = kinds.add_parser("mat", help="the keys of the bench as barcodes")
    badge = kinds.add_parser("badge", help="badges; a badge is a name, keep it like a key")
    badge.add_argument("names", nargs="+", metavar="NAME", help="A-Z and 0-9, at most 12")
    for kind in (mat, badge):
        kind.add_argument(
            "--out", type=Path, metavar="FILE", help="HTML page to print (default: KIND.html)"
        )


def run(options: argparse.Namespace) -> int:
    """Write the page: 0 written, 1 not written, 2 a name that no badge can carry."""
    try:
        labels = _mat() if options.kind == "mat" else _badges(options.names)
    except ValueError as error:
        print(f"returnbench labels: {error}", file=sys.stderr)
        return 2
    target = options.out or Path(f"{options.kind}.html")
    try:
        target.write_text(page(labels), encoding="utf-8")
    except OSError as error:
        print(f"returnbench labels: {target} cannot be written: {error}", file=sys.stderr)
        return 1
    print(f"{len(labels)} labels in {target}. Print it at 100 %, not scaled to the page.")
    return 0


def _mat() -> list[tuple[str, str]]:
    said = texts("en")
    labels = []
    for word, key in MAT:
        meaning = said(_MEANINGS[word]) if word in _MEANINGS else ""
        caption = key if meaning in ("", key) else f"{key}  {meaning}"
        labels.append((encode_command(word), caption))
    return labels


def _badges(names: Sequence[str]) -> list[tuple[str, str]]:
    alphabet = string.ascii_uppercase + string.digits
    labels = []
    for name in names:
        if len(name) > BADGE_NAME_MAX:
            raise ValueError(f"{name!r} is longer than {BADGE_NAME_MAX} characters")
        token = "".join(secrets.choice(alphabet) for _ in range(BADGE_RANDOM_LENGTH))
        labels.append((encode_badge(name.upper(), token), name.upper()))
    return labels


def page(labels: Sequence[tuple[str, str]]) -> str:
    """An HTML page with a Code 128 (ISO/IEC 15417) of each text over its caption."""
    cells = "\n".join(
        f'<div class="label">{_svg(text)}<div class="big">{html.escape(caption)}</div>'
        f'<div class="code">{html.escape(text)}</div></div>'
        for text, caption in labels
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>returnbench labels'
        f'</title><style>{_STYLE}</style></head>\n<body><div class="sheet">\n{cells}\n'
        "</div></body></html>\n"
    )


def _svg(text: str) -> str:
    drawn = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128).to_svg(add_hrt=False)
    svg = drawn[drawn.index("<svg") :]
    # A view box lets the style sheet set the size in millimetres.
    size = re.search(r'<svg width="(\d+)" height="(\d+)"', svg)
    if size is None:
        return svg
    box = f'<svg viewBox="0 0 {size[1]} {size[2]}" preserveAspectRatio="none"'
    return box + svg[size.end() :]
