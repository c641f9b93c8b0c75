"""Cuts what CAS type 6 scales send: single ACK and NAK, and blocks from SOH STX to ETX EOT."""

_SOH, _ACK, _NAK = 0x01, 0x06, 0x15
_START = b"\x01\x02"
_END = b"\x03\x04"
_LIMIT = 32
"""Twice the longest block."""


class CasBlockFramer:
    """Blocks and single control characters, also those with a parity bit in bit 7.

    The check character of a block may have any value, those of SOH and EOT among them: only the
    pairs at its ends delimit a block. A block that broke off comes out as a piece. An ACK or NAK
    among other bytes is noise like them, until a block or :meth:`reset` ends it.
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._noise = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes."""
        frames: list[bytes] = []
        for byte in data:
            frames += self._take(byte)
        return frames

    def reset(self) -> None:
        """Forget the beginning of an unfinished block."""
        self._begun.clear()
        self._noise = False

    def _take(self, byte: int) -> list[bytes]:
        code = byte & 0x7F
        if not self._begun and code != _SOH:
            return self._single(byte)
        self._begun.append(byte)
        seven = bytes(code & 0x7F for code in self._begun)
        if len(seven) > 2 and seven.endswith(_START):
            return [self._cut(len(seven) - 2)]
        if seven.endswith(_END):
            self._noise = False
        if seven.endswith(_END) or len(seven) >= _LIMIT:
            return [self._cut(len(seven))]
        return []

    def _single(self, byte: int) -> list[bytes]:
        self._noise = self._noise or byte & 0x7F not in (_ACK, _NAK)
        return [] if self._noise else [bytes([byte])]

    def _cut(self, length: int) -> bytes:
        frame = bytes(self._begun[:length])
        del self._begun[:length]
        return frame
