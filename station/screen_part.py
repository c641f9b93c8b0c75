"""The base of everything on the bench screen: a part of fixed size that draws one value."""

from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
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
        self._plain_style: Style | None = None

    def show(self, value: Value) -> None:
        """Show ``value``; nothing happens when it is shown already."""
        if value == self._value:
            return
        before = self._rows if self._drawn_size == self.size else None
        self._value = value
        self._rows = None
        self.changed(value)
        if before is None:
            self.refresh()
            return
        # Most changes touch one row or two; the others need not be sent to the terminal again.
        after = self._drawn(value)
        rows = [y for y, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
        if rows:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in rows))

    def changed(self, value: Value) -> None:
        """Called when there is a new value, before it is drawn."""

    def draw(self, value: Value, width: int, height: int) -> list[Row]:
        """The rows of ``value`` in an area of ``width`` by ``height`` cells."""
        raise NotImplementedError

    def notify_style_update(self) -> None:
        """Forget what was taken from the style sheet."""
        self._plain_style = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One row, exactly as wide as the part."""
        width = self.size.width
        plain = self._plain()
        if self._value is None:
            return Strip.blank(width, plain)
        row = self._drawn(self._value)[y]
        segments = [Segment(text, self._named(name) if name else plain) for text, name in row]
        segments.append(Segment(" " * (width - row_len(row)), plain))
        return Strip(segments, width)

    def _drawn(self, value: Value) -> list[Row]:
        """The rows of ``value``: as many as the part is high, none wider than it."""
        width, height = self.size
        if self._rows is None or self._drawn_size != self.size:
            rows = [clip_row(row, width) for row in self.draw(value, width, height)[:height]]
            self._rows = rows + [[] for _ in range(height - len(rows))]
            self._drawn_size = (width, height)
        return self._rows

    def _plain(self) -> Style:
        if self._plain_style is None:
            self._plain_style = self.rich_style
        return self._plain_style

    def _named(self, name: str) -> Style:
        return self.get_component_rich_style(f"part--{name}")
