"""Lines that end with CR LF and may contain bytes above 7Fh."""

_LIMIT = 64


class CrLfFramer:
    """Lines that end with LF, or with CR and an LF that carries a parity bit.

    8Ah alone ends no line: in a binary field it is data. A line without end comes out in pieces of
    64 bytes, and its rest is dropped.
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ``data`` completes, each with its end."""
        frames: list[bytes] = []
        for byte in data:
            self._begun.append(byte)
            if byte == 0x0A or self._begun.endswith(b"\r\x8a"):
                if not self._overlong:
                    frames.append(bytes(self._begun))
                self.reset()
            elif len(self._begun) >= _LIMIT:
                frames.append(bytes(self._begun))
                self._begun.clear()
                self._overlong = True
        return frames

    def reset(self) -> None:
        """Forget the beginning of an unfinished line."""
        self._begun.clear()
        self._overlong = False
