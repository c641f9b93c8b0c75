"""The wedge assembler: scans whole, once and in order; keys only when nothing else they can be."""

from hypothesis import given
from hypothesis import strategies as st

from returnbench.station.wedge import (
    GAP_NS,
    LONGEST_BURST,
    TAIL_GAPS,
    CutOff,
    KeyPress,
    ScanText,
    Wedge,
    WedgeEvent,
)

MS = 1_000_000
SLOWEST_MS = GAP_NS // MS


class Typist:
    """Feeds a wedge as the app does: it settles whenever the open burst is due."""

    def __init__(self, wedge: Wedge | None = None) -> None:
        self.wedge = wedge or Wedge()
        self.now = 1_000 * MS
        self.events: list[WedgeEvent] = []

    def wait(self, ms: int) -> None:
        until = self.now + ms * MS
        due = self.wedge.due_ns
        if due is not None and due < until:
            self.events += self.wedge.settle(due + 1)
        self.now = until

    def key(self, name: str, character: str | None = None, after_ms: int = 2) -> None:
        self.wait(after_ms)
        self.events += self.wedge.key(name, character, self.now)

    def burst(self, text: str, after_ms: int = 2) -> None:
        for character in text:
            self.key(_name_of(character), character, after_ms)

    def shown(self) -> list[tuple[str, str]]:
        kinds = {ScanText: "scan", KeyPress: "key", CutOff: "cut"}
        return [
            (kinds[type(event)], event.key if isinstance(event, KeyPress) else event.text)
            for event in self.events
        ]


def _name_of(character: str) -> str:
    named = {" ": "space", "/": "slash", "*": "asterisk", "\x1d": "ctrl+right_square_bracket"}
    return named.get(character, character)


PRINTABLE = st.text(
    st.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cc", "Co", "Cn")), min_size=1
)


@given(
    st.lists(
        st.tuples(
            PRINTABLE,
            st.lists(st.integers(0, SLOWEST_MS), min_size=1, max_size=8),
            st.sampled_from(["enter", "ctrl+j", "tab", "enter ctrl+j"]),
        ),
        max_size=12,
    )
)
def test_bursts_come_out_whole_once_and_in_order(
    scans: list[tuple[str, list[int], str]],
) -> None:
    typist = Typist()
    for text, gaps, terminator in scans:
        for index, character in enumerate(text):
            typist.key(_name_of(character), character, gaps[index % len(gaps)])
        for name in terminator.split():
            typist.key(name, None, gaps[0])
    assert typist.shown() == [("scan", text) for text, _, _ in scans]


@given(st.lists(st.sampled_from("0123456789*"), max_size=30), st.integers(61, 900))
def test_slow_keys_are_keys_in_order(keys: list[str], gap_ms: int) -> None:
    typist = Typist()
    for key in keys:
        typist.key(_name_of(key), key, gap_ms)
    typist.wait(1000)
    assert typist.shown() == [("key", key) for key in keys]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("key"), st.sampled_from("0123456789")),
            st.tuples(st.just("scan"), st.text("0123456789", min_size=1, max_size=24)),
        ),
        max_size=20,
    )
)
def test_keys_and_scans_between_each_other_stay_apart(acts: list[tuple[str, str]]) -> None:
    typist = Typist()
    for kind, text in acts:
        typist.wait(250)
        typist.burst(text, after_ms=3)
        if kind == "scan":
            typist.key("enter", "\r", 3)
    typist.wait(1000)
    assert typist.shown() == acts


@given(st.sampled_from("0123456789AY"), st.text("0123456789", min_size=2), st.integers(61, 175))
def test_a_code_whose_head_came_early_is_not_taken_without_it(
    head: str, rest: str, gap_ms: int
) -> None:
    typist = Typist()
    typist.wait(1000)
    typist.burst(head, after_ms=3)
    typist.wait(gap_ms - 3)
    typist.burst(rest, after_ms=3)
    typist.key("enter", "\r", 3)
    typist.wait(1000)
    assert typist.shown() == [("key", head), ("cut", rest)]


