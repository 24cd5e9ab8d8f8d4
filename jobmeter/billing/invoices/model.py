"""Owns the values of making documents."""

from dataclasses import dataclass
from datetime import date, datetime

from jobmeter.billing.accounts.model import Issuing
from jobmeter.billing.model import DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedAccount:
    """An account whose month is being billed; its row is locked."""

    id: int
    partner_id: int
    currency: str
    issues: Issuing


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document before its number."""

    id: int
    account_id: int
    partner_id: int
    kind: DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """What a series gave: the documents are numbered from ``last_before + 1`` on."""

    last_before: int
    issued_at: datetime
    digest_before: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledStep:
    """The result of billing some accounts of a month."""

    month: date
    accounts: int
    invoices: int = 0
    credit_notes: int = 0
    statements: int = 0
    drafts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An account whose month is due and cannot be billed yet, and why."""

    account_id: int
    month: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthProgress:
    """How far a month is billed: how many accounts bill it, how many have a cut, and what their documents are."""

    month: date
    accounts: int
    billed: int
    invoices: int
    credit_notes: int
    statements: int
    drafts: int
