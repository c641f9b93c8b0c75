"""The camera preview: real JPEGs as half blocks, newest frame first, a sick camera survived."""

import logging
import threading
import time

import numpy as np
import pytest
from rich.cells import cell_len

from returnbench.drivers.quiet_cv import cv2
from returnbench.station.preview import HALF_BLOCK, Picture, jpeg_size, render_preview
from returnbench.station.preview_feed import PreviewFeed


def jpeg(width: int = 640, height: int = 480, left: int = 0, right: int = 255) -> bytes:
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = (left, left, 255 - left)
    image[:, width // 2 :] = (right, 255 - right, 0)
    ok, data = cv2.imencode(".jpg", image)
    assert ok
    return data.tobytes()


def colours(picture: Picture, x: int, y: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    at = 0
    for segment in picture.strips[y]:
        at += len(segment.text)
        if x < at:
            style = segment.style
            assert style is not None
            assert style.color is not None
            assert style.bgcolor is not None
            return tuple(style.color.triplet or ()), tuple(style.bgcolor.triplet or ())
    raise AssertionError(f"no cell {x}")


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (100, 75), (4000, 3000), (3, 5)])
def test_size_is_read_from_the_frame_header(size: tuple[int, int]) -> None:
    assert jpeg_size(jpeg(*size)) == size


def test_picture_fills_its_cells_with_the_colours_of_the_camera() -> None:
    picture = render_preview(jpeg(), 40, 15)
    assert picture is not None
    assert (picture.width, picture.height, len(picture.strips)) == (40, 15, 15)
    for strip in picture.strips:
        assert strip.cell_length == cell_len(strip.text) == 40
        assert set(strip.text) == {HALF_BLOCK}
    (red, green, blue), _ = colours(picture, 2, 7)
    assert red > 230
    assert green < 20
    assert blue < 20
    (red, green, blue), _ = colours(picture, 37, 7)
    assert blue > 230
    assert red < 20


def test_proportions_are_kept_with_a_margin() -> None:
    picture = render_preview(jpeg(400, 100), 40, 15)
    assert picture is not None
    assert colours(picture, 2, 0) == ((0, 0, 0), (0, 0, 0))
    assert colours(picture, 2, 14) == ((0, 0, 0), (0, 0, 0))
    assert colours(picture, 2, 7) != ((0, 0, 0), (0, 0, 0))


def test_grey_pictures_have_no_colour() -> None:
    picture = render_preview(jpeg(), 20, 8, grey=True)
    assert picture is not None
    for x in (2, 17):
        for red, green, blue in colours(picture, x, 4):
            assert red == green == blue


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"no picture at all", jpeg()[:40], b"\xff\xd8" + bytes(200)]
)
def test_what_is_no_picture_gives_none(data: bytes) -> None:
    assert render_preview(data, 40, 15) is None


def test_no_room_gives_none() -> None:
    assert render_preview(jpeg(), 0, 0) is None


class Shown:
    """Collects what the feed shows, and lets a test wait for it."""

    def __init__(self) -> None:
        self.pictures: list[Picture | None] = []
        self._changed = threading.Condition()

    def __call__(self, picture: Picture | None) -> None:
        with self._changed:
            self.pictures.append(picture)
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.pictures) >= count, timeout=10)


def test_feed_shows_each_new_frame_once() -> None:
    frames = [jpeg(left=0), jpeg(left=100)]
    asked = 0
    enough = threading.Event()

    def source() -> bytes:
        nonlocal asked
        asked += 1
        if asked >= 4:
            enough.set()
        return frames[0] if asked < 3 else frames[1]

    shown = Shown()
    feed = PreviewFeed(source, lambda: (40, 15), shown)
    feed.start()
    shown.wait_for(2)
    assert enough.wait(10)
    feed.stop()
    feed.join(10)
    assert len(shown.pictures) == 2
    assert shown.pictures[0] != shown.pictures[1]


def test_feed_asks_no_camera_while_there_is_no_place() -> None:
    looked = threading.Event()

    def size() -> tuple[int, int]:
        looked.set()
        return (0, 0)

    def source() -> bytes:
        raise AssertionError("asked")

    shown = Shown()
    feed = PreviewFeed(source, size, shown)
    feed.start()
    assert looked.wait(10)
    feed.stop()
    feed.join(10)
    assert shown.pictures == []


def test_feed_survives_a_sick_camera_and_says_so_once(caplog) -> None:
    asked = 0

    def source() -> bytes | None:
        nonlocal asked
        asked += 1
        if asked <= 3:
            raise OSError("the camera is gone")
        return None if asked == 4 else jpeg()

    shown = Shown()
    with caplog.at_level(logging.ERROR):
        feed = PreviewFeed(source, lambda: (40, 15), shown)
        feed.start()
        shown.wait_for(2)
        feed.stop()
        feed.join(10)
    assert shown.pictures[0] is None
    assert isinstance(shown.pictures[1], Picture)
    assert len(caplog.records) == 1


def test_rendering_leaves_the_loop_time() -> None:
    large = jpeg(1920, 1080)
    threads_before = threading.active_count()
    started = time.monotonic()
    for _ in range(5):
        assert render_preview(large, 40, 15) is not None
    assert time.monotonic() - started < 5
    assert threading.active_count() == threads_before
