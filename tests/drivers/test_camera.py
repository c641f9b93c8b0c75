import hashlib
import itertools
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.camera import REMEDIES, Camera, CameraFault, CameraSettings, Frame, grey_of
from returnbench.drivers.camera_simulator import CameraSimulator
from returnbench.drivers.camera_source import public_name
from returnbench.drivers.decode import decode_picture
from returnbench.drivers.health import DeviceState
from returnbench.drivers.jpeg import jpeg_size
from returnbench.drivers.scenes import SceneSpec

DEADLINE_S = 15


def wait_until(condition, what):
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"not in time: {what}"
        threading.Event().wait(0.01)


def wait_for_code(camera, code):
    wait_until(lambda: camera.health.code == code, f"{code}, but {camera.health}")


def fresh(camera, after_ns=None):
    got = camera.fresh(time.monotonic_ns() if after_ns is None else after_ns, DEADLINE_S)
    assert isinstance(got, Frame), got
    return got


@pytest.fixture(scope="module")
def simulator():
    simulator = CameraSimulator(640, 360, fps=20, seed=1)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def camera(simulator):
    simulator.recover()
    simulator.replug()
    camera = Camera(CameraSettings("bench", simulator.url, read_timeout_ms=600))
    camera.start()
    yield camera
    camera.stop()


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(8)
    for number in range(3):
        picture = rng.integers(60, 200, (90, 160, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), picture)
    return tmp_path


def test_frames_are_the_camera_s_own_bytes(simulator, camera):
    frame = fresh(camera)
    assert (frame.width, frame.height) == (640, 360)
    assert (frame.source, frame.pixfmt, frame.camera) == ("camera", "MJPG", "bench")
    assert jpeg_size(frame.jpeg) == (640, 360)
    sent, taken = set(), set()
    with urllib.request.urlopen(simulator.url, timeout=5) as stream:
        for _ in range(12):
            while not (line := stream.readline()).lower().startswith(b"content-length:"):
                assert line
            stream.readline()
            sent.add(hashlib.sha256(stream.read(int(line.split(b":")[1]))).digest())
            taken.add(hashlib.sha256(camera.latest().jpeg).digest())
    assert sent & taken, "no frame came through as the camera sent it"


def test_frames_count_up_and_differ(camera):
    first = fresh(camera)
    second = fresh(camera, first.frame_ns + 1)
    third = fresh(camera, second.frame_ns + 1)
    assert first.seq < second.seq < third.seq
    assert first.frame_ns < second.frame_ns < third.frame_ns
    assert len({first.jpeg, second.jpeg, third.jpeg}) == 3
    assert camera.health.state is DeviceState.READY
    assert camera.latest().seq >= third.seq


def test_a_fresh_frame_is_not_older_than_asked(camera):
    fresh(camera)
    for _ in range(5):
        asked = time.monotonic_ns()
        assert asked <= fresh(camera, asked).frame_ns <= time.monotonic_ns()


def test_after_a_change_the_next_frame_shows_the_new_scene():
    simulator = CameraSimulator(1280, 720, fps=10, seed=2)
    camera = Camera(CameraSettings("bench", simulator.start()))
    camera.start()
    try:
        fresh(camera)
        for number in range(3):
            waybill = f"SF12345678901{number:02}"
            shown = simulator.show(SceneSpec("parcel", waybill, "SF", seed=number))
            frame = fresh(camera, shown)
            assert [r.text for r in decode_picture(frame.jpeg).results] == [waybill]
        simulator.show(SceneSpec())
        assert decode_picture(fresh(camera).jpeg).results == ()
    finally:
        camera.stop()
        simulator.stop()


def test_unplugged_and_back(simulator, camera, caplog):
    caplog.set_level(logging.INFO)
    before = fresh(camera)
    simulator.unplug()
    wait_for_code(camera, "camera-missing")
    assert camera.health.state is DeviceState.LOST
    assert camera.latest() is None
    fault = camera.fresh(time.monotonic_ns(), DEADLINE_S)
    assert fault == CameraFault("camera-missing", camera.health.detail)
    wait_until(lambda: "refused" in camera.health.detail, "the reason of the refusal")
    simulator.replug()
    wait_for_code(camera, "ok")
    assert fresh(camera).seq > before.seq
    gone = [r for r in caplog.records if "camera-missing" in r.getMessage()]
    back = [r for r in caplog.records if r.getMessage().split(": ", 1)[1].startswith("ok")]
    assert len(gone) == 1
    assert gone[0].levelno == logging.WARNING
    assert len(back) == 2


