"""Owns the event formats: JSON array, NDJSON, CloudEvents alone and in a batch. One record is one view or apply click.

Decodes bytes to records and errors per record. Pure. Does not own whether an event counts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import msgspec

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, URN_JOB, read_urn
from jobmeter.base.limits import EVENT_TEXT_CHARACTERS_MAX, EVENTS_BATCH_ROWS_MAX
from jobmeter.base.readers.times import read_instant_ms
from jobmeter.wire.cloud_events import (
    BATCH_MEDIA,
    SINGLE_MEDIA,
    EnvelopeError,
    read_binary,
    read_envelope,
)
from jobmeter.wire.event_pieces import check_record_bytes, decode_array, decode_lines
from jobmeter.wire.lenient_json import HALF, split_leniently, strip_bom

KINDS = ("view", "applyClick")
RECORDS_AT_ONCE = 500
Raw = bytes | msgspec.Raw | None  # one record; ``None`` if a text of it is no Unicode
ID_MAX = (1 << 63) - 1

JSON_MEDIA = frozenset({"", "application/json", "text/json"})
NDJSON_MEDIA = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})


class Event(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    """``job`` is a posting id or its URN; without it, child application and external id identify the job.

    ``country`` is the visitor's location (ISO 3166, two letters), ``is_crawler`` the job board's own detection.
    ``time`` is milliseconds since 1970 or an RFC 3339 text; senders repeat it unchanged on a retry.
    """

    source: str
    id: str
    type: str
    time: int | str
    job: int | str | None = None
    child_application: int | str | None = None
    external_job_posting_id: str | None = None
    visitor: str = ""
    user_agent: str | None = None
    address: str | None = None
    country: str | None = None
    is_crawler: bool | None = None


Text = Annotated[str, msgspec.Meta(max_length=EVENT_TEXT_CHARACTERS_MAX)]
FilledText = Annotated[str, msgspec.Meta(min_length=1, max_length=EVENT_TEXT_CHARACTERS_MAX)]


class SoundEvent(Event, gc=False, frozen=True, rename="camel"):
    """An event whose text lengths are checked by the decoder, which costs almost nothing there."""

    source: FilledText
    id: FilledText
    type: Literal["view", "applyClick"]
    time: int | str
    job: int | str | None = None
    child_application: int | str | None = None
    external_job_posting_id: Text | None = None
    visitor: Text = ""
    user_agent: str | None = None
    address: str | None = None
    country: str | None = None
    is_crawler: bool | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record that cannot be read, with the reason."""

    why: str


_ARRAY_SOUND = msgspec.json.Decoder(list[SoundEvent])
_ARRAY_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_ONE = msgspec.json.Decoder(Event)
_ONE_SOUND = msgspec.json.Decoder(SoundEvent)


def decode_events(
    body: bytes, media: str, attributes: Mapping[str, str] | None = None
) -> Iterator[Sequence[Event | Malformed]]:
    """Decodes the records of a batch, in order and in pieces; one that cannot be read is returned as ``Malformed``.

    ``attributes`` are those of one CloudEvent in binary mode, whose data are the body. Raises ``Refused``: EVENTS_MEDIA
    for an unsupported content type, EVENTS_MALFORMED if the batch as a whole cannot be read, EVENTS_TOO_MANY as soon as
    there are more records than allowed, before they are read.
    """
    rows = 0
    try:
        for piece in _decode_pieces(strip_bom(body), media, attributes):
            rows += len(piece)
            _check_count(rows)
            yield piece
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Fault.EVENTS_MALFORMED, why=str(error)) from error


def _decode_pieces(
    body: bytes, media: str, attributes: Mapping[str, str] | None
) -> Iterator[Sequence[Event | Malformed]]:
    if media == BATCH_MEDIA:
        return decode_array(body, _decode_cloud_events)
    if media == SINGLE_MEDIA:
        return iter([_decode_cloud_event(body)])
    if media in JSON_MEDIA and attributes is not None:
        check_record_bytes(body)
        return iter([[_read_record(lambda: read_binary(attributes, body))]])
    if media in JSON_MEDIA:
        return decode_array(body, _decode_array)
    if media in NDJSON_MEDIA:
        return decode_lines(body, _decode_lines)
    raise Refused(Fault.EVENTS_MEDIA, media=media[:80])


def _check_count(rows: int) -> None:
    if rows > EVENTS_BATCH_ROWS_MAX:
        raise Refused(Fault.EVENTS_TOO_MANY, rows_max=EVENTS_BATCH_ROWS_MAX)


def _decode_array(piece: bytes) -> Iterator[Sequence[Event | Malformed]]:
    # Decoding the whole piece at once is five times as fast as record by record, which is only needed to find
    # the readable records of a piece that contains malformed ones.
    try:
        return iter([_ARRAY_SOUND.decode(piece)])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _read_each(_split_array(piece), read_one)


def _read_each(
    raws: Sequence[Raw], read: Callable[[Raw], Event | Malformed]
) -> Iterator[Sequence[Event | Malformed]]:
    for start in range(0, len(raws), RECORDS_AT_ONCE):
        yield [read(raw) for raw in raws[start : start + RECORDS_AT_ONCE]]


