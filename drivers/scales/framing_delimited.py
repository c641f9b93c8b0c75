"""Frames between a start and an end byte, such as STX and ETX."""


class DelimitedFramer:
    """Frames that begin with one of ``starts`` and end with one of ``ends``.

    Neither may occur inside a frame: a start ends whatever was begun. What is not a frame comes out
    as well, in pieces of at most ``limit`` bytes, so that a wrong setting does not look like
    silence; no such piece has both a start and an end.
    """

    def __init__(self, starts: bytes, ends: bytes, limit: int) -> None:
        self._starts = starts
        self._ends = ends
        self._limit = limit
        self._begun = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames and pieces that ``data`` completes."""
        frames: list[bytes] = []
        for byte in data:
            if byte in self._starts:
                self._close_into(frames)
            self._begun.append(byte)
            if byte in self._ends or len(self._begun) >= self._limit:
                self._close_into(frames)
        return frames

    def reset(self) -> None:
        """Forget the beginning of an unfinished frame."""
        self._begun.clear()

    def _close_into(self, frames: list[bytes]) -> None:
        if self._begun:
            frames.append(bytes(self._begun))
            self._begun.clear()
