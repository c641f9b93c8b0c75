"""The sound of a tone on a terminal: a pattern of bells, told apart by number and rhythm."""

from returnbench.station.view import Tone

BELLS: dict[Tone, tuple[float, ...]] = {
    Tone.READY: (0.0,),
    Tone.ACCEPTED: (0.0, 0.12),
    Tone.ATTENTION: (0.0, 0.45),
    Tone.REFUSED: (0.0, 0.3, 0.6),
    Tone.TROUBLE: (0.0, 0.15, 0.3, 0.75, 0.9),
}
"""Seconds after the tone at which the bell rings."""
