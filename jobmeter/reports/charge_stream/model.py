"""Owns the values of the charge stream: charges, corrections and restatements in one order; and their JSON."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from jobmeter.base.ids import URN_APPLICATION, URN_JOB
from jobmeter.base.money import format_amount
from jobmeter.explain.model import Restatement, serialize_restatement
from jobmeter.ledger.model import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSpan:
    """A range of stream numbers after ``after``, up to ``until``; a reader sees some of its entries.

    Those are the entries of the contracts, or only of one child application's jobs if ``application_id`` is
    set.
    """

    after: int
    until: int
    contract_ids: tuple[int, ...]
    application_id: int | None
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyEntry:
    """A charge, or with ``corrects`` the amount returned for one. ``number`` is its position in the stream."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RestatementEntry:
    """A change of a job day's figures after they appeared in reports."""

    number: int
    job_id: int
    external_id: str
    application_id: int
    day: date
    currency: str
    restatement: Restatement


@dataclass(frozen=True, slots=True)
class StreamPage:
    """``cursor`` continues the stream, also after an empty page; ``has_more`` means that another page is ready."""

    entries: tuple[MoneyEntry | RestatementEntry, ...]
    cursor: int
    has_more: bool


def serialize_entry(entry: MoneyEntry | RestatementEntry) -> dict[str, Any]:
    about = {
        "cursor": str(entry.number),
        "jobPosting": f"{URN_JOB}{entry.job_id}",
        "externalJobPostingId": entry.external_id,
        "developerApplication": f"{URN_APPLICATION}{entry.application_id}",
        "day": entry.day.isoformat(),
    }
    if isinstance(entry, RestatementEntry):
        return {"type": "RESTATEMENT"} | about | serialize_restatement(entry.restatement, entry.currency)
    return (
        {"type": Purpose(entry.purpose).name}
        | about
        | {
            "reference": str(entry.reference),
            "amount": {"currencyCode": entry.unit, "amount": format_amount(entry.amount, entry.unit)},
            "bookedAt": entry.booked_at.isoformat(),
            "corrects": None if entry.corrects is None else str(entry.corrects),
        }
    )
