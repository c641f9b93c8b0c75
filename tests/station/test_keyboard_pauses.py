"""A standstill of the program excuses late keys after it, and no others."""

from returnbench.station.keyboard import Keyboard
from returnbench.station.wedge import KeyPress

MS = 1_000_000


def test_enter_long_after_a_standstill_and_another_enter_counts():
    keyboard = Keyboard(clock_ns=lambda: 0)
    keyboard.key("3", "3", 1_000 * MS)
    assert keyboard.settle(1_070 * MS) == [KeyPress("3", 1_000 * MS)]
    keyboard._pauses.note(1_100 * MS, 1_400 * MS)
    assert keyboard.key("enter", "\r", 1_500 * MS) == [KeyPress("enter", 1_500 * MS)]
    assert keyboard.key("enter", "\r", 1_800 * MS) == [KeyPress("enter", 1_800 * MS)]


def test_second_half_of_an_end_that_a_standstill_delayed_is_no_key():
    keyboard = Keyboard(clock_ns=lambda: 0)
    for number, character in enumerate("YT12"):
        keyboard.key(character, character, (1_000 + number) * MS)
    keyboard.key("enter", "\r", 1_004 * MS)
    keyboard._pauses.note(1_005 * MS, 1_400 * MS)
    assert keyboard.key("enter", "\n", 1_401 * MS) == []
