"""Owns what precedes the root element of a feed: compression, byte order mark, XML declaration, instructions, DOCTYPE.

Whatever a feed is sent as, its reader gets UTF-8 without a mark and a declaration. Does not own elements (``stream``).
"""

import codecs
import gzip
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import FEED_BYTES_MAX, FEED_PROLOG_BYTES_MAX
from jobmeter.wire.xml.encodings import find_encoding, read_declaration

_OPENING_BYTES = 4_096
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
# What can be decoded piece by piece; other names of the same encodings are resolved by Python.
_SINGLE_BYTE = {"iso8859-1", "iso8859-15", "cp1252", "iso8859-2", "cp1250", "cp1251", "iso8859-9"}
_SPACE_OR_COMMENT = rb"(?:[ \t\r\n]++|<!--(?:[^-]|-(?!->))*+-->)*+"
_BEFORE_DECLARATION = re.compile(_SPACE_OR_COMMENT)
_BEFORE_ROOT = re.compile(
    rb"(?:[ \t\r\n]++|<!--(?:[^-]|-(?!->))*+-->|<\?(?!xml\s)(?:[^?]|\?(?!>))*+\?>)*+", re.IGNORECASE
)
_UNFINISHED = re.compile(rb"<?\Z|<!(?:-(?:-.*)?)?\Z|<\?.*\Z|<!D?O?C?T?Y?P?E?\s*[A-Za-z]{0,4}\Z", re.DOTALL)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class OpenedFeed:
    """``opening`` is followed by what ``rest`` returns; together they are the document in UTF-8."""

    opening: bytes
    rest: Readable
    is_json: bool

    def read_all(self, bytes_max: int) -> bytes:
        """Raises ``Refused(XML_TOO_LARGE)``."""
        pieces, size = [self.opening], len(self.opening)
        while chunk := self.rest.read(65_536):
            pieces.append(chunk)
            size += len(chunk)
            if size > bytes_max:
                raise Refused(Fault.XML_TOO_LARGE, what=f"a feed in JSON may have at most {bytes_max} bytes")
        return b"".join(pieces)


def open_feed(file: BinaryIO, *, charset: str = "", bytes_max: int = FEED_BYTES_MAX) -> OpenedFeed:
    """Unpacks and decodes a feed; the encoding is that of the mark, else of the content type, else the declared one.

    Raises ``Refused``: XML_ENCODING, XML_FORBIDDEN, XML_MALFORMED, XML_TOO_LARGE; reading the rest may as well.
    """
    stream = _unpack(file, bytes_max)
    opening = _read_up_to(stream, b"", 4)
    mark, encoding = find_encoding(opening[:4])
    if encoding == "utf-16":
        decoded = _Decoded(_Joined(opening, stream), "utf-16")
        return _finish(decoded, _read_up_to(decoded, b"", _OPENING_BYTES))
    opening = _read_up_to(stream, opening, _OPENING_BYTES)[len(mark) :]
    chosen = _choose_encoding(opening, "utf-8" if mark else charset)
    if chosen == "utf-8":
        return _finish(stream, opening)
    decoded = _Decoded(_Joined(opening, stream), chosen)
    return _finish(decoded, _read_up_to(decoded, b"", _OPENING_BYTES))


def _finish(stream: Readable, opening: bytes) -> OpenedFeed:
    text = opening.lstrip()
    if text[:1] in {b"[", b"{"}:
        return OpenedFeed(opening, stream, is_json=True)
    for size in (_OPENING_BYTES, FEED_PROLOG_BYTES_MAX):
        opening = _read_up_to(stream, opening, size)
        blanked = _blank_declaration(opening)
        if _check_prolog(blanked):
            return OpenedFeed(blanked, stream, is_json=False)
        if len(opening) < size:
            raise Refused(Fault.XML_MALFORMED, why="it has no root element")
    raise Refused(
        Fault.XML_TOO_LARGE, what=f"its root element must begin within {FEED_PROLOG_BYTES_MAX} bytes"
    )


def _blank_declaration(opening: bytes) -> bytes:
    """Replaces the declaration by blanks, so that the lines and columns of later errors remain right."""
    start = _end_of(_BEFORE_DECLARATION, opening)
    declaration, _ = read_declaration(opening[start:])
    blanks = re.sub(rb"[^\r\n]", b" ", declaration)
    return opening[:start] + blanks + opening[start + len(declaration) :]


