"""Owns the values of the stream that partners follow: charges, corrections and restatements in one order."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from jobmeter.explain.model import Restatement


@dataclass(frozen=True, slots=True)
class MoneyEntry:
    """A charge, or with ``corrects`` what was given back of one. ``number`` is its place in the stream."""

    number: int
    shard: int
    job_id: int
    external_id: str
    application_id: int
    reference: UUID
    purpose: int
    amount: int
    unit: str
    day: date
    booked_at: datetime
    corrects: UUID | None


@dataclass(frozen=True, slots=True)
class RestatementEntry:
    """Figures of a job's day that changed after reports began to show them."""

    number: int
    job_id: int
    external_id: str
    application_id: int
    day: date
    currency: str
    restatement: Restatement


@dataclass(frozen=True, slots=True)
class StreamPage:
    """``cursor`` continues the stream, also after an empty page; ``has_more`` says whether to ask again at once."""

    entries: tuple[MoneyEntry | RestatementEntry, ...]
    cursor: int
    has_more: bool
