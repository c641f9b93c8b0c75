"""Barcodes in a still picture: two decoders, two scales, one result for each printed symbol.

A camera misreads: Code 128's own check does not catch every wrong number. So each result says which
engines read it, and ``agreed`` is true only when two of them (two libraries, or one library at two
scales) read the same text at the same place.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from returnbench.drivers.barcode_engines import (
    STILL_SYMBOLOGIES,
    SymbolRead,
    read_zbar,
    read_zxing,
    zbar_available,
)
from returnbench.drivers.quiet_cv import cv2

__all__ = ["STILL_SYMBOLOGIES", "BarcodeRead", "Decoded", "decode_picture", "zbar_available"]

Grey = NDArray[np.uint8]

_SMALLEST_SIDE = 8
_ENLARGE_UP_TO = 3_000_000
# ZBar's time grows with the pixels: 60-95 ms for each 0.92 million were measured.
_ZBAR_MS_PER_MEGAPIXEL = 110
# These carry error correction: a single read does not come out wrong.
_MATRIX = frozenset({"QRCode", "DataMatrix", "PDF417", "Aztec"})
# Symbologies without a compulsory check digit turn stripes and text into short codes.
_MINIMUM_LENGTH = {"ITF": 6, "Code39": 4, "Codabar": 6}


@dataclass(frozen=True, slots=True)
class BarcodeRead:
    """One printed symbol.

    ``symbology_identifier`` is the AIM identifier (ISO/IEC 15424), empty when the engine that read
    the symbol does not tell it. ``box`` has the four corners in pixels of the picture. ``engines``
    are those that read exactly this text here (``zxing``, ``zxing-scaled``, ``zbar``).
    """

    text: str
    symbology: str
    symbology_identifier: str
    box: tuple[tuple[int, int], ...]
    engines: tuple[str, ...]
    agreed: bool


@dataclass(frozen=True, slots=True)
class Decoded:
    """All symbols of one picture. ``ms`` is the time it took, ``notes`` what was left out."""

    results: tuple[BarcodeRead, ...]
    ms: float
    engines_used: tuple[str, ...]
    notes: tuple[str, ...]


def decode_picture(
    image: bytes | NDArray[np.uint8],
    *,
    limit_ms: int = 1500,
    symbologies: Sequence[str] = STILL_SYMBOLOGIES,
) -> Decoded:
    """Read all barcodes of a picture file (``bytes``) or of grey or BGR pixels.

    Never fails on a picture, however damaged: what cannot be used gives no results and a note.
    No pass is started that would end after ``limit_ms`` milliseconds; a note says which was left
    out. A pass that runs is not interrupted.

    Raises:
        ValueError: a name in ``symbologies`` is none of ``STILL_SYMBOLOGIES``.

    """
    unknown = [name for name in symbologies if name not in STILL_SYMBOLOGIES]
    if unknown:
        raise ValueError(
            f"unknown symbology {', '.join(unknown)}; known are {', '.join(STILL_SYMBOLOGIES)}"
        )
    started = time.monotonic_ns()
    notes: list[str] = []
    grey = _grey(image, notes)
    if grey is None:
        return Decoded((), _since(started), (), tuple(notes))
    passes = _Passes(started, limit_ms, notes)
    passes.run("zxing", lambda: read_zxing(grey, symbologies, "zxing", notes))
    _zbar_pass(passes, grey, symbologies)
    if not passes.reads or not all(read.agreed for read in _merge(passes.reads, [])):
        scale = 2.0 if grey.size <= _ENLARGE_UP_TO else 0.5
        passes.run("zxing-scaled", lambda: _read_scaled(grey, scale, symbologies, notes))
    results = _merge(passes.reads, notes)
    return Decoded(results, _since(started), tuple(passes.done), tuple(notes))


class _Passes:
    """Runs one reading after the other while there is time."""

    def __init__(self, started: int, limit_ms: int, notes: list[str]) -> None:
        self._started = started
        self._limit_ms = limit_ms
        self.notes = notes
        self.reads: list[SymbolRead] = []
        self.done: list[str] = []

    def run(self, name: str, read: Callable[[], list[SymbolRead]], expected_ms: float = 0) -> None:
        # The first pass always runs: an answer of no pass at all would say nothing.
        if self.done and _since(self._started) + expected_ms > self._limit_ms:
            self.notes.append(f"time-limit: pass {name} left out after {self._limit_ms} ms")
            return
        self.reads += read()
        self.done.append(name)


def _zbar_pass(passes: _Passes, grey: Grey, symbologies: Sequence[str]) -> None:
    problem = zbar_available()
    if problem is not None:
        passes.notes.append(f"zbar-missing: {problem}")
        return
    expected_ms = grey.size / 1_000_000 * _ZBAR_MS_PER_MEGAPIXEL
    passes.run("zbar", lambda: read_zbar(grey, symbologies, passes.notes), expected_ms)


def _read_scaled(
    grey: Grey, scale: float, symbologies: Sequence[str], notes: list[str]
) -> list[SymbolRead]:
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    scaled = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=method), np.uint8)
    return [
        replace(read, box=tuple((round(x / scale), round(y / scale)) for x, y in read.box))
        for read in read_zxing(scaled, symbologies, "zxing-scaled", notes)
    ]


def _since(started: int) -> float:
    return round((time.monotonic_ns() - started) / 1_000_000, 1)


def _grey(image: bytes | NDArray[np.uint8], notes: list[str]) -> Grey | None:
    """``image`` as one contiguous plane of grey bytes; ``None`` with a note when it is not one."""
    if isinstance(image, bytes | bytearray | memoryview):
        pixels = _grey_of_file(bytes(image))
        if pixels is None:
            notes.append("unreadable: this is not a picture that can be decoded")
            return None
    else:
        pixels = _grey_of_pixels(image)
        if pixels is None:
            notes.append(
                f"unsupported: pixels must be 8-bit grey or BGR, not {image.dtype} {image.shape}"
            )
            return None
    if min(pixels.shape) < _SMALLEST_SIDE:
        notes.append(f"too-small: {pixels.shape[1]} x {pixels.shape[0]} pixels hold no barcode")
        return None
    return np.ascontiguousarray(pixels)


def _grey_of_file(data: bytes) -> Grey | None:
    if not data:
        return None
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        # OpenCV raises for headers that promise absurd sizes, and returns None for the rest.
        return None
    return None if pixels is None else np.asarray(pixels, np.uint8)


def _grey_of_pixels(image: NDArray[np.uint8]) -> Grey | None:
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        return None
    if image.ndim == 2:
        return image
    channels = image.shape[2]
    if channels == 1 or image.size == 0:
        return image[:, :, 0] if channels else None
    if channels not in (3, 4):
        return None
    code = cv2.COLOR_BGR2GRAY if channels == 3 else cv2.COLOR_BGRA2GRAY
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), code), np.uint8)


def _merge(reads: Sequence[SymbolRead], notes: list[str]) -> tuple[BarcodeRead, ...]:
    """One result for each printed symbol, in the order in which they were first read."""
    groups: list[list[SymbolRead]] = []
    for read in reads:
        if len(read.text) < _MINIMUM_LENGTH.get(read.symbology, 1):
            notes.append(f"too-short: {read.symbology} of {len(read.text)} characters dropped")
            continue
        home = next((g for g in groups if g[0].key == read.key and _touch(g[0], read)), None)
        if home is None:
            groups.append([read])
        else:
            home.append(read)
    merged = (_result(group, groups, notes) for group in groups)
    return tuple(result for result in merged if result is not None)


def _result(
    group: Sequence[SymbolRead], groups: Sequence[Sequence[SymbolRead]], notes: list[str]
) -> BarcodeRead | None:
    """The result of one group of equal reads; ``None`` when another group makes it void."""
    best = next((read for read in group if read.symbology_identifier), group[0])
    # Only one symbol can be printed in one place.
    rivals = [g[0] for g in groups if g is not group and _contradict(g[0], best)]
    engines = tuple(dict.fromkeys(read.engine for read in group))
    if rivals and best.symbology in _MATRIX and engines == ("zbar",):
        # ZBar guesses the character set of a QR code; ZXing follows the standard.
        notes.append("conflict: ZBar's text of a QR code differs and was dropped")
        return None
    if any(len(rival.text) > len(best.text) and best.text in rival.text for rival in rivals):
        notes.append(f"fragment: part of a longer {best.symbology} was dropped")
        return None
    whole = [rival for rival in rivals if rival.text not in best.text]
    doubtful = bool(whole) and best.symbology not in _MATRIX
    if doubtful:
        notes.append(f"conflict: engines read different {best.symbology} texts in one place")
    agreed = len(engines) > 1 and not doubtful
    return BarcodeRead(
        best.text, best.symbology, best.symbology_identifier, best.box, engines, agreed
    )


def _contradict(one: SymbolRead, other: SymbolRead) -> bool:
    return one.key != other.key and one.symbology == other.symbology and _touch(one, other)


def _touch(one: SymbolRead, other: SymbolRead) -> bool:
    """Whether the boxes overlap; engines place the edges of one symbol differently."""
    for axis in (0, 1):
        a, b = [point[axis] for point in one.box], [point[axis] for point in other.box]
        play = 4 + max(max(a) - min(a), max(b) - min(b)) // 20
        if max(a) + play < min(b) or max(b) + play < min(a):
            return False
    return True
