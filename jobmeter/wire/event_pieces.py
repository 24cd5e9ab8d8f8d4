"""Owns dividing a batch of events into pieces that are decoded one after the other, in a few milliseconds each.

Decoding fifty megabytes at once would keep every other request waiting. Pure. Does not own a record's fields (``events``).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EVENT_BYTES_MAX

PIECE_BYTES = 131_072  # about 500 events
# Where one record of an array usually ends and the next begins, also if the sender writes white space.
_SEAM = re.compile(rb"\}\s*,\s*(?=\{)")
SEAM_SEARCH_BYTES = 4_096
_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[{]++|[\]}]++|[,"]', re.DOTALL)
# Of a piece whose records end nowhere as they usually do: each takes about a microsecond.
MARKS_MAX = 8_192

# Decodes a piece at once, and yields its records in lists of a few hundred.
Decode = Callable[[bytes], Iterator[Sequence[Any]]]

assert PIECE_BYTES >= 2 * EVENT_BYTES_MAX, "each piece contains the end of a record"


def check_record_bytes(body: bytes) -> None:
    """Raises ``Refused(EVENTS_MALFORMED)`` for a body that is one record, and longer than a record may be."""
    if len(body) > EVENT_BYTES_MAX:
        raise Refused(Fault.EVENTS_MALFORMED, why=f"the record has more than {EVENT_BYTES_MAX} bytes")


def decode_array(body: bytes, decode: Decode) -> Iterator[Sequence[Any]]:
    """Decodes a JSON array in pieces, each of which ``decode`` receives as an array. Raises as ``decode`` does, and
    ``Refused(EVENTS_MALFORMED)`` for a long body that is no array.
    """
    if len(body) <= PIECE_BYTES:
        yield from decode(body)
        return
    start = len(body) - len(body.lstrip()) + 1
    if body[start - 1 : start] != b"[":
        raise Refused(Fault.EVENTS_MALFORMED, why="it is not an array")
    while len(body) - start > PIECE_BYTES:
        window = body[start : start + PIECE_BYTES]
        size, found = _decode_window(window, decode)
        yield from found
        start += size
    yield from decode(b"[" + body[start:])


def _decode_window(window: bytes, decode: Decode) -> tuple[int, Iterator[Sequence[Any]]]:
    """Returns how many bytes of the window are decoded, with their records.

    If the seam is in a text or in an inner array, the piece ends there too and is no array: it cannot be decoded, and the
    records are counted bracket by bracket instead.
    """
    seams = [match.start() + 1 for match in _SEAM.finditer(window, len(window) - SEAM_SEARCH_BYTES)]
    if seams:
        try:
            return _end_of(window, seams[-1]), decode(b"[" + window[: seams[-1]] + b"]")
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    end = _find_end(window)
    return _end_of(window, end), decode(b"[" + window[:end] + b"]")


def _end_of(window: bytes, end: int) -> int:
    return window.index(b",", end) + 1


def _find_end(window: bytes) -> int:
    """Returns the position of a comma between two records: the last one, or that after which many marks were read.

    Raises ``Refused(EVENTS_MALFORMED)`` if there is none.
    """
    depth, end = 0, 0
    for number, match in enumerate(_MARK.finditer(window), 1):
        mark = match[0]
        if mark == b'"':
            break  # a text that ends in a later piece
        if mark[0] in b"[{":
            depth += len(mark)
        elif mark[0] in b"]}":
            depth -= len(mark)
        elif mark == b"," and depth == 0:
            end = match.start()
        if end and number >= MARKS_MAX:
            break
    if end == 0:
        raise Refused(Fault.EVENTS_MALFORMED, why=f"a record has more than {EVENT_BYTES_MAX} bytes")
    return end


def decode_lines(body: bytes, decode: Decode) -> Iterator[Sequence[Any]]:
    """Decodes lines in pieces. Raises ``Refused(EVENTS_MALFORMED)`` for a line that is longer than a record may be."""
    start = 0
    while len(body) - start > PIECE_BYTES:
        end = body.rfind(b"\n", start, start + PIECE_BYTES)
        if end < 0:
            raise Refused(Fault.EVENTS_MALFORMED, why=f"a line has more than {EVENT_BYTES_MAX} bytes")
        yield from decode(body[start : end + 1])
        start = end + 1
    yield from decode(body[start:])
