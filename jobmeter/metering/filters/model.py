"""Owns the values of filters: a contract's policy, excluded visitors, an event that did not count."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from jobmeter.base.clock import from_ms
from jobmeter.base.days import LATE_WINDOW_HOURS
from jobmeter.base.ids import URN_JOB
from jobmeter.database.columns import Bigint, Columns, Date, Integer, Smallint, Text
from jobmeter.metering.model import VERDICTS

FUTURE_TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class FilterPolicy:
    """Which filters hold for the jobs of a contract, and their windows. A job without a contract has the defaults."""

    refuses_crawlers: bool = True
    refuses_other_markets: bool = True
    refuses_excluded: bool = True
    late_window_hours: int = LATE_WINDOW_HOURS
    future_tolerance_seconds: int = FUTURE_TOLERANCE_SECONDS
    refuses_non_browsers: bool = False
    counts_absent_agents: bool = True
    refuses_bursts: bool = False
    burst_window_seconds: int = 60
    visitor_clicks_max: int = 10
    network_clicks_max: int = 100


class BurstSubject(IntEnum):
    """Whose clicks are counted for bursts. Numbers are stored."""

    VISITOR = 1
    NETWORK = 2


@dataclass(frozen=True, slots=True)
class RecentClicks(Columns):
    """Clicks by window, contract and subject, each combination once."""

    window_ms: Bigint
    contract_ids: Bigint
    kinds: Smallint
    subjects: Bigint
    clicks: Integer


@dataclass(frozen=True, slots=True)
class KeptClicks:
    """Clicks of the window at ``place`` in the question."""

    place: int
    clicks: int


@dataclass(frozen=True, slots=True)
class DayLists:
    """The versions of the lists that judged the user agents of a day."""

    day: date
    lists: str
    first_used_at: datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an exclusion names: the number of a visitor, or of an address network."""

    is_address: bool
    subject: int
    id: int


@dataclass(frozen=True, slots=True)
class NewExclusion:
    """A visitor that an application excludes; ``subject`` as in ``ExcludedVisitor``."""

    application_id: int
    is_address: bool
    subject: int
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ExcludedVisitor:
    """``subject`` is the hash of a visitor, or the number of an address network."""

    id: int
    is_address: bool
    subject: int
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedExclusion(ExcludedVisitor):
    """An excluded visitor or network with the application that excluded it."""

    application_id: int


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """What is kept of an event that did not count: nothing of who caused it."""

    number: int
    source: str
    event_id: str
    type: str
    time_ms: int
    job_id: int
    verdict: int
    message: str
    received_at: datetime


def serialize_refused_event(event: RefusedEvent) -> dict[str, Any]:
    """As the operator and its partner read it."""
    return {
        "source": event.source,
        "id": event.event_id,
        "type": event.type,
        "time": from_ms(event.time_ms).isoformat() if event.time_ms else None,
        "jobPosting": f"{URN_JOB}{event.job_id}" if event.job_id else None,
        "reason": VERDICTS[event.verdict].name,
        "message": event.message,
        "receivedAt": event.received_at.isoformat(),
    }


@dataclass(frozen=True, slots=True)
class Suspects(Columns):
    """Rows of a batch whose visitor or network is on a list of exclusions."""

    row_indexes: Integer
    job_ids: Bigint
    visitors: Bigint
    addresses: Bigint


@dataclass(frozen=True, slots=True)
class RefusedCounts(Columns):
    """Clicks that did not count, by job, day and reason."""

    shards: Smallint
    job_ids: Bigint
    days: Date
    verdicts: Smallint
    clicks: Integer


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalCount:
    """How many clicks of a day did not count for a reason, of all tenants."""

    day: date
    verdict: int
    clicks: int


@dataclass(frozen=True, slots=True)
class RefusedEvents(Columns):
    """Events of a batch that did not count, in its order; ``job_ids`` is 0 where none is named."""

    row_indexes: Integer
    sources: Text
    event_ids: Text
    types: Text
    times_ms: Bigint
    job_ids: Bigint
    verdicts: Smallint
    messages: Text
