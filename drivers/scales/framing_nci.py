"""Cuts the answers of NCI scales: from a line feed to an ETX, with one line feed inside or none."""

_LF, _CR, _ETX = 0x0A, 0x0D, 0x03
_QUESTION = b"\n?\r"
_BARE_QUESTION = b"\r?\n"
_LIMIT = 64
"""Twice the longest answer."""


class NciFramer:
    """Frames of SCP-01, SCP-02 and SCP-12, also those with a parity bit in bit 7.

    What stands before a line feed is dropped, except ``CR ? LF``, as some scales answer an unknown
    command. ``short_question``: the answer to an unknown command ends with CR instead of ETX.
    A frame that broke off comes out as a piece, which is no frame.
    """

    def __init__(self, *, short_question: bool = False) -> None:
        self._short_question = short_question
        self._begun = bytearray()
        self._before = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes, each with its terminator."""
        frames: list[bytes] = []
        for byte in data:
            frame = self._take(byte)
            if frame:
                frames.append(frame)
        return frames

    def reset(self) -> None:
        """Forget the beginning of an unfinished frame."""
        self._begun.clear()
        self._before = b""

    def _take(self, byte: int) -> bytes:
        code = byte & 0x7F
        if not self._begun:
            return self._outside(byte, code)
        if code == _LF:
            return self._line_feed(byte)
        self._begun.append(byte)
        if code == _ETX or len(self._begun) >= _LIMIT or self._asks(code):
            return self._cut(len(self._begun))
        return b""

    def _outside(self, byte: int, code: int) -> bytes:
        if code != _LF:
            self._before = (self._before + bytes([byte]))[-2:]
            return b""
        question = self._before + bytes([byte])
        self._before = b""
        if _seven_bits(question) == _BARE_QUESTION:
            return question
        self._begun.append(byte)
        return b""

    def _line_feed(self, byte: int) -> bytes:
        """A status may follow, or another frame because the last one broke off."""
        parts = _seven_bits(self._begun).split(b"\n")
        broken = b""
        if parts[-1][-1:] != b"\r":
            broken = self._cut(len(self._begun))
        elif len(parts) > 2:
            broken = self._cut(1 + len(parts[1]))
        self._begun.append(byte)
        return broken if len(broken) > 1 else b""

    def _asks(self, code: int) -> bool:
        return self._short_question and code == _CR and _seven_bits(self._begun) == _QUESTION

    def _cut(self, length: int) -> bytes:
        frame = bytes(self._begun[:length])
        del self._begun[:length]
        return frame


def _seven_bits(raw: bytes | bytearray) -> bytes:
    return bytes(byte & 0x7F for byte in raw)
