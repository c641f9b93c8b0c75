"""The camera picture as coloured half blocks: one cell shows two dots above each other.

A JPEG is decoded at a reduced size and scaled to the cells that it will fill, away from the
screen's loop.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from returnbench.drivers.quiet_cv import cv2

HALF_BLOCK = "\u2580"
FRAMES_PER_SECOND = 5

COLOUR_STEP = 8
"""Colours are rounded to this: the eye sees no more in half blocks, and the terminal gets less."""

_REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
)
_SOF_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of ``width`` by ``height`` cells, row by row."""

    width: int
    height: int
    strips: tuple[Strip, ...]


def render_preview(jpeg: bytes, width: int, height: int, *, grey: bool = False) -> Picture | None:
    """``jpeg`` within ``width`` by ``height`` cells, centred, its proportions kept.

    Nothing when the bytes are not a picture or the area is empty.
    """
    if width < 2 or height < 1:
        return None
    image = _decode(jpeg, width, height * 2)
    if image is None:
        return None
    dots = _fit(image, width, height * 2)
    if grey:
        shades = cv2.cvtColor(dots, cv2.COLOR_BGR2GRAY)
        dots = np.stack((shades, shades, shades), axis=2).astype(np.uint8)
    rounded = (dots // COLOUR_STEP * COLOUR_STEP).astype(np.uint8)
    return Picture(width, height, tuple(_strips(rounded)))


def jpeg_size(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height in the frame header (ITU-T T.81, B.2.2), or nothing if there is none."""
    at = 2
    while jpeg[:2] == b"\xff\xd8" and at + 9 <= len(jpeg):
        if jpeg[at] != 0xFF:
            return None
        marker = jpeg[at + 1]
        if marker in _SOF_MARKERS:
            height = int.from_bytes(jpeg[at + 5 : at + 7], "big")
            return int.from_bytes(jpeg[at + 7 : at + 9], "big"), height
        if marker == 0xFF:
            at += 1
            continue
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return None


def _decode(jpeg: bytes, width: int, height: int) -> NDArray[np.uint8] | None:
    size = jpeg_size(jpeg)
    if size is None:
        return None
    mode = cv2.IMREAD_COLOR
    for divisor, reduced in _REDUCED:
        # The reduced picture must still be larger than what is shown, or it would look coarse.
        if size[0] // divisor >= width and size[1] // divisor >= height:
            mode = reduced
            break
    try:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), mode)
    except cv2.error:
        return None
    return None if image is None else image.astype(np.uint8, copy=False)


def _fit(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    rows, columns = image.shape[:2]
    scale = min(width / columns, height / rows)
    fitted = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    small = cv2.resize(image, fitted, interpolation=cv2.INTER_AREA)
    dots: NDArray[np.uint8] = np.zeros((height, width, 3), np.uint8)
    top = (height - fitted[1]) // 2
    left = (width - fitted[0]) // 2
    dots[top : top + fitted[1], left : left + fitted[0]] = small
    return dots


def _strips(dots: NDArray[np.uint8]) -> list[Strip]:
    """Each pair of dot rows as one row of cells; equal neighbours share a segment."""
    strips: list[Strip] = []
    width = dots.shape[1]
    for pair in dots.reshape(-1, 2, width, 3):
        # Blue, green, red above, then below, for each cell.
        cells = np.concatenate((pair[0], pair[1]), axis=1)
        starts = [0, *(np.flatnonzero((cells[1:] != cells[:-1]).any(axis=1)) + 1).tolist(), width]
        segments = [
            Segment(HALF_BLOCK * (end - start), _style(cells[start].tolist()))
            for start, end in itertools.pairwise(starts)
        ]
        strips.append(Strip(segments, width))
    return strips


def _style(dots: list[int]) -> Style:
    """The colours of one cell: blue, green, red of the upper dot, then of the lower one."""
    upper, lower = dots[:3], dots[3:]
    return Style.from_color(Color.from_rgb(*upper[::-1]), Color.from_rgb(*lower[::-1]))
