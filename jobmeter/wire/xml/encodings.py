"""Owns what precedes the root element: byte order mark, XML declaration, DOCTYPE, and the encoding that they specify.

Does not own the parsing of elements (``reader``, ``feed.stream``).
"""

import codecs
import re

from jobmeter.base.faults import Fault, Refused

# Only encodings for which checking the decoded text is equivalent to checking what a parser would see.
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "iso8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "utf-16": "utf-16",
    "utf-16le": "utf-16",
    "utf-16be": "utf-16",
}
# UTF-32 comes first because its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

BLANKS = b" \t\r\n"
_DECLARATION = re.compile(
    rb"<\?xml\s+version\s*=\s*(?:\"1\.[01]\"|'1\.[01]')"
    rb"(?:\s+encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._:-]{0,40})[\"'])?"
    rb"(?:\s+standalone\s*=\s*[\"'](?:yes|no)[\"'])?\s*\?>"
)
_BEFORE_ROOT = re.compile(rb"(?:[ \t\r\n]++|<!--(?:[^-]|-(?!->))*+-->)*+")
_UNFINISHED = re.compile(rb"<?\Z|<!(?:-(?:-.*)?)?\Z", re.DOTALL)


def decode_document(body: bytes, *, charset: str | None) -> bytes:
    """Converts the document to UTF-8 without byte order mark and declaration.

    UTF-8, US-ASCII, ISO-8859-1 and UTF-16 with its mark are supported. ``charset`` comes from the content type, and
    must not contradict the document. Raises ``Refused``: XML_ENCODING, XML_FORBIDDEN, XML_MALFORMED.
    """
    mark, encoding = find_encoding(body[:4])
    declared_within = body[len(mark) :]
    if encoding == "utf-16":
        declared_within = _decode(body, "utf-16").encode()
    declared_within = declared_within.lstrip(BLANKS)  # templates often begin with an empty line
    declaration, declared = read_declaration(declared_within)
    named = [_read_name(name) for name in (charset, declared) if name]
    if len({*named, *([encoding] if mark else [])}) > 1:
        raise Refused(Fault.XML_ENCODING, why="content type, byte order mark and XML declaration differ")
    chosen = named[0] if named else encoding
    if chosen == "utf-16" and encoding != "utf-16":
        raise Refused(Fault.XML_ENCODING, why="UTF-16 needs a byte order mark")
    rest = declared_within[len(declaration) :]
    if chosen != "utf-16":
        rest = _decode(rest, chosen).encode()
    if not check_prolog(rest):
        raise Refused(Fault.XML_MALFORMED, why="it has no root element")
    return rest


def find_encoding(opening: bytes) -> tuple[bytes, str]:
    """Returns the byte order mark and its encoding; without a mark, UTF-8."""
    for mark, encoding in _MARKS:
        if opening.startswith(mark):
            if encoding == "utf-32":
                raise Refused(Fault.XML_ENCODING, why="UTF-32")
            return mark, encoding
    return b"", "utf-8"


def read_declaration(opening: bytes) -> tuple[bytes, str | None]:
    """Returns the XML declaration, empty if there is none, and the encoding that it declares."""
    if not re.match(rb"<\?xml\s", opening):
        return b"", None
    found = _DECLARATION.match(opening)
    if found is None:
        raise Refused(Fault.XML_MALFORMED, why="its XML declaration is malformed")
    return found[0], found[1].decode() if found[1] else None


def check_prolog(opening: bytes) -> bool:
    """Returns whether the root element begins within ``opening``, which starts after the XML declaration.

    A document type can occur only here, and only there can entities be declared, so both are refused before a
    parser sees them. Raises ``Refused(XML_FORBIDDEN)``.
    """
    found = _BEFORE_ROOT.match(opening)
    assert found is not None  # it also matches the empty string
    rest = opening[found.end() :]
    if _UNFINISHED.match(rest):
        return False
    if rest.startswith(b"<!"):
        raise Refused(Fault.XML_FORBIDDEN, what="a document type")
    if rest.startswith(b"<?"):
        raise Refused(Fault.XML_FORBIDDEN, what="a processing instruction")
    return True


def _read_name(name: str) -> str:
    known = _ENCODINGS.get(name.strip().strip("\"'").lower())
    if known is None:
        raise Refused(Fault.XML_ENCODING, why=f"{name[:40]} is not supported")
    return known


def _decode(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        why = f"the bytes from offset {error.start} on are not {encoding.upper()}"
        raise Refused(Fault.XML_ENCODING, why=why) from error
