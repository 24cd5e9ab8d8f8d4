"""Owns the values of what happened between two moments. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HappeningKind(StrEnum):
    """The order is that of the summary."""

    DAY_SETTLED = "DAY_SETTLED"
    CLICKS_REVERSED = "CLICKS_REVERSED"
    JOBS_EXPIRED = "JOBS_EXPIRED"
    JOBS_CLOSED = "JOBS_CLOSED"
    JOBS_RAN_OUT = "JOBS_RAN_OUT"
    DOCUMENT_ISSUED = "DOCUMENT_ISSUED"
    NOTIFICATIONS_QUEUED = "NOTIFICATIONS_QUEUED"
    FEED_READ = "FEED_READ"
    VISITS = "VISITS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """``count`` is of what the kind names; ``subject`` is a day, a number or a name, empty where there are several."""

    at: datetime
    kind: HappeningKind
    count: int
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happenings:
    """``counts`` cover everything, also what is beyond the end of the list."""

    counts: dict[HappeningKind, int]
    listed: list[Happening]
    is_cut: bool