@given(st.lists(st.sampled_from("0123456789"), min_size=2, max_size=9), st.integers(61, 400))
def test_quick_keys_of_a_person_stay_keys(keys: list[str], gap_ms: int) -> None:
    typist = Typist()
    for key in keys:
        typist.key(_name_of(key), key, gap_ms)
    typist.key("enter", "\r", gap_ms)
    typist.wait(1000)
    assert typist.shown() == [*(("key", key) for key in keys), ("key", "enter")]


@given(st.text("0123456789", min_size=2, max_size=40))
def test_a_burst_without_its_end_is_never_a_command(text: str) -> None:
    typist = Typist()
    typist.burst(text)
    typist.wait(2000)
    assert typist.shown() == [("cut", text)]


def test_times_are_those_of_the_last_character() -> None:
    typist = Typist()
    typist.burst("AB12", after_ms=5)
    typist.key("enter", "\r", 5)
    (scan,) = typist.events
    assert scan == ScanText("AB12", 1_025 * MS, "wedge")


def test_lone_enter_and_tab_are_keys() -> None:
    typist = Typist()
    typist.key("enter", "\r")
    typist.key("tab", "\t", 200)
    typist.key("ctrl+j", None, 900)
    assert typist.shown() == [("key", "enter"), ("key", "tab"), ("key", "enter")]


def test_cr_lf_counts_once_even_when_the_lf_is_slow() -> None:
    typist = Typist()
    typist.burst("12345")
    typist.key("enter", "\r")
    typist.key("ctrl+j", None, 200)
    typist.key("enter", "\r", 400)
    assert typist.shown() == [("scan", "12345"), ("key", "enter")]


def test_late_end_of_a_cut_off_scan_confirms_nothing() -> None:
    typist = Typist()
    typist.burst("78123")
    typist.key("enter", "\r", SLOWEST_MS + 40)
    assert typist.shown() == [("cut", "78123")]
    typist.key("enter", "\r", 700)
    assert typist.shown()[1:] == [("key", "enter")]


def test_rest_of_a_cut_off_scan_is_not_a_scan_of_its_own() -> None:
    typist = Typist()
    typist.burst("78123")
    typist.wait(SLOWEST_MS + 40)
    typist.burst("45678")
    typist.key("enter", "\r")
    typist.wait(TAIL_GAPS * SLOWEST_MS + 100)
    typist.burst("7812345678")
    typist.key("enter", "\r")
    assert typist.shown() == [("cut", "78123"), ("cut", "45678"), ("scan", "7812345678")]


def test_a_key_held_down_gives_no_command() -> None:
    typist = Typist()
    typist.burst("1" * 30, after_ms=33)
    typist.wait(500)
    assert typist.shown() == [("cut", "1" * 30)]


def test_enter_held_down_confirms_once() -> None:
    typist = Typist()
    for _ in range(20):
        typist.key("enter", "\r", 33)
    assert typist.shown() == [("key", "enter")]


def test_a_key_that_never_stops_is_cut() -> None:
    typist = Typist()
    typist.burst("8" * LONGEST_BURST, after_ms=1)
    assert typist.shown() == [("cut", "8" * LONGEST_BURST)]


def test_modifier_keys_of_the_kitty_protocol_are_ignored() -> None:
    typist = Typist()
    for character in "ABc":
        typist.key("left_shift", None)
        typist.key(character, character)
    typist.key("enter", "\r")
    typist.key("left_control", None, 200)
    assert typist.shown() == [("scan", "ABc")]


def test_group_separator_is_known_by_name_with_and_without_a_character() -> None:
    for character in ("\x1d", None):
        typist = Typist()
        typist.burst("0104006381333931")
        typist.key("ctrl+right_square_bracket", character)
        typist.burst("21A1")
        typist.key("enter", "\r")
        assert typist.shown() == [("scan", "0104006381333931\x1d21A1")]


