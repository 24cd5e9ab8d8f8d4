"""Owns the decision which image may be a seller's logo: a small PNG or SVG that needs nothing else, without what is not its picture.

Sizes are checked before anything is unpacked. Does not own where it is printed. Pure.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

from lxml import etree

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts.model import LOGO_BYTES_MAX
from jobmeter.billing.model import PNG, SVG, Logo

SIDE_PIXELS_MAX = 2_000
ASPECT_MAX = 20  # of the longer side to the shorter one
SIDE_MAX = 10**9  # in thousandths of any unit
ELEMENTS_MAX, DEPTH_MAX, USES_MAX = 5_000, 60, 100

PNG_BEGIN = b"\x89PNG\r\n\x1a\n"
# Everything else is metadata, or a colour profile that would be unpacked.
_KEPT_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"IDAT", b"IEND")
# Samples of a pixel by type of colour, and the bits that each may have.
_COLOURS = {0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 3: (1, (1, 2, 4, 8)), 4: (2, (8, 16)), 6: (4, (8, 16))}
_WHOLE = ((0, 0, 1, 1),)
_INTERLACED = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_PALETTE, _FILTER_MAX = 3, 4

_SVG_SPACE, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_SVG_KEPT = frozenset(
    [
        "svg",
        "g",
        "defs",
        "title",
        "desc",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "mask",
        "style",
        "use",
        "symbol",
        "switch",
    ]
)
_SVG_DROPPED = frozenset(("metadata", "script"))
_OUTSIDE = re.compile(r"@import|url\(\s*+[\"']?+(?!\s*#)", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:px|pt|mm|cm|in)?\s*")


def read_logo(content: bytes) -> Logo:
    """Returns the logo without metadata. Raises ``Refused(OPERATOR_INPUT)`` with the reason."""
    if len(content) > LOGO_BYTES_MAX:
        _refuse(f"has {len(content):,} bytes; at most {LOGO_BYTES_MAX:,} are possible")
    logo = _read_png(content) if content.startswith(PNG_BEGIN) else _read_svg(content)
    if max(logo.width, logo.height) > ASPECT_MAX * min(logo.width, logo.height):
        _refuse(f"has one side that is more than {ASPECT_MAX} times the other")
    return logo


def measure_logo(content: bytes) -> Logo:
    """Returns a logo that was checked when it was kept, with its bytes unchanged."""
    if content.startswith(PNG_BEGIN):
        width, height = struct.unpack_from(">II", content, len(PNG_BEGIN) + 8)
        return Logo(media_type=PNG, content=content, width=width, height=height)
    width, height = _measure(etree.fromstring(content, _make_parser()))
    return Logo(media_type=SVG, content=content, width=width, height=height)


def _refuse(why: str) -> NoReturn:
    raise Refused(Fault.OPERATOR_INPUT, field="logo", why=why)


# -- PNG


def _read_png(content: bytes) -> Logo:
    chunks = list(_list_chunks(content))
    names = [name for name, _ in chunks]
    if names[:1] != [b"IHDR"] or names[-1] != b"IEND" or names.count(b"IHDR") > 1:
        _refuse("is not a whole PNG")
    header = chunks[0][1]
    if len(header) != struct.calcsize(">IIBBBBB"):
        _refuse("is not a PNG: its header has another length")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= SIDE_PIXELS_MAX and 0 < height <= SIDE_PIXELS_MAX):
        _refuse(f"has {width} times {height} pixels; at most {SIDE_PIXELS_MAX} each are possible")
    if depth not in _COLOURS.get(colour, (0, ()))[1] or packing or filtering or interlace > 1:
        _refuse("is a PNG of a kind that does not exist")
    if (colour == _PALETTE) > (b"PLTE" in names):
        _refuse("is a PNG without its palette")
    bits = _COLOURS[colour][0] * depth
    rows = list(_list_rows(width, height, bits=bits, is_interlaced=bool(interlace)))
    _check_pixels(b"".join(data for name, data in chunks if name == b"IDAT"), rows)
    kept = b"".join(_write_chunk(name, data) for name, data in chunks if name in _KEPT_CHUNKS)
    return Logo(media_type=PNG, content=PNG_BEGIN + kept, width=width, height=height)


def _list_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields the chunks until the end of the image; what follows is not a part of it."""
    at, name = len(PNG_BEGIN), b""
    while name != b"IEND":
        if at + 12 > len(content):
            _refuse("is not a whole PNG")
        size, name = struct.unpack_from(">I4s", content, at)
        data = content[at + 8 : at + 8 + size]
        at += 12 + size
        if at > len(content) or struct.unpack_from(">I", content, at - 4)[0] != zlib.crc32(name + data):
            _refuse("is not a whole PNG, or it was changed")
        if name not in _KEPT_CHUNKS and name[:1].isupper():
            _refuse("is a PNG with parts that are not known")
        yield name, data


