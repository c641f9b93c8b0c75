"""The four colour themes of the bench screen.

Pairs are safe for colour-blind people (blue for good, orange for attention, dark red with a heavy
border for refused), and every state also has its word, sign and border. On the state panel the
contrast is at least 7:1 (WCAG 2.2, success criterion 1.4.6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from textual.theme import Theme

from returnbench.station.view import Tone

PREFIX = "bench-"
"""Theme names of the bench, apart from those that come with Textual."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme. ``tones`` holds (background, text, edge) of the state panel."""

    dark: bool
    ground: str
    card: str
    head: str
    text: str
    dim: str
    good: str
    warn: str
    bad: str
    key_back: str
    key_text: str
    primary_back: str
    primary_text: str
    prompt_back: str
    prompt_text: str
    tones: Mapping[Tone, tuple[str, str, str]]

    def variables(self) -> dict[str, str]:
        """The colours under the names that the style sheet uses."""
        named = {
            f"b-{field.name.replace('_', '-')}": str(getattr(self, field.name))
            for field in fields(self)
            if field.name not in {"dark", "tones"}
        }
        for tone, (back, text, edge) in self.tones.items():
            named |= {f"t-{tone}-back": back, f"t-{tone}-text": text, f"t-{tone}-edge": edge}
        return named


PALETTES: dict[str, Palette] = {
    "dark": Palette(
        dark=True,
        ground="#0b0f14",
        card="#121920",
        head="#1b2530",
        text="#e8edf2",
        dim="#93a1b0",
        good="#7cc0ff",
        warn="#ffb84d",
        bad="#ff9a94",
        key_back="#2b3947",
        key_text="#ffffff",
        primary_back="#7cc0ff",
        primary_text="#04121f",
        prompt_back="#ffe08a",
        prompt_text="#1a1400",
        tones={
            Tone.READY: ("#17212c", "#f2f6fa", "#5f7488"),
            Tone.ACCEPTED: ("#0a4690", "#ffffff", "#9fd0ff"),
            Tone.ATTENTION: ("#ffb53d", "#1c1000", "#5c3a00"),
            Tone.REFUSED: ("#6d0812", "#ffffff", "#ffb3ad"),
            Tone.TROUBLE: ("#d7dde3", "#10161c", "#4a5866"),
        },
    ),
    "light": Palette(
        dark=False,
        ground="#dfe4e9",
        card="#f6f8fa",
        head="#cdd5dd",
        text="#10161c",
        dim="#4b5866",
        good="#0a4690",
        warn="#8a4b00",
        bad="#8c0b16",
        key_back="#c3ccd5",
        key_text="#10161c",
        primary_back="#0a4690",
        primary_text="#ffffff",
        prompt_back="#3a2d00",
        prompt_text="#ffe9ae",
        tones={
            Tone.READY: ("#ffffff", "#10161c", "#6b7a89"),
            Tone.ACCEPTED: ("#0b4ea2", "#ffffff", "#a9d2ff"),
            Tone.ATTENTION: ("#ffbe55", "#1c1000", "#6b4300"),
            Tone.REFUSED: ("#75090f", "#ffffff", "#ffbab4"),
            Tone.TROUBLE: ("#2a323a", "#ffffff", "#b9c4cf"),
        },
    ),
    "high-contrast": Palette(
        dark=True,
        ground="#000000",
        card="#000000",
        head="#262626",
        text="#ffffff",
        dim="#d6d6d6",
        good="#9fd3ff",
        warn="#ffd23f",
        bad="#ffb0aa",
        key_back="#ffffff",
        key_text="#000000",
        primary_back="#ffd23f",
        primary_text="#000000",
        prompt_back="#ffd23f",
        prompt_text="#000000",
        tones={
            Tone.READY: ("#000000", "#ffffff", "#ffffff"),
            Tone.ACCEPTED: ("#00337a", "#ffffff", "#ffffff"),
            Tone.ATTENTION: ("#ffd23f", "#000000", "#000000"),
            Tone.REFUSED: ("#5a0006", "#ffffff", "#ffffff"),
            Tone.TROUBLE: ("#ffffff", "#000000", "#000000"),
        },
    ),
    "monochrome": Palette(
        dark=True,
        ground="#000000",
        card="#0e0e0e",
        head="#242424",
        text="#ececec",
        dim="#a6a6a6",
        good="#ffffff",
        warn="#ffffff",
        bad="#ffffff",
        key_back="#3a3a3a",
        key_text="#ffffff",
        primary_back="#f2f2f2",
        primary_text="#000000",
        prompt_back="#e0e0e0",
        prompt_text="#000000",
        tones={
            Tone.READY: ("#161616", "#f4f4f4", "#7c7c7c"),
            Tone.ACCEPTED: ("#383838", "#ffffff", "#e8e8e8"),
            Tone.ATTENTION: ("#e6e6e6", "#000000", "#3c3c3c"),
            Tone.REFUSED: ("#000000", "#ffffff", "#ffffff"),
            Tone.TROUBLE: ("#b8b8b8", "#000000", "#303030"),
        },
    ),
}
"""Theme name as in the configuration, and its colours."""


def bench_theme(name: str) -> Theme:
    """The theme ``name`` for Textual.

    Raises ``ValueError`` for a name that is not one of ``PALETTES``.
    """
    palette = PALETTES.get(name)
    if palette is None:
        raise ValueError(f"no theme {name!r}; choose one of: {', '.join(PALETTES)}")
    return Theme(
        name=PREFIX + name,
        primary=palette.primary_back,
        foreground=palette.text,
        background=palette.ground,
        surface=palette.card,
        panel=palette.head,
        warning=palette.warn,
        error=palette.bad,
        success=palette.good,
        dark=palette.dark,
        variables=palette.variables(),
    )
