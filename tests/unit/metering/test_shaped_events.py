"""Batches of one shape become the columns that any reader makes of them, or are left to the other reader."""

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobmeter.base.faults import Refused
from jobmeter.base.limits import EVENT_BYTES_MAX, EVENT_TEXT_CHARACTERS_MAX, EVENTS_BATCH_ROWS_MAX
from jobmeter.database.columns import layout_of
from jobmeter.metering.intake.agents import AGENTS_INLINE_MAX
from jobmeter.metering.intake.columns import TIME_MS_MAX, UNREADABLE, address_number, make_columns
from jobmeter.metering.intake.event_shapes import (
    FIELDS_MAX,
    PIECE_BYTES,
    PIECE_ROWS,
    PIECE_ROWS_WITH_TEXT_TIMES,
    WORDS_MAX,
    read_shaped,
)
from jobmeter.metering.intake.flow import read_batch
from jobmeter.metering.intake.shaped import BYTES_MIN, RecordPlaces, ShapedEvents, make_shaped_columns
from jobmeter.metering.model import EventColumns
from jobmeter.wire.events import decode_events

AT = 1_709_253_000_000
ARRAY, LINES = "application/json", "application/x-ndjson"
COMPACT, SPACED = (",", ":"), (", ", ": ")
PLAIN = {"source": "board", "id": "e-1", "type": "applyClick", "time": AT, "job": 4_249_600_162}
FULL = PLAIN | {
    "visitor": "v-1",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "address": "192.0.2.1",
    "country": "GB",
}


def read_fast(body, media, piece_bytes=PIECE_BYTES):
    """The batch, if all of it has one shape."""
    pieces = list(read_shaped(body, media, piece_bytes=piece_bytes))
    parts = [piece if piece is None else make_shaped_columns(piece) for piece in pieces]
    if not parts or None in parts:
        return None
    places = RecordPlaces.concat_all([RecordPlaces.of_piece(piece) for piece in pieces])
    return ShapedEvents(body, places, EventColumns.concat_all(parts))


def read_any(body, media):
    events = [event for piece in decode_events(body, media) for event in piece]
    return events, make_columns(events, {})


def assert_equal(fast, body, media):
    events, columns = read_any(body, media)
    assert len(fast) == len(events)
    for name in layout_of(EventColumns):
        ours, theirs = getattr(fast.columns, name), getattr(columns, name)
        assert ours.dtype == theirs.dtype, name
        assert ours.tolist() == theirs.tolist(), name
    assert [str(event) for event in fast[:]] == [
        str(event).replace("SoundEvent", "Event") for event in events
    ]
    assert [agent or None for agent in fast.list_agents()] == [event.user_agent or None for event in events]


def pack(events, media=ARRAY, separators=COMPACT):
    texts = [json.dumps(event, separators=separators) for event in events]
    if media == LINES:
        return "\n".join(texts).encode()
    return f"[{separators[0].join(texts)}]".encode()


def number(events):
    """The same events, each with an id of its own."""
    return [event | {"id": f"e-{place}", "time": AT + place} for place, event in enumerate(events)]


@pytest.mark.parametrize("separators", [COMPACT, SPACED])
@pytest.mark.parametrize("media", [ARRAY, "", LINES])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"visitor": "v"},
        {"visitor": "", "userAgent": "", "address": "", "country": ""},
        {"userAgent": "curl/8", "address": "2001:db8::1"},
        {"country": "GB"},
        {name: FULL[name] for name in ("visitor", "userAgent", "address", "country")},
        {"job": "urn:li:jobPosting:4249600162"},
        {"job": "4249600162"},
        {"job": 0},
        {"time": "2024-03-01T00:30:00.123+01:00"},
        {"referrer": "https://jobs.example.com/?a=b", "position": 17, "isMobile": 1},
        {"visitor": "v },{ : , [] {}"},
    ],
    ids=str,
)
def test_usual_senders_are_read_by_shape(media, separators, changes):
    for rows in (1, 2, 300):
        events = [event | {"time": AT, **changes} for event in number([PLAIN] * rows)]
        body = pack(events, media, separators)
        for sent in (body, body + b"\n"):
            fast = read_fast(sent, media)
            assert fast is not None
            assert_equal(fast, sent, media)


def test_keys_are_read_in_any_order_that_all_records_have():
    for order in (sorted(FULL), sorted(FULL, reverse=True)):
        body = pack([{name: event[name] for name in order} for event in number([FULL] * 3)])
        assert_equal(read_fast(body, ARRAY), body, ARRAY)


def test_lines_may_end_as_an_array_may_break_them():
    body = b"[%s]\n" % b",\n".join(json.dumps(event).encode() for event in number([FULL] * 3))
    assert_equal(read_fast(body, ARRAY), body, ARRAY)


