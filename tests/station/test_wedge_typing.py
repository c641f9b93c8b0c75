"""A number typed by hand, and the watch that notices a standstill of the program."""

import time

from hypothesis import given
from hypothesis import strategies as st

from returnbench.station.pauses import LATE_NS, TICK_NS, PauseWatch
from returnbench.station.typing_line import LONGEST_NUMBER, TypingLine
from returnbench.station.wedge import CutOff, KeyPress, ScanText


def press(line: TypingLine, *keys: str) -> list[object]:
    return [line.take(KeyPress(key, index)) for index, key in enumerate(keys)]


@given(st.text("0123456789ABCSF-", min_size=1, max_size=LONGEST_NUMBER))
def test_what_is_typed_becomes_one_scan_from_the_keyboard(number: str) -> None:
    line = TypingLine()
    answers = press(line, "/", *number, "enter")
    assert [answer for answer in answers if answer] == [
        ScanText(number, len(number) + 1, "keyboard")
    ]
    assert not line.is_open


def test_line_shows_what_is_typed_and_backspace_corrects_it() -> None:
    line = TypingLine()
    press(line, "f2")
    assert line.text == ""
    press(line, "S", "F", "2", "backspace", "1", "up", "f5")
    assert line.text == "SF1"


def test_escape_and_an_empty_enter_close_without_a_scan() -> None:
    line = TypingLine()
    assert press(line, "/", "1", "escape") == [None, None, None]
    assert not line.is_open
    assert press(line, "/", "enter") == [None, None]
    assert not line.is_open


def test_closed_line_lets_keys_through() -> None:
    line = TypingLine()
    assert press(line, "1") == [KeyPress("1", 0)]


def test_scan_goes_through_and_closes_the_line() -> None:
    line = TypingLine()
    press(line, "/", "1", "2")
    scan = ScanText("SF1002003004005", 9)
    assert line.take(scan) == scan
    assert not line.is_open


def test_cut_off_scan_leaves_the_line_open() -> None:
    line = TypingLine()
    press(line, "/", "1")
    cut = CutOff("78123", 9)
    assert line.take(cut) == cut
    assert line.text == "1"


def test_standstill_is_the_part_between_two_times() -> None:
    watch = PauseWatch()
    watch.note(1_000_000_000, 1_000_000_000 + LATE_NS)
    assert watch.between(0, 5_000_000_000) == 0
    watch.note(2_000_000_000, 2_400_000_000)
    assert watch.between(0, 5_000_000_000) == 400_000_000
    assert watch.between(2_100_000_000, 2_200_000_000) == 100_000_000
    assert watch.between(2_500_000_000, 2_600_000_000) == 0


def test_running_watch_wakes_and_stops() -> None:
    watch = PauseWatch()
    watch.start()
    started = time.monotonic_ns()
    # A time far ahead of the last waking looks like a standstill that has not ended.
    assert watch.between(started, started + 60_000_000_000) > 59_000_000_000 - TICK_NS
    watch.stop()
    watch.join(5)
    assert not watch.is_alive
