"""Which image may be a logo: a small PNG or SVG that needs nothing else; what is not its picture is removed."""

import zlib

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts.logos import SIDE_PIXELS_MAX, measure_logo, read_logo
from jobmeter.billing.accounts.model import LOGO_BYTES_MAX
from jobmeter.billing.model import PNG
from tests.unit.billing.logos import PNG_BEGIN, SVG, make_chunk, make_png

SVG_BEGIN = (
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
)


def svg(inner: str) -> bytes:
    return SVG_BEGIN + inner.encode() + b"</svg>"


def test_a_png_keeps_its_pixels_and_loses_its_metadata() -> None:
    plain = make_png(40, 10)
    more = [(b"tEXt", b"Author\x00a person"), (b"iCCP", b"p\x00\x00" + zlib.compress(bytes(99_999)))]
    logo = read_logo(make_png(40, 10, more=more) + b"what follows")
    assert (logo.media_type, logo.content, logo.width, logo.height) == (PNG, plain, 40, 10)
    assert measure_logo(logo.content) == logo == read_logo(logo.content)


def test_pngs_of_other_kinds_are_read() -> None:
    for kind, length, more in (
        ((1, 0, 0, 0, 0), 1, []),
        ((16, 6, 0, 0, 0), 8 * 8, []),
        ((4, 3, 0, 0, 0), 4, [(b"PLTE", bytes(6)), (b"tRNS", b"\x00")]),
    ):
        logo = read_logo(make_png(8, 2, kind=kind, more=more, pixels=bytes(2 * (1 + length))))
        assert (logo.width, logo.height) == (8, 2)
    # eight by eight pixels in seven passes, of 1, 1, 2, 4, 8, 16 and 32 pixels
    rows = [(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8)]
    pixels = b"".join(bytes(1 + across) * down for down, across in rows)
    assert read_logo(make_png(8, 8, kind=(8, 0, 0, 0, 1), pixels=pixels)).width == 8


def test_an_svg_loses_what_editors_add() -> None:
    text = (
        b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/svg11.dtd">'
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:i="urn:inkscape" i:version="1" onload="x()" width="30mm" height="10mm">'
        b'<!-- made by --><metadata><i:license/></metadata><script>x()</script><i:view/><defs><linearGradient id="a">'
        b'<stop offset="0"/></linearGradient></defs><g style="fill: url( \'#a\' )"><path d="M0 0h9" onclick="x()"/></g></svg>'
    )
    logo = read_logo(text)
    assert (logo.width, logo.height) == (30_000, 10_000)
    for word in (
        b"DOCTYPE",
        b"script",
        b"metadata",
        b"onload",
        b"onclick",
        b"license",
        b"view",
        b"made by",
        b"version",
    ):
        assert word not in logo.content, word
    assert b"url( '#a' )" in logo.content
    assert read_logo(logo.content) == logo == measure_logo(logo.content)


BOMB = zlib.compress(bytes(50_000_000))
NESTED = "".join(
    f'<g id="g{level}">' + f'<use href="#g{level - 1}"/>' * 10 + "</g>" for level in range(1, 12)
)
# What was sent, and a word of the reason.
BAD = {
    "nothing": (b"", "neither"),
    "text": (b"a logo", "neither"),
    "a GIF": (b"GIF89a" + bytes(20), "neither"),
    "a JPEG": (b"\xff\xd8\xff\xe0" + bytes(20), "neither"),
    "HTML": (b"<html><body/></html>", "neither"),
    "too long": (PNG_BEGIN + bytes(LOGO_BYTES_MAX), "200,000"),
    "the beginning only": (PNG_BEGIN, "whole"),
    "a PNG that is cut": (make_png(20, 20)[:-20], "whole"),
    "a PNG that was changed": (make_png(20, 20).replace(b"IDATx", b"IDATy"), "changed"),
    "a PNG without pixels": (PNG_BEGIN + make_chunk(b"IHDR", bytes(13)) + make_chunk(b"IEND", b""), "pixels"),
    "a short header": (PNG_BEGIN + make_chunk(b"IHDR", b"") + make_chunk(b"IEND", b""), "header"),
    "no header": (PNG_BEGIN + make_chunk(b"IEND", b""), "whole"),
    "two headers": (make_png(9, 9, more=[(b"IHDR", bytes(13))]), "whole"),
    "unknown parts": (make_png(9, 9, more=[(b"ABCD", b"")]), "not known"),
    "too wide": (make_png(SIDE_PIXELS_MAX + 1, 500, pixels=b""), "2001"),
    "enormous": (make_png(2**31, 2**31, pixels=b""), "pixels"),
    "a bomb": (make_png(9, 9, pixels=BOMB), "other pixels"),
    "too few pixels": (make_png(9, 9, pixels=bytes(9)), "other pixels"),
    "a filter that does not exist": (make_png(1, 1, pixels=b"\x05abc"), "does not exist"),
    "a depth that does not exist": (make_png(9, 9, kind=(3, 2, 0, 0, 0)), "does not exist"),
    "a packing that does not exist": (make_png(9, 9, kind=(8, 2, 1, 0, 0)), "does not exist"),
    "no palette": (make_png(9, 9, kind=(8, 3, 0, 0, 0), pixels=bytes(90)), "palette"),
    "a line": (make_png(200, 9), "20 times"),
    "an SVG that is cut": (SVG[:-6], "neither"),
    "entities": (b'<!DOCTYPE s [<!ENTITY a "b">]>' + SVG, "entities"),
    "an SVG without a size": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "size"),
    "an SVG of no size": (SVG.replace(b"0 0 240 60", b"0 0 240 0"), "size"),
    "a percentage": (b'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"/>', "size"),
    "another namespace": (b'<svg viewBox="0 0 9 9"/>', "neither"),
    "text in an SVG": (svg("<text>Board</text>"), "<text>"),
    "a picture in an SVG": (svg('<image href="data:image/png;base64,"/>'), "<image>"),
    "HTML in an SVG": (svg("<foreignObject/>"), "<foreignObject>"),
    "a filter": (svg("<filter/>"), "<filter>"),
    "another file": (svg('<use href="file:///etc/passwd"/>'), "loads"),
    "another server": (svg('<use xlink:href="http://127.0.0.1/a.svg#a"/>'), "loads"),
    "a style from elsewhere": (svg("<style>@import 'http://127.0.0.1/a.css'</style>"), "loads"),
    "a fill from elsewhere": (svg('<path fill="url(http://127.0.0.1/a#b)"/>'), "loads"),
    "a quoted fill from elsewhere": (svg("<path style='fill:url(\"//a/b#c\")'/>"), "loads"),
    "ten to the power of ten elements": (svg('<g id="g0"><path/></g>' + NESTED), "uses others"),
    "many uses": (svg('<g id="a"/>' + '<use href="#a"/>' * 101), "100"),
    "many elements": (svg("<g/>" * 5_001), "5,000"),
    "deep elements": (svg("<g>" * 80 + "</g>" * 80), "60"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_logo_is_refused_with_the_reason(name: str) -> None:
    content, word = BAD[name]
    with pytest.raises(Refused) as refused:
        read_logo(content)
    assert refused.value.fault is Fault.OPERATOR_INPUT
    assert refused.value.message.startswith("logo: ")
    assert word in refused.value.message, refused.value.message
