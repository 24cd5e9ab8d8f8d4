"""Owns the fields of a batch whose records all have one shape: where in the body each of them is, a column at a time.

Most senders' records have the same keys in the same order, so that a batch is one pattern, repeated: that of the first
record, with which numpy compares all others. Whatever deviates (another order, a ``null``, an escape, a byte that
is not ASCII) is left to ``wire.events``, and nothing is refused here. Pure. Does not own what a field means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jobmeter.base.limits import EVENT_BYTES_MAX, EVENTS_BATCH_ROWS_MAX
from jobmeter.wire.events import JSON_MEDIA, NDJSON_MEDIA

Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Spans = dict[str, tuple[Places, Places]]  # by field, where its values begin and end

# Larger than the pieces of ``wire.event_pieces``: each costs a hundred calls of numpy, whatever its size.
PIECE_BYTES = 700_000
PIECE_ROWS = 2_700  # about: short records, too, are read in a few milliseconds
PIECE_ROWS_WITH_TEXT_TIMES = 400  # a time that is a text takes as long as five records without one
DIGITS_MAX = 16
FIELDS_MAX = 32  # each costs some calls of numpy for a piece, however few records it has
QUOTE, FIRST_PRINTABLE = ord('"'), ord(" ")
# Longer texts are cut out one by one: reading them eight bytes at a time would take no less.
WORDS_MAX = 12
# Around a piece, so that eight bytes can be read at any place in it, and the sixteen before any number's end.
PADDING = b" " * 16

# By a number of bytes, the lowest of eight bytes.
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)
# By the number of a text's word, and by how many bytes the text has.
_MASKS_OF_WORDS = [
    _MASKS[np.clip(np.arange(8 * WORDS_MAX + 1) - 8 * word, 0, 8)] for word in range(WORDS_MAX)
]

# One field of the first record, without or with the spaces that Python's ``json.dumps`` writes.
_FIELD = re.compile(rb'(?P<key>"(?P<name>[^"]*)": ?)(?:(?P<quote>")[^"]*"|[0-9]+)(?P<comma>, ?(?=")|(?=\}))')
_ARRAY_SEAM, _LINE_SEAM = re.compile(rb",[ \n]?(?=\{)"), re.compile(rb"\n(?=\{)")


@dataclass(frozen=True, slots=True)
class ShapedField:
    """A field of every record. ``before`` are the bytes between the last value and this one; for the first field, between
    the last value of a record and the first of the next. Those of the key are the last ``key_bytes`` of them, and
    ``quotes`` of the record's quotes come before the key.
    """

    name: str
    is_text: bool
    before: bytes
    key_bytes: int
    quotes: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of every record in order, and the bytes of a record before its first value and after its last one.

    ``seam`` is what is between two records, ``record_bytes`` the length of the first one.
    """

    fields: tuple[ShapedField, ...]
    opening: bytes
    closing: bytes
    seam: bytes
    quotes: int
    record_bytes: int

    @property
    def piece_rows(self) -> int:
        """About how many records are read before other requests have a turn."""
        has_text_times = any(field.is_text and field.name == "time" for field in self.fields)
        return PIECE_ROWS_WITH_TEXT_TIMES if has_text_times else PIECE_ROWS


