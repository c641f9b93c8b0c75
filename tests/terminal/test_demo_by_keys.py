"""The demo in a real terminal, worked by its keys alone, by somebody who reads the screen."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from returnbench.sync.recovery import read_entries

pytestmark = pytest.mark.needs("tmux")

SEED = 7
PARCELS = 20
PATIENCE_S = 30.0
A_PERSON_S = 0.2
"""Keys closer together than a person presses them are taken for a scanner."""

BORDERS = "╭╮╰╯┌┐└┘╔╗╚╝┏┓┗┛│║┃─═━ "
TOP, BOTTOM = "╭┌╔┏", "╰└╚┗"
KEY = re.compile(r"(?<!\S)(ENTER|\d) {1,3}(\S.*?)(?= {2,}|$)")
LINE = re.compile(r"^ (\[.\]) (.+?) +(\d+|-)/(\d+) ")


@dataclass(frozen=True)
class Screen:
    """What a person reads: the rows as they are, and what stands where."""

    rows: tuple[str, ...]

    @property
    def box(self) -> list[str]:
        starts = [n for n, row in enumerate(self.rows) if row[:1] and row[0] in TOP]
        ends = [n for n, row in enumerate(self.rows) if row[:1] and row[0] in BOTTOM]
        if not starts or not ends:
            return []
        inside = [row.strip(BORDERS) for row in self.rows[starts[0] + 1 : ends[-1]]]
        return [row for row in inside if row]

    @property
    def title(self) -> str:
        return self.box[0] if self.box else ""

    @property
    def said(self) -> str:
        return " ".join(self.box[1:])

    @property
    def keys(self) -> dict[str, str]:
        start = next((n for n, row in enumerate(self.rows) if row.startswith(" LAST PARC")), None)
        above = self.rows[:start] if start is not None else self.rows[:-1]
        legend = [row for row in above[-6:] if KEY.match(row.strip())]
        return {key: label for row in legend for key, label in KEY.findall(row)}

    @property
    def lines(self) -> dict[str, str]:
        found = (LINE.match(row) for row in self.rows)
        return {match[2]: match[1] for match in found if match}

    @property
    def expected(self) -> Counter[str]:
        found = (LINE.match(row) for row in self.rows)
        return Counter({match[2]: int(match[4]) for match in found if match})

    @property
    def hint(self) -> str:
        return self.rows[-1].strip() if self.rows else ""

    @property
    def seen(self) -> Counter[str]:
        listed = re.search(r"You see (.*)\. U", self.hint)
        assert listed, self.rows
        units = (re.fullmatch(r"(?:(\d+) x )?(.+)", unit) for unit in listed[1].split(" + "))
        return Counter({unit[2]: int(unit[1] or 1) for unit in units})

    @property
    def steady(self) -> tuple[object, ...]:
        """What changes with the inspection alone, not with the clock or the weight."""
        return self.title, self.keys, self.lines


class Terminal:
    """tmux with the demo in it."""

    def __init__(self, folder: Path, columns: int, rows: int, parcels: int) -> None:
        settings = folder / "tmux.conf"
        wanted = ("status off", f"default-size {columns}x{rows}")
        settings.write_text("".join(f"set-option -g {option}\n" for option in wanted))
        self._tmux = ["tmux", "-S", str(folder / "socket"), "-f", str(settings)]
        self._last_key = 0.0
        self.site = folder / "site"
        command = [sys.executable, "-m", "returnbench.station.cli", "demo", "--seed", str(SEED)]
        command += ["--parcels", str(parcels), "--dir", str(self.site)]
        # The shell keeps what the program prints at its end, and its status, on the screen.
        shell = ["sh", "-c", f"{shlex.join(command)}; echo status $?; read end"]
        self._call("new-session", "-d", "-x", str(columns), "-y", str(rows), *shell)

    def _call(self, *arguments: str) -> str:
        # Named, for the readline of the test runner puts its own COLUMNS into what is inherited.
        environment = dict(os.environ)
        command = [*self._tmux, *arguments]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=20, env=environment
        )
        return done.stdout

    def screen(self) -> Screen:
        return Screen(tuple(self._call("capture-pane", "-p").rstrip("\n").split("\n")))

    def press(self, key: str) -> None:
        time.sleep(max(0.0, self._last_key + A_PERSON_S - time.monotonic()))
        self._call("send-keys", {"enter": "Enter", "ctrl+c": "C-c"}.get(key, key))
        self._last_key = time.monotonic()

    def until(self, holds: Callable[[Screen], object], what: str) -> Screen:
        """Wait until the screen is drawn to its end and ``holds`` is true of it."""
        ends = time.monotonic() + PATIENCE_S
        before, screen = None, self.screen()
        while before is None or before.said != screen.said or not holds(screen):
            assert time.monotonic() < ends, f"never seen: {what}\n" + "\n".join(screen.rows)
            time.sleep(0.03)
            before, screen = screen, self.screen()
            if before.steady != screen.steady:
                before = None
        return screen

    def react(self, key: str) -> Screen:
        """Press ``key`` and wait until the screen shows something else."""
        before = self.screen()
        self.press(key)
        return self.until(lambda now: now.steady != before.steady, f"any effect of key {key}")

    def status(self) -> int | None:
        ended = re.search(r"^status (\d+)$", "\n".join(self.screen().rows), re.MULTILINE)
        return int(ended[1]) if ended else None

    def leave(self) -> int:
        self.press("ctrl+c")
        self.until(lambda now: "again" in now.hint, "the question whether to leave")
        self.press("ctrl+c")
        self.until(lambda _: self.status() is not None, "the end")
        return self.status()

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True, timeout=20)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    started: list[Terminal] = []

    def _start(columns: int, rows: int, parcels: int) -> Terminal:
        terminal = Terminal(tmp_path, columns, rows, parcels)
        started.append(terminal)
        terminal.until(lambda now: now.title == "SCAN A WAYBILL", "the bench")
        return terminal

    yield _start
    for terminal in started:
        terminal.close()


class Person:
    """Takes parcels through the bench; knows only what the screen says."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self.titles: list[str] = []

    def next_parcel(self) -> Screen:
        """Ask for the next parcel and wait until the bench has read its label."""
        self._terminal.until(lambda now: "N lays the next parcel" in now.hint, "the way on")
        self._terminal.press("n")
        return self._terminal.until(lambda now: not between(now), "an open parcel")

    def inspect(self, screen: Screen | None = None) -> Screen:
        """Lead the open parcel to its verdict."""
        screen = screen or self._terminal.screen()
        while not between(screen):
            self.titles.append(screen.title)
            screen = self._step(screen)
        return screen

    def _step(self, screen: Screen) -> Screen:
        match screen.title.split(":")[0]:
            case "PUT THE PARCEL ON THE SCALE":
                return self._terminal.until(
                    lambda now: now.title != screen.title, "the weight of the parcel"
                )
            case "STOP AT THE DOOR" | "LOOK BEFORE YOU OPEN":
                return self._terminal.react("1")
            case "CHECK THE PARCEL" | "THE WEIGHT DOES NOT FIT":
                return self._terminal.react(self._outside(screen))
            case "COMPARE THE CONTENTS" | "COUNT EVERY UNIT":
                return self._contents(screen)
            case "PUT EVERYTHING ON THE SCALE":
                return self._weigh_everything(screen)
            case "GRADE":
                return self._terminal.react(self._grade(screen))
            case "A SECOND PERSON MUST CONFIRM":
                return self._terminal.react("b")
            case "PROPOSED":
                return self._terminal.react("enter")
            case other:
                raise AssertionError(f"no idea what to do at {other!r}: {screen.rows}")

    @staticmethod
    def _outside(screen: Screen) -> str:
        if "torn" in screen.hint:
            return "4"
        fine = "nothing is the matter" in screen.hint or "already has the money" in screen.hint
        return "enter" if fine and "ENTER" in screen.keys else "1"

    def _contents(self, screen: Screen) -> Screen:
        if screen.expected and "[!]" not in screen.lines.values():
            titles = list(screen.seen)
            if any(title.startswith("other ") for title in titles):
                return self._note_swapped()
            if marked := [title for title in titles if title.endswith(")")]:
                return self._note_damage(marked[0])
            if screen.expected - screen.seen:
                return self._note_missing(screen)
        return self._terminal.react("enter" if "ENTER" in screen.keys else "1")

    def _note_missing(self, screen: Screen) -> Screen:
        missing = [title for title, count in (screen.expected - screen.seen).items() if count]
        assert len(missing) == 1, screen.rows
        asked = self._terminal.react("4")
        assert "packing slip" in asked.said
        assert "SLIP LISTS ALL" in asked.keys["1"]
        self._terminal.react("1")
        return self._choose(self._terminal.react("4"), missing[0])

    def _note_swapped(self) -> Screen:
        """Scan one unit after the other until one belongs to no line, then say so."""
        for _ in range(12):
            before = self._terminal.screen().said
            self._terminal.press("u")
            now = self._terminal.until(lambda now, b=before: now.said != b, "the scanned unit")
            if "belongs to no line" in now.said:
                break
        seen = self._terminal.screen().seen
        other = next(title for title in seen if title.startswith("other "))
        return self._choose(self._terminal.react("3"), other.removeprefix("other "))

    def _note_damage(self, marked: str) -> Screen:
        title, _, state = marked.removesuffix(")").partition(" (")
        causes = self._choose(self._terminal.react("2"), title)
        wanted = {"soiled": "SOILED", "defect": "MAKER'S DEFECT"}[state]
        return self._choose(causes, wanted)

    def _choose(self, screen: Screen, label: str) -> Screen:
        key = next(key for key, shown in screen.keys.items() if shown == label)
        return self._terminal.react(key)

    def _weigh_everything(self, screen: Screen) -> Screen:
        """Press until it lies still: while it moves, the bench says that there is no weight."""
        ends = time.monotonic() + PATIENCE_S
        while screen.title == "PUT EVERYTHING ON THE SCALE":
            assert time.monotonic() < ends, screen.rows
            before = screen.box
            self._terminal.press("enter")
            screen = self._terminal.until(
                lambda now, b=before: now.box != b or "No weight" in now.said, "the weighing"
            )
        return screen

    @staticmethod
    def _grade(screen: Screen) -> str:
        title = screen.title.removeprefix("GRADE: ")
        seen = " ".join(screen.seen)
        if f"{title} (soiled)" in seen:
            return "4"
        if f"{title} (defect)" in seen:
            return "5"
        return "2" if ")" in seen else "enter"