def test_a_stalled_camera_is_told_from_a_missing_one(simulator, camera):
    fresh(camera)
    simulator.stall()
    wait_for_code(camera, "stalled")
    assert camera.health.state is DeviceState.LOST
    assert camera.fresh(time.monotonic_ns(), DEADLINE_S).reason == "stalled"
    simulator.recover()
    wait_for_code(camera, "ok")
    fresh(camera)


def test_a_frozen_camera_gives_no_picture(simulator, camera):
    last = fresh(camera)
    simulator.freeze()
    wait_for_code(camera, "frozen")
    assert camera.health.state is DeviceState.DEGRADED
    frozen_seq = camera.latest().seq
    assert camera.latest().identical_frames == 2
    assert camera.fresh(time.monotonic_ns(), DEADLINE_S).reason == "frozen"
    assert camera.latest().seq == frozen_seq >= last.seq
    simulator.recover()
    wait_for_code(camera, "ok")
    assert fresh(camera).identical_frames == 1


def test_a_dark_camera_is_said_and_still_delivers(simulator, camera):
    fresh(camera)
    simulator.darken()
    wait_for_code(camera, "dark")
    assert camera.health.state is DeviceState.DEGRADED
    assert camera.grey(fresh(camera)).mean() < 16
    simulator.recover()
    wait_for_code(camera, "ok")


def test_waiting_for_a_frame_of_the_future_ends(camera):
    fresh(camera)
    fault = camera.fresh(time.monotonic_ns() + 10**12, 0.2)
    assert fault.reason == "timeout"
    assert "0.2 s" in fault.detail


def test_stop_gives_everything_back(simulator):
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    def once():
        camera = Camera(CameraSettings("bench", simulator.url, read_timeout_ms=600))
        camera.start()
        camera.start()
        fresh(camera)
        camera.stop()
        camera.stop()
        assert camera.health.code == "stopped"
        assert camera.latest() is None
        assert camera.fresh(0, DEADLINE_S).reason == "stopped"
        wait_until(lambda: not simulator._watchers, "the simulator to see the viewer leave")

    once()
    before = descriptors(), threading.active_count()
    once()
    once()
    wait_until(lambda: (descriptors(), threading.active_count()) == before, f"no leak: {before}")


def test_a_camera_can_be_started_again(camera):
    fresh(camera)
    camera.stop()
    camera.start()
    fresh(camera)
    assert camera.health.code == "ok"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("97", "/dev/video97"),
        ("/dev/video97", "cameras present"),
        ("/dev/v4l/by-id/usb-none", "No such file"),
        ("/nowhere/film.mp4", "does not exist"),
        ("http://127.0.0.1:9/video", "refused"),
        ("http://me:secret@127.0.0.1:9/video", "http://127.0.0.1:9/video"),
        ("rtsp://127.0.0.1:9/live", "refused"),
        ("ftp://127.0.0.1/film", "http, https, rtsp"),
        ("http://[broken", "http://[broken"),
        ("http:///film", "names no computer"),
        ("", "exist"),
    ],
)
def test_a_camera_that_is_not_there_is_told(source, said):
    camera = Camera(CameraSettings("bench", source, read_timeout_ms=500))
    camera.start()
    wait_for_code(camera, "camera-missing")
    assert said in camera.health.detail
    assert "secret" not in camera.health.detail
    assert REMEDIES[camera.health.code]
    assert camera.fresh(0, DEADLINE_S).reason == "camera-missing"
    camera.stop()


