"""Owns the values of an overview. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from jobmeter.job_lists.model import ContractDay, ListedJob, StateCount


class NeedKind(StrEnum):
    """What needs somebody, in the order in which it is listed."""

    INVOICE_OVERDUE = "INVOICE_OVERDUE"
    INVOICE_DUE = "INVOICE_DUE"
    CONTRACT_USED_UP = "CONTRACT_USED_UP"
    JOBS_RAN_OUT = "JOBS_RAN_OUT"
    JOBS_FAILED = "JOBS_FAILED"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"
    DELIVERIES_DEAD = "DELIVERIES_DEAD"
    FEED_NOT_READ = "FEED_NOT_READ"
    FEED_ERRORS = "FEED_ERRORS"
    TERM_ENDS = "TERM_ENDS"
    SLOTS_FREE = "SLOTS_FREE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """``subject`` is the number of the invoice, contract, webhook or feed; empty for jobs. ``count`` is how many of them.

    ``on`` is the day on which it is due or ends.
    """

    kind: NeedKind
    subject: str = ""
    count: int = 0
    amount_micros: int | None = None
    currency: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractMeter:
    """A partner contract's limit and where it is: the four parts are the limit. ``paced_micros`` is even spending so far."""

    contract_id: int
    currency: str
    limit_micros: int
    final_micros: int
    estimated_micros: int
    reserved_micros: int
    free_micros: int
    paced_micros: int
    term_starts_at: datetime
    term_ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRow:
    """What is stored of a contract's limit. ``credited_micros`` of final charges went back to it."""

    contract_id: int
    currency: str
    limit_micros: int
    free_micros: int
    final_micros: int
    credited_micros: int
    estimated_micros: int
    term_starts_at: datetime
    term_ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DueInvoice:
    number: str
    currency: str
    open_micros: int
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadWebhook:
    """A webhook that is disabled or has deliveries that were given up."""

    endpoint_id: int
    is_disabled: bool
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyFeed:
    """A feed whose last run did not read it, or found jobs in error."""

    feed_id: int
    is_read: bool
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HiringRow:
    """A hiring contract that the partner owns or posts on, within its term."""

    contract_id: int
    has_slots: bool
    units: int
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Of a partner, or of one of its applications, which sees no contract. Days after ``final_through`` are estimates."""

    contracts: tuple[ContractMeter, ...]
    days: tuple[ContractDay, ...]
    final_through: date
    states: tuple[StateCount, ...]
    most_spent: tuple[ListedJob, ...]
    needs: tuple[Need, ...]
    counted_at: datetime | None
