"""Owns what the client returns: one frozen value for each thing that a server shows. Pure.

Does not own reading them (the resources). Times are in UTC, amounts are integers of micros with a currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from jobmeter.base.money import Money
from jobmeter.client.http.errors import RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApplication:
    """A child application that was created. The secret is never shown again."""

    urn: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A child application, as its parent finds it."""

    urn: str
    client_id: str
    unique_foreign_id: str
    name: str
    description: str
    callback_urls: tuple[str, ...] = ()
    js_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An administrative act; ``before`` and ``after`` have what changed, ``fields`` all fields of the response.

    ``who`` is empty for the operator.
    """

    id: int
    at: datetime
    who_kind: str
    who: str
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What was sent to a webhook. The answer is that of the last attempt, ``None`` if it was not reached.

    ``fields`` is the response as a whole, with the body that was sent.
    """

    id: str
    kind: str
    state: str
    attempts: int
    created_at: datetime
    last_outcome: str
    answer_status: int | None
    answer_text: str | None
    answer_ms: int | None
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerContract:
    """The contract of a child application, whose jobs spend the money of the partner's contract."""

    urn: str
    application_urn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemError:
    """What the server refused of one job, while the others of the same request succeeded."""

    external_id: str
    error: RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedOperation:
    """An operation that a server carries out. ``task_urns`` has one task for each location of the job."""

    external_id: str
    task_urns: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The result of an operation. ``job_id`` is set once the job exists, ``error_message`` if the operation failed."""

    urn: str
    external_id: str
    status: str
    location: str | None = None
    job_id: int | None = None
    error_message: str | None = None

    @property
    def is_in_progress(self) -> bool:
        return self.status == "IN_PROGRESS"

    @property
    def has_failed(self) -> bool:
        return self.status == "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """Whether a job is listed and promoted, and why not."""

    external_id: str
    listing_status: str
    promotion_status: str
    listing_detail: str | None = None
    promotion_detail: str | None = None
    url: str | None = None
    listed_at: datetime | None = None
    expires_at: datetime | None = None
    location: str | None = None
    company_name: str | None = None
    campaign_urn: str | None = None
    partner_campaign_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Jobs of a customer that share a term."""

    urn: str
    partner_campaign_id: str
    name: str
    contract_urn: str
    status: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobDay:
    """The figures of a job on one UTC day. ``charge`` is ``None`` if the report has no amount."""

    external_id: str
    day: date
    views: int
    apply_clicks: int
    charge: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """A job with its days. Amounts of its lifetime are in reports by ids alone."""

    external_id: str
    days: tuple[JobDay, ...]
    job_id: int | None = None
    title: str | None = None
    company_name: str | None = None
    company_page: str | None = None
    apply_url: str | None = None
    closed_at: datetime | None = None
    partner_campaign_id: str | None = None
    lifetime_spent: Money | None = None
    lifetime_limit: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a partner's contract has spent in its service term, without today."""

    starts_at: datetime | None
    ends_at: datetime | None
    spent: Money
    limit: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A charge, or with ``corrects`` an amount returned for one. ``cursor`` continues the stream after it."""

    cursor: int
    kind: str
    external_id: str
    job_id: int | None
    application_urn: str
    day: date
    reference: str
    amount: Money
    booked_at: datetime
    corrects: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRestatement:
    """The figures of a job's day after a change. ``cursor`` continues the stream after it."""

    cursor: int
    external_id: str
    job_id: int | None
    application_urn: str
    day: date
    cause: str
    views: int
    apply_clicks: int
    clicks_charged: int
    charge: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchargedClicks:
    """The clicks on a job on a UTC day of which some were not charged: how many for each reason."""

    external_id: str
    job_id: int
    application_urn: str
    day: date
    received: int
    clicks_charged: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice or credit note. ``fields`` is the response as a whole: parties and taxes, if one document was read."""

    id: int
    kind: str
    number: str | None
    state: str
    month: str
    net: Money
    tax: Money
    total: Money
    open: Money
    line_count: int
    due_on: date | None
    issued_at: datetime | None
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """A line of an invoice. ``fields`` is the response as a whole: titles, customer, tax, what it corrects."""

    line: int
    kind: str
    contract_id: int | None
    job_id: int | None
    external_id: str | None
    quantity: int
    price: Money
    net: Money
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFile:
    """A file of an invoice, whose bytes have been compared with the hash that the server has stored."""

    name: str
    media_type: str
    sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """A job in the partner's list, with its figures so far. Amounts are ``None`` if it is not paid by clicks."""

    job_id: int
    external_id: str
    application_id: int | None
    title: str
    company_name: str
    location: str
    kind: str
    state: str
    not_promoted_reason: str | None
    views: int
    apply_clicks: int
    spent: Money | None
    total_budget: Money | None
    posted_at: datetime
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractMeter:
    """A partner contract's limit: spent and final, spent and estimated, reserved, and free are the whole."""

    contract_id: int
    limit: Money
    spent_final: Money
    spent_estimated: Money
    reserved: Money
    free: Money
    even_pace: Money
    term_starts_at: datetime
    term_ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What needs somebody. ``subject`` is the number of an invoice, contract, webhook or feed."""

    kind: str
    subject: str | None
    count: int | None
    amount: Money | None
    on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What a partner sees first. ``fields`` has the spend by day and the jobs that spent most, as the server sent them."""

    contracts: tuple[ContractMeter, ...]
    states: Mapping[str, int]
    needs: tuple[Need, ...]
    fields: Mapping[str, Any] = field(repr=False)
