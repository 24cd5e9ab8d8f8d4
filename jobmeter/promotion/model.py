"""Owns the values of delivery."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PromotionState:
    """How a job stood when it was last looked at. ``reason`` is empty for a promoted job."""

    job_id: int
    is_promoted: bool
    reason: str
    listing: str
    limit_micros: int
    spent_micros: int


@dataclass(frozen=True, slots=True)
class PromotionChange:
    """One entry of the feed: promote the job, or stop. ``clicks_left`` is a hint of how many it can still pay for."""

    number: int
    job_id: int
    is_promoted: bool
    reason: str
    changed_at: datetime
    external_id: str
    application_id: int
    clicks_left: int | None
