"""Keys of a keyboard-wedge scanner and of a person, told apart by their spacing.

A wedge scanner types a code as fast as a keyboard can; a person does not. The assembler takes key
events with their times and says which of them were a scan, which a key, and which a scan that
lacks its end. It is pure: it reads no clock and knows no screen.
"""

from dataclasses import dataclass

GAP_NS = 60_000_000
"""Characters closer than this belong together: the slowest scanner mode in use is 50 ms apart."""

TAIL_GAPS = 8
"""So many gaps after a cut-off burst, what follows is still taken for the rest of it."""

SHORTEST_SCAN_WHILE_TYPING = 4
"""While a number is typed by hand, fewer characters in a burst are fast fingers, not a scanner."""

HEAD_GAPS = 3
"""A character this many gaps before a burst may be its head; no person is so quick with a scanner
after a key."""

SURE_BURST = 6
"""No person strikes so many keys without a gap: such a burst is a scan and may pause longer, for
the thread that reads the terminal may be late on a busy machine."""

LONGEST_BURST = 8192
"""More characters than any printed code holds (QR: 7,089 digits): a key lies on the keyboard."""

_MODIFIERS = frozenset(
    f"{side}_{key}"
    for side in ("left", "right")
    for key in ("shift", "control", "alt", "super", "hyper", "meta")
) | {"iso_level3_shift", "iso_level5_shift", "caps_lock", "num_lock", "scroll_lock"}
_TERMINATORS = frozenset({"enter", "ctrl+j", "ctrl+m", "tab", "ctrl+i", "kp_enter"})
# Named keys of the numeric pad, and the separators of ISO/IEC 15434 messages. The separators are
# known by their key name, because the kitty keyboard protocol gives them no character.
_CHARACTER_OF = {
    "divide": "/",
    "multiply": "*",
    "subtract": "-",
    "add": "+",
    "decimal": ".",
    "ctrl+right_square_bracket": "\x1d",
    "ctrl+circumflex_accent": "\x1e",
    "ctrl+d": "\x04",
}


@dataclass(frozen=True, slots=True)
class ScanText:
    """One whole code. ``at_ns`` is the time of its last character; ``device`` says who typed it."""

    text: str
    at_ns: int
    device: str = "wedge"


@dataclass(frozen=True, slots=True)
class KeyPress:
    """One key of a person: the character itself, or the name of a key without one."""

    key: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class CutOff:
    """Characters that came like a scan but without its end, or two keys struck at once.

    They are reported and never guessed at: half a number could be another parcel's, and a digit
    out of it a command that nobody gave.
    """

    text: str
    at_ns: int


WedgeEvent = ScanText | KeyPress | CutOff


