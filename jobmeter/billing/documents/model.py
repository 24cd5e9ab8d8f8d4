"""Owns the values of reading documents: filters, what a line is opened with, and what it opens to."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from jobmeter.billing.model import DocumentState, LineKind
from jobmeter.explain.model import ExplainedClick


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """Which documents are listed; ``None`` selects all. ``partner_id`` limits them to those of one partner."""

    partner_id: int | None = None
    account_id: int | None = None
    month: date | None = None
    state: DocumentState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineKey:
    """What a line is opened with: its job, contract and days."""

    document_id: int
    line: int
    kind: LineKind
    contract_id: int
    job_id: int
    posting: UUID | None
    first_day: date
    last_day: date
    price_micros: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSum:
    """What the lines of one kind of a document add up to."""

    kind: LineKind
    lines: int
    quantity: int
    net_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCharge:
    """A posting of a line: a charge with what settlement reversed of it, a credit used, a top-up, or a credit."""

    number: int
    reference: UUID
    purpose: int
    day: date
    amount: int
    reversed_amount: int
    unit: str
    booked_at: datetime
    corrects: UUID | None
    dropped_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChargePage:
    """``next_after`` continues the list; ``dropped_at`` is when the first of the line's days lost its events."""

    charges: tuple[LineCharge, ...]
    next_after: UUID | None
    dropped_at: datetime | None


@dataclass(frozen=True, slots=True)
class LineClickPage:
    """Clicks that a line charges. The page may be shorter than it could be, and still have a ``next_after``."""

    clicks: tuple[ExplainedClick, ...]
    next_after: UUID | None
    dropped_at: datetime | None
