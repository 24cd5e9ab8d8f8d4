"""The event formats: JSON array, NDJSON, CloudEvents batch. A malformed record does not affect the others."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EVENTS_BATCH_ROWS_MAX
from jobmeter.wire.events import (
    Event,
    Malformed,
    SoundEvent,
    find_flaw,
    find_flaws,
    read_application_id,
    read_external_name,
    read_job_id,
    read_time_ms,
)
from tests.unit.wire.event_batches import CLOUD, decode_all

AT = 1_709_253_000_123
PLAIN = {
    "source": "board",
    "id": "e-1",
    "type": "applyClick",
    "job": 4249477487,
    "time": AT,
    "visitor": "v-1",
    "userAgent": "Mozilla/5.0",
    "address": "192.0.2.1",
}
NAMED = {
    "source": "board",
    "id": "e-2",
    "type": "view",
    "childApplication": "urn:li:developerApplication:100002",
    "externalJobPostingId": "fitter",
    "time": "2024-03-01T00:30:00.123Z",
}


@dataclass(frozen=True)
class Format:
    media: str
    record: dict

    def pack(self, *records):
        parts = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
        if "ndjson" in self.media:
            return b"\n".join(parts)
        return b"[" + b",".join(parts) + b"]"

    def decode(self, *records):
        return decode_all(self.pack(*records), self.media)


FORMATS = [
    Format("application/json", PLAIN),
    Format("application/x-ndjson", PLAIN),
    Format("application/cloudevents-batch+json", CLOUD),
]
each_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.media)


@each_format
def test_the_same_event_is_read_in_each_format(form):
    (event,) = form.decode(form.record)
    assert (event.source, event.id, event.type) == ("board", "e-1", "applyClick")
    assert (event.visitor, event.user_agent, event.address) == ("v-1", "Mozilla/5.0", "192.0.2.1")
    assert read_job_id(event.job) == 4249477487
    assert read_time_ms(event.time) == AT
    assert find_flaw(event) is None


@pytest.mark.parametrize("media", ["", "text/json", "application/ndjson", "application/jsonl"])
def test_alternative_media_types_are_accepted(media):
    body = (
        json.dumps(PLAIN).encode() if "ndjson" in media or "jsonl" in media else json.dumps([PLAIN]).encode()
    )
    assert decode_all(body, media) == [SoundEvent(**_snake(PLAIN))]


def _snake(record):
    return {{"userAgent": "user_agent"}.get(name, name): value for name, value in record.items()}


@each_format
@pytest.mark.parametrize(
    "malformed",
    [
        {},
        {"id": 5},
        {"source": None},
        {"type": ["view"]},
        {"time": 1.5},
        {"time": True},
        5,
        None,
        "text",
        [],
    ],
)
def test_a_malformed_record_does_not_affect_the_others(form, malformed):
    record = form.record | malformed if isinstance(malformed, dict) and malformed else malformed
    found = form.decode(form.record, record, form.record)
    assert [type(event) for event in found] == [Event, Malformed, Event]
    assert found[1].why


def test_a_malformed_line_does_not_affect_the_others():
    good = json.dumps(PLAIN).encode()
    found = decode_all(
        b"\n".join([good, b"{", b"", b"\xff", b"   ", b'{"id": "\\ud800"}', good, b""]),
        "application/x-ndjson",
    )
    assert [type(event) for event in found] == [Event, Malformed, Malformed, Malformed, Event]


@each_format
def test_an_empty_batch_has_no_events(form):
    assert list(form.decode()) == []


def test_unknown_fields_are_ignored():
    (event,) = decode_all(json.dumps([PLAIN | {"campaign": {"a": 1}}]).encode(), "application/json")
    assert event.id == "e-1"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"specversion": "0.3"}, None),
        ({"specversion": None}, None),
        ({"data": "text"}, None),
        ({"data": {"visitor": 5}}, None),
        ({"data": {"job": 7}, "subject": "5"}, ("job", 7)),  # data takes precedence
        ({"data": None, "subject": "5"}, ("job", "5")),
        ({"data": {"time": AT}, "time": None}, ("time", AT)),
        ({"data": {"time": AT}, "time": "2024-03-01T00:00:00Z"}, ("time", "2024-03-01T00:00:00Z")),
        ({"data": {"id": "other", "source": "other"}}, ("id", "e-1")),  # the envelope identifies the event
        ({"type": "view"}, ("type", "view")),
        ({"data": {}, "time": None}, None),
    ],
)
def test_a_cloud_event_has_the_same_fields(changed, expected):
    (event,) = FORMATS[2].decode(CLOUD | changed)
    if expected is None:
        assert isinstance(event, Malformed)
        assert event.why
    else:
        assert getattr(event, expected[0]) == expected[1]


# What makes one record of a batch unreadable while its brackets still show where it ends.
SPOILED = {
    "half of a pair": b"Moz \\ud83d",
    "half, then text": b"\\udc00 Moz",
    "two first halves": b"\\ud83d\\ud83d",
    "a byte of Latin-1": b"Moz \xe9",
    "half of a character": b"Moz \xf0\x9f",
}


@each_format
@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
@pytest.mark.parametrize("index", [0, 4, 9])
def test_a_text_that_is_no_unicode_does_not_affect_the_other_records(form, spoiled, index):
    whole = json.dumps(form.record).encode()
    records = [whole] * 10
    records[index] = whole.replace(b"Mozilla/5.0", spoiled)
    found = form.decode(*records)
    assert [type(event) is Malformed for event in found] == [n == index for n in range(10)]
    assert found[index].why
    assert {find_flaw(event) for event in found if not isinstance(event, Malformed)} == {None}


@each_format
def test_whole_pairs_and_other_scripts_are_read_beside_a_spoiled_record(form):
    whole = json.dumps(form.record).encode()
    texts = [b"\\ud83d\\ude00", "\U0001f600 \u00e9".encode(), b"a\\tb"]
    spoiled = whole.replace(b"Mozilla/5.0", SPOILED["half of a pair"])
    found = form.decode(spoiled, *(whole.replace(b"Mozilla/5.0", text) for text in texts))
    assert [event.user_agent for event in found[1:]] == ["\U0001f600", "\U0001f600 \u00e9", "a\tb"]


@each_format
def test_a_byte_order_mark_is_passed_over(form):
    (event,) = decode_all(b"\xef\xbb\xbf" + form.pack(form.record), form.media)
    assert event.id == "e-1"


@pytest.mark.parametrize(
    ("body", "media", "fault"),
    [
        (b"[", "application/json", Fault.EVENTS_MALFORMED),
        (b"", "application/json", Fault.EVENTS_MALFORMED),
        (b"{}", "application/json", Fault.EVENTS_MALFORMED),
        (b'[{"id": "a"} {"id": "b"}]', "application/json", Fault.EVENTS_MALFORMED),
        (b"[\xff]", "application/json", Fault.EVENTS_MALFORMED),
        (b"[" * 10_000, "application/json", Fault.EVENTS_MALFORMED),
        (b"{}", "application/cloudevents-batch+json", Fault.EVENTS_MALFORMED),
        (b"{", "application/cloudevents+json", Fault.EVENTS_MALFORMED),
        (b"", "application/cloudevents+json", Fault.EVENTS_MALFORMED),
        (b"[]", "text/plain", Fault.EVENTS_MEDIA),
    ],
)
def test_an_unreadable_batch_is_refused_as_a_whole(body, media, fault):
    with pytest.raises(Refused) as refused:
        decode_all(body, media)
    assert refused.value.fault is fault


@each_format
def test_a_batch_has_a_limit(form):
    record = json.dumps(form.record).encode()
    assert len(form.decode(*[record] * EVENTS_BATCH_ROWS_MAX)) == EVENTS_BATCH_ROWS_MAX
    with pytest.raises(Refused) as refused:
        form.decode(*[record] * (EVENTS_BATCH_ROWS_MAX + 1))
    assert refused.value.fault is Fault.EVENTS_TOO_MANY


@pytest.mark.parametrize(
    ("time", "milliseconds"),
    [
        (AT, AT),
        (-5, -5),
        ("2024-03-01T00:30:00.123Z", AT),
        ("2024-03-01T01:30:00.123+01:00", AT),
        ("2024-02-29T16:30:00.123-08:00", AT),
        ("2024-03-01T00:30:00.123999Z", AT),
        ("1970-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000),
        ("2024-03-01T00:30:00", None),
        ("2024-03-01", None),
        ("2023-02-29T00:00:00Z", None),
        ("1709253000123", None),
        ("", None),
    ],
)
def test_a_time_is_milliseconds_or_an_instant_with_an_offset(time, milliseconds):
    assert read_time_ms(time) == milliseconds


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text):
    found = read_time_ms(text)
    assert found is None or isinstance(found, int)


@pytest.mark.parametrize(
    ("application", "number"),
    [
        (5, 5),
        ("urn:li:developerApplication:5", 5),
        ("5", None),
        (0, None),
        (-1, None),
        (2**63, None),
        (None, None),
    ],
)
def test_an_application_is_its_number_or_its_urn(application, number):
    assert read_application_id(application) == number


FLAWS = [
    ({"type": "impression"}, "neither view nor applyClick"),
    ({"id": ""}, "may not be empty"),
    ({"source": ""}, "may not be empty"),
    ({"id": "i" * 513}, "longer than 512"),
    ({"source": "s" * 513}, "longer than 512"),
    ({"visitor": "v" * 513}, "longer than 512"),
    ({"external_job_posting_id": "x" * 513}, "longer than 512"),
    ({"id": "a\0b"}, "U+0000"),
    ({"source": "a\0b"}, "U+0000"),
    ({"visitor": "a\0b"}, "U+0000"),
    ({"external_job_posting_id": "a\0b"}, "U+0000"),
    ({"job": None}, "must name the job"),
    ({"job": None, "child_application": 5}, "must name the job"),
    ({"job": None, "external_job_posting_id": "x"}, "must name the job"),
    ({"job": None, "child_application": 5, "external_job_posting_id": "a\0b"}, "U+0000"),
    ({}, None),
    ({"visitor": "v" * 512}, None),
    ({"job": None, "child_application": 5, "external_job_posting_id": "x"}, None),
]


def make(changed):
    return Event(**({"source": "s", "id": "i", "type": "view", "time": AT, "job": 5} | changed))


@pytest.mark.parametrize(("changed", "message"), FLAWS)
def test_a_flaw_is_described(changed, message):
    flaw = find_flaw(make(changed))
    assert flaw is None if message is None else message in flaw
    # a batch of one has the same flaw
    assert find_flaws([make(changed)]) == ({} if flaw is None else {0: flaw})


@given(st.lists(st.sampled_from([changed for changed, _ in FLAWS]), max_size=6))
def test_the_flaws_of_a_batch_are_listed_by_record(changes):
    events = [make(changed) for changed in changes]
    found = find_flaws([*events, Malformed("malformed")])
    expected = {place: find_flaw(event) for place, event in enumerate(events) if find_flaw(event)}
    assert found == expected | {len(events): "malformed"}
    assert find_flaws(events) == expected


@pytest.mark.parametrize("kept", [(), ("childApplication",), ("externalJobPostingId",)])
def test_a_record_of_a_valid_batch_must_identify_its_job(kept):
    named = {field: NAMED[field] for field in kept}
    unnamed = {field: NAMED[field] for field in ("source", "id", "type", "time")} | named
    batch = json.dumps([NAMED, unnamed, PLAIN]).encode()
    events = decode_all(batch, "application/json")
    assert {type(event) for event in events} == {SoundEvent}
    (index, flaw), *others = find_flaws(events).items()
    assert (index, others) == (1, [])
    assert "must name the job" in flaw


def test_an_external_name_must_be_valid():
    named = {"job": None, "child_application": 5, "external_job_posting_id": "x"}
    assert read_external_name(make(named)) == (5, "x")
    for changed in ({"job": 5}, {"child_application": 0}, {"external_job_posting_id": None}, {"id": ""}):
        assert read_external_name(make(named | changed)) is None


def test_a_job_can_be_identified_by_application_and_external_id():
    (event,) = decode_all(json.dumps([NAMED]).encode(), "application/json")
    assert read_external_name(event) == (100_002, "fitter")
    assert read_time_ms(event.time) == AT
