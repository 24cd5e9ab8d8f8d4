"""Owns images for logos: PNGs of any size, an SVG. Does not own any expectation."""

import struct
import zlib
from collections.abc import Sequence

PNG_BEGIN = b"\x89PNG\r\n\x1a\n"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60"><rect width="240" height="60" rx="8" fill="#1c4f6b"/>'
    b'<circle cx="30" cy="30" r="18" fill="#ffb000"/><path d="M70 20h140v20H70z" fill="#fff"/></svg>'
)


def make_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def make_png(
    width: int,
    height: int,
    *,
    pixels: bytes | None = None,
    more: Sequence[tuple[bytes, bytes]] = (),
    kind: tuple[int, int, int, int, int] = (8, 2, 0, 0, 0),
) -> bytes:
    """An image of one colour. ``kind`` is depth, colour, packing, filtering and interlace; ``more`` chunks precede the pixels."""
    if pixels is None:
        pixels = (b"\x00" + b"\x1c\x4f\x6b" * width) * height
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, *kind)),
        *more,
        (b"IDAT", zlib.compress(pixels)),
        (b"IEND", b""),
    ]
    return PNG_BEGIN + b"".join(make_chunk(*chunk) for chunk in chunks)
