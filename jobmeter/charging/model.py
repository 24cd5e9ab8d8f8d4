"""Owns the values of charging: a job's budget, what a batch asks to be charged, what came of it."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Self

import numpy as np

from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.database.arrays import Column
from jobmeter.ledger.model import Account, AccountKind


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
    """A job about to be metered. ``budget_micros`` is nothing for a job that is never charged per click,
    ``daily_micros`` for one without a daily budget.
    """

    shard: int
    job_id: int
    contract: PartnerContract | None
    click_price_micros: int
    budget_micros: int
    live_from: datetime
    live_until: datetime
    daily_micros: int = 0
    market: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """One row for each (job, UTC day) of a batch, as equally long columns, sorted by shard, job and day.

    ``days`` counts days since 1970. ``clicks`` are those that count; ``refused`` those that do not. ``revisions``
    are those of the meters by which they were judged; ``are_capped`` marks jobs with a limit for each day.
    """

    shards: Column
    job_ids: Column
    revisions: Column
    are_capped: Column
    days: Column
    views: Column
    clicks: Column
    refused: Column

    def pick(self, rows: Column) -> Self:
        """The rows that ``rows`` names, by number or by flag."""
        return replace(self, **{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    def list_jobs(self) -> Self:
        """The first row of each job."""
        starts = np.ones(len(self.job_ids), dtype=bool)
        starts[1:] = self.job_ids[1:] != self.job_ids[:-1]
        return self.pick(starts)


@dataclass(frozen=True, slots=True)
class Charged:
    """What a batch came to: clicks that were charged and clicks beyond a budget, which are free.

    ``jobs_noted`` ran out, met a day's cap, or used another half or 80 % of their total budgets.
    """

    clicks_charged: int
    clicks_free: int
    charge_micros: int
    jobs_noted: tuple[int, ...]

    def __add__(self, other: Self) -> Self:
        return replace(
            self,
            clicks_charged=self.clicks_charged + other.clicks_charged,
            clicks_free=self.clicks_free + other.clicks_free,
            charge_micros=self.charge_micros + other.charge_micros,
            jobs_noted=self.jobs_noted + other.jobs_noted,
        )


@dataclass(frozen=True, slots=True)
class Meters:
    """When jobs' events count, in milliseconds since 1970, as equally long columns in order of job id.

    The end is the first millisecond that no longer counts. A job's revision rises with every change of its meter.
    ``are_capped`` is 1 for a job with a limit for each day; ``markets`` numbers the country that a job is for, 0 where
    it is none or several.
    """

    job_ids: Column
    live_from_ms: Column
    live_until_ms: Column
    revisions: Column
    are_capped: Column
    contract_ids: Column
    markets: Column

    def __len__(self) -> int:
        return len(self.job_ids)

    def pick(self, rows: Column) -> Self:
        return replace(self, **{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    def find_rows(self, job_ids: Column) -> tuple[Column, Column]:
        """For each of ``job_ids`` whether it is known, and its row (0 where it is not)."""
        if len(self) == 0:
            return np.zeros(len(job_ids), dtype=bool), np.zeros(len(job_ids), dtype=np.int64)
        rows = np.minimum(np.searchsorted(self.job_ids, job_ids), len(self) - 1)
        is_known = self.job_ids[rows] == job_ids
        return is_known, np.where(is_known, rows, 0)

    def merge(self, newer: Self) -> Self:
        """Both, in order of job id; of a job that both know, the newer meter."""
        if len(self) == 0 or len(newer) == 0:
            return newer if len(self) == 0 else self
        both = replace(
            self,
            **{
                one.name: np.concatenate([getattr(self, one.name), getattr(newer, one.name)])
                for one in fields(self)
            },
        )
        both = both.pick(np.argsort(both.job_ids, kind="stable"))
        is_last = np.ones(len(both), dtype=bool)
        is_last[:-1] = both.job_ids[1:] != both.job_ids[:-1]
        return both.pick(is_last)


NO_METERS = Meters(*(np.zeros(0, dtype=np.int64) for _ in fields(Meters)))


class StaleMetersError(Exception):
    """A meter changed between the judgement of events and their charge: nothing was charged, judge them anew."""


@dataclass(frozen=True, slots=True)
class StandingCharge:
    """A charge as it was booked."""

    shard: int
    job_id: int
    partner_contract_id: int
    currency: str
    amount_micros: int
    is_final: bool


@dataclass(frozen=True, slots=True)
class MonthKeeping:
    """The final days that jobs' months hold: those of months from ``kept_since``, up to ``kept_through``."""

    kept_since: date
    kept_through: date


MARKET_UNKNOWN = 0


def number_country(code: str) -> int:
    """The two letters of an ISO 3166 code as a number; 0 where it is none."""
    letters = code.upper()
    if len(letters) != 2 or not (letters.isascii() and letters.isalpha()):
        return MARKET_UNKNOWN
    return (ord(letters[0]) - 64) * 32 + ord(letters[1]) - 64


def name_country(number: int) -> str:
    """The way back from ``number_country``; empty where the country is unknown."""
    return "" if number == MARKET_UNKNOWN else chr(number // 32 + 64) + chr(number % 32 + 64)
