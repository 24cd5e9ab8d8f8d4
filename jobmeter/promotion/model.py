"""Owns the values of promotion."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionState:
    """The state of a job at its last check. ``reason`` is empty for a promoted job."""

    job_id: int
    is_promoted: bool
    reason: str
    listing: str
    limit_micros: int
    spent_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedState(PromotionState):
    """The current state, with the job's application and the time until which it is live."""

    application_id: int
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """An entry of the feed as it is written."""

    number: int
    job_id: int
    is_promoted: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionChange(FeedEntry):
    """One entry of the feed: promote the job, or stop. ``clicks_left`` estimates how many clicks it can pay for."""

    changed_at: datetime
    external_id: str
    application_id: int
    clicks_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNumbers:
    """The number of the last entry, and of the last entry that has been deleted."""

    last: int
    dropped: int
