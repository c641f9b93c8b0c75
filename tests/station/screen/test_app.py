"""The app: every key reaches the bench once, every view is shown, errors end plainly."""

import asyncio
import logging
import os
import re
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from textual import events
from textual.geometry import Size
from textual.pilot import Pilot

from returnbench.station.app import EXIT_SOFTWARE, BenchApp
from returnbench.station.screen_bells import BELLS
from returnbench.station.screen_part import Part
from returnbench.station.screens import BenchScreen
from returnbench.station.view import BenchView, Tone

SIZES = [(80, 24), (100, 30), (120, 40), (200, 60)]
Act = Callable[[BenchApp, Pilot[None]], Awaitable[None]]


class RingingApp(BenchApp):
    """Counts the bells that a terminal would ring."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.rung = 0

    def bell(self) -> None:
        self.rung += 1


def run(app: BenchApp, act: Act, size: tuple[int, int] = (120, 40)) -> None:
    async def drive() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await act(app, pilot)

    asyncio.run(drive())


async def until(holds: Callable[[], bool], what: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {what}"
        await asyncio.sleep(0.005)


def key_event(character: str, at_s: float) -> events.Key:
    names = {"\r": "enter", "\t": "tab", "/": "slash"}
    event = events.Key(names.get(character, character), character)
    event.time = at_s
    return event


def strike(app: BenchApp, text: str, at_s: float, gap_s: float = 0.002) -> float:
    for character in text:
        app.post_message(key_event(character, at_s))
        at_s += gap_s
    return at_s


def parts(app: BenchApp) -> list[Part[object]]:
    return [part for part in app.screen.query(Part) if part.display]


def text_of(app: BenchApp) -> str:
    return "\n".join(part.render_line(y).text for part in parts(app) for y in range(part.size[1]))


def test_scan_reaches_the_bench_whole_with_the_time_of_its_end(bench) -> None:
    async def act(app: BenchApp, _: Pilot[None]) -> None:
        begin = time.monotonic()
        end = strike(app, "SF1390000077821\r", begin)
        await until(lambda: bool(bench.scans), "the scan")
        ((text, device, at_ns),) = bench.scans
        assert (text, device) == ("SF1390000077821", "wedge")
        assert abs(at_ns / 1e9 - (end - 0.002)) < 1e-6

    run(BenchApp(bench), act)


def test_lone_key_reaches_the_bench_after_the_gap(bench) -> None:
    async def act(app: BenchApp, _: Pilot[None]) -> None:
        strike(app, "1", time.monotonic())
        await until(lambda: bool(bench.keys), "the key")
        assert [key for key, _ in bench.keys] == ["1"]
        assert bench.scans == []

    run(BenchApp(bench), act)


def test_scans_during_a_stalled_loop_come_whole_and_in_order(bench) -> None:
    codes = [f"SF{number:013d}" for number in range(40)]

    async def act(app: BenchApp, _: Pilot[None]) -> None:
        def scanner() -> None:
            for code in codes:
                # The thread of the terminal stamps each key when it reads it.
                for character in code + "\r":
                    app.post_message(key_event(character, time.monotonic()))
                    time.sleep(0.0005)

        thread = threading.Thread(target=scanner)
        thread.start()
        while thread.is_alive():
            time.sleep(0.15)  # the loop stands still, as in a handler that takes too long
            await asyncio.sleep(0)
        await until(lambda: len(bench.scans) + len(bench.keys) >= len(codes), "all scans")
        assert [text for text, _, _ in bench.scans] == codes
        assert bench.keys == []

    run(BenchApp(bench), act)


def test_keys_and_scans_that_waited_behind_a_stalled_loop_stay_apart(bench) -> None:
    async def act(app: BenchApp, _: Pilot[None]) -> None:
        at_s = time.monotonic() - 30
        for _ in range(20):
            strike(app, "1", at_s)
            at_s = strike(app, "7812345678\r", at_s + 0.25) + 0.1
        await until(lambda: len(bench.scans) == 20, "all scans")
        assert [text for text, _, _ in bench.scans] == ["7812345678"] * 20
        assert [key for key, _ in bench.keys] == ["1"] * 20

    run(BenchApp(bench), act)


def test_cut_off_scan_is_said_and_does_nothing(bench) -> None:
    async def act(app: BenchApp, _: Pilot[None]) -> None:
        begin = time.monotonic() - 5
        strike(app, "78123", begin)
        await until(lambda: "Not read completely" in text_of(app), "the notice")
        assert (bench.scans, bench.keys) == ([], [])
        strike(app, "7812345\r", begin + 2)
        await until(lambda: "Not read completely" not in text_of(app), "the notice goes")
        await until(lambda: app.rung == len(BELLS[Tone.ATTENTION]), "the bells")

    run(RingingApp(bench), act)


def test_number_typed_by_hand_is_seen_and_becomes_a_scan(bench) -> None:
    async def act(app: BenchApp, _: Pilot[None]) -> None:
        at_s = time.monotonic() - 10
        for character in "/SF99":
            strike(app, character, at_s)
            at_s += 0.3
        await until(lambda: "TYPE THE NUMBER: SF99_" in text_of(app), "the typed line")
        strike(app, "\r", at_s + 1)
        await until(lambda: bool(bench.scans), "the typed number")
        assert [(text, device) for text, device, _ in bench.scans] == [("SF99", "keyboard")]
        assert bench.keys == []
        assert "TYPE THE NUMBER" not in text_of(app)

    run(BenchApp(bench), act)


def test_scan_while_typing_is_a_scan(bench) -> None:
    async def act(app: BenchApp, _: Pilot[None]) -> None:
        at_s = time.monotonic() - 10
        for character in "/12":
            strike(app, character, at_s)
            at_s += 0.3
        strike(app, "SF1390000077821\r", at_s + 0.3)
        await until(lambda: bool(bench.scans), "the scan")
        assert [(text, device) for text, device, _ in bench.scans] == [("SF1390000077821", "wedge")]
        assert "TYPE THE NUMBER" not in text_of(app)

    run(BenchApp(bench), act)


def test_paste_is_a_scan_for_each_line(bench) -> None:
    async def act(app: BenchApp, _: Pilot[None]) -> None:
        app.post_message(events.Paste("SF100\nSF200\n"))
        await until(lambda: len(bench.scans) == 2, "both scans")
        assert [text for text, _, _ in bench.scans] == ["SF100", "SF200"]

    run(BenchApp(bench), act)


def test_prefix_of_the_scanner_is_taken_off(bench) -> None:
    async def act(app: BenchApp, _: Pilot[None]) -> None:
        strike(app, "~SF100\r", time.monotonic())
        await until(lambda: bool(bench.scans), "the scan")
        assert bench.scans[0][0] == "SF100"

    run(BenchApp(bench, prefix="~"), act)


def test_nothing_takes_the_focus_and_no_key_belongs_to_the_library(bench) -> None:
    async def act(app: BenchApp, pilot: Pilot[None]) -> None:
        at_s = time.monotonic() - 30
        for name in ("tab", "shift+tab", "ctrl+p", "ctrl+backslash", "f1", "escape"):
            event = events.Key(name, None)
            event.time = at_s
            at_s += 1
            app.post_message(event)
        await until(lambda: len(bench.keys) == 6, "all keys")
        await pilot.pause()
        assert app.focused is None
        assert len(app.screen_stack) == 1
        assert not [widget for widget in app.screen.query("*") if widget.focusable]

    run(BenchApp(bench), act)


def test_leaving_asks_once_and_then_ends_in_order(bench) -> None:
    async def act(app: BenchApp, pilot: Pilot[None]) -> None:
        def leave(at_s: float) -> None:
            event = events.Key("ctrl+c", "\x03")
            event.time = at_s
            app.post_message(event)

        leave(100)
        await until(lambda: "Press Ctrl+C again" in text_of(app), "the question")
        leave(104)
        await pilot.pause()
        assert app.return_code is None
        leave(106)
        await until(lambda: app.return_code == 0, "the end")

    run(BenchApp(bench), act)
    assert bench.keys == []
    assert bench.listeners == []


def test_leaving_is_refused_while_the_bench_says_no(bench) -> None:
    bench.may_leave = False

    async def act(app: BenchApp, _: Pilot[None]) -> None:
        for at_s in (100, 101):
            event = events.Key("ctrl+q", "\x11")
            event.time = at_s
            app.post_message(event)
        await until(lambda: "cannot be left now" in text_of(app), "the refusal")
        assert app.return_code is None

    run(BenchApp(bench), act)


def test_newest_view_wins_over_those_that_wait(bench, views) -> None:
    short: BenchView = views["short"]
    newest = replace(short, clock="15:59")

    async def act(app: BenchApp, _: Pilot[None]) -> None:
        def tell() -> None:
            for number in range(2000):
                weight = replace(short.weight, value=str(number))
                bench.change(replace(short, weight=weight))
            bench.change(newest)

        thread = threading.Thread(target=tell)
        thread.start()
        await until(lambda: "15:59" in text_of(app), "the newest view")
        thread.join()
        assert "ABOUT 180 g SHORT" in text_of(app)

    run(BenchApp(bench), act)


def test_only_what_differs_is_drawn_again(bench, views) -> None:
    short: BenchView = views["short"]
    bench.now = short
    drawn: list[str] = []

    async def act(app: BenchApp, pilot: Pilot[None]) -> None:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, BenchScreen)
        for part in parts(app):
            part.refresh = _noting(part, drawn)
        layouts = screen.styles, screen.region
        for number in range(10):
            weight = replace(short.weight, value=f"1 {number:03d}", stable=False)
            bench.change(replace(short, weight=weight))
            await pilot.pause()
        assert set(drawn) == {"WeightPanel"}
        assert (screen.styles, screen.region) == layouts

    run(BenchApp(bench), act)


def test_screen_that_changed_looks_like_one_that_was_drawn_afresh(make_bench, views) -> None:
    pictures: dict[str, str] = {}

    def picture(app: BenchApp) -> str:
        return re.sub(r"terminal-\d+", "terminal", app.export_screenshot())

    for name in views:

        async def fresh(app: BenchApp, pilot: Pilot[None], name: str = name) -> None:
            await pilot.pause()
            pictures[name] = picture(app)

        run(BenchApp(make_bench(views[name])), fresh, (80, 24))

    async def changing(app: BenchApp, pilot: Pilot[None]) -> None:
        for name in [*views, *reversed(views)]:
            bench.change(views[name])
            await pilot.pause()
            assert picture(app) == pictures[name], name

    bench = make_bench(views["idle"])
    run(BenchApp(bench), changing, (80, 24))


def _noting(part: Part[object], drawn: list[str]) -> Callable[..., Part[object]]:
    def refresh(*_: object, **options: object) -> Part[object]:
        assert not options.get("layout"), "a new value must not lay out the screen again"
        drawn.append(type(part).__name__)
        return part

    return refresh


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_between_states_and_nothing_is_outside(bench, views, size) -> None:
    seen: set[tuple[object, ...]] = set()

    async def act(app: BenchApp, pilot: Pilot[None]) -> None:
        for view in views.values():
            bench.change(view)
            await pilot.pause()
            seen.add(tuple(part.region for part in parts(app)))
            for part in parts(app):
                for y in range(part.size[1]):
                    assert part.render_line(y).cell_length == part.size[0]
        whole = app.screen.region
        regions = [part.region for part in parts(app)]
        assert all(whole.contains_region(region) and region.area for region in regions)
        for position, region in enumerate(regions):
            assert not any(region.overlaps(other) for other in regions[position + 1 :])

    run(BenchApp(bench), act, size)
    assert len(seen) == 1


def test_state_panel_takes_a_third_of_the_height(bench) -> None:
    async def act(app: BenchApp, pilot: Pilot[None]) -> None:
        assert isinstance(app.screen, BenchScreen)
        for size in ((80, 24), (120, 36)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert app.screen.state.outer_size.height * 3 >= size[1]

    run(BenchApp(bench), act)


def test_resize_keeps_everything_that_must_be_read(bench, views) -> None:
    bench.now = views["short"]

    async def act(app: BenchApp, pilot: Pilot[None]) -> None:
        for size in [(80, 24), (120, 40), (60, 20), (80, 24)]:
            await pilot.resize_terminal(*size)
            await until(lambda size=size: app.size == Size(*size), "the new size")
            await pilot.pause()
        text = text_of(app)
        for said in (
            "ABOUT 180 g SHORT",
            "SF1390000077821",
            "Wool sock",
            "180 g short",
            "set aside",
        ):
            assert said in text

    run(BenchApp(bench), act)


def test_chinese_titles_are_cut_at_cells_and_columns_stay_straight(bench, views) -> None:
    bench.now = views["chinese"]

    async def act(app: BenchApp, pilot: Pilot[None]) -> None:
        await pilot.pause()
        assert isinstance(app.screen, BenchScreen)
        lines = app.screen.lines
        strips = [lines.render_line(y) for y in (1, 2)]
        ends = [strip.crop(strip.cell_length - 14, strip.cell_length).text for strip in strips]
        assert [end.split() for end in ends] == [["1/1", "182", "克"], ["1/1", "742", "克"]]
        assert ".." in strips[1].text
        title = app.screen.state.render_line(0).text
        assert ".." in title

    run(BenchApp(bench), act, (80, 24))


def test_sick_device_is_named_with_its_remedy(bench, views) -> None:
    bench.now = views["scale_lost"]

    async def act(app: BenchApp, pilot: Pilot[None]) -> None:
        await pilot.pause()
        text = text_of(app)
        assert "! SCALE lost" in text
        assert "Push the plug in" in text
        assert "connection lost" in text

    run(BenchApp(bench), act, (80, 24))


def test_every_key_that_may_be_pressed_is_on_the_screen(bench, views) -> None:
    bench.now = views["many"]

    async def act(app: BenchApp, pilot: Pilot[None]) -> None:
        await pilot.pause()
        assert isinstance(app.screen, BenchScreen)
        legend = app.screen.legend
        text = "\n".join(legend.render_line(y).text for y in range(legend.size[1]))
        assert [word for word in text.split() if word.isdigit() and len(word) == 1] == list(
            "0123456789"
        )

    run(BenchApp(bench), act, (80, 24))


def test_tones_ring_in_patterns_that_differ(bench) -> None:
    patterns = list(BELLS.values())
    assert len({tuple(b - a for a, b in pairwise(pattern)) for pattern in patterns}) == len(Tone)

    async def act(app: BenchApp, _: Pilot[None]) -> None:
        threading.Thread(target=lambda: bench.tones[0](Tone.ACCEPTED)).start()
        await until(lambda: app.rung == len(BELLS[Tone.ACCEPTED]), "both bells")

    run(RingingApp(bench), act)


def test_error_ends_with_a_plain_message_and_its_own_status(bench, caplog, tmp_path) -> None:
    app = BenchApp(bench, log_file=tmp_path / "bench.log")
    said: list[str] = []

    async def act(app: BenchApp, _: Pilot[None]) -> None:
        app.post_message(events.Key("f12", None))
        await until(lambda: app.return_code is not None, "the end")
        said.extend(map(str, app._exit_renderables))

    with caplog.at_level(logging.CRITICAL), pytest.raises(LookupError):
        run(app, act)
    assert app.return_code == EXIT_SOFTWARE
    assert len(said) == 1
    assert "stopped because of an error" in said[0]
    assert "bench.log" in said[0]
    assert "4111" not in said[0]
    assert any(record.exc_info for record in caplog.records)


def test_unknown_theme_is_refused_with_those_that_exist(bench) -> None:
    with pytest.raises(ValueError, match="dark, light, high-contrast, monochrome"):
        BenchApp(bench, theme="solarized")


def test_no_color_chooses_the_theme_that_needs_none(bench, monkeypatch) -> None:
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")
    assert BenchApp(bench).theme.endswith("monochrome")
