"""Owns the values of payments: payments and reversals, what they pay, the age of what is not paid."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class PaymentSource(StrEnum):
    """Who reported a payment. References are unique within an account and a source."""

    OPERATOR = "OPERATOR"
    STRIPE = "STRIPE"


@dataclass(frozen=True, slots=True)
class TopUpKey:
    """The contract that a payment tops up, and the reference of the posting that does."""

    contract_id: int
    posting: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDraft:
    """A payment to record. Without ``paid_on`` it was paid today. ``document_id`` is the invoice that it names."""

    account_id: int
    source: PaymentSource
    reference: str
    amount_micros: int
    paid_on: date | None = None
    note: str = ""
    document_id: int | None = None
    top_up: TopUpKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalDraft:
    """Money of a payment that went back. Without an amount, all that is left of the payment."""

    payment_id: int
    reference: str
    amount_micros: int | None = None
    paid_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment, or a reversal if it ``reverses`` one. ``allocated_micros`` pays invoices; the rest is credit."""

    id: int
    account_id: int
    currency: str
    source: PaymentSource
    reference: str
    amount_micros: int
    paid_on: date
    note: str
    document_id: int | None
    reverses: int | None
    recorded_at: datetime
    reversed_micros: int
    allocated_micros: int
    top_up: TopUpKey | None = None

    @property
    def left_micros(self) -> int:
        """What has not gone back."""
        return self.amount_micros - self.reversed_micros

    @property
    def credit_micros(self) -> int:
        """What pays no invoice yet."""
        return 0 if self.reverses is not None else self.left_micros - self.allocated_micros


@dataclass(frozen=True, slots=True)
class Recorded:
    """A payment, and whether this call recorded it."""

    payment: Payment
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidInvoice:
    """What a payment pays of an invoice."""

    payment_id: int
    document_id: int
    number: str
    amount_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePayment:
    """What a payment pays of an invoice, or a credit note that corrects no single one; below zero if it went back."""

    payment_id: int | None
    reference: str
    paid_on: date
    amount_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerDebt:
    """What a partner owes on one of its accounts, and its credit there."""

    account_id: int
    currency: str
    open_micros: int
    overdue_micros: int
    credit_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAge:
    """What an account owes, by how many days it is overdue, and its credit."""

    account_id: int
    partner_id: int
    legal_name: str
    currency: str
    invoices: int
    not_due_micros: int
    days_30_micros: int
    days_60_micros: int
    days_90_micros: int
    older_micros: int
    credit_micros: int
    oldest_due_on: date | None
    reminder_level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReminder:
    """An overdue invoice whose next reminder is due."""

    document_id: int
    level: int
    open_micros: int
