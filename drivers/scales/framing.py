"""Cuts a stream of bytes into frames, whatever the pieces in which it arrives."""

from typing import Protocol


class Framer(Protocol):
    """Cuts bytes into frames. It never raises and its memory is bounded."""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes, each with its terminator."""

    def reset(self) -> None:
        """Forget the beginning of an unfinished frame."""


class LineFramer:
    """Frames that end with one of ``ends``.

    A line longer than ``limit`` bytes comes out in pieces of ``limit`` bytes without an end, and
    its rest is dropped: no piece of it can be taken for a frame.
    """

    def __init__(self, ends: bytes, limit: int) -> None:
        self._ends = ends
        self._limit = limit
        self._begun = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes, each with its terminator."""
        frames: list[bytes] = []
        for byte in data:
            self._begun.append(byte)
            if byte in self._ends:
                if not self._overlong:
                    frames.append(bytes(self._begun))
                self.reset()
            elif len(self._begun) >= self._limit:
                frames.append(bytes(self._begun))
                self._begun.clear()
                self._overlong = True
        return frames

    def reset(self) -> None:
        """Forget the beginning of an unfinished frame."""
        self._begun.clear()
        self._overlong = False
