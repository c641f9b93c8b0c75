"""The bench camera as a scanner: sure, once, and only between parcels."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from returnbench.drivers.camera import Frame
from returnbench.drivers.quiet_cv import cv2
from returnbench.drivers.scenes import SceneSpec, render
from returnbench.inspect.case import CaseId
from returnbench.inspect.codes import ArrivalType
from returnbench.inspect.inspection import BenchState, Inspection, Phase
from returnbench.station import camera_scanner
from returnbench.station.camera_scanner import FIRST_LOOK_NS, CameraScanner

WAYBILL = "SF1390000077821"
OTHER = "YT8962646785389"
DEADLINE_S = 20.0


def encoded(*specs: SceneSpec) -> bytes:
    pictures = [render(spec) for spec in specs]
    done, data = cv2.imencode(".jpg", np.concatenate(pictures, axis=0))
    assert done
    return bytes(data)


@pytest.fixture(scope="module")
def scenes() -> dict[str, bytes]:
    return {
        "empty": encoded(SceneSpec(seed=1)),
        "parcel": encoded(SceneSpec("parcel", WAYBILL, "SF", seed=1)),
        "other": encoded(SceneSpec("parcel", OTHER, "YTO", seed=2)),
        "two": encoded(SceneSpec("label", WAYBILL, "SF"), SceneSpec("label", OTHER, "YTO")),
        "command": encoded(SceneSpec("label", "XCMDKEYENTER46", "")),
    }


class ShownFrames:
    """A camera whose frames the test shows one by one."""

    def __init__(self, scenes: dict[str, bytes]) -> None:
        self._scenes = scenes
        self._frame: Frame | None = None
        self.look: Callable[[], None] = lambda: None

    def latest(self) -> Frame | None:
        return self._frame

    def lay(self, name: str) -> None:
        seq = self._frame.seq + 1 if self._frame else 1
        self._frame = Frame(
            seq, time.monotonic_ns(), self._scenes[name], 1280, 720, "MJPG", "camera", "top"
        )

    def show(self, *names: str) -> None:
        """Show a picture after the other, and let the scanner look at each."""
        for name in names:
            self.lay(name)
            self.look()


class Bench:
    def __init__(self) -> None:
        self.scans: list[tuple[str, str, str]] = []
        self.parcel_open = False
        self.inspected: set[str] = set()

    def was_inspected(self, code: str) -> bool:
        return code in self.inspected

    def scan(self, text: str, device: str, at_ns: int, symbology: str = "") -> None:
        assert at_ns > 0
        self.scans.append((text, device, symbology))

    def state(self) -> BenchState:
        now = Inspection(
            CaseId("c-1"), WAYBILL, "SF", ArrivalType.NO_INFO, None, (), Phase.OUTSIDE
        )  # fmt: skip
        return BenchState("ANA", now if self.parcel_open else None)

    @property
    def read(self) -> list[str]:
        return [text for text, _, _ in self.scans]


@pytest.fixture
def watched(scenes: dict[str, bytes]) -> tuple[ShownFrames, Bench]:
    camera, bench = ShownFrames(scenes), Bench()
    camera.look = CameraScanner(camera, bench, bench.was_inspected)._look
    return camera, bench


def gone(camera: ShownFrames) -> None:
    """Keep the bench empty until what was in view counts as gone."""
    until = time.monotonic_ns() + camera_scanner.GONE_AFTER_NS
    while time.monotonic_ns() <= until:
        camera.show("empty")
    camera.show("empty")


def test_a_code_counts_when_two_frames_show_it(watched):
    camera, bench = watched
    camera.show("empty", "parcel")
    assert bench.scans == []
    camera.show("parcel")
    assert bench.scans == [(WAYBILL, "camera", "]C0")]


def test_two_frames_with_another_one_between_do_not_agree(watched):
    camera, bench = watched
    camera.show("parcel", "empty", "parcel")
    assert bench.scans == []


def test_the_same_frame_is_not_looked_at_twice(watched):
    camera, bench = watched
    camera.show("parcel")
    camera.look()
    camera.look()
    assert bench.scans == []


def test_a_code_counts_once_as_long_as_it_stays(watched):
    camera, bench = watched
    camera.show(*["parcel"] * 5)
    assert bench.read == [WAYBILL]
    gone(camera)
    camera.show("parcel", "parcel")
    assert bench.read == [WAYBILL, WAYBILL]


def test_a_hand_over_the_label_does_not_make_it_a_second_parcel(watched):
    camera, bench = watched
    camera.show("parcel", "parcel", "empty", "parcel", "parcel")
    assert bench.read == [WAYBILL]


def test_nothing_is_read_beside_an_open_parcel(watched):
    camera, bench = watched
    camera.show("parcel", "parcel")
    bench.parcel_open = True
    camera.show("other", "other", "parcel", "other", "other")
    assert bench.read == [WAYBILL]


def test_a_finished_parcel_that_still_lies_there_is_not_opened_again(watched):
    camera, bench = watched
    bench.parcel_open = True
    camera.show("parcel", "parcel", "parcel")
    bench.parcel_open = False
    camera.show("parcel", "parcel", "parcel")
    assert bench.scans == []
    gone(camera)
    camera.show("other", "other")
    assert bench.read == [OTHER]


def test_a_parcel_that_was_finished_before_the_start_is_not_opened_again(watched):
    camera, bench = watched
    bench.inspected.add(WAYBILL)
    camera.show("parcel", "parcel", "parcel")
    assert bench.scans == []
    gone(camera)
    camera.look.__self__._began_ns -= FIRST_LOOK_NS
    camera.show("parcel", "parcel")
    assert bench.read == [WAYBILL]


def test_of_two_labels_neither_is_guessed(watched):
    camera, bench = watched
    camera.show("two", "two", "two")
    assert bench.scans == []


def test_command_labels_in_view_press_no_keys(watched):
    camera, bench = watched
    camera.show("command", "command", "command")
    assert bench.scans == []


def test_the_thread_outlives_a_frame_that_cannot_be_looked_at(scenes):
    class Breaking(ShownFrames):
        def latest(self) -> Frame | None:
            if self._frame is None:
                self.lay("parcel")
                raise OSError("the camera went away")
            self.lay("parcel")
            return self._frame

    bench = Bench()
    scanner = CameraScanner(Breaking(scenes), bench, bench.was_inspected)
    scanner.start()
    deadline = time.monotonic() + DEADLINE_S
    while not bench.scans and time.monotonic() < deadline:
        time.sleep(0.01)
    scanner.stop()
    assert bench.read == [WAYBILL]
    assert not scanner._thread.is_alive()


def test_a_broken_picture_shows_nothing(watched, scenes):
    camera, bench = watched
    camera._scenes = scenes | {"broken": b"\xff\xd8\xff"}
    camera.show("broken", "parcel", "parcel")
    assert bench.read == [WAYBILL]
