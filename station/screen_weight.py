"""The live weight in large digits, what was expected, and what that says."""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.renderables.digits import Digits

from returnbench.station.screen_cells import Row, clip, fill, wrap
from returnbench.station.screen_part import Part
from returnbench.station.screen_signs import SIGN
from returnbench.station.view import WeightView

DIGIT_ROWS = 3
_ROOMY_ROWS = 8
_STABLE = "\u2713"
_MOVING = "~"
_BOLD = Style(bold=True)


def digit_rows(value: str, width: int) -> list[str]:
    """``value`` in digits of three rows, or in one row of plain text if it does not fit.

    Spaces between thousands are one cell wide, so that the groups stand close together.
    """
    text = "".join("\u2009" if character.isspace() else character for character in value)
    if Digits.get_width(text) > width:
        return ["", clip(value, width), ""]
    drawn = "".join(part.text for part in Digits(text).render(_BOLD) if isinstance(part, Segment))
    return drawn.replace("\u2009", " ").split("\n")[:DIGIT_ROWS]


class WeightPanel(Part[WeightView]):
    """What the scale says now. Its rows keep their places whatever it says."""

    def draw(self, value: WeightView, width: int, height: int) -> list[Row]:
        """Heading with the state of the reading, digits, expected, judgement, source."""
        has_number = any(character.isdigit() for character in value.value)
        status = value.status if has_number else value.value
        sign = _STABLE if value.stable else _MOVING
        room = width - cell_len(self.words.weight) - 6
        rows = [self._heading(f"{sign} {clip(status, room)}", value.stable, width)]
        rows += self._digits(value, width) if has_number else self._reason(value.status, width)
        lines = 2 if height >= _ROOMY_ROWS else 1
        expected = wrap(value.expected, width - 2, lines)
        rows += [[(f" {line}", "dim")] for line in expected]
        rows += [[] for _ in range(lines - len(expected))]
        if value.judgement:
            text = f" {SIGN[value.judgement_tone]} {value.judgement}"
            rows.append([(fill(text, width), value.judgement_tone.value)])
        else:
            rows.append([])
        rows.append([(f" {clip(value.says_who, width - 2)}", "dim")])
        return rows[:height]

    def _heading(self, status: str, stable: bool, width: int) -> Row:
        room = max(0, width - cell_len(status) - 2)
        name = (fill(f" {self.words.weight}", room), "heading")
        return [name, (f" {status} ", "heading" if stable else "unsettled")]

    def _reason(self, reason: str, width: int) -> list[Row]:
        """Why there is no number, where the number would stand."""
        lines = wrap(reason, width - 2, DIGIT_ROWS)
        rows: list[Row] = [[(f" {line}", "warn")] for line in lines]
        return rows + [[] for _ in range(DIGIT_ROWS - len(rows))]

    def _digits(self, value: WeightView, width: int) -> list[Row]:
        unit = f" {value.unit} "
        room = width - cell_len(unit) - 1
        drawn = digit_rows(value.value, room)
        style = "strong" if value.stable else "dim"
        size = max(cell_len(line) for line in drawn)
        left = " " * (room - size + 1)
        last = len(drawn) - 1
        return [
            [(left, ""), (fill(line, size), style), (unit if y == last else "", style)]
            for y, line in enumerate(drawn)
        ]
