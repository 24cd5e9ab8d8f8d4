"""Owns the values of used credits: the run that took a unit, the credit as it was used, what is left of contracts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from jobmeter.base.days import month_after, start_of
from jobmeter.base.ids import URN_APPLICATION, URN_JOB, shard_of
from jobmeter.base.money import format_amount
from jobmeter.base.readers.times import EARLIEST, LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidRun:
    """One run of a job that takes a unit of a hiring contract, and what an invoice says of it."""

    job_id: int
    run_number: int
    application_id: int
    is_renewal: bool
    external_id: str
    title: str
    company_name: str
    customer_job_code: str
    poster_email: str

    @property
    def shard(self) -> int:
        return shard_of(self.job_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditUse:
    """A used credit. ``reference`` is that of its posting in the ledger; a list continues after a ``number``.

    ``is_backfilled``: used by a version that did not keep the price; it is that of then, the texts are later ones.
    """

    number: int
    reference: UUID
    contract_id: int
    job_id: int
    run_number: int
    application_id: int
    is_renewal: bool
    price_micros: int
    external_id: str
    title: str
    company_name: str
    customer_job_code: str
    poster_email: str
    used_at: datetime
    is_backfilled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedSpan:
    """Which uses are wanted: those at ``since`` or later and before ``until``."""

    since: datetime
    until: datetime

    @classmethod
    def of_month(cls, month: date | None) -> Self:
        """The UTC month that begins at ``month``; all months without one."""
        if month is None:
            return cls(since=EARLIEST, until=LATEST)
        return cls(since=start_of(month), until=start_of(month_after(month)))


@dataclass(frozen=True, slots=True, kw_only=True)
class UsesPage:
    """A page of uses in the order of their time: at most ``rows_max`` after the use ``after`` (0: from the first)."""

    after: int
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCredits:
    """A contract for credits as a partner sees it: what it used of it in a span, and what is unused.

    ``is_owner``: it sees what others used of it too. ``unused`` is ``None`` for a post-paid contract.
    """

    contract_id: int
    owner_name: str
    currency: str
    is_owner: bool
    credits: int
    price_micros: int
    unused: int | None


def serialize_use(use: CreditUse, currencies: Mapping[int, str]) -> dict[str, Any]:
    """A used credit as JSON. ``currencies`` are those of the contracts, by id."""
    currency = currencies[use.contract_id]
    return {
        "id": use.number,
        "reference": str(use.reference),
        "usedAt": use.used_at.isoformat(),
        "kind": "RENEWAL" if use.is_renewal else "POSTING",
        "hiringContract": use.contract_id,
        "jobPosting": f"{URN_JOB}{use.job_id}",
        "application": f"{URN_APPLICATION}{use.application_id}",
        "externalJobPostingId": use.external_id,
        "title": use.title,
        "companyName": use.company_name,
        "customerJobCode": use.customer_job_code or None,
        "posterEmail": use.poster_email or None,
        "price": format_amount(use.price_micros, currency),
        "currencyCode": currency,
        "isBackfilled": use.is_backfilled,
    }
