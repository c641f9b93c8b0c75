"""Messages of the bench screen.

A message that carries a level is replaced by a newer one that waits behind it; a message that
carries a fact never is.
"""

from textual.message import Message

from returnbench.station.preview import Picture
from returnbench.station.view import BenchView, Tone


class ViewChanged(Message):
    """The bench looks different now. A level: only the newest view is drawn."""

    def __init__(self, view: BenchView) -> None:
        super().__init__()
        self.view = view

    def can_replace(self, message: Message) -> bool:
        """Whether ``message``, which is newer, makes this one superfluous."""
        return isinstance(message, ViewChanged)


class PictureReady(Message):
    """A camera picture is ready to be shown. A level as well."""

    def __init__(self, picture: Picture | None) -> None:
        super().__init__()
        self.picture = picture

    def can_replace(self, message: Message) -> bool:
        """Whether ``message``, which is newer, makes this one superfluous."""
        return isinstance(message, PictureReady)


class ToneSounded(Message):
    """A tone is to be heard. A fact."""

    def __init__(self, tone: Tone) -> None:
        super().__init__()
        self.tone = tone


class BurstDue(Message):
    """The time of the open burst of keys was over at ``at_ns`` (monotonic).

    It goes through the queue so that keys which were read before that moment, and wait, come first.
    """

    def __init__(self, at_ns: int) -> None:
        super().__init__()
        self.at_ns = at_ns
