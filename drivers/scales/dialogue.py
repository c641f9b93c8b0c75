"""Dialogues that need more than one request and an answer with a name of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from returnbench.drivers.scales.protocol import AnswerLine, Command, Commands


@dataclass(frozen=True, slots=True)
class ReadCommand(Command):
    """A command that the scale answers with a frame it could as well send by itself.

    A status, or the weight after zeroing: what the frame means depends on the question. ``read``
    says what a raw frame means as the answer; ``None``: it is not the answer. It never raises.
    """

    read: Callable[[bytes], AnswerLine | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStepCommands(Commands):
    """Commands of a scale that hands out a weight in two steps.

    After ``poll`` it answers ready (:class:`AnswerLine` with ``Outcome.MORE``); ``proceed`` then
    brings the weight.
    """

    proceed: bytes
