"""Is this picture good enough to prove something? Exposure, sharpness, freshness, in that order.

All measures are taken on a grey copy (960 pixels wide by convention: sharpness depends on the size,
so a baseline only holds for pictures of one width). Sharpness is Tenengrad, the mean of the squared
Sobel gradient (Krotkov, 1988), and counts only relative to accepted pictures of the same slot: what
is sharp depends on the scene far more than on the focus.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from returnbench.inspect.case import PhotoGate

_SHARPNESS_REJECT = 350
_SHARPNESS_WARN = 600
_MEAN_REJECT = 40
_MEAN_WARN = 60
_MEAN_TOO_BRIGHT = 220
_BLACK = 16
_BLACK_REJECT = 600
_WHITE = 250
_WHITE_REJECT = 250
_WHITE_WARN = 50
_FLAT_SD = 6.0
_FLAT_ENTROPY_BITS = 3.0
_AGE_REJECT_MS = 250
_AGE_WARN_MS = 100
_IDENTICAL_REJECT = 3

_BASELINE_NEWEST = 50
_BASELINE_LEAST = 10


def judge(
    grey: NDArray[np.uint8], *, baseline: int | None, age_ms: int, identical_frames: int
) -> PhotoGate:
    """Measure one picture and say ``ok``, ``warn`` or ``reject``, with the reasons.

    ``baseline`` is the usual sharpness of this slot (:func:`baseline_of`); without one sharpness is
    measured but not judged. ``age_ms`` is the time from exposure to now, ``identical_frames`` how
    many frames in a row, this one included, were equal byte for byte. Reasons that reject come
    first. A dark picture is never also called blurred, because darkness looks like blur.

    Raises:
        ValueError: ``grey`` is not a two-dimensional array of bytes of at least 3 x 3 pixels.

    """
    if grey.ndim != 2 or grey.dtype != np.uint8 or min(grey.shape) < 3:
        raise ValueError(f"8-bit grey pixels are needed, not {grey.dtype} {grey.shape}")
    counts = np.bincount(grey.ravel(), minlength=256)
    mean = round(float(counts @ np.arange(256)) / grey.size)
    dark = _permille(int(counts[:_BLACK].sum()), grey.size)
    glare = _permille(int(counts[_WHITE + 1 :].sum()), grey.size)
    sharpness = tenengrad(grey)
    ratio = None if not baseline else sharpness * 1000 // baseline
    reject: list[str] = []
    warn: list[str] = []
    _add("covered", _is_flat(counts), False, reject, warn)
    _add("dark", mean < _MEAN_REJECT or dark > _BLACK_REJECT, mean < _MEAN_WARN, reject, warn)
    too_bright = glare > _WHITE_REJECT or mean > _MEAN_TOO_BRIGHT
    _add("glare", too_bright, glare > _WHITE_WARN, reject, warn)
    if ratio is not None and not reject:
        _add("blurred", ratio < _SHARPNESS_REJECT, ratio < _SHARPNESS_WARN, reject, warn)
    _add("stale", age_ms > _AGE_REJECT_MS, age_ms > _AGE_WARN_MS, reject, warn)
    _add("frozen", identical_frames >= _IDENTICAL_REJECT, False, reject, warn)
    return PhotoGate(
        verdict="reject" if reject else "warn" if warn else "ok",
        reasons=(*reject, *warn),
        sharpness=sharpness,
        sharpness_ratio_permille=ratio,
        mean_grey=mean,
        dark_permille=dark,
        glare_permille=glare,
        age_ms=age_ms,
    )


def _add(reason: str, rejects: bool, warns: bool, reject: list[str], warn: list[str]) -> None:
    if rejects:
        reject.append(reason)
    elif warns:
        warn.append(reason)


def _permille(part: int, whole: int) -> int:
    return part * 1000 // whole


def _is_flat(counts: NDArray[np.intp]) -> bool:
    """Nothing but one tone: a covered lens, a cap, a wall of fog."""
    share = counts[counts > 0] / counts.sum()
    entropy = float(-(share * np.log2(share)).sum())
    levels = np.arange(256)
    mean = float((counts * levels).sum() / counts.sum())
    variance = float((counts * (levels - mean) ** 2).sum() / counts.sum())
    return entropy < _FLAT_ENTROPY_BITS or variance < _FLAT_SD**2


def tenengrad(grey: NDArray[np.uint8]) -> int:
    """Mean squared gradient of the 3 x 3 Sobel operator, in squared grey levels, rounded."""
    pixels = grey.astype(np.int16)
    down = pixels[:-2] + 2 * pixels[1:-1] + pixels[2:]
    across = pixels[:, :-2] + 2 * pixels[:, 1:-1] + pixels[:, 2:]
    gx = (down[:, 2:] - down[:, :-2]).astype(np.float32)
    gy = (across[2:] - across[:-2]).astype(np.float32)
    return round((float(np.vdot(gx, gx)) + float(np.vdot(gy, gy))) / gx.size)


def baseline_of(sharpness: Sequence[int]) -> int | None:
    """The usual sharpness of a slot: the median of its last 50 accepted pictures.

    ``sharpness`` is in order of time. ``None`` with fewer than 10: too few to judge by.
    """
    newest = sorted(sharpness[-_BASELINE_NEWEST:])
    if len(newest) < _BASELINE_LEAST:
        return None
    middle = len(newest) // 2
    if len(newest) % 2:
        return newest[middle]
    return (newest[middle - 1] + newest[middle]) // 2