def between(screen: Screen) -> bool:
    return screen.title == "SCAN A WAYBILL" or screen.title.startswith("DONE")


@pytest.mark.timeout(400)
def test_twenty_parcels_by_keys_alone(start) -> None:
    terminal = start(120, 40, PARCELS)
    person = Person(terminal)
    person.inspect(person.next_parcel())
    assert "UNDO" in terminal.screen().keys["0"]
    taken_back = terminal.react("0")
    assert "Taken back" in taken_back.said
    person.inspect()

    opened = person.next_parcel()
    opened = terminal.until(lambda now: now.title != "PUT THE PARCEL ON THE SCALE", "the weight")
    assert opened.keys["9"] == "SET ASIDE"
    assert "Set aside" in terminal.react("9").said
    for _ in range(PARCELS - 2):
        person.inspect(person.next_parcel())
    back = person.next_parcel()
    assert "was set aside before" in back.said
    person.inspect(back)
    terminal.until(lambda now: "that was the last parcel" in now.hint, "the end of the parcels")
    assert {"STOP AT THE DOOR", "PUT EVERYTHING ON THE SCALE"} <= set(person.titles)
    assert "A SECOND PERSON MUST CONFIRM" in person.titles
    assert terminal.leave() == 0
    assert_log_has_them_all(terminal.site)


