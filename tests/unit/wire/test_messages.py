"""Messages of a log are read as bodies of `POST /events` are; what cannot be read is one record that cannot be read."""

import pytest

from jobmeter.wire.events import Event, Malformed
from jobmeter.wire.messages import Message, join_lines, make_message, read_message

ONE = b'{"source":"s","id":"1","type":"view","job":7,"time":1}'
OTHER = b'{"source":"s","id":"2","type":"view","job":7,"time":1}'
DEEP = b'{"source":' + b"[" * 30_000 + b"]" * 30_000 + b"}"


def names(message):
    return [record.id if isinstance(record, Event) else "-" for record in read_message(message)]


@pytest.mark.parametrize(
    ("value", "media", "expected"),
    [
        (ONE, "", ["1"]),
        (ONE, "application/json", ["1"]),
        (ONE, "application/x-ndjson", ["1"]),
        (b"\xef\xbb\xbf" + ONE, "", ["1"]),
        (ONE.replace(b",", b",\r\n  "), "application/json", ["1"]),
        (ONE + b"\n" + OTHER + b"\n", "", ["1", "2"]),
        (ONE + b"\nnothing\n" + OTHER, "application/x-ndjson", ["1", "-", "2"]),
        (b"[" + ONE + b"," + OTHER + b"]", "", ["1", "2"]),
        (b"[" + ONE + b",7]", "application/json", ["1", "-"]),
        (b"", "", ["-"]),
        (b"[]", "", ["-"]),
        (b"  \n ", "application/x-ndjson", ["-"]),
        (b"nothing", "", ["-"]),
        (b"\xff\xfe", "", ["-"]),
        (b"{", "", ["-"]),
        (ONE + b"x", "", ["-"]),
        (ONE, "image/png", ["-"]),
        (DEEP, "", ["-"]),
        (DEEP, "application/x-ndjson", ["-"]),
        (b"[" * 70_000, "", ["-"]),
        (b'{"source":"' + b"s" * 70_000 + b'"}', "", ["-"]),
    ],
)
def test_a_message_has_at_least_one_record(value, media, expected):
    assert names(Message(value, media)) == expected


def test_headers_name_the_form():
    assert (
        make_message(ONE, {"Content-Type": "Application/X-NDJSON; charset=utf-8"}).media
        == "application/x-ndjson"
    )
    assert make_message(None, None) == Message(b"")


@pytest.mark.parametrize("prefix", ["ce_", "ce-", "CE-"])
def test_a_cloud_event_may_be_in_headers(prefix):
    about = {"specversion": "1.0", "id": "9", "source": "s", "type": "org.view", "subject": "7"}
    headers = {f"{prefix}{name}": text for name, text in about.items()} | {"content-type": "application/json"}
    (event,) = read_message(make_message(b'{"time": 1}', headers))
    assert (event.id, event.type, event.job) == ("9", "view", "7")
    (without_time,) = read_message(make_message(b"", headers))
    assert isinstance(without_time, Malformed)


@pytest.mark.parametrize(
    ("messages", "is_joined"),
    [
        ([Message(ONE), Message(OTHER, "application/json")], True),
        ([Message(ONE), Message(b"[]")], False),
        ([Message(ONE), Message(b"")], False),
        ([Message(ONE), Message(ONE + b"\n")], False),
        ([Message(ONE.replace(b",", b",\r"))], False),
        ([Message(ONE, "application/cloudevents+json")], False),
        ([Message(ONE, "", {"specversion": "1.0"})], False),
        ([Message(b'{"source":"' + b"s" * 70_000 + b'"}')], False),
    ],
)
def test_only_single_lines_are_joined(messages, is_joined):
    assert join_lines(messages) == (b"\n".join(one.value for one in messages) if is_joined else None)
