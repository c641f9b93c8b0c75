"""The real program on a real pseudo-terminal: floods of scans, a stalled loop, errors, the end."""

import fcntl
import json
import os
import pty
import random
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("bench_on_a_terminal.py")
LEAVE_ALT_SCREEN = b"\x1b[?1049l"
TOO_SLOW_S = 0.03
"""Half of the gap that tells scans from keys: slower than this, the test itself is at fault."""


class Terminal:
    """A pseudo-terminal with the bench on it; what the bench draws is collected."""

    def __init__(self, folder: Path, stall_s: float = 0, early: bytes = b"") -> None:
        self.acts_file = folder / "acts.jsonl"
        self.acts_file.touch()
        self.log_file = folder / "bench.log"
        self.drawn = bytearray()
        self.slow: list[str] = []
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        if early:
            os.write(self._master, early)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        arguments = [str(self.acts_file), str(self.log_file), str(stall_s)]
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            self.drawn += data

    def write(self, data: bytes) -> None:
        os.write(self._master, data)

    def scan(self, code: str, end: bytes = b"\r") -> None:
        """Send ``code`` as a wedge scanner does, and note when this test was too slow for it."""
        before = time.monotonic()
        for character in code:
            self.write(character.encode())
            time.sleep(0.0004)
            now = time.monotonic()
            if now - before > TOO_SLOW_S and code not in self.slow:
                self.slow.append(code)
            before = now
        self.write(end)

    def acts(self) -> list[list[str]]:
        lines = self.acts_file.read_text(encoding="utf-8").splitlines()
        return [act for act in map(json.loads, lines) if act != ["key", "ready"]]

    def scans(self) -> list[str]:
        return [act[1] for act in self.acts() if act[0] == "scan"]

    def wait(self, holds: Callable[[], bool], what: str, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"never happened: {what}; {self.acts()[-5:]}"
            time.sleep(0.01)

    def wait_ready(self) -> None:
        self.wait(lambda: '"ready"' in self.acts_file.read_text(encoding="utf-8"), "the start")

    def wait_end(self) -> int:
        status = self.process.wait(20)
        self._reader.join(5)
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        os.close(self._master)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    started: list[Terminal] = []

    def _start(**options: object) -> Terminal:
        terminal = Terminal(tmp_path, **options)
        started.append(terminal)
        terminal.wait_ready()
        return terminal

    yield _start
    for terminal in started:
        terminal.close()


def codes(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-./ "
    return [
        f"{number:04d}" + "".join(chance.choices(letters, k=chance.randint(1, 24))) + "Z"
        for number in range(count)
    ]


def assert_whole_once_and_in_order(terminal: Terminal, sent: list[str]) -> None:
    fair = [code for code in sent if code not in terminal.slow]
    assert len(fair) >= len(sent) * 0.9, "this machine is too busy to send scans"
    last = fair[-1]
    terminal.wait(lambda: last in terminal.scans(), "the last scan")
    pieces = "\n".join(terminal.slow)
    scans = [scan for scan in terminal.scans() if scan in fair or scan not in pieces]
    assert scans == fair
    if not terminal.slow:
        assert terminal.acts() == [["scan", code, "wedge"] for code in sent]


def test_flood_of_scans_comes_whole_once_and_in_order(start) -> None:
    terminal = start()
    sent = codes(250, seed=1)
    ends = [b"\r", b"\r\n", b"\t", b"\n"]
    for number, code in enumerate(sent):
        terminal.scan(code, ends[number % len(ends)])
    assert_whole_once_and_in_order(terminal, sent)


def test_flood_of_scans_into_a_stalled_loop(start) -> None:
    terminal = start(stall_s=0.25)
    sent = codes(120, seed=2)
    for code in sent:
        terminal.scan(code)
    assert_whole_once_and_in_order(terminal, sent)


def test_scans_in_one_piece_without_any_pause(start) -> None:
    terminal = start()
    sent = codes(200, seed=3)
    # In portions: a terminal's own buffer holds 4,096 bytes.
    for begin in range(0, len(sent), 50):
        portion = sent[begin : begin + 50]
        terminal.write("".join(code + "\r" for code in portion).encode())
        terminal.wait(lambda last=portion[-1]: last in terminal.scans(), "the portion")
    assert terminal.acts() == [["scan", code, "wedge"] for code in sent]


def test_pasted_lines_separators_and_chinese(start) -> None:
    terminal = start()
    terminal.write(b"\x1b[200~SF100\nSF200\n\x1b[201~")
    terminal.write(b"0104006381333931\x1d21A1\r")
    terminal.write("退货-7781\r".encode())
    terminal.wait(lambda: len(terminal.scans()) == 4, "all four")
    assert terminal.scans() == ["SF100", "SF200", "0104006381333931\x1d21A1", "退货-7781"]


def test_lone_keys_are_keys_and_the_kitty_protocol_is_understood(start) -> None:
    terminal = start()
    for data, key in ((b"1", "1"), (b"\x1b[50u", "2"), (b"\x1b[13u", "enter"), (b"\r", "enter")):
        count = len(terminal.acts())
        terminal.write(data)
        terminal.wait(lambda count=count: len(terminal.acts()) > count, f"the key {key}")
        assert terminal.acts()[-1] == ["key", key]
        time.sleep(0.07)  # the next key is a person's: farther away than characters of a scan
    assert terminal.scans() == []


def test_standstill_of_the_program_does_not_cut_a_scan(start) -> None:
    terminal = start()
    terminal.write(b"SF13900000")
    terminal.process.send_signal(signal.SIGSTOP)
    time.sleep(0.4)  # longer than any gap between characters
    terminal.write(b"77821\r")
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait(lambda: bool(terminal.acts()), "the scan")
    assert terminal.acts() == [["scan", "SF1390000077821", "wedge"]]


def test_what_was_struck_before_the_start_is_not_glued_to_the_first_scan(start) -> None:
    terminal = start(early=b"9999")
    terminal.scan("SF1390000077821")
    terminal.wait(lambda: bool(terminal.acts()), "the first scan")
    assert terminal.slow or terminal.acts() == [["scan", "SF1390000077821", "wedge"]]


def test_error_leaves_the_terminal_in_order_with_a_plain_message(start) -> None:
    terminal = start()
    terminal.write(b"\x1b[24~")
    assert terminal.wait_end() == 70
    after = bytes(terminal.drawn).rpartition(LEAVE_ALT_SCREEN)[2].decode()
    assert "stopped because of an error" in after
    assert str(terminal.log_file.name) in after.replace("\r\n", "")
    for hidden in ("Traceback", "LookupError", "4111", "secret"):
        assert hidden not in terminal.drawn.decode(errors="replace")
    log = terminal.log_file.read_text()
    assert "LookupError: the bench failed" in log
    assert "4111111111111111" not in log.replace('secret = "4111111111111111"', "")


def test_leaving_takes_the_same_key_twice(start) -> None:
    terminal = start()
    terminal.write(b"\x03")
    terminal.wait(lambda: b"Press Ctrl+C again" in terminal.drawn, "the question")
    terminal.write(b"\x03")
    assert terminal.wait_end() == 0
    assert LEAVE_ALT_SCREEN in terminal.drawn


def test_termination_leaves_the_terminal_in_order(start) -> None:
    terminal = start()
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.wait_end() == 0
    assert LEAVE_ALT_SCREEN in terminal.drawn
