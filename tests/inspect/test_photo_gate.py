import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.camera import grey_of
from returnbench.drivers.scenes import SceneSpec, render
from returnbench.inspect.photo_gate import baseline_of, judge, tenengrad

GOOD = {"age_ms": 40, "identical_frames": 1}


@pytest.fixture(scope="module")
def scene():
    picture = render(SceneSpec("parcel", "SF1234567890123", "SF", weight_text="1.2 kg", seed=6))
    return grey_of(cv2.imencode(".jpg", picture)[1].tobytes())


@pytest.fixture(scope="module")
def baseline(scene):
    return tenengrad(scene)


def blurred(grey, sigma):
    return cv2.GaussianBlur(grey, (0, 0), sigma)


def test_a_sharp_picture_passes(scene, baseline):
    gate = judge(scene, baseline=baseline, **GOOD)
    assert scene.shape == (540, 960)
    assert (gate.verdict, gate.reasons) == ("ok", ())
    assert gate.sharpness == baseline
    assert gate.sharpness_ratio_permille == 1000
    assert 60 < gate.mean_grey < 220
    assert gate.age_ms == 40


@pytest.mark.parametrize(("sigma", "verdict"), [(0.3, "ok"), (0.8, "warn"), (4, "reject")])
def test_blur_is_judged_against_the_baseline(scene, baseline, sigma, verdict):
    gate = judge(blurred(scene, sigma), baseline=baseline, **GOOD)
    assert gate.verdict == verdict
    assert gate.reasons == (() if verdict == "ok" else ("blurred",))


def test_without_baseline_sharpness_is_measured_but_not_judged(scene):
    gate = judge(blurred(scene, 4), baseline=None, **GOOD)
    assert (gate.verdict, gate.sharpness_ratio_permille) == ("ok", None)
    assert gate.sharpness > 0


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "ok"), (0.42, "warn"), (0.2, "reject")])
def test_darkness_is_not_called_blur(scene, baseline, factor, verdict):
    dark = (scene * factor).astype(np.uint8)
    gate = judge(dark, baseline=None if verdict != "reject" else baseline, **GOOD)
    assert gate.verdict == verdict
    assert gate.reasons == (() if verdict == "ok" else ("dark",))


def test_mostly_black_pixels_are_dark_whatever_the_mean(baseline):
    grey = np.zeros((540, 960), np.uint8)
    grey[:, ::3] = np.arange(540, dtype=np.uint16)[:, None] % 256
    gate = judge(grey, baseline=None, **GOOD)
    assert gate.mean_grey >= 40
    assert gate.dark_permille > 600
    assert (gate.verdict, gate.reasons) == ("reject", ("dark",))


@pytest.mark.parametrize(("share", "verdict"), [(0.02, "ok"), (0.1, "warn"), (0.3, "reject")])
def test_glare(scene, share, verdict):
    glaring = scene.copy()
    glaring[: int(540 * share)] = 255
    gate = judge(glaring, baseline=None, **GOOD)
    assert gate.verdict == verdict
    assert gate.reasons == (() if verdict == "ok" else ("glare",))
    assert gate.glare_permille == int(540 * share) * 960 * 1000 // (540 * 960)


def test_an_overexposed_picture_is_rejected(scene):
    bright = np.clip(scene.astype(int) + 130, 0, 249).astype(np.uint8)
    gate = judge(bright, baseline=None, **GOOD)
    assert (gate.verdict, gate.reasons) == ("reject", ("glare",))
    assert gate.mean_grey > 220


def test_a_covered_lens_is_rejected():
    noise = np.random.default_rng(1).normal(128, 1.2, (540, 960))
    gate = judge(np.round(noise).astype(np.uint8), baseline=5000, **GOOD)
    assert (gate.verdict, gate.reasons) == ("reject", ("covered",))
    black = judge(np.zeros((540, 960), np.uint8), baseline=5000, **GOOD)
    assert black.reasons == ("covered", "dark")


@pytest.mark.parametrize(
    ("age_ms", "verdict"), [(0, "ok"), (100, "ok"), (101, "warn"), (250, "warn"), (251, "reject")]
)
def test_age(scene, age_ms, verdict):
    gate = judge(scene, baseline=None, age_ms=age_ms, identical_frames=1)
    assert gate.verdict == verdict
    assert gate.reasons == (() if verdict == "ok" else ("stale",))
    assert gate.age_ms == age_ms


@pytest.mark.parametrize(("equal", "verdict"), [(1, "ok"), (2, "ok"), (3, "reject")])
def test_a_frozen_camera(scene, equal, verdict):
    assert judge(scene, baseline=None, age_ms=0, identical_frames=equal).verdict == verdict


def test_reasons_that_reject_come_first(scene, baseline):
    gate = judge(blurred(scene, 0.8), baseline=baseline, age_ms=900, identical_frames=5)
    assert gate.verdict == "reject"
    assert gate.reasons == ("stale", "frozen", "blurred")


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((0, 0), np.uint8),
        np.zeros((2, 9), np.uint8),
        np.zeros((9, 9, 3), np.uint8),
        np.zeros((9, 9), np.float32),
    ],
)
def test_other_pixels_are_refused(pixels):
    with pytest.raises(ValueError, match="8-bit grey"):
        judge(pixels, baseline=None, **GOOD)


def test_tenengrad_is_the_mean_squared_sobel_gradient():
    grey = np.random.default_rng(2).integers(0, 256, (41, 57), dtype=np.uint8)
    gx = cv2.Sobel(grey, cv2.CV_64F, 1, 0, ksize=3)[1:-1, 1:-1]
    gy = cv2.Sobel(grey, cv2.CV_64F, 0, 1, ksize=3)[1:-1, 1:-1]
    assert tenengrad(grey) == pytest.approx((gx**2 + gy**2).mean(), rel=1e-5)
    assert tenengrad(np.full((9, 9), 7, np.uint8)) == 0


def test_the_baseline_is_the_median_of_the_newest():
    assert baseline_of([]) is None
    assert baseline_of([5] * 9) is None
    assert baseline_of([1, 2, 3, 4, 5, 6, 7, 8, 9, 100]) == 5
    assert baseline_of([10**6] * 100 + [7] * 50) == 7
    assert baseline_of([3] * 5 + [9] * 6) == 9


@given(st.lists(st.integers(0, 10**6), min_size=10, max_size=120))
def test_the_baseline_lies_among_the_newest(values):
    base = baseline_of(values)
    assert min(values[-50:]) <= base <= max(values[-50:])


@given(
    st.tuples(st.integers(3, 12), st.integers(3, 12)),
    st.integers(0, 255),
    st.none() | st.integers(0, 10**6),
    st.integers(0, 10**7),
    st.integers(1, 10**6),
)
def test_a_judgement_is_whole_numbers_and_verdict_follows_reasons(shape, value, base, age, equal):
    gate = judge(np.full(shape, value, np.uint8), baseline=base, age_ms=age, identical_frames=equal)
    assert gate.verdict == "reject"
    assert gate.reasons[0] == "covered"
    for number in (gate.sharpness, gate.mean_grey, gate.dark_permille, gate.glare_permille):
        assert type(number) is int
    assert gate.mean_grey == value
