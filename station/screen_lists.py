"""The lists of the bench screen: expected lines, proposal, photos, finished parcels."""

from rich.cells import cell_len

from returnbench.station.screen_cells import Piece, Row, clip, fill, fill_left, row_len, spread
from returnbench.station.screen_part import Part
from returnbench.station.screen_signs import SIGN
from returnbench.station.view import HistoryView, LineView, PhotoView, Tone

MARK_STYLE = {"[x]": "good", "[!]": "warn", "[?]": "warn", "[ ]": ""}
TONE_STYLE = {
    Tone.READY: "",
    Tone.ACCEPTED: "good",
    Tone.ATTENTION: "warn",
    Tone.REFUSED: "bad",
    Tone.TROUBLE: "bad",
}


def heading(text: str, width: int, right: str = "") -> Row:
    """The heading row of a part, over its whole width."""
    note = clip(right, width // 2)
    return [
        (fill(f" {text}", width - cell_len(note) - 1), "heading"),
        (f"{note} ", "heading"),
    ]


class LinesPanel(Part[tuple[LineView, ...]]):
    """What should be inside, line by line, and what was seen."""

    def draw(self, value: tuple[LineView, ...], width: int, height: int) -> list[Row]:
        """A heading, a row for each line, a second one for its note where there is room."""
        rows = [heading(self.words.expected, width)]
        if not value:
            return [*rows, [(f" {self.words.no_lines}", "dim")]]
        noted = sum(1 for line in value if line.note)
        own_row = len(value) + noted < height
        shown = value if len(value) < height else value[: height - 2]
        mass = max(cell_len(line.unit_mass) for line in value)
        for line in shown:
            note = "" if own_row else line.note
            rows.append(self._line(line, note, width, mass))
            if own_row and line.note:
                rows.append([(f"     {clip(line.note, width - 6)}", "dim")])
        if len(shown) < len(value):
            rows.append([(f" + {len(value) - len(shown)} {self.words.more}", "dim")])
        return rows

    def _line(self, line: LineView, note: str, width: int, mass: int) -> Row:
        seen = "-" if line.seen is None else str(line.seen)
        style = MARK_STYLE.get(line.mark, "")
        quantity = fill_left(f"{seen}/{line.expected}", 6)
        right: Row = [
            (quantity, "strong" if line.seen != line.expected else ""),
            (fill_left(line.unit_mass, mass + 2) + " ", "dim"),
        ]
        left: Row = [(f" {line.mark} ", style), (line.title, style)]
        if note:
            left.append((f" {note}", "dim"))
        return spread(left, right, width)


class ProposalPanel(Part[tuple[str, ...]]):
    """The proposed verdict. The first line is the verdict itself."""

    def draw(self, value: tuple[str, ...], width: int, height: int) -> list[Row]:
        """A heading and as many lines as there is room for."""
        rows = [heading(self.words.proposal, width)]
        if not value:
            return [*rows, [(f" {self.words.no_proposal}", "dim")]]
        for position, line in enumerate(value[: height - 1]):
            mark = " > " if position == 0 else "   "
            rows.append([(mark + clip(line, width - 4), "strong" if position == 0 else "")])
        if len(value) > height - 1:
            last = clip(value[height - 2], width - 7)
            rows[-1] = [(f"   {last} ..", "")]
        return rows


class PhotosPanel(Part[tuple[PhotoView, ...]]):
    """The evidence slots: taken, still required, optional."""

    def draw(self, value: tuple[PhotoView, ...], width: int, height: int) -> list[Row]:
        """One slot in a row, or several where the rows would not suffice."""
        due = [slot for slot in value if slot.required]
        taken = sum(1 for slot in due if slot.taken)
        rows = [heading(self.words.photos, width, f"{taken}/{len(due)}" if due else "")]
        if len(value) < height:
            return rows + [self._slot_row(slot, width) for slot in value]
        return rows + self._packed(value, width, height - 1)

    def _slot_row(self, slot: PhotoView, width: int) -> Row:
        missing = slot.required and not slot.taken
        note = slot.note or (self.words.required if missing else "")
        return spread(self._slot(slot), [(f"{note} ", "warn" if missing else "dim")], width)

    def _slot(self, slot: PhotoView) -> Row:
        if slot.taken:
            return [(" [x] ", "good"), (slot.slot, "")]
        if slot.required:
            return [(" [ ] ", "warn"), (slot.slot, "warn")]
        return [(" [ ] ", "dim"), (slot.slot, "dim")]

    def _packed(self, slots: tuple[PhotoView, ...], width: int, height: int) -> list[Row]:
        # What is still to do comes first: with little room, it is what must not be cut.
        ordered = sorted(slots, key=lambda slot: (slot.taken, not slot.required))
        columns = max(1, -(-len(ordered) // height)) if height else 1
        columns = min(columns, max(1, width // 11))
        cell = (width - 1) // columns
        rows: list[Row] = []
        for y in range(height):
            pieces: list[Piece] = []
            for slot in ordered[y * columns : (y + 1) * columns]:
                (mark, mark_style), (name, style) = self._slot(slot)
                pieces += [(mark, mark_style), (fill(name, cell - cell_len(mark)), style)]
            rows.append(pieces)
        left = len(ordered) - columns * height
        if left > 0 and rows:
            rows[-1] = spread(rows[-1], [(f"+{left} ", "dim")], width)
        return rows


class HistoryPanel(Part[tuple[HistoryView, ...]]):
    """The parcels that were finished last, and what became of their money."""

    def draw(self, value: tuple[HistoryView, ...], width: int, height: int) -> list[Row]:
        """A row for each parcel under a heading, or all of them in the only row."""
        if height < 2:
            return [self._single(value, width)]
        rows = [heading(self.words.history, width)]
        for entry in value[: height - 1]:
            waybill = fill(entry.waybill, 20)
            sign = f" {SIGN[entry.tone]} "
            rows.append(
                [
                    (sign, TONE_STYLE[entry.tone]),
                    (f"{waybill}  ", ""),
                    (fill(entry.verdict, width // 4), TONE_STYLE[entry.tone]),
                    (fill_left(entry.seconds, 6), "dim"),
                    (f"    {entry.refund}", "dim"),
                ]
            )
        return rows

    def _single(self, value: tuple[HistoryView, ...], width: int) -> Row:
        row: Row = [(" ", "")]
        for entry in value:
            # The end of a waybill tells parcels apart; its beginning is the carrier's.
            number = entry.waybill if len(entry.waybill) <= 6 else f"..{entry.waybill[-4:]}"
            tone = TONE_STYLE[entry.tone]
            part: Row = [
                (f"{SIGN[entry.tone]} ", tone),
                (f"{number} ", "dim"),
                (entry.verdict, tone),
                (f" {entry.seconds}", "dim"),
                (f" {entry.refund}" if entry.refund else "", "dim"),
                ("   ", ""),
            ]
            if len(row) > 1 and row_len(row) + row_len(part) - 3 > width:
                break
            row += part
        return row
