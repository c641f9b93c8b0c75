"""The live camera picture on the bench screen."""

from textual.strip import Strip

from returnbench.station.preview import Picture
from returnbench.station.screen_cells import Row
from returnbench.station.screen_lists import heading
from returnbench.station.screen_part import Part


class PreviewPanel(Part[Picture | str]):
    """The camera's picture under a heading, or why there is none.

    A picture that was made for another size is not shown: the next one fits.
    """

    @property
    def picture_size(self) -> tuple[int, int]:
        """Cells that a picture may fill; empty while the layout has no place for the panel."""
        width, height = self.size
        return (width, height - 1) if width and height > 1 else (0, 0)

    def changed(self, value: Picture | str) -> None:
        """Draw all of it again: a picture is not made of rows of text."""
        self.refresh()

    def draw(self, value: Picture | str, width: int, height: int) -> list[Row]:
        """The heading, and the reason when there is no picture."""
        rows = [heading(self.words.camera, width)]
        if isinstance(value, str):
            rows.append([(f" {value}", "dim")])
        return rows

    def render_line(self, y: int) -> Strip:
        """One row of the picture, or of the text."""
        picture = self._value
        if y == 0 or not isinstance(picture, Picture):
            return super().render_line(y)
        fits = (picture.width, picture.height + 1) == self.size
        return picture.strips[y - 1] if fits else super().render_line(y)
