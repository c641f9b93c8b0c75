"""Cuts the Toledo continuous stream into frames, by length and not by searching for an end.

A checksum may look like STX or CR, and so may a status byte of some makes. A frame is therefore
taken when its CR stands in its place, and its checksum, if it has one, is right.
"""

STX, CR = 0x02, 0x0D
_DATA = 4
"""Index of the first character that can be neither STX nor CR."""


def checksum_fits(frame: bytes | bytearray) -> bool:
    """The seven low bits of all characters, STX and checksum included, add up to 0 modulo 128."""
    return sum(byte & 0x7F for byte in frame) % 128 == 0


class ToledoFramer:
    """Frames of a fixed length: ``cr_index`` is the place of CR, a checksum may follow it.

    Characters with parity in bit 7 are framed, too, so that the decoder can name the wrong setting.
    What fits no frame comes out in pieces that are cut before the next STX.
    """

    def __init__(self, cr_index: int, checksum: bool) -> None:
        self._cr_index = cr_index
        self._checksum = checksum
        self._length = cr_index + 1 + checksum
        self._begun = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames and pieces that ``data`` completes."""
        pieces: list[bytes] = []
        for byte in data:
            self._begun.append(byte)
            if self._begun[0] & 0x7F != STX:
                self._cut_garbage(pieces)
            elif len(self._begun) == self._length:
                self._cut_frame(pieces)
        return pieces

    def reset(self) -> None:
        """Forget the beginning of an unfinished frame."""
        self._begun.clear()

    def _cut_garbage(self, pieces: list[bytes]) -> None:
        if self._begun[-1] & 0x7F == STX:
            pieces.append(bytes(self._begun[:-1]))
            del self._begun[:-1]
        elif len(self._begun) == self._length:
            pieces.append(bytes(self._begun))
            self._begun.clear()

    def _cut_frame(self, pieces: list[bytes]) -> None:
        end = self._length if self._fits() else self._next_start()
        pieces.append(bytes(self._begun[:end]))
        del self._begun[:end]

    def _fits(self) -> bool:
        seven = bytes(byte & 0x7F for byte in self._begun)
        return (
            seven[self._cr_index] == CR
            and STX not in seven[_DATA : self._cr_index]
            and (not self._checksum or checksum_fits(seven))
        )

    def _next_start(self) -> int:
        for index in range(1, self._length):
            if self._begun[index] & 0x7F == STX:
                return index
        return self._length
