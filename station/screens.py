"""The one permanent screen of the bench: it shows a view and decides nothing."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from returnbench.station.preview import Picture
from returnbench.station.screen_bars import (
    HealthBar,
    HealthView,
    LegendBar,
    ParcelBar,
    PromptBar,
    PromptKind,
    PromptView,
)
from returnbench.station.screen_lists import HistoryPanel, LinesPanel, PhotosPanel, ProposalPanel
from returnbench.station.screen_preview import PreviewPanel
from returnbench.station.screen_state import StatePanel
from returnbench.station.screen_weight import WeightPanel
from returnbench.station.screen_words import ENGLISH, ScreenWords
from returnbench.station.view import BenchView, DeviceView


class BenchScreen(Screen[None], inherit_bindings=False):
    """All of the bench on one screen. A scan changes what it shows, never the screen itself."""

    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012 - Textual declares it

    def __init__(self, words: ScreenWords = ENGLISH) -> None:
        super().__init__()
        self.health = HealthBar(words)
        self.state = StatePanel(words)
        self.parcel = ParcelBar(words)
        self.lines = LinesPanel(words)
        self.proposal = ProposalPanel(words)
        self.weight = WeightPanel(words)
        self.photos = PhotosPanel(words)
        self.preview = PreviewPanel(words)
        self.legend = LegendBar(words)
        self.history = HistoryPanel(words)
        self.prompt = PromptBar(words)
        self._words = words
        self._hint = ""
        self._remedy = ""

    def compose(self) -> ComposeResult:
        """Every part has its place for good."""
        yield self.health
        yield self.state
        yield self.parcel
        with Horizontal(id="middle"):
            with Vertical(id="contents"):
                yield self.lines
                yield self.proposal
            with Vertical(id="measures"):
                yield self.weight
                yield self.photos
            yield self.preview
        yield self.legend
        yield self.history
        yield self.prompt

    def on_mount(self) -> None:
        """Say that there is no picture yet."""
        self.preview.show(self._words.no_picture)

    def show(self, view: BenchView) -> None:
        """Show ``view``. Only the parts that differ from before are drawn again."""
        self.health.show(
            HealthView(
                station=view.station,
                operator=view.operator,
                clock=view.clock,
                devices=view.devices,
                backlog=view.backlog,
                refunds_pending=view.refunds_pending,
            )
        )
        self.state.show(view.state)
        self.parcel.show((view.parcel,))
        self.lines.show(view.lines)
        self.proposal.show(view.proposal)
        self.weight.show(view.weight)
        self.photos.show(view.photos)
        self.legend.show(view.keys)
        self.history.show(view.history)
        self._hint = view.hint
        self._remedy = first_remedy(view.devices)

    def show_prompt(self, typed: str | None, notice: str) -> None:
        """The bottom line: the typed number, else the notice, else the remedy, else the hint."""
        if typed is not None:
            self.prompt.show(PromptView(PromptKind.TYPING, typed))
        elif notice:
            self.prompt.show(PromptView(PromptKind.NOTICE, notice))
        elif self._remedy:
            self.prompt.show(PromptView(PromptKind.REMEDY, self._remedy))
        else:
            self.prompt.show(PromptView(PromptKind.HINT, self._hint))

    def show_picture(self, picture: Picture | None) -> None:
        """Show a camera picture, or that there is none."""
        self.preview.show(self._words.no_picture if picture is None else picture)


def first_remedy(devices: Sequence[DeviceView]) -> str:
    """How to mend the first device that needs it; empty when all are well."""
    for device in devices:
        if not device.ok and device.remedy:
            return f"{device.name}: {device.remedy}"
    return ""
