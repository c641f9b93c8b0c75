"""A number typed by hand: a visible line that is open or closed, without a text field.

Waybills whose barcode cannot be read are typed. The line takes single keys while it is open; a
scan goes on being a scan and closes it.
"""

from returnbench.station.wedge import KeyPress, ScanText, WedgeEvent

OPENING_KEYS = frozenset({"/", "f2"})
"""Keys that open the line: one on the numeric pad, one that no scanner sends."""

DEVICE = "keyboard"
"""What the station records as the source of a number typed by hand."""

LONGEST_NUMBER = 60
"""Longer than any waybill: further keys are not taken."""


class TypingLine:
    """The line for a number that is typed by hand. Pure: it holds text and nothing else."""

    def __init__(self) -> None:
        self._text: str | None = None

    @property
    def text(self) -> str | None:
        """What has been typed, or nothing while the line is closed."""
        return self._text

    @property
    def is_open(self) -> bool:
        """Whether keys go into the line."""
        return self._text is not None

    def take(self, event: WedgeEvent) -> WedgeEvent | None:
        """Take one event; return the one that goes on to the bench, if any.

        Enter ends the line and makes it a ``ScanText`` from the keyboard; Enter on an empty line,
        and Escape, close it without one.
        """
        if isinstance(event, ScanText):
            self._text = None
            return event
        if not isinstance(event, KeyPress):
            return event
        if self._text is None:
            if event.key.lower() not in OPENING_KEYS:
                return event
            self._text = ""
            return None
        return self._typed(self._text, event)

    def _typed(self, text: str, press: KeyPress) -> WedgeEvent | None:
        number = text.strip()
        match press.key:
            case "escape":
                self._text = None
            case "enter":
                self._text = None
                return ScanText(number, press.at_ns, DEVICE) if number else None
            case "backspace":
                self._text = text[:-1]
            case key if len(key) == 1 and len(text) < LONGEST_NUMBER:
                self._text = text + key
            case _:
                pass
        return None
