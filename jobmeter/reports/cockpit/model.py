"""Owns the values of the operator's overview. Pure."""

from dataclasses import dataclass
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
