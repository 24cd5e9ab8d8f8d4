"""Owns the values of billing accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

from jobmeter.billing.model import Buyer, TaxCategory

RATE_MICROS_MAX = 1_000_000  # 100 %
LOGO_BYTES_MAX = 200_000
ValueT = TypeVar("ValueT")
ValueT_co = TypeVar("ValueT_co", covariant=True)


class Issuing(StrEnum):
    """How the documents of an account are issued: by the worker as soon as a month is final, or by the operator."""

    ALONE = "ALONE"
    HELD = "HELD"


class ZeroMonth(StrEnum):
    """What a month without lines produces."""

    NOTHING = "NOTHING"
    STATEMENT = "STATEMENT"


class AgreementKind(StrEnum):
    CLICKS = "CLICKS"  # of a partner contract
    CREDITS = "CREDITS"  # of a hiring contract; its slots too


class Bills(StrEnum):
    USE = "USE"  # what was used in the month
    TOP_UPS = "TOP_UPS"  # what the contract was funded with in the month


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account of a partner in one currency. Nothing before ``first_month`` is invoiced."""

    id: int
    partner_id: int
    currency: str
    issues: Issuing
    zero_month: ZeroMonth
    first_month: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDraft:
    partner_id: int
    currency: str
    issues: Issuing
    zero_month: ZeroMonth
    first_month: date
    buyer: Buyer


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What the operator changes of an account's settings; ``None`` leaves a value unchanged."""

    issues: Issuing | None = None
    zero_month: ZeroMonth | None = None
    first_month: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The agreement that an account bills a contract, from ``first_month`` on."""

    contract_id: int
    account_id: int
    kind: AgreementKind
    bills: Bills
    first_month: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementWish:
    """What the operator specifies of an agreement; ``None`` means the default of the contract."""

    bills: Bills | None = None
    first_month: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillableContract:
    """The part of a partner contract or hiring contract that an agreement depends on.

    ``partner_id`` is ``None`` for slots whose owner has no application: any account may bill them.
    """

    id: int
    kind: AgreementKind
    currency: str
    partner_id: int | None
    has_slots: bool = False
    is_postpaid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRate:
    """``rate_micros`` of 21 % is 210,000. ``reason`` is printed on documents when no tax is charged."""

    category: TaxCategory
    rate_micros: int
    reason: str


@dataclass(frozen=True, slots=True)
class Dated(Generic[ValueT_co]):
    """A version of a seller, a buyer or a tax rate, in force from ``valid_from`` until a later one is."""

    value: ValueT_co
    valid_from: date
    recorded_at: datetime


def find_in_force(versions: Iterable[Dated[ValueT]], day: date) -> Dated[ValueT] | None:
    """Returns the version in force on ``day``; ``versions`` are in the order in which they are in force."""
    found = None
    for version in versions:
        if version.valid_from <= day:
            found = version
    return found
