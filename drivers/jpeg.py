"""What a JPEG says of itself, read from its markers without decoding it (ITU-T T.81, annex B)."""

import struct

_SOI = b"\xff\xd8"
_EOI = b"\xff\xd9"
_SOS = 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# Start of frame: C0..CF without DHT (C4), JPG (C8) and DAC (CC).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a whole JPEG; ``None`` when ``data`` is not one.

    Whole means: it begins with SOI, a frame header comes before the first scan, and it ends with
    EOI, after which only padding zeros may follow (some USB cameras pad their buffers). The scan
    itself is not checked.
    """
    if not data.startswith(_SOI) or not data.rstrip(b"\0").endswith(_EOI):
        return None
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _STANDALONE:
            position += 2
            continue
        if marker == _SOS:
            return None
        (length,) = struct.unpack_from(">H", data, position + 2)
        if marker in _FRAMES and length >= 8 and position + 9 <= len(data):
            height, width = struct.unpack_from(">HH", data, position + 5)
            return (width, height) if width and height else None
        position += 2 + length
    return None
