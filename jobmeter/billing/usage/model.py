"""Owns the values of usage: a contract's clicks or credits of a month, final and estimated apart, with a forecast."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from jobmeter.billing.accounts.model import Bills


class UsageKind(StrEnum):
    CLICKS = "CLICKS"
    CREDITS = "CREDITS"
    SLOTS = "SLOTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSpan:
    """The days of a month, which of them are final, and the last final days, whose mean is the forecast."""

    month: date
    last_day: date
    final_through: date
    mean_from: date
    today: date
    days_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedContract:
    """A contract that a partner pays for; ``account_id`` bills it, if one does. Nothing is used after ``ends_on``."""

    contract_id: int
    shard: int
    kind: UsageKind
    currency: str
    is_postpaid: bool
    starts_on: date
    ends_on: date
    account_id: int | None
    bills: Bills | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number of clicks or credits, and what they cost."""

    quantity: int = 0
    micros: int = 0

    def __add__(self, other: Self) -> "Amount":
        return Amount(quantity=self.quantity + other.quantity, micros=self.micros + other.micros)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractUse:
    """What one statement reads of a contract: its use of final days, of days that are not final, and of the days
    whose mean is the forecast.
    """

    contract_id: int
    final: Amount
    estimated: Amount
    recent: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractBookings:
    """What was credited of final charges in the month, and what the contract was funded with, less adjustments.

    Amounts of money are in micros, credits and slots in units. ``unused`` is what no job has reserved or used.
    """

    contract_id: int
    credited_micros: int
    funded: int
    unused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The usage of a contract. ``funded`` and ``unused`` are micros of a partner contract, units of a hiring contract.

    ``unused`` is ``None`` for a post-paid contract, which has no limit.
    """

    contract: UsedContract
    final: Amount
    estimated: Amount
    forecast: Amount
    credited_micros: int
    funded: int
    unused: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    span: UsageSpan
    contracts: tuple[Usage, ...]
