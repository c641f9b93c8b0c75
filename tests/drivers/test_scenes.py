import cv2
import numpy as np
import pytest

from returnbench.drivers.decode import decode_picture
from returnbench.drivers.scenes import SceneSpec, render

WAYBILL = "SF1234567890123"


def jpeg(picture):
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def test_the_same_specification_gives_the_same_picture():
    spec = SceneSpec("parcel", WAYBILL, "SF", weight_text="1.235 kg", seed=5, angle_deg=2)
    first, second = render(spec), render(spec)
    assert first.shape == (720, 1280, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)


def test_another_seed_gives_another_picture():
    assert not np.array_equal(render(SceneSpec(seed=1)), render(SceneSpec(seed=2)))


@pytest.mark.needs("zbar")
@pytest.mark.parametrize(
    ("kind", "waybill", "angle", "torn"),
    [
        ("parcel", WAYBILL, 0.0, False),
        ("parcel", WAYBILL, 3.0, True),
        ("parcel", "1Z999AA10123456784", -3.0, False),
        ("parcel", "00123456789012345675", 1.5, False),
        ("parcel", "9612345678901234567890123456789012", 1.0, False),
        ("label", WAYBILL, -2.0, False),
        ("opened", WAYBILL, 1.5, False),
    ],
)
def test_both_engines_read_the_label_in_a_jpeg(kind, waybill, angle, torn):
    spec = SceneSpec(kind, waybill, "Courier", ("Shoe", "Sock"), "1.2 kg", torn, angle, seed=9)
    decoded = decode_picture(jpeg(render(spec)))
    assert [result.text for result in decoded.results] == [waybill]
    assert set(decoded.results[0].engines) >= {"zxing", "zbar"}
    assert decoded.results[0].symbology == "Code128"


@pytest.mark.parametrize("kind", ["empty", "items"])
def test_a_bench_without_label_has_no_barcode(kind):
    spec = SceneSpec(kind, WAYBILL, "SF", ("Shoe", "Sock", "Sock"), "0.512 kg", seed=3)
    assert decode_picture(jpeg(render(spec))).results == ()


def test_what_differs_is_seen():
    plain = render(SceneSpec("parcel", WAYBILL, seed=1))
    for other in (
        SceneSpec("parcel", WAYBILL, seed=1, torn=True),
        SceneSpec("parcel", WAYBILL, seed=1, weight_text="2.000 kg"),
        SceneSpec("parcel", WAYBILL, seed=1, angle_deg=3),
        SceneSpec("opened", WAYBILL, seed=1),
    ):
        changed = np.abs(plain.astype(int) - render(other)).max(axis=2) > 40
        assert changed.sum() > 500


def test_each_item_is_drawn_and_the_same_name_looks_alike():
    def drawn(*names):
        base = render(SceneSpec("items", seed=4)).astype(int)
        return np.abs(base - render(SceneSpec("items", items=names, seed=4))).max(axis=2) > 25

    areas = [drawn(*["Mug"] * count).sum() for count in (1, 2, 4)]
    assert areas[0] > 3000
    assert areas[0] < areas[1] < areas[2]
    assert drawn(*[f"Thing {n}" for n in range(40)]).sum() > 3000


def test_any_size_can_be_drawn():
    assert render(SceneSpec("parcel", WAYBILL), 1920, 1080).shape == (1080, 1920, 3)
    assert render(SceneSpec(), 64, 48).shape == (48, 64, 3)


@pytest.mark.parametrize(
    "spec",
    [
        SceneSpec("garden"),
        SceneSpec("parcel", "返品"),
        SceneSpec("parcel", "W" * 60),
    ],
)
def test_what_cannot_be_drawn_is_said(spec):
    with pytest.raises(ValueError, match=r"kind|character|Code 128|encod|fit"):
        render(spec)


def test_a_size_below_one_pixel_is_refused():
    with pytest.raises(ValueError, match="0 x 5"):
        render(SceneSpec(), 0, 5)
