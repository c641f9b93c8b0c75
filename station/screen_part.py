"""The base of everything on the bench screen: a part of fixed size that draws one value."""

from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from returnbench.station.screen_cells import Row, clip_row, row_len
from returnbench.station.screen_words import ENGLISH, ScreenWords

Value = TypeVar("Value")


class Part(Widget, Generic[Value], can_focus=False):
    """A part of the screen that shows one value and is drawn again only when it changes.

    Its place and size come from the style sheet alone, so that nothing moves when the value does.
    Children say in ``draw`` which pieces of text stand in which row; the style names are those of
    the component classes ``part--NAME`` of the style sheet.
    """

    STYLE_NAMES = (
        "heading",
        "unsettled",
        "strong",
        "dim",
        "good",
        "warn",
        "bad",
        "key",
        "primary",
        "ready",
        "accepted",
        "attention",
        "refused",
        "trouble",
        "dot",
        "title",
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"part--{name}" for name in STYLE_NAMES}

    def __init__(self, words: ScreenWords = ENGLISH, *, part_id: str | None = None) -> None:
        super().__init__(id=part_id)
        self.words = words
        self._value: Value | None = None
        self._rows: list[Row] | None = None
        self._drawn_size = (0, 0)

    def show(self, value: Value) -> None:
        """Show ``value``; nothing happens when it is shown already."""
        if value == self._value:
            return
        self._value = value
        self._rows = None
        self.changed(value)
        self.refresh()

    def changed(self, value: Value) -> None:
        """Called when there is a new value, before it is drawn."""

    def draw(self, value: Value, width: int, height: int) -> list[Row]:
        """The rows of ``value`` in an area of ``width`` by ``height`` cells."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """One row, exactly as wide as the part."""
        width, height = self.size
        if self._value is None:
            return Strip.blank(width, self.rich_style)
        if self._rows is None or self._drawn_size != (width, height):
            self._rows = self.draw(self._value, width, height)
            self._drawn_size = (width, height)
        row = clip_row(self._rows[y], width) if y < len(self._rows) else []
        segments = [Segment(text, self._style(name)) for text, name in row]
        segments.append(Segment(" " * (width - row_len(row)), self.rich_style))
        return Strip(segments, width)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"part--{name}") if name else self.rich_style
