"""A batch that is decoded in pieces contains the same records as one that is decoded at once."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EVENT_BYTES_MAX, EVENTS_BATCH_ROWS_MAX
from jobmeter.wire.event_pieces import MARKS_MAX, PIECE_BYTES, decode_array, decode_lines
from jobmeter.wire.events import Malformed, decode_events
from tests.support.scenario import few_or_many

texts = st.sampled_from(
    ["},{", "} , {", '"},{"', "\\", "]", "[{", "é", "x" * 900, '\\"},{\\"', "\n"]
) | st.text(max_size=9)
values = st.recursive(
    texts | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def repeat(records):
    """Returns enough of the records for several pieces."""
    size = sum(len(json.dumps(record)) for record in records) + 1
    return records * (3 * PIECE_BYTES // size + 1)


# Each example has hundreds of kilobytes, up to a hundred thousand records.
@few_or_many(8, 60)
def test_pieces_of_an_array_are_the_array(examples):
    @settings(max_examples=examples)
    @given(
        records=st.lists(values, min_size=1, max_size=4),
        separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\n ", " : ")]),
        before=st.sampled_from(["", " ", "\n\t "]),
    )
    def check(records, separators, before):
        many = repeat(records)
        body = f"{before}{json.dumps(many, separators=separators)}\n".encode()
        pieces = list(decode_array(body, lambda piece: iter([msgspec.json.decode(piece)])))
        assert [record for piece in pieces for record in piece] == many
        assert len(pieces) > 1

    check()


@few_or_many(8, 60)
def test_pieces_of_lines_are_the_lines(examples):
    @settings(max_examples=examples)
    @given(records=st.lists(values, min_size=1, max_size=4))
    def check(records):
        many = repeat(records)
        body = "\n".join(map(json.dumps, many)).encode()
        pieces = list(
            decode_lines(body, lambda piece: iter([[json.loads(line) for line in piece.splitlines()]]))
        )
        assert [record for piece in pieces for record in piece] == many
        assert len(pieces) > 1

    check()


@pytest.mark.parametrize("value", [1, "", "},", [], [[1]], [1, "],"]], ids=json.dumps)
def test_a_piece_of_what_are_no_events_has_few_marks(value):
    many = [value] * (4 * PIECE_BYTES // (len(json.dumps(value)) + 1))
    body = json.dumps(many, separators=(",", ":")).encode()
    pieces = list(decode_array(body, lambda piece: iter([msgspec.json.decode(piece)])))
    assert [one for piece in pieces for one in piece] == many
    *whole, _ = pieces  # the last one is what is left
    assert max(map(len, whole)) <= MARKS_MAX


EVENT = {"source": "s", "id": "1", "type": "view", "time": 1, "job": 1}
LARGE = json.dumps(EVENT | {"userAgent": "x" * (EVENT_BYTES_MAX - 200)}).encode()
HUGE = json.dumps(EVENT | {"userAgent": "},{" * PIECE_BYTES}).encode()
TAIL = b"," + LARGE + b"," + LARGE + b"]"


@pytest.mark.parametrize(
    ("body", "media", "why"),
    [
        (b"[" + HUGE + b"]", "application/json", "a record has more than"),
        (b"[" + LARGE + b"," + HUGE + b"]", "application/json", "a record has more than"),
        (b"[" + b"[" * 2 * PIECE_BYTES, "application/json", "a record has more than"),
        (HUGE, "application/json", "it is not an array"),
        (HUGE, "application/x-ndjson", "a line has more than"),
        (b"[" + LARGE + b"}" + TAIL, "application/json", "JSON is malformed"),
        (b"[" + LARGE + b",," + TAIL, "application/json", "JSON is malformed"),
        (b"[" + LARGE + b"]" + TAIL, "application/json", ""),
        (b"[" + LARGE + TAIL + b"[", "application/json", "trailing characters"),
        (b"[" + LARGE + TAIL[:-1], "application/json", "truncated"),
    ],
)
def test_a_malformed_batch_of_several_pieces_is_refused(body, media, why):
    with pytest.raises(Refused) as refused:
        list(decode_events(body, media))
    assert refused.value.fault is Fault.EVENTS_MALFORMED
    assert why in refused.value.message


@pytest.mark.parametrize("media", ["application/json", "application/cloudevents-batch+json"])
def test_large_records_are_read(media):
    assert sum(len(piece) for piece in decode_events(b"[" + LARGE + TAIL, media)) == 3


@pytest.mark.parametrize(
    ("record", "media"),
    [
        (b"1,", "application/json"),
        (b"[],", "application/json"),
        (b'"",', "application/json"),
        (b"{},", "application/json"),
        (b"{},", "application/cloudevents-batch+json"),
        (b"1\n", "application/x-ndjson"),
    ],
)
def test_records_are_counted_before_they_are_read(record, media):
    body = record * 3_000_000
    body = body if "ndjson" in media else b"[" + body[:-1] + b"]"
    read = []
    with pytest.raises(Refused) as refused:
        read.extend(len(piece) for piece in decode_events(body, media))
    assert refused.value.fault is Fault.EVENTS_TOO_MANY
    assert sum(read) <= EVENTS_BATCH_ROWS_MAX


@pytest.mark.parametrize("bad", ['"userAgent": "Moz \\ud83d"', '"userAgent": 7'])
def test_one_unreadable_record_is_the_only_one_refused_in_a_batch_of_many_pieces(bad):
    records = [b'{"source":"s","id":"%d","type":"view","time":1,"job":7}' % number for number in range(9_000)]
    records[4_500] = records[4_500].replace(b'"source"', bad.encode() + b',"source"')
    body = b"[" + b",".join(records) + b"]"
    pieces = list(decode_events(body, "application/json"))
    events = [event for piece in pieces for event in piece]
    assert len(pieces) > 1
    assert [at for at, event in enumerate(events) if isinstance(event, Malformed)] == [4_500]
    assert len(events) == 9_000


@pytest.mark.parametrize(
    ("media", "attributes"), [("application/cloudevents+json", None), ("application/json", {"id": "a"})]
)
def test_a_single_event_is_no_longer_than_a_record_may_be(media, attributes):
    body = b"[" + b"1," * 60_000 + b"1]"
    with pytest.raises(Refused, match="the record has more than"):
        list(decode_events(body, media, attributes))
