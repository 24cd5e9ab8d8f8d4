"""Owns reading the messages of a log into records of events: one record, several, or a CloudEvent, as a body of ``POST /events`` has them.

Pure. Does not own where a message is (its log and offset), or the records (``events``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobmeter.base.faults import Refused
from jobmeter.base.limits import EVENT_BYTES_MAX
from jobmeter.wire.cloud_events import list_attributes
from jobmeter.wire.events import (
    JSON_MEDIA,
    NDJSON_MEDIA,
    Event,
    Malformed,
    decode_events,
    read_one,
)
from jobmeter.wire.lenient_json import strip_bom

NDJSON = "application/x-ndjson"
KAFKA_PREFIX = "ce_"  # of the attributes of a CloudEvent in binary mode
_RECORDS = JSON_MEDIA | NDJSON_MEDIA


@dataclass(frozen=True, slots=True)
class Message:
    """``media`` is the content type, empty if the message does not name one; ``attributes`` are those of a CloudEvent in binary mode."""

    value: bytes
    media: str = ""
    attributes: Mapping[str, str] | None = None


def make_message(value: bytes | None, headers: Mapping[str, str] | None) -> Message:
    """``headers`` are those of a message of NATS, or of Kafka, where the attributes of a CloudEvent begin otherwise."""
    if not headers:
        return Message(value or b"")
    named = {name.lower(): text for name, text in headers.items()}
    of_kafka = {
        name.removeprefix(KAFKA_PREFIX): text for name, text in named.items() if name.startswith(KAFKA_PREFIX)
    }
    attributes = of_kafka if "specversion" in of_kafka else list_attributes(named)
    media = named.get("content-type", "").partition(";")[0].strip().lower()
    return Message(value or b"", media, attributes)


def join_lines(messages: Sequence[Message]) -> bytes | None:
    """The messages as lines of one batch, if each of them is one line with one record: those are decoded many times faster."""
    lines = [message.value for message in messages if _is_line(message)]
    return b"\n".join(lines) if len(lines) == len(messages) else None


def _is_line(message: Message) -> bool:
    value = message.value
    return (
        value[:1] == b"{"
        and value[-1:] == b"}"
        and b"\n" not in value
        and b"\r" not in value
        and len(value) <= EVENT_BYTES_MAX
        and message.attributes is None
        and message.media in _RECORDS
    )


def read_message(message: Message) -> list[Event | Malformed]:
    """The records of a message, at least one: what cannot be read at all is one record that cannot be read."""
    try:
        found = _read_records(message)
    except (Refused, RecursionError) as error:
        found = [Malformed(str(error))]
    return found or [Malformed("the message is empty")]


def _read_records(message: Message) -> list[Event | Malformed]:
    media, value = message.media, strip_bom(message.value).strip()
    if media in _RECORDS and message.attributes is None and value.startswith(b"{"):
        # A single record, which is not an array; over several lines if somebody wrote it to be read.
        single = read_one(value) if len(value) <= EVENT_BYTES_MAX else None
        if isinstance(single, Event):
            return [single]
        media = NDJSON
    pieces = decode_events(message.value, media, message.attributes)
    return [record for piece in pieces for record in piece]