@pytest.mark.parametrize("piece_bytes", [1_000, 10_000, PIECE_BYTES])
def test_a_long_batch_is_read_in_pieces(piece_bytes):
    events = number(
        [FULL, PLAIN | {"visitor": "v", "userAgent": "Googlebot/2.1", "address": "::1", "country": "x"}]
        * 1_500
    )
    for media, separators in ((ARRAY, COMPACT), (LINES, SPACED)):
        body = pack(events, media, separators)
        assert len(list(read_shaped(body, media, piece_bytes=piece_bytes))) >= len(body) / piece_bytes
        assert_equal(read_fast(body, media, piece_bytes), body, media)


def test_a_piece_of_short_records_has_no_more_than_it_can_have_of_others():
    pieces = list(read_shaped(pack([PLAIN | {"time": 1, "job": 1}] * 5_000), ARRAY))
    assert sum(map(len, pieces)) == 5_000
    assert max(map(len, pieces)) <= PIECE_ROWS


def test_pieces_are_shorter_where_times_are_texts_which_take_longer():
    events = [PLAIN | {"time": "2026-01-01T00:00:00.123+05:45"}] * 5_000
    longest = max(len(piece) for piece in read_shaped(pack(events), ARRAY))
    assert longest <= 1.1 * PIECE_ROWS_WITH_TEXT_TIMES < PIECE_ROWS


async def test_only_batches_that_gain_from_it_are_read_by_shape():
    large, small = number([FULL] * 700), number([FULL] * 100)
    for media in (ARRAY, LINES):
        assert len(pack(large, media)) > BYTES_MIN
        assert isinstance(await read_batch(pack(large, media), media), ShapedEvents)
        assert isinstance(await read_batch(pack(small, media), media), list)
    odd = pack([*large, PLAIN])
    assert len(await read_batch(odd, ARRAY)) == 701
    assert isinstance(await read_batch(odd, ARRAY), list)
    one = PLAIN | {"visitor": "v"}
    attributes = {
        "specversion": "1.0",
        "source": "s",
        "id": "i",
        "type": "view",
        "time": "2024-03-01T00:30:00Z",
    }
    (event,) = await read_batch(json.dumps(one).encode(), ARRAY, attributes)
    assert event.source == "s"


SOUND = pack([PLAIN, PLAIN | {"id": "e-2"}])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[{}]",
        b"[{}",
        b"{",
        b"[",
        b"]",
        b"null",
        SOUND[:-1],
        SOUND + b"]",
        SOUND + b"x",
        SOUND + SOUND,
        b"\xef\xbb\xbf" + SOUND,
        SOUND[:-1] + b",]",
        SOUND[:-1] + b",{}]",
        SOUND.replace(b"},{", b"}{"),
        SOUND.replace(b"162},{", b"162} ,{"),
        SOUND.replace(b"162},{", b"162}\n{"),
        SOUND.replace(b'"id":"e-2"', b'"id" :"e-2"'),
        SOUND.replace(b'"id":"e-2"', b'"iD":"e-2"'),
        b'[{"%s":1},{"a":1}]' % (b"k" * 200),
        b'[{"id":"1","%s":"x"},{"id":"1","a":"x"}]' % (b"k" * 200),
        SOUND.replace(b"e-2", b""),
        SOUND.replace(b"e-2", b"e\\u002d2"),
        SOUND.replace(b"e-2", b'e\\"2'),
        SOUND.replace(b"e-2", b'e"2'),
        SOUND.replace(b"e-2", b"e\n2"),
        SOUND.replace(b"e-2", b"e\x002"),
        SOUND.replace(b"e-2", "é".encode()),
        SOUND.replace(b"e-2", b"\xff"),
        SOUND.replace(b"e-2", b"e" * (EVENT_TEXT_CHARACTERS_MAX + 1)),
        SOUND.replace(b'"e-2"', b"null"),
        SOUND.replace(b'"e-2"', b"2"),
        SOUND.replace(b"applyClick", b"applyClock"),
        SOUND.replace(b"applyClick", b"apply"),
        SOUND.replace(b"applyClick", b"views"),
        SOUND.replace(b"4249600162}]", b"04249600162}]"),
        SOUND.replace(b"4249600162}]", b"-4249600162}]"),
        SOUND.replace(b"4249600162}]", b"4249600162.0}]"),
        SOUND.replace(b"4249600162}]", b"4249600162e1}]"),
        SOUND.replace(b"4249600162}]", b"42496001_2}]"),
        SOUND.replace(b"4249600162}]", b"424960016 }]"),
        SOUND.replace(b"4249600162}]", b":249600162}]"),
        SOUND.replace(b"4249600162}]", b"/249600162}]"),
        SOUND.replace(b"4249600162}]", b"}]"),
        SOUND.replace(b"4249600162}]", b"true}]"),
        SOUND.replace(b"4249600162}]", b"[1]}]"),
        SOUND.replace(b"4249600162}]", b"9" * 17 + b"}]"),
        SOUND.replace(b"4249600162}]", b'4249600162,"job":4249600162}]'),
        SOUND.replace(b"4249600162", b'4249600162,"job":5'),
        SOUND.replace(b"%d" % AT, b"%d" % TIME_MS_MAX),
        SOUND.replace(b"%d" % AT, b'"yesterday"'),
        pack([PLAIN | {"address": "nowhere"}]),
        pack([PLAIN | {"isCrawler": 1}]),
        pack([PLAIN | {"externalJobPostingId": "x"}]),
        pack([PLAIN | {"childApplication": 5}]),
        pack([PLAIN | {"visitor": 5}]),
        pack([PLAIN | {"visitor": "v" * (EVENT_TEXT_CHARACTERS_MAX + 1)}]),
        pack([PLAIN | {"userAgent": "a" * EVENT_BYTES_MAX}]),
        pack([PLAIN, FULL]),
        pack([PLAIN | {f"field{place}": 1 for place in range(FIELDS_MAX)}]),
        pack([PLAIN | {"userAgent": f"Agent/{place}.5"} for place in range(AGENTS_INLINE_MAX + 1)]),
        pack([{name: value for name, value in PLAIN.items() if name != "source"}]),
    ],
)
def test_whatever_deviates_is_left_to_the_other_reader(body):
    assert body != SOUND
    assert read_fast(body, ARRAY) is None