def test_missing_cameras_and_broken_pictures_write_nothing_on_the_terminal(tmp_path):
    (tmp_path / "film.avi").write_bytes(b"RIFF" + bytes(5000))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing\xff\xd9")
    code = f"""
import time
from returnbench.drivers.camera import Camera, CameraSettings
sources = ["98", "/dev/video98", "http://127.0.0.1:9/", "rtsp://127.0.0.1:9/",
           {str(tmp_path / "film.avi")!r}, {str(tmp_path / "pictures")!r}, "none.mp4"]
cameras = [Camera(CameraSettings(str(n), s, read_timeout_ms=500)) for n, s in enumerate(sources)]
for camera in cameras:
    camera.start()
end = time.monotonic() + 15
while any(c.health.code == "starting" for c in cameras) and time.monotonic() < end:
    time.sleep(0.02)
print(*sorted({{camera.health.code for camera in cameras}}))
for camera in cameras:
    camera.stop()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    # Without a log set up, Python itself prints warnings; nothing else may appear.
    foreign = [x for x in done.stderr.splitlines() if not x.startswith("camera ")]
    assert foreign == []
    assert done.stdout.split() == ["camera-missing", "damaged"]


def test_a_server_that_sends_no_picture_is_stalled():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        camera = Camera(CameraSettings("bench", url, read_timeout_ms=300))
        camera.start()
        wait_for_code(camera, "stalled")
        camera.stop()


def test_a_folder_is_a_camera(folder):
    camera = Camera(CameraSettings("pictures", str(folder), fps=50))
    camera.start()
    wanted = {path.read_bytes() for path in folder.iterdir()}
    seen = set()
    after = 0
    for _ in range(6):
        frame = fresh(camera, after)
        after = frame.frame_ns + 1
        seen.add(frame.jpeg)
        assert (frame.width, frame.height, frame.source) == (160, 90, "camera")
    assert seen == wanted
    assert camera.health.code == "ok"
    camera.stop()


def test_a_still_folder_is_not_frozen_and_other_formats_are_encoded(tmp_path):
    picture = np.random.default_rng(1).integers(60, 200, (90, 160, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "only.png"), picture)
    (tmp_path / "notes.txt").write_text("no picture")
    camera = Camera(CameraSettings("pictures", str(tmp_path), fps=60))
    camera.start()
    wait_until(lambda: camera.latest() is not None and camera.latest().seq > 6, "some frames")
    frame = camera.latest()
    assert (frame.source, frame.pixfmt, frame.identical_frames) == ("encoded", "BGR3", 1)
    assert jpeg_size(frame.jpeg) == (160, 90)
    assert camera.health.code == "ok"
    camera.stop()


def test_a_folder_that_vanishes_and_returns(folder, tmp_path_factory):
    camera = Camera(CameraSettings("pictures", str(folder), fps=50))
    camera.start()
    fresh(camera)
    elsewhere = tmp_path_factory.mktemp("away") / "moved"
    shutil.move(folder, elsewhere)
    wait_for_code(camera, "camera-missing")
    shutil.move(elsewhere, folder)
    wait_for_code(camera, "ok")
    camera.stop()


def test_damaged_pictures_are_not_passed_on(folder):
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-400])
    camera = Camera(CameraSettings("pictures", str(folder), fps=100))
    camera.start()
    wait_for_code(camera, "damaged")
    assert camera.health.state is DeviceState.DEGRADED
    assert camera.latest() is None
    camera.stop()


@pytest.mark.parametrize(("codec", "source"), [("MJPG", "camera"), ("mp4v", "encoded")])
def test_a_video_file_is_a_camera(tmp_path, codec, source):
    film = str(tmp_path / "film.avi")
    writer = cv2.VideoWriter(film, cv2.VideoWriter.fourcc(*codec), 25, (320, 240))
    rng = np.random.default_rng(1)
    for value in range(5):
        writer.write(rng.integers(60, 80 + 20 * value, (240, 320, 3), dtype=np.uint8))
    writer.release()
    camera = Camera(CameraSettings("film", film))
    camera.start()
    wait_until(lambda: camera.latest() is not None and camera.latest().seq > 7, "a second round")
    frame = camera.latest()
    assert (frame.width, frame.height, frame.source) == (320, 240, source)
    assert camera.health.code == "ok"
    camera.stop()


def test_the_known_delay_of_a_network_camera_is_taken_off(simulator):
    simulator.recover()
    simulator.replug()
    camera = Camera(CameraSettings("bench", simulator.url, delay_ms=5000))
    camera.start()
    wait_until(lambda: camera.latest() is not None, "a frame")
    assert time.monotonic_ns() - camera.latest().frame_ns >= 5_000_000_000
    camera.stop()


def test_grey_copies_are_960_wide_and_never_enlarged(camera):
    frame = fresh(camera)
    assert camera.grey(frame).shape == (360, 640)
    assert camera.grey(frame, 320).shape == (180, 320)
    assert camera.grey(frame).dtype == np.uint8
    assert grey_of(b"") is None
    assert grey_of(b"nothing") is None


def test_every_health_code_has_a_remedy():
    assert all(REMEDIES[code] for code in REMEDIES if code != "ok")


def test_passwords_are_not_shown():
    assert public_name("rtsp://user:pa:ss@host:554/x") == "rtsp://host:554/x"
    assert public_name("/dev/video0") == "/dev/video0"


def test_the_size_is_read_from_the_markers():
    for width, height in itertools.product((1, 17, 640), (1, 33, 480)):
        pixels = np.zeros((height, width, 3), np.uint8)
        for options in ([], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]):
            data = cv2.imencode(".jpg", pixels, options)[1].tobytes()
            assert jpeg_size(data) == (width, height)
            assert jpeg_size(data + bytes(512)) == (width, height)
            assert jpeg_size(data[:-1]) is None
            assert jpeg_size(data[1:]) is None


@given(st.binary(max_size=60))
def test_the_size_of_rubbish_is_none_or_positive(rubbish):
    for data in (rubbish, b"\xff\xd8" + rubbish + b"\xff\xd9"):
        size = jpeg_size(data)
        assert size is None or min(size) > 0
