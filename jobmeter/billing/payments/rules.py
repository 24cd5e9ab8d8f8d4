"""Owns the decisions about payments: what may be paid, what may go back, which request is a repeat. Pure."""

from datetime import date

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import AMOUNT_MICROS_MAX, format_amount
from jobmeter.billing.model import Document, DocumentKind
from jobmeter.billing.payments.model import Payment, PaymentDraft, ReversalDraft


def check_day(paid_on: date, *, today: date) -> None:
    """Raises ``Refused(OPERATOR_INPUT)`` for a day to come."""
    if paid_on > today:
        raise Refused(Fault.OPERATOR_INPUT, field="paidOn", why=f"is after today, {today.isoformat()}")


def check_payable(document: Document) -> None:
    """Raises ``Refused(DOCUMENT_NOT_PAYABLE)`` for everything but an issued invoice."""
    if document.kind is not DocumentKind.INVOICE or not document.digest:
        raise Refused(Fault.DOCUMENT_NOT_PAYABLE, document=document.number or document.id)


def check_amount(amount_micros: int, currency: str) -> None:
    """Raises ``Refused(AMOUNT_NOT_POSITIVE)``."""
    if amount_micros <= 0:
        raise Refused(Fault.AMOUNT_NOT_POSITIVE, amount=format_amount(amount_micros, currency))


def check_total(received_micros: int, draft: PaymentDraft, currency: str) -> None:
    """Sums of an account's payments are computed in whole numbers of a limited size."""
    if received_micros + draft.amount_micros > AMOUNT_MICROS_MAX:
        raise Refused(Fault.AMOUNT_TOO_LARGE, amount=format_amount(draft.amount_micros, currency))


def check_same_payment(known: Payment, draft: PaymentDraft) -> None:
    """Raises ``Refused(REFERENCE_REUSED)`` if the reference was used for another payment."""
    is_same = (
        known.reverses is None
        and known.amount_micros == draft.amount_micros
        and known.document_id == draft.document_id
        and known.top_up == draft.top_up
        and known.paid_on == (draft.paid_on or known.paid_on)
    )
    if not is_same:
        raise Refused(Fault.REFERENCE_REUSED, reference=draft.reference)


def check_same_reversal(known: Payment, draft: ReversalDraft) -> None:
    """Raises ``Refused(REFERENCE_REUSED)`` if the reference was used for something else."""
    is_same = (
        known.reverses == draft.payment_id
        and known.amount_micros == (draft.amount_micros or known.amount_micros)
        and known.paid_on == (draft.paid_on or known.paid_on)
    )
    if not is_same:
        raise Refused(Fault.REFERENCE_REUSED, reference=draft.reference)


def choose_amount(payment: Payment, draft: ReversalDraft) -> int:
    """Returns what goes back. Raises ``Refused``: PAYMENT_NOT_REVERSIBLE, PAYMENT_EXCEEDED."""
    if payment.reverses is not None or payment.left_micros == 0:
        raise Refused(Fault.PAYMENT_NOT_REVERSIBLE, payment=payment.id)
    wanted = payment.left_micros if draft.amount_micros is None else draft.amount_micros
    check_amount(wanted, payment.currency)
    if wanted > payment.left_micros:
        raise Refused(
            Fault.PAYMENT_EXCEEDED,
            amount=format_amount(wanted, payment.currency),
            left=format_amount(payment.left_micros, payment.currency),
            payment=payment.id,
        )
    return wanted