@dataclass(frozen=True, slots=True)
class ShapedPiece:
    """Some records of a batch. Places are those in ``buffer``, the piece's bytes with padding; ``offset`` more in the body.

    ``numbers`` are the values of the fields that are numbers, ``records`` where each record begins and ends.
    """

    shape: Shape
    offset: int
    buffer: bytes
    words: Words
    records: tuple[Places, Places]
    spans: Spans
    numbers: dict[str, Places]

    def __len__(self) -> int:
        return len(self.records[0])

    def sizes(self, name: str) -> Places:
        """The number of characters of each text of a field."""
        starts, ends = self.spans[name]
        return ends - starts

    def are(self, name: str, text: bytes) -> Flags:
        """Which values of a field are exactly ``text``."""
        same: Flags = self.sizes(name) == len(text)
        same[same] = _match(self.words, self.spans[name][0][same], text)
        return same

    def read_words(self, name: str, count: int) -> Words:
        """A row for each text of a field: its first ``count`` times eight bytes as numbers, zeros after its end."""
        starts, sizes = self.spans[name][0], np.minimum(self.sizes(name), 8 * count)
        words = np.zeros((len(starts), count), dtype="<u8")
        least = int(sizes.min())
        for word in range(-(-int(sizes.max()) // 8)):
            # What would be beyond the buffer, of a short text near its end, is masked.
            found = self.words[np.minimum(starts + 8 * word, len(self.words) - 1)]
            is_whole = least >= 8 * (word + 1)  # in every text
            words[:, word] = found if is_whole else found & _MASKS_OF_WORDS[word][sizes]
        return words

    def list_bytes(self, name: str, *, before: bytes = b"") -> list[bytes]:
        """The texts of a field, each with the same bytes before it. With any, no text may be empty."""
        sizes = self.sizes(name)
        count = max(1, -(-int(sizes.max()) // 8))
        if count > WORDS_MAX:
            buffer, (starts, ends) = self.buffer, self.spans[name]
            places = zip(starts.tolist(), ends.tolist(), strict=True)
            return [before + buffer[start:end] for start, end in places]
        assert not before or sizes.min() > 0, "zeros at the end are cut off"
        # A table of bytes, a row for each text, which numpy makes into objects: without the zeros, which no text holds.
        table = np.empty((len(self), len(before) + 8 * count), dtype=np.uint8)
        table[:, : len(before)] = np.frombuffer(before, dtype=np.uint8)
        table[:, len(before) :] = self.read_words(name, count).view(np.uint8)
        listed: list[bytes] = table.view(f"S{table.shape[1]}").ravel().tolist()
        return listed

    def list_texts(self, name: str, rows: Places | None = None) -> list[str]:
        """All texts of a field, or those of these rows."""
        starts, ends = self.spans[name]
        if rows is not None:
            starts, ends = starts[rows], ends[rows]
        # The whole piece is decoded once: a slice of a text costs no more than one of bytes.
        buffer = self.buffer.decode("ascii")
        return [buffer[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def read_shaped(body: bytes, media: str, *, piece_bytes: int = PIECE_BYTES) -> Iterator[ShapedPiece | None]:
    """Yields the records of a batch of one shape in order, in pieces that take a few milliseconds each.

    ``None``, after which nothing follows, says that the batch is not one of these: an earlier piece is not to be used then.
    """
    is_lines = media in NDJSON_MEDIA
    # Both are found at the speed of memory, before any work is done that would be in vain.
    if not (is_lines or media in JSON_MEDIA) or b"\\" in body or not body.isascii():
        yield None
        return
    start, end = _find_records(body, is_lines=is_lines)
    shape = _find_shape(body, start, is_lines=is_lines)
    rows = 0
    while shape is not None and start < end:
        limit = min(start + piece_bytes, start + shape.piece_rows * shape.record_bytes, end)
        size = end - start if limit == end else _cut(body, start, limit, shape)
        piece = _read_piece(body, start, start + size, shape)
        rows += 0 if piece is None else len(piece)
        if piece is None or rows > EVENTS_BATCH_ROWS_MAX:
            break
        yield piece
        start += size + len(shape.seam)
    if shape is None or start < end:
        yield None


def _find_records(body: bytes, *, is_lines: bool) -> tuple[int, int]:
    """Where the first record begins, and where the last one ends; the same place twice if there cannot be any."""
    if is_lines:
        return 0, len(body) - body.endswith(b"\n")
    start = len(body) - len(body.lstrip(b" \t\r\n"))
    end = len(body.rstrip(b" \t\r\n"))
    return (start + 1, end - 1) if body[start : start + 1] == b"[" and body[end - 1 : end] == b"]" else (0, 0)


def _find_shape(body: bytes, start: int, *, is_lines: bool) -> Shape | None:
    """The shape of the record that begins at ``start``, if it can be read a column at a time."""
    found: list[re.Match[bytes]] = []
    at = start + 1
    if body[start : start + 1] != b"{":
        return None
    while len(found) <= FIELDS_MAX and (match := _FIELD.match(body, at, start + EVENT_BYTES_MAX)):
        found.append(match)
        at = match.end()
    names = {field["name"] for field in found}
    # Of a key that is repeated the last one holds, which is left to others.
    if not found or len(names) < len(found) or body[at : at + 1] != b"}":
        return None
    seam = (_LINE_SEAM if is_lines else _ARRAY_SEAM).match(body, at + 1)
    closing = (found[-1]["quote"] or b"") + b"}"
    fields: list[ShapedField] = []
    quotes, last = 0, closing + (seam[0] if seam else b"\n" if is_lines else b",") + b"{"
    for field in found:
        quote = field["quote"] or b""
        key = field["key"] + quote
        fields.append(ShapedField(field["name"].decode(), bool(quote), last + key, len(key), quotes))
        quotes, last = quotes + 2 + 2 * len(quote), quote + field["comma"]
    opening = b"{" + fields[0].before[-fields[0].key_bytes :]
    return Shape(
        fields=tuple(fields),
        opening=opening,
        closing=closing,
        seam=fields[0].before[len(closing) : -len(opening)],
        quotes=quotes,
        record_bytes=at + 1 - start,
    )


def _cut(body: bytes, start: int, limit: int, shape: Shape) -> int:
    """How many bytes from ``start`` on, up to the limit, are whole records; if none are, a few that cannot be one."""
    found = body.rfind(shape.fields[0].before, start, limit)
    return max(found + len(shape.closing) - start, 1)


def _read_piece(body: bytes, start: int, end: int, shape: Shape) -> ShapedPiece | None:
    """Finds every field of every record between these places, and that nothing else is there.

    Each byte belongs to what is between values and was compared, or to a text, between one quote and the next, or is a
    digit: that is why what is read here is what a JSON reader would read.
    """
    buffer = b"".join((PADDING, memoryview(body)[start:end], PADDING))
    data = np.frombuffer(buffer, dtype=np.uint8)
    # A table of the places of all quotes: a row for each record, a column for each quote that a record has.
    quotes = np.flatnonzero(data == QUOTE)
    rows, rest = divmod(len(quotes), shape.quotes)
    if (
        rest
        or rows == 0
        or not (body.startswith(shape.opening, start, end) and body.endswith(shape.closing, start, end))
    ):
        return None
    # A text has no control character: those of the piece are its line breaks, each of which a seam accounts for.
    if np.count_nonzero(data < FIRST_PRINTABLE) != (rows - 1) * shape.seam.count(b"\n"):
        return None
    # The eight bytes from each place on as one number; the processor reads them at any place.
    words: Words = np.ndarray(shape=(len(buffer) - 7,), dtype="<u8", buffer=buffer, strides=(1,))
    spans = _find_spans(words, quotes.reshape(rows, -1), shape, len(buffer) - len(PADDING))
    numbers = {} if spans is None else _read_all_numbers(words, spans, shape)
    if spans is None or numbers is None:
        return None
    records = (
        spans[shape.fields[0].name][0] - len(shape.opening),
        spans[shape.fields[-1].name][1] + len(shape.closing),
    )
    if int((records[1] - records[0]).max()) > EVENT_BYTES_MAX:
        return None
    return ShapedPiece(
        shape=shape,
        offset=start - len(PADDING),
        buffer=buffer,
        words=words,
        records=records,
        spans=spans,
        numbers=numbers,
    )


def _find_spans(words: Words, quotes: Places, shape: Shape, end: int) -> Spans | None:
    """Where the values of each field begin and end; ``None`` if anything but values differs between the records."""
    spans: Spans = {}
    before: Places | None = None  # where the value before ends
    for number, field in enumerate(shape.fields):
        starts = quotes[:, field.quotes] + field.key_bytes
        if int(starts[-1]) > end:
            return None  # after the last record's quote there is no room for the key of the first record
        # A text ends at the next quote after the three that are compared below: its key's, and its own first.
        ends = quotes[:, field.quotes + 3] if field.is_text else _find_ends(quotes, shape, number, end)
        if before is not None and not _follow(words, before, starts, field.before):
            return None
        spans[field.name] = (starts, ends)
        before = ends
    assert before is not None, "a shape has fields"
    # Likewise from each record to the next; how the first one opens and the last one closes has been compared.
    first, starts = shape.fields[0], spans[shape.fields[0].name][0]
    begins = int(starts[0]) == len(PADDING) + len(shape.opening)
    is_whole = begins and int(before[-1]) == end - len(shape.closing)
    return spans if is_whole and _follow(words, before[:-1], starts[1:], first.before) else None


def _find_ends(quotes: Places, shape: Shape, number: int, end: int) -> Places:
    """Where the numbers of a field end: as far before the next key's quote as the shape says."""
    if number + 1 < len(shape.fields):
        following = shape.fields[number + 1]
        return quotes[:, following.quotes] - following.before.index(b'"')
    return np.append(quotes[1:, 0] - shape.fields[0].before.index(b'"'), end - len(shape.closing))


def _follow(words: Words, ends: Places, starts: Places, text: bytes) -> bool:
    """Whether exactly this text is between the ends of values and the starts of those that follow."""
    return bool((starts - ends == len(text)).all()) and bool(_match(words, ends, text).all())


def _read_all_numbers(words: Words, spans: Spans, shape: Shape) -> dict[str, Places] | None:
    found = {
        field.name: _read_numbers(words, *spans[field.name]) for field in shape.fields if not field.is_text
    }
    numbers = {name: values for name, values in found.items() if values is not None}
    return numbers if len(numbers) == len(found) else None


def _match(words: Words, places: Places, text: bytes) -> Flags:
    """At which places the text begins, compared eight bytes at a time."""
    matches = np.ones(len(places), dtype=bool)
    for skip in range(0, len(text), 8):
        part = text[skip : skip + 8]
        found = words[places + skip] if skip else words[places]
        if len(part) < 8:
            found &= _MASKS[len(part)]
        matches &= found == np.uint64(int.from_bytes(part, "little"))
    return matches


_ZEROS = np.uint64(0x3030303030303030)  # eight times the digit 0
_EIGHT_BITS = np.uint64(8)


def _read_numbers(words: Words, start: Places, end: Places) -> Places | None:
    """The integers that are written between these places; ``None`` unless all are digits, as JSON writes them."""
    sizes = end - start
    least, most = int(sizes.min()), int(sizes.max())
    if least < 1 or most > DIGITS_MAX:
        return None
    first = words[start] & np.uint64(0xFF)
    if ((first == ord("0")) & (sizes > 1)).any():
        return None
    if least == most:
        sizes = sizes[:1]  # most numbers are times or ids of one length: numpy repeats the first one's
    values, are_digits = _read_digits(words[end - 8], np.minimum(sizes, 8))
    if most > 8:
        more, are_more = _read_digits(words[end - 16], np.maximum(sizes - 8, 0))
        values, are_digits = values + more * np.uint64(100_000_000), are_digits & are_more
    return values.astype(np.int64) if bool(are_digits.all()) else None


def _read_digits(words: Words, digits: Places) -> tuple[Words, Flags]:
    """The numbers that the last ``digits`` of eight bytes each write, at most eight, and which of them are digits only."""
    unused = _MASKS[8 - digits]
    words = (words & ~unused) | (_ZEROS & unused)  # the bytes before the number become zeros
    # A digit's upper half is 3, also after 6 is added to it.
    upper = np.uint64(0xF0F0F0F0F0F0F0F0)
    are_digits = ((words & upper) == _ZEROS) & (((words + np.uint64(0x0606060606060606)) & upper) == _ZEROS)
    # The first digit is the lowest byte. Each step adds up neighbours, the first times ten, a hundred and ten thousand: eight
    # digits become four numbers of two digits, two of four, one of eight; what overflows is not needed.
    pairs = ((words & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(10 * 256 + 1)) >> _EIGHT_BITS
    fours = ((pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(100 * 65_536 + 1)) >> np.uint64(16)
    eights = ((fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(10_000 * (1 << 32) + 1)) >> np.uint64(32)
    return eights, are_digits
