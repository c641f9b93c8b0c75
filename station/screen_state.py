"""The state panel: the one big statement, with its word, sign, colour and border."""

from returnbench.station.screen_cells import Row, clip, row_len, wrap
from returnbench.station.screen_part import Part
from returnbench.station.screen_signs import SIGN, drawn_sign
from returnbench.station.view import StateView, Tone

_MARGIN = "  "
_ROOMY_ROWS = 9
"""From this height on the title may take two rows and stands apart."""


class StatePanel(Part[StateView]):
    """What it is, and what to do next. Takes a third of the screen."""

    def changed(self, value: StateView) -> None:
        """Give the panel the colours and the border of the tone."""
        for tone in Tone:
            self.set_class(tone is value.tone, f"tone-{tone}")
        word = self.words.tones[value.tone]
        # Brackets would be read as markup in a border title.
        self.border_title = f"{SIGN[value.tone]} {word}".replace("[", "(")
        self.border_subtitle = value.code.replace("[", "(")

    def draw(self, value: StateView, width: int, height: int) -> list[Row]:
        """The large sign on the left, the text on the right."""
        sign: list[Row] = [
            [(" " * cells, "dot" if drawn else "") for drawn, cells in runs]
            for runs in drawn_sign(value.tone, width, height)
        ]
        sign_width = row_len(sign[0]) if sign else 0
        text = self._text(value, width - sign_width - 3 * len(_MARGIN), height)
        above = max(0, (height - len(sign) + 1) // 2)
        rows: list[Row] = []
        for y in range(height):
            inside = 0 <= y - above < len(sign)
            left: Row = sign[y - above] if inside else [(" " * sign_width, "")]
            right: Row = text[y] if y < len(text) else []
            rows.append([(_MARGIN, ""), *left, (_MARGIN, ""), *right])
        return rows

    def _text(self, value: StateView, width: int, height: int) -> list[Row]:
        roomy = height >= _ROOMY_ROWS
        title = wrap(value.title, width - 2, 2 if roomy else 1)
        rows: list[Row] = [[] for _ in range(1 if roomy else 0)]
        rows += [[(f" {line} ", "title")] for line in title]
        if roomy:
            rows += [[] for _ in range(3 - len(title))]
        lines = [line for message in value.message for line in wrap(message, width - 1, height)]
        if len(rows) + len(lines) < height and not roomy:
            rows.append([])
        room = height - len(rows)
        if len(lines) > room > 0:
            lines = [*lines[: room - 1], clip(f"{lines[room - 1]} ..", width - 1)]
        return rows + [[(f" {line}", "")] for line in lines]
