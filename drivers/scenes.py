"""Rendered pictures of a returns bench, for the demo, the simulator and the tests.

They are drawn, never photographed, so they show nobody's parcel. The same specification always
gives the same picture, pixel by pixel.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from returnbench.drivers.quiet_cv import cv2
from returnbench.drivers.scene_parts import (
    Picture,
    bench_surface,
    carton_lid,
    grain,
    label,
    opened_carton,
    scale_display,
    spread,
    tear,
)

SceneKind = Literal["empty", "parcel", "label", "opened", "items"]

_WIDTH, _HEIGHT = 1280, 720
_PAN_CENTRE = (486, 358)


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """What lies on the bench.

    ``kind``: ``empty`` bench; closed ``parcel``; ``label`` close up; ``opened`` carton with
    ``items`` inside; ``items`` spread on the pan. ``weight_text`` is what the scale shows (nothing
    when empty), ``torn`` a carton torn open at a corner, ``angle_deg`` how the parcel lies turned.
    """

    kind: SceneKind = "empty"
    waybill: str = ""
    carrier: str = ""
    items: tuple[str, ...] = ()
    weight_text: str = ""
    torn: bool = False
    angle_deg: float = 0.0
    seed: int = 0


def render(spec: SceneSpec, width: int = 1280, height: int = 720) -> Picture:
    """The picture of ``spec`` as blue, green, red bytes, ``height`` x ``width`` x 3.

    The bars of the label are at least 2 pixels per module at the default size.

    Raises:
        ValueError: the kind is unknown, the size is not positive, or the waybill cannot be
            written as Code 128.

    """
    if spec.kind not in get_args(SceneKind):
        raise ValueError(f"kind {spec.kind!r} is none of {', '.join(get_args(SceneKind))}")
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width} x {height} pixels cannot be drawn")
    rng = np.random.default_rng(spec.seed)
    if spec.kind == "label":
        img = _close_up(spec, rng)
    else:
        img = bench_surface(_WIDTH, _HEIGHT, rng)
        scale_display(img, spec.weight_text)
        _place_contents(img, spec, rng)
    img = _light(img)
    if (width, height) != (_WIDTH, _HEIGHT):
        method = cv2.INTER_AREA if width < _WIDTH else cv2.INTER_CUBIC
        img = np.asarray(cv2.resize(img, (width, height), interpolation=method), np.uint8)
    return img


def _place_contents(img: Picture, spec: SceneSpec, rng: np.random.Generator) -> None:
    if spec.kind == "parcel":
        lid = carton_lid(780, 500, rng)
        if spec.torn:
            tear(lid, rng)
        if spec.waybill:
            _stick(lid, label(spec.waybill, spec.carrier, 560, 290, 3), (40, 120))
        _lay(img, lid, spec.angle_deg)
    elif spec.kind == "opened":
        strip = label(spec.waybill, spec.carrier, 400, 112, 2) if spec.waybill else None
        _lay(img, opened_carton(spec.items, strip, rng), spec.angle_deg)
    elif spec.kind == "items":
        spread(img, spec.items, (80, 70, 892, 650), rng)


def _close_up(spec: SceneSpec, rng: np.random.Generator) -> Picture:
    img = carton_lid(_WIDTH, _HEIGHT, rng)
    if spec.waybill:
        paper = grain(label(spec.waybill, spec.carrier, 1060, 560, 5), rng, 1.5, 1.0)
        ground = img.copy()
        _lay(ground, paper, spec.angle_deg, (_WIDTH // 2, 390))
        img = ground
    return img


def _stick(ground: Picture, paper: Picture, corner: tuple[int, int]) -> None:
    x, y = corner
    height = min(paper.shape[0], ground.shape[0] - y)
    width = min(paper.shape[1], ground.shape[1] - x)
    ground[y : y + height, x : x + width] = paper[:height, :width]


def _lay(
    img: Picture, thing: Picture, angle_deg: float, centre: tuple[int, int] = _PAN_CENTRE
) -> None:
    """Put ``thing`` on ``img``, turned about its centre, with its shadow. Black is see-through."""
    height, width = thing.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    turn[:, 2] += (centre[0] - width / 2, centre[1] - height / 2)
    size = (img.shape[1], img.shape[0])
    solid = np.where(thing.any(axis=2), np.float32(1), np.float32(0))
    mask = cv2.warpAffine(solid, turn, size, flags=cv2.INTER_LINEAR)
    layer = cv2.warpAffine(
        thing, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    fall = cv2.GaussianBlur(np.roll(mask, (14, 10), (0, 1)), (0, 0), 9)
    ground = img * (1.0 - 0.45 * fall * (1.0 - mask))[:, :, None]
    img[:] = np.clip(layer * mask[:, :, None] + ground * (1.0 - mask)[:, :, None], 0, 255)


def _light(img: Picture) -> Picture:
    """The lamp stands upper left: brighter there, darker towards the far corner."""
    height, width = img.shape[:2]
    across = np.linspace(1.0, 0.88, width, dtype=np.float32)
    down = np.linspace(1.0, 0.92, height, dtype=np.float32)
    return np.asarray(
        np.clip(img * (down[:, None] * across[None, :])[:, :, None], 0, 250), np.uint8
    )
