"""The things that stand on a rendered bench: surface, scale, label, carton, goods."""

import math
import zlib
from collections.abc import Sequence

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from returnbench.drivers.quiet_cv import cv2

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Blue, green, red."""
Point = tuple[int, int]

_INK: Colour = (28, 26, 24)
_PAPER: Colour = (236, 240, 240)
_KRAFT: Colour = (108, 150, 188)
_PALETTE: tuple[Colour, ...] = (
    (60, 70, 190),
    (150, 96, 46),
    (70, 140, 70),
    (40, 150, 210),
    (140, 70, 130),
    (170, 150, 70),
    (70, 66, 62),
    (120, 110, 200),
)
_WIDEST_LABEL = 700
# A font that comes with OpenCV and also has Chinese characters.
_FONT = cv2.FontFace("uni")


def write(img: Picture, text: str, at: Point, size: int, colour: Colour = _INK) -> None:
    """Print ``text`` with its baseline starting at ``at``, ``size`` pixels high."""
    cv2.putText(img, text, at, colour, _FONT, size, 500)


def rounded(img: Picture, corner: Point, opposite: Point, radius: int, colour: Colour) -> None:
    """A filled rectangle with round corners."""
    (x0, y0), (x1, y1) = corner, opposite
    radius = max(1, min(radius, (x1 - x0) // 2, (y1 - y0) // 2))
    cv2.rectangle(img, (x0 + radius, y0), (x1 - radius, y1), colour, -1)
    cv2.rectangle(img, (x0, y0 + radius), (x1, y1 - radius), colour, -1)
    for centre in (
        (x0 + radius, y0 + radius),
        (x1 - radius, y0 + radius),
        (x0 + radius, y1 - radius),
        (x1 - radius, y1 - radius),
    ):
        cv2.circle(img, centre, radius, colour, -1, cv2.LINE_AA)


def shade(colour: Colour, factor: float) -> Colour:
    """``colour`` made darker (below 1) or lighter (above 1)."""
    blue, green, red = (int(min(255, part * factor)) for part in colour)
    return blue, green, red


def grain(img: Picture, rng: np.random.Generator, coarse: float, fine: float) -> Picture:
    """``img`` with the uneven look of a real surface: soft blotches and fine texture."""
    height, width = img.shape[:2]
    blotches = rng.normal(0.0, coarse, (height // 40 + 2, width // 40 + 2)).astype(np.float32)
    texture = cv2.resize(blotches, (width, height), interpolation=cv2.INTER_CUBIC)
    texture = texture + rng.normal(0.0, fine, (height, width)).astype(np.float32)
    return np.asarray(np.clip(img + texture[:, :, None], 0, 255), np.uint8)


def bench_surface(width: int, height: int, rng: np.random.Generator) -> Picture:
    """A cutting mat with its grid, the pan of the scale and two printed position marks."""
    img = np.full((height, width, 3), (104, 110, 96), np.uint8)
    for x in range(20, width, 50):
        cv2.line(img, (x, 0), (x, height), (122, 128, 114), 1)
    for y in range(20, height, 50):
        cv2.line(img, (0, y), (width, y), (122, 128, 114), 1)
    rounded(img, (36, 40), (936, 690), 26, (78, 80, 78))
    rounded(img, (44, 36), (928, 680), 26, (158, 160, 158))
    for y in range(60, 660, 3):
        cv2.line(img, (64, y), (908, y), (164, 166, 164), 1)
    marks = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    for number, (x, y) in enumerate(((1190, 24), (1190, 330))):
        img[y : y + 64, x : x + 64] = 226
        mark = cv2.aruco.generateImageMarker(marks, number, 48)
        img[y + 8 : y + 56, x + 8 : x + 56] = np.maximum(mark, 24)[:, :, None]
    return grain(img, rng, 3.0, 2.0)


def scale_display(img: Picture, text: str) -> None:
    """The indicator of the scale beside the pan, showing ``text`` (dark when empty)."""
    rounded(img, (966, 470), (1256, 680), 16, (52, 54, 56))
    rounded(img, (986, 492), (1236, 580), 6, (120, 168, 150) if text else (70, 88, 80))
    if text:
        size = max(18, min(50, 420 // max(1, len(text))))
        write(img, text, (1000, 536 + size // 2 - 2), size, (30, 40, 30))
    for column in range(4):
        rounded(img, (990 + 64 * column, 606), (1040 + 64 * column, 650), 8, (96, 98, 100))
    write(img, "PRINT  ZERO  TARE  UNIT", (994, 668), 12, (200, 200, 200))


def code_128(text: str, module: int, height: int) -> Picture:
    """Code 128 (ISO/IEC 15417) of ``text`` with quiet zones, ``module`` pixels per module.

    Raises:
        ValueError: ``text`` has characters that Code 128 cannot carry.

    """
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
    rows = np.asarray(symbol.to_image(scale=module), np.uint8)
    return np.repeat(rows[rows.shape[0] // 2][None, :], height, axis=0)


def label(waybill: str, carrier: str, width: int, height: int, largest_module: int) -> Picture:
    """A shipping label: carrier, barcode of ``waybill``, its text, blurred-out address lines.

    Bars are at most ``largest_module`` pixels per module wide and never below 2, so that a camera
    of this sharpness reads them; a long waybill makes the label wider than asked.

    Raises:
        ValueError: ``waybill`` cannot be written as Code 128, or would be wider than a carton.

    """
    single = code_128(waybill, 1, 1).shape[1]
    if 2 * single > _WIDEST_LABEL - 20:
        raise ValueError(f"a waybill of {len(waybill)} characters does not fit on a label")
    module = max(2, min(largest_module, (width - 20) // single))
    bars = code_128(waybill, module, int(height * 0.4))
    width = max(width, bars.shape[1] + 20)
    img = np.full((height, width, 3), _PAPER, np.uint8)
    cv2.rectangle(img, (3, 3), (width - 4, height - 4), (120, 120, 120), 1)
    title = max(14, int(height * 0.13))
    write(img, carrier or "CARRIER", (16, int(height * 0.17)), title)
    write(img, "RETURN", (width - 16 - title * 5, int(height * 0.17)), title)
    cv2.line(img, (6, int(height * 0.22)), (width - 7, int(height * 0.22)), _INK, 2)
    top, left = int(height * 0.25), (width - bars.shape[1]) // 2
    ink = np.interp(bars, (0, 255), (26, 238)).astype(np.uint8)
    img[top : top + bars.shape[0], left : left + bars.shape[1]] = ink[:, :, None]
    size = max(13, int(height * 0.1))
    write(img, waybill, (left + 10 * module, int(height * 0.77)), size)
    for line, share in enumerate((0.62, 0.48)):
        y = int(height * (0.84 + 0.07 * line))
        cv2.line(img, (18, y), (int(width * share), y), (176, 178, 178), max(2, height // 50))
    return img


def carton_lid(width: int, height: int, rng: np.random.Generator) -> Picture:
    """A closed carton from above: corrugated board, the seam and clear tape over it."""
    img = np.full((height, width, 3), _KRAFT, np.uint8)
    for x in range(0, width, 6):
        cv2.line(img, (x, 0), (x, height), shade(_KRAFT, 0.98), 2)
    middle = height // 8
    cv2.line(img, (0, middle), (width, middle), shade(_KRAFT, 0.55), 2)
    tape = img[middle - 22 : middle + 22].astype(np.float32)
    img[middle - 22 : middle + 22] = np.clip(tape * 0.7 + 62, 0, 255).astype(np.uint8)
    cv2.rectangle(img, (0, 0), (width - 1, height - 1), shade(_KRAFT, 0.72), 5)
    return grain(img, rng, 4.0, 2.0)


def tear(img: Picture, rng: np.random.Generator) -> None:
    """Tear the lower right corner of a carton open: ragged edge, dark inside, creases."""
    height, width = img.shape[:2]
    steps = np.linspace(0.0, 1.0, 14)
    ragged = rng.integers(-14, 15, (14, 2))
    start, end = np.array((width * 0.66, height)), np.array((width, height * 0.62))
    edge = (start + (end - start) * steps[:, None] + ragged).astype(np.int32)
    hole = np.vstack((edge, np.array([[width, height]], np.int32)))
    cv2.fillPoly(img, [hole], (34, 40, 46), cv2.LINE_AA)
    cv2.polylines(img, [edge], False, (170, 200, 224), 7, cv2.LINE_AA)
    cv2.polylines(img, [edge + 5], False, shade(_KRAFT, 0.6), 2, cv2.LINE_AA)
    for _ in range(4):
        x, y = edge[int(rng.integers(2, 12))]
        reach = (int(x - rng.integers(40, 120)), int(y - rng.integers(10, 60)))
        cv2.line(img, (int(x), int(y)), reach, shade(_KRAFT, 0.7), 2, cv2.LINE_AA)


def item(img: Picture, name: str, centre: Point, size: int) -> None:
    """One unit of goods: the same name always has the same shape and colour."""
    key = zlib.crc32(name.encode())
    colour = _PALETTE[key % len(_PALETTE)]
    x, y = centre
    half = size // 2
    tall = half * (70 + key // 8 % 31) // 100
    shadow = shade((158, 160, 158), 0.6)
    match key // 256 % 3:
        case 0:
            rounded(img, (x - half + 6, y - tall + 8), (x + half + 6, y + tall + 8), 16, shadow)
            rounded(img, (x - half, y - tall), (x + half, y + tall), 16, colour)
            rounded(img, (x - half, y - tall), (x + half, y - tall + 14), 7, shade(colour, 1.3))
        case 1:
            cv2.circle(img, (x + 6, y + 8), tall, shadow, -1, cv2.LINE_AA)
            cv2.circle(img, centre, tall, colour, -1, cv2.LINE_AA)
            cv2.circle(img, (x - tall // 4, y - tall // 4), tall // 2, shade(colour, 1.2), -1)
        case _:
            rounded(
                img, (x - half // 2 + 6, y - half + 8), (x + half // 2 + 6, y + half), 22, shadow
            )
            rounded(img, (x - half // 2, y - half + 26), (x + half // 2, y + half), 22, colour)
            rounded(img, (x - 14, y - half), (x + 14, y - half + 34), 6, shade(colour, 0.7))
    text = name[:22]
    width = min(2 * half + 30, 11 * len(text) + 16)
    rounded(img, (x - width // 2, y - 13), (x + width // 2, y + 13), 4, _PAPER)
    fitted = max(8, min(17, 2 * (width - 10) // max(1, len(text))))
    write(img, text, (x - width // 2 + 6, y + fitted // 2 - 2), fitted)


def spread(
    img: Picture, names: Sequence[str], area: tuple[int, int, int, int], rng: np.random.Generator
) -> None:
    """Lay ``names`` out inside ``area`` (left, top, right, bottom) without one hiding another."""
    if not names:
        return
    left, top, right, bottom = area
    columns = math.ceil(math.sqrt(len(names) * (right - left) / (bottom - top)))
    rows = math.ceil(len(names) / columns)
    cell_w, cell_h = (right - left) // columns, (bottom - top) // rows
    size = max(20, min(170, int(min(cell_w, cell_h) * 0.78)))
    for number, name in enumerate(names):
        play = max(1, min(cell_w, cell_h) // 12)
        x = left + number % columns * cell_w + cell_w // 2 + int(rng.integers(-play, play + 1))
        y = top + number // columns * cell_h + cell_h // 2 + int(rng.integers(-play, play + 1))
        item(img, name, (x, y), size)


def opened_carton(names: Sequence[str], strip: Picture | None, rng: np.random.Generator) -> Picture:
    """An opened carton from above (840 x 620): flaps out, packing paper and goods inside.

    ``strip`` is the label on the upper flap, if there is one.
    """
    img = np.full((620, 840, 3), 0, np.uint8)
    inner = ((140, 130), (700, 130), (700, 490), (140, 490))
    outer = ((90, 4), (750, 4), (836, 100), (836, 520), (750, 616), (90, 616), (4, 520), (4, 100))
    flaps = (
        (inner[0], outer[0], outer[1], inner[1]),
        (inner[1], outer[2], outer[3], inner[2]),
        (inner[2], outer[4], outer[5], inner[3]),
        (inner[3], outer[6], outer[7], inner[0]),
    )
    for corners, light in zip(flaps, (1.06, 0.94, 1.0, 0.9), strict=True):
        points = np.array(corners, np.int32)
        cv2.fillPoly(img, [points], shade(_KRAFT, light), cv2.LINE_AA)
        cv2.polylines(img, [points], True, shade(_KRAFT, 0.6), 3, cv2.LINE_AA)
    cv2.rectangle(img, inner[0], inner[2], shade(_KRAFT, 0.62), -1)
    cv2.rectangle(img, (160, 150), (680, 470), (140, 146, 150), -1)
    for _ in range(26):
        a, b = rng.integers((160, 150), (680, 470), (2, 2))
        cv2.line(img, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), (154, 160, 164), 2)
    painted = img.any(axis=2)
    img = grain(img, rng, 3.0, 2.0)
    img[~painted] = 0
    spread(img, names, (165, 155, 675, 465), rng)
    if strip is not None:
        height, width = strip.shape[:2]
        left = (840 - width) // 2
        img[12 : 12 + height, left : left + width] = strip
    return img
