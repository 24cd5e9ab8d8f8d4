"""Owns the values of one day's charge: what its statement takes and what it answers."""

from dataclasses import dataclass
from datetime import date

from jobmeter.charging.model import ChargeResult, ClickCounts
from jobmeter.database.columns import Integer, Uuid


@dataclass(frozen=True, slots=True)
class DayCounts(ClickCounts):
    """The counts of one day. ``chargeable`` clicks are those that a day's cap lets through, ``references`` those of
    the postings.
    """

    chargeable: Integer
    references: Uuid


@dataclass(frozen=True, slots=True)
class DayResult(ChargeResult):
    """``windows_stale`` jobs had changed since their clicks were judged."""

    windows_stale: int


@dataclass(frozen=True, slots=True)
class PastDay:
    """A day that is over and still counted in budgets of a contract; contract 0 for jobs without one."""

    contract_id: int
    day: date