def test_record_separator_and_end_of_transmission_stay_in_the_code() -> None:
    typist = Typist()
    typist.burst("[)>")
    typist.key("ctrl+circumflex_accent", None)
    typist.burst("06")
    typist.key("ctrl+d", None)
    typist.key("enter", "\r")
    assert typist.shown() == [("scan", "[)>\x1e06\x04")]


def test_framing_control_characters_are_dropped() -> None:
    typist = Typist()
    typist.burst("4006381")
    typist.key("ctrl+c", "\x03")
    typist.key("enter", "\r")
    assert typist.shown() == [("scan", "4006381")]


def test_lone_control_key_is_a_key() -> None:
    typist = Typist()
    typist.key("ctrl+c", "\x03")
    typist.key("ctrl+right_square_bracket", "\x1d", 200)
    typist.wait(200)
    assert typist.shown() == [("key", "ctrl+c"), ("key", "ctrl+right_square_bracket")]


def test_numeric_pad_of_the_kitty_protocol() -> None:
    typist = Typist()
    for name in ("1", "divide", "multiply", "kp_enter"):
        typist.key(name, None, 200)
    assert typist.shown() == [("key", "1"), ("key", "/"), ("key", "*"), ("key", "enter")]


def test_named_key_ends_a_burst() -> None:
    typist = Typist()
    typist.key("1", "1", 200)
    typist.key("f2", None, 10)
    assert typist.shown() == [("key", "1"), ("key", "f2")]


def test_paste_is_a_scan_for_each_line() -> None:
    typist = Typist()
    typist.events += typist.wedge.paste("SF100\r\nSF200\n\n SF300\rSF400\t", typist.now)
    assert [text for _, text in typist.shown()] == ["SF100", "SF200", " SF300", "SF400"]
    assert {kind for kind, _ in typist.shown()} == {"scan"}


def test_prefix_is_taken_off_and_holds_a_slow_burst_together() -> None:
    typist = Typist(Wedge(prefix="~~"))
    typist.burst("~~")
    typist.burst("123", after_ms=200)
    typist.key("enter", "\r", 200)
    typist.wait(300)
    typist.burst("456")
    typist.key("enter", "\r")
    assert typist.shown() == [("scan", "123"), ("scan", "456")]


def test_prefix_alone_is_nothing() -> None:
    typist = Typist(Wedge(prefix="~~"))
    typist.burst("~~")
    typist.key("enter", "\r")
    assert typist.shown() == []


def test_standstill_inside_a_scan_does_not_cut_it() -> None:
    wedge = Wedge()
    events: list[WedgeEvent] = []
    for index, character in enumerate("7812"):
        events += wedge.key(character, character, index * MS)
    events += wedge.settle(400 * MS, paused_ns=390 * MS)
    events += wedge.key("3", "3", 401 * MS, paused_ns=390 * MS)
    events += wedge.key("enter", "\r", 402 * MS)
    assert events == [ScanText("78123", 402 * MS)]


def test_standstill_after_one_character_is_not_guessed_at() -> None:
    wedge = Wedge()
    events = wedge.key("1", "1", 0)
    events += wedge.key("7", "7", 300 * MS, paused_ns=290 * MS)
    events += wedge.key("enter", "\r", 301 * MS)
    assert events == [CutOff("17", 301 * MS)]


def test_typing_takes_short_bursts_as_keys_and_long_ones_as_scans() -> None:
    typist = Typist()
    typist.wedge.typing = True
    typist.burst("SF", after_ms=10)
    typist.wait(200)
    typist.burst("12", after_ms=40)
    typist.key("enter", "\r", 30)
    typist.wait(200)
    typist.burst("7812345", after_ms=2)
    typist.key("enter", "\r")
    assert typist.shown() == [
        ("key", "S"),
        ("key", "F"),
        ("key", "1"),
        ("key", "2"),
        ("key", "enter"),
        ("scan", "7812345"),
    ]