@pytest.mark.parametrize("media", ["text/csv", "application/cloudevents-batch+json"])
def test_other_media_are_left_to_the_other_reader(media):
    assert read_fast(SOUND, media) is None


def test_too_many_events_are_left_to_the_reader_that_refuses_them():
    at_most = pack([PLAIN] * EVENTS_BATCH_ROWS_MAX)
    assert len(read_fast(at_most, ARRAY)) == EVENTS_BATCH_ROWS_MAX
    assert read_fast(b"[%s,%s]" % (at_most[1:-1], at_most[1:-1]), ARRAY) is None


@given(st.lists(st.integers(0, 10**16 - 1) | st.integers(0, 10**9), min_size=1, max_size=20))
def test_numbers_of_any_length_are_read(numbers):
    body = pack([PLAIN | {"job": one} for one in numbers])
    (piece,) = read_shaped(body, ARRAY)
    assert piece.numbers["job"].tolist() == numbers


TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), min_size=1, max_size=30
) | st.sampled_from(["b", "},{", "id", ",", " ", "x" * EVENT_TEXT_CHARACTERS_MAX, "["])
LONG = [character * (8 * WORDS_MAX + more) for character in "az" for more in (-1, 0, 1)]
FIELDS = {
    "source": st.just("board") | TEXTS,
    "id": TEXTS | st.sampled_from(LONG),
    "type": st.sampled_from(["view", "applyClick"]),
    "time": st.integers(0, TIME_MS_MAX - 1) | st.integers(0, 200),
    "job": st.integers(0, 10**16 - 1) | st.integers(0, 2_000),
    "visitor": TEXTS | st.sampled_from(["", *LONG]),
    "userAgent": TEXTS | st.sampled_from(["", "Googlebot/2.1", "curl/8.0", FULL["userAgent"]]),
    "address": st.ip_addresses().map(str)
    | st.sampled_from(["", " ", "192.0.2.1:80", "::ffff:1.2.3.4", "[::1]:5"]),
    "country": st.sampled_from(["", "GB", "de", "D", "XX", "Denmark?", "Deutschland"]),
    "referrer": TEXTS | st.just(""),
    "n": st.integers(0, 10**12),
}
NEEDED = ("source", "id", "type", "time", "job")
ODD = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.integers()
    | st.text(max_size=5)
    | st.lists(st.integers(), max_size=2)
    | st.sampled_from(
        ["é", "\0", "\n", '"', "\\", "\ud800", "view", 2**63, 2**64, -1, {"id": "x"}, "4249600162"]
    )
)
# fmt: off
SPOILS = st.sampled_from([
    b"", b'"', b"\\", b"},{", b",", b" ", b"\n", b"\0", b"\xff",
    b"\x7f", b"null", b"0", b"-", b".5", b"e3", b"{", b"}", b"]",
]) | st.binary(max_size=3)
# fmt: on
WEIGHT = st.integers(0, 3).map(lambda one: one == 0)


