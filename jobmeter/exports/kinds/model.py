"""Owns the values that kinds read: days with charges, postings, stored events; and from where."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedDaysPage:
    """Which days of an application's jobs are listed: after a charge, in the order of job and day."""

    shard: int
    application_id: int
    contract_ids: list[int]
    job_ids: list[int] | None
    first: date
    last: date
    after_job: int
    after_day: date
    after_batch: int
    days_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedDay:
    job_id: int
    external_id: str
    day: date
    clicks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargesPage:
    """Which charges are listed: of these days, after the last one of the page before."""

    shard: int
    job_ids: list[int]
    external_ids: list[str]
    days: list[date]
    after_job: int
    after_day: date
    after_batch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionsPage:
    """Which corrections of a contract are listed: of one shard, after a day and number."""

    shard: int
    contract_id: int
    application_ids: list[int]
    job_ids: list[int] | None
    first: date
    last: date
    after_day: date
    after_number: int
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCharge:
    job_id: int
    external_id: str
    reference: UUID
    purpose: int
    amount: int
    unit: str
    day: date
    booked_at: datetime
    batch: int
    corrects: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCorrection:
    job_id: int
    external_id: str
    application_id: int
    reference: UUID
    purpose: int
    amount: int
    unit: str
    day: date
    booked_at: datetime
    number: int
    corrects: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsPage:
    """Which events of a shard are read: after a key, those of these applications with their jobs."""

    shard: int
    application_ids: list[int]
    contract_id: int | None
    job_ids: list[int] | None
    kinds: list[int]
    first: date
    last: date
    after: UUID
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedEvent:
    """An event of a shard. Only those of the caller have a job; ``clicks_free`` are the uncharged ones of its day that count."""

    event_key: UUID
    time_ms: int
    kind: int
    verdict: int
    batch: int
    rule: int | None
    charge: UUID | None
    job_id: int | None
    application_id: int | None
    external_id: str | None
    currency: str | None
    price_micros: int | None
    clicks_free: int