def _decode_cloud_events(piece: bytes) -> Iterator[Sequence[Event | Malformed]]:
    return _read_each(_split_array(piece), _read_cloud_event)


def _decode_cloud_event(body: bytes) -> Sequence[Event | Malformed]:
    check_record_bytes(body)
    msgspec.json.decode(body)  # no JSON at all is refused as it is in a batch
    return [_read_cloud_event(body)]


def _split_array(piece: bytes) -> Sequence[Raw]:
    """The records of an array; ``None`` for one with a text that is no Unicode, which the decoder refuses as a whole."""
    try:
        raws: Sequence[Raw] = _ARRAY_RAW.decode(piece)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        try:
            raws = split_leniently(piece)
        except ValueError:
            raws = ()
        if not raws:
            raise
    _check_count(len(raws))
    return raws


def _decode_lines(piece: bytes) -> Iterator[Sequence[Event | Malformed]]:
    try:
        return iter([_ONE_SOUND.decode_lines(piece)])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        lines = [line for line in piece.splitlines() if line.strip()]
        _check_count(len(lines))
        return _read_each(lines, read_one)


def read_one(raw: Raw) -> Event | Malformed:
    """Decodes one record; ``None`` is one with a text that is no Unicode."""
    if raw is None:
        return Malformed(HALF)
    try:
        return _ONE.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Malformed(str(error))


def _read_cloud_event(raw: Raw) -> Event | Malformed:
    return Malformed(HALF) if raw is None else _read_record(lambda: read_envelope(raw))


def _read_record(read: Callable[[], dict[str, Any]]) -> Event | Malformed:
    try:
        return msgspec.convert(read(), Event)
    except (msgspec.MsgspecError, UnicodeDecodeError, EnvelopeError) as error:
        return Malformed(str(error))


def read_time_ms(time: int | str) -> int | None:
    """Milliseconds since 1970, or ``None`` where the text is not an RFC 3339 instant with an offset."""
    return time if isinstance(time, int) else read_instant_ms(time)


def read_job_id(job: int | str | None) -> int | None:
    """Returns the posting id of ``4249477487``, ``"4249477487"`` or ``"urn:li:jobPosting:4249477487"``."""
    if isinstance(job, str):
        key = job.removeprefix(URN_JOB)
        return int(key) if key.isascii() and key.isdigit() and len(key) <= 18 else None
    return job


def read_application_id(application: int | str | None) -> int | None:
    """Returns the number of ``100002`` or ``"urn:li:developerApplication:100002"``; ``None`` if it cannot be an application."""
    number = read_urn(application, URN_APPLICATION) if isinstance(application, str) else application
    return number if number is not None and 0 < number <= ID_MAX else None


def read_external_name(event: Event) -> tuple[int, str] | None:
    """Returns the child application and external id of the event's job, if the event uses them and they are valid."""
    application, external_id = read_application_id(event.child_application), event.external_job_posting_id
    if event.job is not None or application is None or external_id is None:
        return None
    return (application, external_id) if find_flaw(event) is None else None


def find_flaws(events: Sequence[Event | Malformed]) -> dict[int, str]:
    """Returns the flaws of the records that cannot be read, by their index in the batch."""
    if _are_sound(events):
        return {}
    flaws = ((index, _describe_flaw(event)) for index, event in enumerate(events))
    return {index: flaw for index, flaw in flaws if flaw is not None}


def _describe_flaw(event: Event | Malformed) -> str | None:
    return event.why if isinstance(event, Malformed) else find_flaw(event)


def _are_sound(events: Sequence[Event | Malformed]) -> bool:
    """Returns whether ``find_flaw`` would find nothing: checks what the decoder does not check, one column at a time.

    A call per record would cost more than decoding it.
    """
    if set(map(type, events)) != {SoundEvent}:
        return not events
    sound = cast("Sequence[SoundEvent]", events)
    texts = [event.source for event in sound]
    texts += [event.id for event in sound]
    texts += [event.visitor for event in sound]
    if None in [event.job for event in sound]:
        unnamed = [event for event in sound if event.job is None]
        texts += [event.external_job_posting_id or "" for event in unnamed]
        if any(event.child_application is None or event.external_job_posting_id is None for event in unnamed):
            return False
    return "\0" not in "".join(texts)


def find_flaw(event: Event) -> str | None:
    """Returns the flaw of a record whose fields have the right types, or ``None``."""
    if event.type not in KINDS:
        return f"type {event.type[:40]!r} is neither view nor applyClick"
    if not event.id or not event.source:
        return "id and source may not be empty"
    texts = (event.id, event.source, event.visitor, event.external_job_posting_id or "")
    if any("\0" in text for text in texts):
        return "a text contains the character U+0000"
    if max(map(len, texts)) > EVENT_TEXT_CHARACTERS_MAX:
        return f"a text is longer than {EVENT_TEXT_CHARACTERS_MAX} characters"
    if event.job is None and (event.child_application is None or event.external_job_posting_id is None):
        return "job, or childApplication and externalJobPostingId, must name the job"
    return None