@st.composite
def shaped(draw, names):
    """Events that have these fields in this order."""
    rows = draw(st.lists(st.tuples(*(FIELDS[name] for name in names)), min_size=1, max_size=12))
    return [dict(zip(names, row, strict=True)) for row in rows]


@st.composite
def orders(draw):
    more = draw(st.lists(st.sampled_from(sorted(FIELDS.keys() - set(NEEDED))), unique=True))
    return draw(st.permutations([*NEEDED, *more]))


@st.composite
def batches(draw):
    """A body of events of one shape, some of which may deviate, and the bytes may be spoiled."""
    names = draw(orders())
    if draw(WEIGHT):
        names = draw(st.lists(st.sampled_from(names), unique=True))
    events = draw(shaped(names))
    if draw(WEIGHT):
        odd = draw(st.sampled_from(events))
        odd[draw(st.sampled_from([*FIELDS, "isCrawler", "externalJobPostingId"]))] = draw(ODD)
    media = draw(st.sampled_from([ARRAY, LINES]))
    separators = draw(st.sampled_from([COMPACT, SPACED, (",", ": "), (",\n", ":"), (" ,", " : ")]))
    is_ascii = draw(st.booleans())
    texts = [json.dumps(event, separators=separators, ensure_ascii=is_ascii) for event in events]
    seam = draw(st.sampled_from([",", ", ", ",\n"]))
    text = "\n".join(texts) if media == LINES else f"[{seam.join(texts)}]"
    body = text.encode(errors="surrogatepass") + draw(st.sampled_from([b"", b"\n", b"\n\n", b" \r\n", b"\0"]))
    if draw(WEIGHT):
        at, cut = draw(st.integers(0, len(body))), draw(st.integers(0, 3))
        body = body[:at] + draw(SPOILS) + body[at + cut :]
    if draw(WEIGHT):
        body = body[: draw(st.integers(0, len(body)))]
    return body, media, draw(st.sampled_from([100, 300, 1_000, PIECE_BYTES]))


@given(batches())
@example((pack([PLAIN | {"id": "},{"}] * 5), ARRAY, 100))
@example((pack([PLAIN | {"job": "007"}] * 2), ARRAY, PIECE_BYTES))
@example((b"\n" + pack([PLAIN], LINES), LINES, PIECE_BYTES))
@example((pack([PLAIN], LINES) + b"\n\n", LINES, PIECE_BYTES))
@example((pack([PLAIN] * 2, LINES).replace(b"\n", b"\r\n"), LINES, PIECE_BYTES))
def test_both_readers_make_the_same_columns(batch):
    compare_readers(*batch)


@pytest.mark.slow
@settings(max_examples=5_000)
@given(batches())
def test_both_readers_make_the_same_columns_of_very_many_batches(batch):
    compare_readers(*batch)


def compare_readers(body, media, piece_bytes):
    fast = read_fast(body, media, piece_bytes)
    if fast is None:
        return
    try:
        assert_equal(fast, body, media)
    except Refused as refusal:
        raise AssertionError(f"the other reader refuses it: {refusal}") from refusal


@given(st.data())
def test_sound_batches_are_read_by_shape(data):
    """The reason why the test above compares anything."""
    events = data.draw(shaped(data.draw(orders())))
    media = data.draw(st.sampled_from([ARRAY, LINES]))
    body = pack(events, media, data.draw(st.sampled_from([COMPACT, SPACED])))
    fast = read_fast(body, media, data.draw(st.sampled_from([8_000, PIECE_BYTES])))
    assert fast is not None
    assert_equal(fast, body, media)


@given(st.lists(st.ip_addresses().map(str) | st.text("0123456789.:", max_size=42), min_size=1, max_size=30))
def test_addresses_that_come_back_have_the_same_networks(addresses):
    sound = [address for address in addresses if address_number(address) != UNREADABLE]
    for some in (sound, sound[::-1], sound + sound):
        if some:
            body = pack([PLAIN | {"address": address} for address in some])
            assert read_fast(body, ARRAY).columns.addresses.tolist() == list(map(address_number, some))


def test_addresses_that_share_a_place_are_not_mixed_up():
    """There are so many that some of them replace others."""
    for offset in (0, 1, 0):
        addresses = [f"{a}.{b}.{c * 16 + offset}.9" for a in (10, 11) for b in range(256) for c in range(16)]
        body = pack([PLAIN | {"address": address} for address in addresses])
        assert read_fast(body, ARRAY).columns.addresses.tolist() == list(map(address_number, addresses))


def test_flaws_of_a_row_that_is_read_are_none():
    columns = read_fast(SOUND, ARRAY).columns
    assert not columns.malformed.any()
    assert np.equal(columns.flaws, None).all()
