"""The two barcode libraries behind one form: ZXing-C++ (always there) and ZBar (if installed).

Both are fed 8-bit grey pixels. ZBar is never asked for DataBar or PDF417: its readers of these
print warnings to the terminal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np
import zxingcpp
from numpy.typing import NDArray

STILL_SYMBOLOGIES = (
    "Code128",
    "Code39",
    "Code93",
    "Codabar",
    "ITF",
    "EAN13",
    "EAN8",
    "UPCA",
    "UPCE",
    "QRCode",
    "DataMatrix",
    "PDF417",
    "Aztec",
)
"""All that parcels, goods and return slips carry; the names are those of ZXing-C++."""

_ZBAR_NAMES = {
    "CODE128": "Code128",
    "CODE39": "Code39",
    "CODE93": "Code93",
    "CODABAR": "Codabar",
    "I25": "ITF",
    "EAN13": "EAN13",
    "EAN8": "EAN8",
    "UPCA": "UPCA",
    "UPCE": "UPCE",
    "QRCODE": "QRCode",
}
# ZBar does not say whether a Code 128 began with FNC1 or an ITF has a check digit, so only these
# identifiers are certain (ISO/IEC 15424).
_ZBAR_IDENTIFIERS = {"EAN13": "]E0", "EAN8": "]E4"}

_GROUP_SEPARATOR = "\x1d"


@dataclass(frozen=True, slots=True)
class SymbolRead:
    """One symbol as one engine read it, with its four corners."""

    text: str
    symbology: str
    symbology_identifier: str
    box: tuple[tuple[int, int], ...]
    engine: str

    @property
    def key(self) -> tuple[str, str]:
        """Equal for two reads of the same symbol, whatever the engines call it.

        A UPC-A is an EAN-13 with a leading zero (ISO/IEC 15420), and ZXing keeps a leading FNC1
        apart from the text where ZBar may give a group separator.
        """
        if self.symbology == "UPCA":
            return "EAN13", self.text.rjust(13, "0")
        return self.symbology, self.text.strip(_GROUP_SEPARATOR)


def read_zxing(
    grey: NDArray[np.uint8], symbologies: Sequence[str], engine: str, notes: list[str]
) -> list[SymbolRead]:
    """All symbols that ZXing-C++ finds in ``grey``."""
    formats = zxingcpp.BarcodeFormats([getattr(zxingcpp.BarcodeFormat, s) for s in symbologies])
    try:
        # Plain: the default would add parentheses to GS1 texts.
        found = zxingcpp.read_barcodes(grey, formats=formats, text_mode=zxingcpp.TextMode.Plain)
    except (ValueError, RuntimeError) as error:
        notes.append(f"{engine}-failed: {error}")
        return []
    reads = []
    for symbol in found:
        try:
            text = symbol.text
        except UnicodeDecodeError:
            notes.append(f"{engine}-not-text: a symbol holds bytes that are not text")
            continue
        at = symbol.position
        corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        box = tuple((corner.x, corner.y) for corner in corners)
        name = _zxing_name(symbol.format, symbologies)
        reads.append(SymbolRead(text, name, symbol.symbology_identifier, box, engine))
    return [read for read in reads if read.text]


def _zxing_name(found: zxingcpp.BarcodeFormat, symbologies: Sequence[str]) -> str:
    """The name we asked for: ZXing answers with variants such as ``QRCodeModel2``."""
    if found.name in STILL_SYMBOLOGIES:
        return found.name
    family = found.symbology.name
    return family if family in symbologies else found.name


def read_zbar(
    grey: NDArray[np.uint8], symbologies: Sequence[str], notes: list[str]
) -> list[SymbolRead]:
    """All symbols that ZBar finds in ``grey``; none where ZBar is not installed."""
    library, _ = _zbar()
    if library is None:
        return []
    wanted = [
        getattr(library.ZBarSymbol, theirs)
        for theirs, ours in _ZBAR_NAMES.items()
        if ours in symbologies
    ]
    if not wanted:
        return []
    try:
        found = library.decode(grey, symbols=wanted)
    except (ValueError, UnicodeDecodeError, library.PyZbarError) as error:
        # A lone QR code of a structured-append series makes pyzbar raise ValueError.
        notes.append(f"zbar-failed: {error}")
        return []
    reads = []
    for symbol in found:
        name = _ZBAR_NAMES.get(symbol.type)
        try:
            text = symbol.data.decode("utf-8")
        except UnicodeDecodeError:
            notes.append("zbar-not-text: a symbol holds bytes that are not text")
            continue
        if name is None or not text:
            continue
        x, y, width, height = symbol.rect
        box = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        reads.append(SymbolRead(text, name, _ZBAR_IDENTIFIERS.get(name, ""), box, "zbar"))
    return reads


def zbar_available() -> str | None:
    """``None`` when ZBar can be used, else why it cannot and what to install."""
    return _zbar()[1]


@cache
def _zbar() -> tuple[ModuleType | None, str | None]:
    try:
        from pyzbar import pyzbar  # noqa: PLC0415  fails at import without the system library
        from pyzbar.pyzbar_error import PyZbarError  # noqa: PLC0415
    except (ImportError, OSError) as error:
        reason = f"{error}; install it with: apt-get install --no-install-recommends libzbar0"
        return None, reason
    pyzbar.PyZbarError = PyZbarError
    return pyzbar, None
