"""Owns the values of charging: a job's budget, what a batch asks to be charged, what came of it."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.contracts.model import PartnerContract
from jobmeter.ledger.model import Account, AccountKind
from jobmeter.store.arrays import Column


@dataclass(frozen=True, slots=True)
class JobBudget:
    """A job's money. What is left is reserved from its contract until it is spent or released."""

    shard: int
    job_id: int
    partner_contract_id: int
    currency: str
    click_price_micros: int
    budget_micros: int
    spent_micros: int
    released_micros: int

    @property
    def left_micros(self) -> int:
        return self.budget_micros - self.spent_micros - self.released_micros

    @property
    def account(self) -> Account:
        return Account(AccountKind.JOB, self.job_id, self.shard)


@dataclass(frozen=True, slots=True)
class BudgetOpening:
    """A job about to be metered. ``budget_micros`` is nothing for a job that is never charged per click."""

    shard: int
    job_id: int
    contract: PartnerContract | None
    click_price_micros: int
    budget_micros: int
    live_from: datetime
    live_until: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """One row for each (job, UTC day) of a batch, as equally long columns, sorted by shard, job and day.

    ``days`` counts days since 1970. ``clicks`` are those that count; ``refused`` those that do not.
    """

    shards: Column
    job_ids: Column
    days: Column
    views: Column
    clicks: Column
    refused: Column


@dataclass(frozen=True, slots=True)
class Charged:
    """What a batch came to: clicks that were charged and clicks beyond a budget, which are free."""

    clicks_charged: int
    clicks_free: int
    charge_micros: int
    jobs_run_out: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Meters:
    """When jobs' events count, in milliseconds since 1970, as equally long columns in no order.

    The end is the first millisecond that no longer counts.
    """

    job_ids: Column
    live_from_ms: Column
    live_until_ms: Column


@dataclass(frozen=True, slots=True)
class StandingCharge:
    """A charge as it was booked."""

    shard: int
    job_id: int
    partner_contract_id: int
    currency: str
    amount_micros: int
    is_final: bool