class Wedge:
    """Assembles key events into scans and keys.

    ``gap_ns`` is the longest time between two characters of one scan. ``prefix`` is what the
    scanner is set to send before each code: it is taken off. A burst that begins with it, or that
    is too long to be a person's, may pause longer. Feed events in order with ``key`` and ``paste``;
    when ``due_ns`` has passed and nothing struck earlier is still waiting, call ``settle``.
    """

    def __init__(self, *, gap_ns: int = GAP_NS, prefix: str = "") -> None:
        if gap_ns <= 0:
            raise ValueError(f"the gap between characters must be positive, not {gap_ns} ns")
        self.typing = False
        """Whether a person is typing a number: short bursts are then single keys."""
        self._gap_ns = gap_ns
        self._prefix = prefix
        self._buffer: list[str] = []
        self._first_key = ""
        self._last_ns = 0
        self._doubtful = False
        self._tail_until_ns: int | None = None
        self._lone_ns: int | None = None
        self._follows_lone = False
        self._ended_ns: int | None = None

    @property
    def due_ns(self) -> int | None:
        """When the open burst is over at the earliest; nothing when there is none."""
        return self._last_ns + self._allowed_ns() if self._buffer else None

    @property
    def last_ns(self) -> int:
        """Time of the last character or end of a scan."""
        return self._last_ns

    def key(
        self, name: str, character: str | None, at_ns: int, paused_ns: int = 0
    ) -> list[WedgeEvent]:
        """Take one key event and return what is now certain.

        ``name`` and ``character`` are as the terminal library gives them. ``paused_ns`` is how
        long, since the last key, this program stood still: a scan that it read late is not cut.
        """
        if name in _MODIFIERS:
            return []
        events = self._close_if_over(at_ns, paused_ns)
        if name in _TERMINATORS:
            return events + self._terminator(name, at_ns, paused_ns)
        text = _character(name, character)
        if text is None:
            return events + self._named_key(name, at_ns)
        if not self._buffer:
            self._first_key = name
            in_tail = self._tail_until_ns is not None and at_ns - paused_ns <= self._tail_until_ns
            self._doubtful = in_tail and not self.typing
            lone, self._lone_ns = self._lone_ns, None
            self._follows_lone = lone is not None and at_ns - lone <= self._gap_ns * HEAD_GAPS
        elif len(self._buffer) == 1 and at_ns - self._last_ns > self._allowed_ns():
            # Only a standstill joins these two: a key and a scan, or one scan? Nobody can tell.
            self._doubtful = True
        self._buffer.append(text)
        self._last_ns = at_ns
        if len(self._buffer) >= LONGEST_BURST:
            events += self._close()
        return events

    def paste(self, text: str, at_ns: int) -> list[WedgeEvent]:
        """Take text that came in one piece: each line of it is a scan."""
        events = self._close()
        self._last_ns = at_ns
        lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "\n").split("\n")
        scans = (self._without_prefix(line) for line in lines)
        return events + [ScanText(scan, at_ns) for scan in scans if scan.strip()]

    def settle(self, now_ns: int, paused_ns: int = 0) -> list[WedgeEvent]:
        """End the open burst if its time is over at ``now_ns``."""
        return self._close_if_over(now_ns, paused_ns)

    def _allowed_ns(self) -> int:
        if len(self._buffer) >= SURE_BURST:
            return self._gap_ns * TAIL_GAPS
        if self._prefix and len(self._buffer) >= len(self._prefix):
            begin = "".join(self._buffer[: len(self._prefix)])
            if begin == self._prefix:
                return self._gap_ns * TAIL_GAPS
        return self._gap_ns

    def _without_prefix(self, text: str) -> str:
        return text.removeprefix(self._prefix) if self._prefix else text

    def _close_if_over(self, now_ns: int, paused_ns: int) -> list[WedgeEvent]:
        if not self._buffer or now_ns - self._last_ns - paused_ns <= self._allowed_ns():
            return []
        return self._close()

    def _close(self) -> list[WedgeEvent]:
        """End the open burst as one that has no terminator."""
        if not self._buffer:
            return []
        text = "".join(self._buffer)
        at_ns = self._last_ns
        self._buffer.clear()
        if self.typing and len(text) < SHORTEST_SCAN_WHILE_TYPING:
            return [KeyPress(character, at_ns) for character in text]
        if len(text) == 1 and not self._doubtful:
            self._lone_ns = at_ns
            return [KeyPress(text if text.isprintable() else self._first_key, at_ns)]
        self._tail_until_ns = at_ns + self._gap_ns * TAIL_GAPS
        return [CutOff(text, at_ns)]

    def _terminator(self, name: str, at_ns: int, paused_ns: int) -> list[WedgeEvent]:
        before, self._ended_ns = self._ended_ns, at_ns
        # Only a standstill since this key may excuse that the next one comes late.
        self._last_ns = at_ns
        if self._buffer:
            return self._ended_burst(at_ns)
        since = None if before is None else at_ns - before - paused_ns
        # The second half of CR LF, or of any pair of terminators. No person strikes Ctrl-J for
        # Enter, so a line feed may come later than a second Enter and still be the second half.
        allowed_ns = self._gap_ns * (TAIL_GAPS if name == "ctrl+j" else 1)
        if since is not None and since <= allowed_ns:
            return []
        if self._tail_until_ns is not None and at_ns - paused_ns <= self._tail_until_ns:
            # The late end of what was reported as cut off must not confirm anything.
            self._tail_until_ns = None
            return []
        return [KeyPress("tab" if name in {"tab", "ctrl+i"} else "enter", at_ns)]

    def _ended_burst(self, at_ns: int) -> list[WedgeEvent]:
        text = "".join(self._buffer)
        self._buffer.clear()
        self._tail_until_ns = None
        # A lone character just before may be the first of this code, read late: without it the
        # rest could be the number of another parcel.
        missing_head = self._follows_lone and len(text) > 1 and not self.typing
        if self._doubtful or missing_head:
            return [CutOff(text, at_ns)]
        if self.typing and len(text) < SHORTEST_SCAN_WHILE_TYPING:
            keys: list[WedgeEvent] = [KeyPress(character, at_ns) for character in text]
            return [*keys, KeyPress("enter", at_ns)]
        code = self._without_prefix(text)
        return [ScanText(code, at_ns)] if code else []

    def _named_key(self, name: str, at_ns: int) -> list[WedgeEvent]:
        if self._buffer and name.startswith("ctrl+"):
            # A control character inside a burst is the scanner's framing (STX, ETX), not a person.
            self._last_ns = at_ns
            return []
        events = self._close()
        events.append(KeyPress(name, at_ns))
        return events


def _character(name: str, character: str | None) -> str | None:
    """The character that the key types, or nothing for a key that types none."""
    known = _CHARACTER_OF.get(name)
    if known is not None:
        return known
    if character is None or len(character) != 1:
        return None
    is_control = character < " " or "\x7f" <= character < "\xa0"
    if is_control or name.startswith("ctrl+"):
        return None
    return character
