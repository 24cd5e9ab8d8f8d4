"""Owns scheduled events: their JSON format, their delivery time, batches in order of delivery.

Does not own generating the events, or their verdicts.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter

import msgspec


class TrafficEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", omit_defaults=True):
    """One view or apply click, in the JSON format in which it is sent."""

    source: str
    id: str
    type: str
    job_id: int = msgspec.field(name="job")
    time_ms: int = msgspec.field(name="time")
    visitor: str
    user_agent: str
    address: str
    country: str | None = None
    is_crawler: bool | None = None


class ScheduledEvent(msgspec.Struct, frozen=True, gc=False):
    """An event and its delivery time; a repeated event has two of them."""

    deliver_at_ms: int
    event: TrafficEvent


def merge_schedules(*parts: list[ScheduledEvent]) -> list[ScheduledEvent]:
    """Merges the events still waiting from earlier days with those of a new day, in delivery order."""
    return sorted((delivery for part in parts for delivery in part), key=attrgetter("deliver_at_ms"))


def split_due(
    scheduled_events: list[ScheduledEvent], until_ms: int
) -> tuple[list[ScheduledEvent], list[ScheduledEvent]]:
    """Splits into the events delivered before ``until_ms`` and those still waiting."""
    cut = bisect_left(scheduled_events, until_ms, key=attrgetter("deliver_at_ms"))
    return scheduled_events[:cut], scheduled_events[cut:]


def encode_batches(scheduled_events: Sequence[ScheduledEvent], batch_rows: int) -> Iterator[bytes]:
    """Yields JSON arrays of at most ``batch_rows`` events, in delivery order."""
    assert batch_rows > 0
    encoder = msgspec.json.Encoder()
    for start in range(0, len(scheduled_events), batch_rows):
        yield encoder.encode([delivery.event for delivery in scheduled_events[start : start + batch_rows]])
