"""Owns the values of statements: an end customer, what it used in a month, and the refunds that it got."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from jobmeter.billing.formats.model import Presentation
from jobmeter.billing.model import Document, DocumentLine, LineKind


class CustomerKind(StrEnum):
    APPLICATION = "APPLICATION"  # of pay for performance: a child application
    POSTER = "POSTER"  # of a reseller's credits: who posted, for which job code of the customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """An end customer. ``key`` and ``job_code`` select its statement; a poster may have several job codes."""

    kind: CustomerKind
    key: str
    job_code: str
    name: str
    currency: str
    postings: int
    renewals: int
    clicks: int
    micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage:
    """A page of customers in the order of key, job code and currency, after those of the last one shown."""

    after_key: str = ""
    after_job_code: str = ""
    after_currency: str = ""
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRequest:
    """Whose statement of which month. Without ``customer`` it is that of the calling application.

    ``currency`` may be ``None`` if all contracts have the same. ``markup_micros`` of 15 % is 150,000.
    """

    month: date
    customer: str | None
    job_code: str | None
    currency: str | None
    presentation: Presentation


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSpan:
    """Which rows a statement reads. ``application_id`` or ``poster_email`` is the customer.

    ``free_ids`` are contracts that are paid by top-up: their use has no price of its own.
    """

    partner_id: int
    currency: str
    first: date
    last: date
    since: datetime
    until: datetime
    click_ids: tuple[int, ...] = ()
    credit_ids: tuple[int, ...] = ()
    slot_ids: tuple[int, ...] = ()
    free_ids: tuple[int, ...] = ()
    application_id: int | None = None
    application_shard: int | None = None
    poster_email: str | None = None
    job_code: str | None = None
    lines_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """A line as it is read. ``quantity`` is -1 where something is given back."""

    kind: LineKind
    contract_id: int
    job_id: int
    application_id: int
    external_id: str
    title: str
    company_name: str
    customer_job_code: str
    poster_email: str
    first_at: datetime
    last_at: datetime
    quantity: int
    price_micros: int
    corrects_number: str = ""
    corrects_line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCounts:
    """What an application's jobs used in a month that is on no line."""

    free: int
    refused: int
    basic_jobs: int
    slots_used: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its lines, and how it is shown."""

    document: Document
    lines: tuple[DocumentLine, ...]
    presentation: Presentation


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDraft:
    """A refund as the partner sends it. ``invoice_line`` is the number of a document and a line: INV-2026-000001/3."""

    invoice_line: str
    amount: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """A line of an issued document by its number, of which a partner refunds its customer."""

    document_id: int
    line: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """What a partner recorded that it refunded to its customer of an invoice line."""

    number: int
    reference: str
    document_number: str
    line: int
    amount_micros: int
    currency: str
    refunded_on: date
    recorded_at: datetime
