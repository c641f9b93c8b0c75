"""A clean end when the system asks for it."""

import signal
from types import FrameType


def stop_on_sigterm() -> None:
    """Let SIGTERM end the program like Ctrl-C: everything is closed in order."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
