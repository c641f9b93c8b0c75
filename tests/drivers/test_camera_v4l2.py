"""The camera driver on OpenCV's real V4L2 code, over a device that a small library imitates."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.needs("cc")

DEVICE = "/dev/video42"

STORY = """
import hashlib, json, sys, time
from pathlib import Path
from returnbench.drivers.camera import Camera, CameraSettings, Frame

folder = Path(sys.argv[1])
camera = Camera(CameraSettings("bench", "42", 640, 480))

def until(*codes):
    end = time.monotonic() + 15
    while camera.health.code not in codes and time.monotonic() < end:
        time.sleep(0.01)
    return camera.health.code

def shot():
    asked = time.monotonic_ns()
    frame = camera.fresh(asked, 15)
    if not isinstance(frame, Frame):
        return {"fault": frame.reason}
    return {
        "sha256": hashlib.sha256(frame.jpeg).hexdigest(),
        "source": frame.source,
        "size": [frame.width, frame.height],
        "honest": asked <= frame.frame_ns <= time.monotonic_ns(),
        "seq": frame.seq,
    }

told = {}
began = time.monotonic()
camera.start()
exec(sys.argv[2])
camera.stop()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    made = tmp_path_factory.mktemp("fake") / "fake_v4l2.so"
    source = Path(__file__).with_name("fake_v4l2.c")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", made, source, "-ldl", "-lpthread"],
        check=True,
        timeout=60,
    )
    return made


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(4)
    for number in range(6):
        picture = np.clip(rng.normal(120, 3, (480, 640, 3)), 0, 255).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), picture)
    return tmp_path


def tell(library, pictures, story):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", STORY, str(pictures), story],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=os.environ
        | {
            "LD_PRELOAD": str(library),
            "FAKE_V4L2_PATH": DEVICE,
            "FAKE_V4L2_DIR": str(pictures),
            "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "1",
        },
    )
    assert done.returncode == 0, done.stderr
    foreign = [line for line in done.stderr.splitlines() if not line.startswith("camera bench: ")]
    assert foreign == []
    return json.loads(done.stdout)


def test_the_device_s_own_jpeg_is_passed_on_untouched(library, pictures):
    told = tell(
        library,
        pictures,
        """
told["code"] = until("ok", "camera-missing", "camera-busy")
told["waited"] = time.monotonic() - began
told["shots"] = [shot() for _ in range(5)]
""",
    )
    originals = {hashlib.sha256(p.read_bytes()).hexdigest() for p in pictures.glob("*.jpg")}
    assert told["code"] == "ok"
    assert told["waited"] >= 0.7, "the pictures of the warm-up were passed on"
    assert {shot["sha256"] for shot in told["shots"]} <= originals
    assert all(shot["source"] == "camera" and shot["honest"] for shot in told["shots"])
    assert [shot["size"] for shot in told["shots"]] == [[640, 480]] * 5


def test_a_device_without_jpeg_is_encoded_here(library, pictures):
    (pictures / "raw").touch()
    told = tell(
        library, pictures, 'told["code"] = until("ok", "camera-busy"); told["shot"] = shot()'
    )
    assert told["code"] == "ok"
    assert told["shot"]["source"] == "encoded"
    assert told["shot"]["size"] == [640, 480]


def test_unplugged_stalled_and_back(library, pictures):
    told = tell(
        library,
        pictures,
        """
until("ok")
first = shot()
(folder / "unplug").touch()
told["unplugged"] = until("camera-missing", "stalled")
told["refused"] = shot()
(folder / "unplug").unlink()
told["back"] = until("ok")
(folder / "stall").touch()
told["stalled"] = until("stalled", "camera-missing")
(folder / "stall").unlink()
told["again"] = until("ok")
told["later"] = shot()["seq"] > first["seq"]
""",
    )
    assert told == {
        "unplugged": "camera-missing",
        "refused": {"fault": "camera-missing"},
        "back": "ok",
        "stalled": "stalled",
        "again": "ok",
        "later": True,
    }


def test_a_device_that_another_program_holds_is_busy(library, pictures):
    (pictures / "busy").touch()
    told = tell(library, pictures, 'told["code"] = until("camera-busy", "ok", "camera-missing")')
    assert told["code"] == "camera-busy"
