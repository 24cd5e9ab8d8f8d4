"""Owns a CloudEvent, and decoding a batch to one list. Does not own any expectation."""

from jobmeter.wire.events import decode_events

CLOUD = {
    "specversion": "1.0",
    "source": "board",
    "id": "e-1",
    "type": "com.example.applyClick",
    "time": "2024-03-01T00:30:00.123Z",
    "subject": "4249477487",
    "data": {"visitor": "v-1", "userAgent": "Mozilla/5.0", "address": "192.0.2.1"},
}


def decode_all(body, media, attributes=None):
    return [event for piece in decode_events(body, media, attributes) for event in piece]
