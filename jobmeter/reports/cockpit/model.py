"""Owns the values of the operator's overview. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PartnerState(StrEnum):
    """How a partner is doing; the first that applies, in this order."""

    INVOICE_OVERDUE = "INVOICE_OVERDUE"
    LIMIT_REACHED = "LIMIT_REACHED"
    NOTHING_POSTED = "NOTHING_POSTED"
    IN_ORDER = "IN_ORDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRow:
    """What is stored of a partner: how many applications it has with its customers', jobs, and overdue invoices."""

    partner_id: int
    applications: int
    jobs: int
    promoted: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerBudget:
    """The contracts of a partner in one currency whose term is not over. ``spent_micros`` is of the last 30 days."""

    partner_id: int
    currency: str
    limit_micros: int
    free_micros: int
    spent_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFigures:
    partner_id: int
    state: PartnerState
    applications: int
    promoted: int
    budgets: tuple[PartnerBudget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queues:
    """What waits or failed: tasks in progress, deliveries that were given up, feeds whose last run did not read them.

    ``sealed_at`` is when the ledger was sealed last.
    """

    tasks: int
    oldest_task_at: datetime | None
    dead: int
    dead_endpoints: int
    faulty_feeds: int
    sealed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the installation is doing: views and clicks of today that count, when the last event happened, and the queues."""

    views: int
    clicks: int
    newest_event_at: datetime | None
    queues: Queues