def assert_log_has_them_all(site: Path) -> None:
    entries = [entry.data for entry in read_entries(site / "log")]
    kinds = Counter(entry["type"] for entry in entries)
    assert kinds["case_opened"] == PARCELS
    assert len({entry["case"] for entry in entries if entry["type"] == "verdict"}) == PARCELS
    # The one that was taken back was given once more.
    assert kinds["verdict"] == PARCELS + kinds["undo"] == PARCELS + 1
    assert (kinds["hold"], kinds["resume"]) == (1, 1)
    reasons = {entry["reason"] for entry in entries if entry["type"] == "parcel_refused"}
    assert reasons == {"FREIGHT_COLLECT"}
    found = {entry["finding"]["code"] for entry in entries if entry["type"] == "finding"}
    assert {"SHORT_QTY", "SWAP_SUSPECT", "SOILED", "DEFECT_MAKER"} <= found
    verify = [sys.executable, "-m", "returnbench.station.cli", "log", "verify", "--json", "--dir"]
    done = subprocess.run([*verify, str(site)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["ok"]


def test_small_terminal_shows_what_matters(start) -> None:
    terminal = start(80, 24, 2)
    person = Person(terminal)
    opened = person.next_parcel()
    checked = terminal.until(lambda now: now.title != "PUT THE PARCEL ON THE SCALE", "the weight")
    assert opened.title in ("PUT THE PARCEL ON THE SCALE", "CHECK THE PARCEL")
    assert checked.title == "CHECK THE PARCEL"
    assert "ENTER: outside intact, all there, like new." in checked.said
    assert checked.keys == {
        "ENTER": "ALL IN ORDER",
        "1": "INTACT",
        "2": "RETAPED",
        "3": "DENTED",
        "4": "TORN",
        "5": "MORE",
        "9": "SET ASIDE",
    }
    done = person.inspect(checked)
    assert done.title == "DONE: ACCEPT, REFUND ALL"
    assert "Then the shop is told." in done.said
    assert done.keys == {"0": "UNDO"}

    person.inspect(person.next_parcel())
    assert "PUT EVERYTHING ON THE SCALE" in person.titles
    assert terminal.leave() == 0