def _write_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _list_rows(width: int, height: int, *, bits: int, is_interlaced: bool) -> Iterator[tuple[int, int]]:
    """Yields how many rows of how many bytes the image has, for each of its passes; a row begins with its filter."""
    for left, top, step_right, step_down in _INTERLACED if is_interlaced else _WHOLE:
        across = -(-(width - left) // step_right)
        down = -(-(height - top) // step_down)
        if across > 0 and down > 0:
            yield down, 1 + -(-across * bits // 8)


def _check_pixels(packed: bytes, rows: list[tuple[int, int]]) -> None:
    """Unpacks no more than the image has by its header."""
    size = sum(count * length for count, length in rows)
    unpacking = zlib.decompressobj()
    try:
        pixels = unpacking.decompress(packed, size + 1)
    except zlib.error:
        _refuse("is a PNG whose pixels cannot be unpacked")
    if len(pixels) != size or not unpacking.eof:
        _refuse("is a PNG with other pixels than its header says")
    at = 0
    for count, length in rows:
        if max(pixels[at : at + count * length : length]) > _FILTER_MAX:
            _refuse("is a PNG of a kind that does not exist")
        at += count * length


# -- SVG


def _read_svg(content: bytes) -> Logo:
    if b"<!ENTITY" in content:
        _refuse("is an SVG with entities")
    try:
        root = etree.fromstring(content, _make_parser())
    except (etree.XMLSyntaxError, ValueError):
        _refuse("is neither a PNG nor an SVG")
    if root.tag != f"{_SVG_SPACE}svg":
        _refuse("is neither a PNG nor an SVG")
    _check_size(root)
    _clean(root)
    _check_uses(root)
    width, height = _measure(root)
    return Logo(media_type=SVG, content=etree.tostring(root, encoding="utf-8"), width=width, height=height)


def _make_parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )


def _check_size(root: Any) -> None:
    count = 0
    for count, one in enumerate(root.iter(), start=1):
        if count > ELEMENTS_MAX or sum(1 for _ in one.iterancestors()) > DEPTH_MAX:
            _refuse(f"is an SVG with more than {ELEMENTS_MAX:,} elements, or {DEPTH_MAX} within each other")


def _clean(root: Any) -> None:
    """Removes what editors add and what never shows; refuses what loads, needs a font or takes long to print."""
    for one in list(root.iter()):
        space, _, name = one.tag.rpartition("}") if isinstance(one.tag, str) else ("", "", "")
        if one is not root and one.getparent() is None:
            continue  # it was within what is removed
        if f"{space}}}" != _SVG_SPACE or name in _SVG_DROPPED:
            _remove(one)
            continue
        if name not in _SVG_KEPT:
            _refuse(f"is an SVG with <{name[:40]}>; convert it to paths")
        for attribute in list(one.attrib):
            _clean_attribute(one, str(attribute))
        if _OUTSIDE.search(one.text or ""):
            _refuse("is an SVG that loads something else")


def _remove(element: Any) -> None:
    """With all that is within it, which has no parent then."""
    for inner in list(element.iter()):
        parent = inner.getparent()
        if parent is not None:
            parent.remove(inner)


def _clean_attribute(one: Any, name: str) -> None:
    value = str(one.attrib[name])
    if name.startswith("on") or (name.startswith("{") and not name.startswith(_XLINK)):
        del one.attrib[name]
    elif (name in {"href", f"{_XLINK}href"} and not value.strip().startswith("#")) or _OUTSIDE.search(value):
        _refuse("is an SVG that loads something else")


def _check_uses(root: Any) -> None:
    """What is used again must not use others: a few levels of it would be millions of elements."""
    uses = list(root.iter(f"{_SVG_SPACE}use"))
    by_id = {one.get("id"): one for one in root.iter() if one.get("id")}
    for use in uses:
        target = by_id.get((use.get("href") or use.get(f"{_XLINK}href") or "#").strip()[1:])
        if target is not None and next(target.iter(f"{_SVG_SPACE}use"), None) is not None:
            _refuse("is an SVG whose <use> uses others; convert it to paths")
    if len(uses) > USES_MAX:
        _refuse(f"is an SVG with more than {USES_MAX} <use>; convert it to paths")


def _measure(root: Any) -> tuple[int, int]:
    """Returns the proportions: of the view box, or of width and height in the same unit."""
    box = (root.get("viewBox") or "").replace(",", " ").split()
    texts = box[2:] if len(box) == 4 else [root.get("width") or "", root.get("height") or ""]
    found = [_LENGTH.fullmatch(text) for text in texts]
    sides = [int(Decimal(one[1]) * 1_000) if one else 0 for one in found]
    if not all(0 < side < SIDE_MAX for side in sides):
        _refuse("is an SVG without a size: it needs a viewBox, or width and height")
    width, height = sides
    return width, height
