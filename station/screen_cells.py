"""Text cut and filled to terminal cells, in styled pieces.

A Chinese character takes two cells, so lengths are always counted in cells. Only characters that
every width table counts alike are added: an ASCII ellipsis, plain spaces.
"""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

Piece = tuple[str, str]
"""A text and the name of its style."""

Row = list[Piece]
"""One line of a widget: pieces from left to right."""

ELLIPSIS = ".."


def plain(text: str) -> str:
    """``text`` in one line, without characters that would move the terminal's cursor."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)


def clip(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells; what was cut is marked."""
    text = plain(text)
    if cell_len(text) <= width:
        return text
    if width <= len(ELLIPSIS):
        return set_cell_size(text, max(width, 0))
    # A wide character that would be halved becomes a space; the mark follows what is left.
    return set_cell_size(text, width - len(ELLIPSIS)).rstrip() + ELLIPSIS


def fill(text: str, width: int) -> str:
    """``text`` in exactly ``width`` cells, cut or filled on the right."""
    return set_cell_size(clip(text, width), max(width, 0))


def fill_left(text: str, width: int) -> str:
    """``text`` in exactly ``width`` cells, cut or filled on the left."""
    cut = clip(text, width)
    return " " * (width - cell_len(cut)) + cut


def row_len(row: Iterable[Piece]) -> int:
    """Cells that the pieces take together."""
    return sum(cell_len(text) for text, _ in row)


def clip_row(row: Sequence[Piece], width: int) -> Row:
    """The pieces in at most ``width`` cells: the first ones whole, the one at the edge cut."""
    cut: Row = []
    left = width
    for text, style in row:
        if left <= 0:
            break
        part = clip(text, left)
        cut.append((part, style))
        left -= cell_len(part)
        if part != plain(text):
            break
    return cut


def spread(left: Sequence[Piece], right: Sequence[Piece], width: int) -> Row:
    """Both in one row of ``width`` cells, one at each edge; the left one is cut if need be."""
    right = clip_row(right, width)
    room = width - row_len(right)
    cut = clip_row(left, room - 1 if right and room else room)
    return [*cut, (" " * (room - row_len(cut)), ""), *right]


def wrap(text: str, width: int, height: int) -> list[str]:
    """``text`` broken into at most ``height`` lines of at most ``width`` cells.

    Breaks at spaces, and inside a word that is longer than a line (Chinese has no spaces). What
    does not fit is marked in the last line.
    """
    lines: list[str] = []
    rest = plain(text).strip()
    while rest and len(lines) < height:
        if len(lines) == height - 1 or cell_len(rest) <= width:
            lines.append(clip(rest, width))
            break
        line = _head(rest, width)
        lines.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    return lines


def _head(text: str, width: int) -> str:
    """As much of ``text`` as fits, up to the last space in it if there is one."""
    used = 0
    end = 0
    for character in text:
        used += cell_len(character)
        if used > width:
            break
        end += 1
    end = max(end, 1)
    space = text.rfind(" ", 0, end + 1)
    return text[:space] if space > 0 else text[:end]
