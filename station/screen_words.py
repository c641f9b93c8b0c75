"""The fixed words of the bench screen, in one place so that they can be given in any language."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from returnbench.station.view import Tone


def _tone_words() -> Mapping[Tone, str]:
    return {
        Tone.READY: "READY",
        Tone.ACCEPTED: "ACCEPTED",
        Tone.ATTENTION: "ATTENTION",
        Tone.REFUSED: "REFUSED",
        Tone.TROUBLE: "DEVICE TROUBLE",
    }


@dataclass(frozen=True, slots=True)
class ScreenWords:
    """Headings, notices and the words of the five tones."""

    tones: Mapping[Tone, str] = field(default_factory=_tone_words)
    expected: str = "EXPECTED"
    proposal: str = "PROPOSAL"
    no_proposal: str = "none yet"
    weight: str = "WEIGHT"
    photos: str = "PHOTOS"
    camera: str = "CAMERA"
    no_picture: str = "no picture"
    history: str = "LAST PARCELS"
    no_parcel: str = "no parcel on the bench"
    no_lines: str = "nothing announced"
    waiting: str = "WAITING"
    refunds: str = "REFUNDS"
    claimed: str = "claims"
    required: str = "required"
    more: str = "more"
    typing: str = "TYPE THE NUMBER"
    typing_keys: str = "Enter = done   Esc = cancel"
    cut_off: str = "Not read completely. Scan it again, or press one key at a time."
    leave: str = "Press Ctrl+C again within 3 seconds to leave the bench."
    cannot_leave: str = "The bench cannot be left now. Finish this step first."
    stopped: str = (
        "The bench screen stopped because of an error in the program.\n"
        "What was confirmed is stored. Start it again: the parcel on the bench goes on where it "
        "was.\n"
        "If it stops again, put the parcel aside and give the log to support."
    )


ENGLISH = ScreenWords()
