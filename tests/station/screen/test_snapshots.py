"""What the screen looks like, from hand-made views; fixed data, no clock, no camera."""

import os

import pytest

from returnbench.station.app import BenchApp

SIZES = {"120x40": (120, 40), "80x24": (80, 24)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["idle", "complete", "short", "refused", "scale_lost", "chinese"])
def test_dark(snap_compare, bench, views, name, size) -> None:
    bench.now = views[name]
    assert snap_compare(BenchApp(bench), terminal_size=SIZES[size])


@pytest.mark.parametrize("name", ["complete", "short", "refused", "scale_lost"])
def test_monochrome(snap_compare, bench, views, name) -> None:
    bench.now = views[name]
    assert snap_compare(BenchApp(bench, theme="monochrome"), terminal_size=(80, 24))


@pytest.mark.parametrize("theme", ["light", "high-contrast"])
def test_other_themes(snap_compare, bench, views, theme) -> None:
    bench.now = views["short"]
    assert snap_compare(BenchApp(bench, theme=theme), terminal_size=(120, 40))


def test_no_color(snap_compare, bench, views, monkeypatch) -> None:
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")
    bench.now = views["short"]
    assert snap_compare(BenchApp(bench), terminal_size=(80, 24))


def test_more_than_fits(snap_compare, bench, views) -> None:
    bench.now = views["many"]
    assert snap_compare(BenchApp(bench), terminal_size=(80, 24))
