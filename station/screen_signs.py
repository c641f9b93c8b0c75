"""The signs of the five tones: one character each, and the same sign drawn large.

The large sign is made of coloured spaces, the one character that is a single cell in every
terminal and font, so it can be read from far away and never shifts what stands beside it.
"""

from returnbench.station.view import Tone

SIGN: dict[Tone, str] = {
    Tone.READY: ">",
    Tone.ACCEPTED: "\u2713",
    Tone.ATTENTION: "!",
    Tone.REFUSED: "\u2717",
    Tone.TROUBLE: "?",
}
"""The sign of a tone in running text."""

CELLS_PER_DOT = 2
"""A terminal cell is about twice as high as wide."""

_SMALL: dict[Tone, str] = {
    Tone.READY: ".##.... ..##... ...##.. ..##... .##....",
    Tone.ACCEPTED: "......# .....## #...##. ##.##.. .###...",
    Tone.ATTENTION: "...##.. ...##.. ...##.. ....... ...##..",
    Tone.REFUSED: "##...## .##.##. ..###.. .##.##. ##...##",
    Tone.TROUBLE: ".#####. ##...## ...###. ....... ...##..",
}
_LARGE: dict[Tone, str] = {
    Tone.READY: (
        "...###........ ....###....... .....###...... ......###..... .......###.... "
        ".......###.... ......###..... .....###...... ....###....... ...###........"
    ),
    Tone.ACCEPTED: (
        "............## ...........### ..........###. .........###.. ........###... "
        "##.....###.... ###...###..... .###.###...... ..#####....... ...###........"
    ),
    Tone.ATTENTION: (
        ".....####..... .....####..... .....####..... .....####..... ......##...... "
        "......##...... ......##...... .............. .....####..... .....####....."
    ),
    Tone.REFUSED: (
        ".###......###. ..###....###.. ...###..###... ....######.... .....####..... "
        ".....####..... ....######.... ...###..###... ..###....###.. .###......###."
    ),
    Tone.TROUBLE: (
        "...########... ..####..####.. ..###....###.. .........###.. .......####... "
        ".....####..... .....###...... .............. .....###...... .....###......"
    ),
}

SignRow = list[tuple[bool, int]]
"""One row of a large sign: runs of (is drawn, cells)."""


def drawn_sign(tone: Tone, width: int, height: int) -> list[SignRow]:
    """The largest drawing of the sign that leaves room for text in ``width`` by ``height`` cells.

    Empty when not even the small one does.
    """
    for bitmap in (_LARGE[tone], _SMALL[tone]):
        rows = [_runs(line) for line in bitmap.split()]
        if len(rows) <= height and 3 * sum(cells for _, cells in rows[0]) <= width:
            return rows
    return []


def _runs(line: str) -> SignRow:
    runs: SignRow = []
    for dot in line:
        cells = CELLS_PER_DOT
        if runs and runs[-1][0] == (dot == "#"):
            cells += runs.pop()[1]
        runs.append((dot == "#", cells))
    return runs