def _check_prolog(opening: bytes) -> bool:
    """Returns whether the root begins within ``opening``. Only before it can a document type occur."""
    rest = opening[_end_of(_BEFORE_ROOT, opening) :]
    lowered = rest[:20].lower()
    if lowered.startswith(b"<!doctype html"):
        raise Refused(Fault.XML_MALFORMED, why="a web page came in place of a feed")
    if _UNFINISHED.match(rest):
        return False
    if rest.startswith(b"<!"):
        advice = "a document type (remove the line that begins with <!DOCTYPE, a feed needs none)"
        raise Refused(Fault.XML_FORBIDDEN, what=advice)
    if not rest.startswith(b"<"):
        raise Refused(Fault.XML_MALFORMED, why="it is neither XML nor JSON")
    return True


def _end_of(pattern: re.Pattern[bytes], opening: bytes) -> int:
    found = pattern.match(opening)
    assert found is not None  # it also matches the empty string
    return found.end()


def _choose_encoding(opening: bytes, charset: str) -> str:
    """A charset that is not known says nothing; bytes in which a declaration can be read are not UTF-16."""
    known = _find_codec(charset)
    if known:
        return known
    start = _end_of(_BEFORE_DECLARATION, opening)
    _, declared = read_declaration(opening[start:])
    if not declared or declared.lower().startswith("utf-16"):
        return "utf-8"
    known = _find_codec(declared)
    if not known:
        raise Refused(Fault.XML_ENCODING, why=f"{declared[:40]} is not supported")
    return known


def _find_codec(name: str) -> str:
    try:
        found = codecs.lookup(name.strip().strip("\"'") or "?").name
    except LookupError:
        return ""
    if found in {"utf-8", "utf-8-sig", "ascii"}:
        return "utf-8"
    return found if found in _SINGLE_BYTE else ""


def _unpack(file: BinaryIO, bytes_max: int) -> Readable:
    head = _read_up_to(file, b"", 4)
    if head.startswith(_GZIP):
        return _Unpacked(gzip.GzipFile(fileobj=_Joined(head, file)), bytes_max)  # type: ignore[call-overload]
    if head == _ZIP:
        return _Unpacked(_open_member(file), bytes_max)
    return _Joined(head, file)


def _open_member(file: BinaryIO) -> Readable:
    try:
        file.seek(0)
        archive = zipfile.ZipFile(file)
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise Refused(Fault.XML_MALFORMED, why=f"its archive has {len(members)} files, one is read")
        return archive.open(members[0])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise Refused(Fault.XML_MALFORMED, why=f"its archive cannot be read: {error}"[:200]) from error


def _read_up_to(stream: Readable, opening: bytes, size: int) -> bytes:
    while len(opening) < size and (chunk := stream.read(size - len(opening))):
        opening += chunk
    return opening


class _Joined:
    """A stream whose first bytes have been read already."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._stream.read(size)
        chunk, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
        return chunk


class _Unpacked:
    """An unpacked stream of limited size; what is wrong with its compression is the feed's flaw."""

    def __init__(self, stream: Readable, bytes_max: int) -> None:
        self._stream = stream
        self._left = bytes_max

    def read(self, size: int, /) -> bytes:
        try:
            chunk = self._stream.read(size)
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
            raise Refused(Fault.XML_MALFORMED, why=f"its compression is broken: {error}"[:200]) from error
        self._left -= len(chunk)
        if self._left < 0:
            raise Refused(Fault.XML_TOO_LARGE, what="the unpacked feed")
        return chunk


class _Decoded:
    """A stream in UTF-8 of one in another encoding."""

    def __init__(self, stream: Readable, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._kept = b""

    def read(self, size: int, /) -> bytes:
        while len(self._kept) < size:
            chunk = self._stream.read(size)
            self._kept += self._decode(chunk)
            if not chunk:
                break
        chunk, self._kept = self._kept[:size], self._kept[size:]
        return chunk

    def _decode(self, chunk: bytes) -> bytes:
        try:
            return self._decoder.decode(chunk, final=not chunk).encode(errors="surrogatepass")
        except UnicodeDecodeError as error:
            why = f"its bytes are not {self._encoding.upper()}: {error.reason}"
            raise Refused(Fault.XML_ENCODING, why=why) from error
