"""Owns the made-up event as it is sent: its JSON shape, its moment of delivery, batches in that order.

Does not own who makes the events, nor what a meter says to them.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter

import msgspec


class TrafficEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", omit_defaults=True):
    """One view or apply click, in the JSON shape in which it is sent."""

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
    """An event and the moment at which it arrives; a repeated event has two of them."""

    deliver_at_ms: int
    event: TrafficEvent


def merge_schedules(*parts: list[ScheduledEvent]) -> list[ScheduledEvent]:
    """One list in delivery order: what still waits from earlier days, and what a new day adds."""
    return sorted((delivery for part in parts for delivery in part), key=attrgetter("deliver_at_ms"))


def split_due(
    scheduled_events: list[ScheduledEvent], until_ms: int
) -> tuple[list[ScheduledEvent], list[ScheduledEvent]]:
    """What is delivered before ``until_ms``, and what still waits."""
    cut = bisect_left(scheduled_events, until_ms, key=attrgetter("deliver_at_ms"))
    return scheduled_events[:cut], scheduled_events[cut:]


def encode_batches(scheduled_events: Sequence[ScheduledEvent], batch_rows: int) -> Iterator[bytes]:
    """JSON arrays of at most ``batch_rows`` events, in delivery order."""
    assert batch_rows > 0
    encoder = msgspec.json.Encoder()
    for start in range(0, len(scheduled_events), batch_rows):
        yield encoder.encode([delivery.event for delivery in scheduled_events[start : start + batch_rows]])
