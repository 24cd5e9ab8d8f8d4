"""Owns the verbs of payments: record one or what went back, allocate credit to invoices, remind of overdue ones.

A payment pays the invoice that it names, then the one that is due first; the rest is the account's credit, which pays
the next invoice when it is issued. Every verb locks the account, so that no amount is allocated twice.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_reference, shard_of
from jobmeter.base.money import format_amount
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.model import Document, DocumentState, MailKind
from jobmeter.billing.payments import rules, store
from jobmeter.billing.payments.model import (
    AccountAge,
    DueReminder,
    InvoicePayment,
    PaidInvoice,
    PartnerDebt,
    Payment,
    PaymentDraft,
    PaymentSource,
    Recorded,
    ReversalDraft,
)
from jobmeter.database.connection import Connection
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.model import Account, AccountKind, Posting, Purpose
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.model import NotificationKind

BEFORE_ALL = date(1970, 1, 1)


async def record_payment(connection: Connection, draft: PaymentDraft, *, now: datetime) -> Recorded:
    """Records a payment once for each reference of its source, and pays invoices with it.

    Raises ``Refused``: OPERATOR_UNKNOWN for the account or the invoice, REFERENCE_REUSED, DOCUMENT_NOT_PAYABLE,
    OPERATOR_INPUT for a day to come, AMOUNT_NOT_POSITIVE, AMOUNT_TOO_LARGE.
    """
    currency = await _lock(connection, draft.account_id)
    rules.check_amount(draft.amount_micros, currency)
    known = await store.find_by_reference(
        connection, account_id=draft.account_id, source=draft.source, reference=draft.reference
    )
    if known is not None:
        rules.check_same_payment(known, draft)
        return Recorded(known, is_new=False)
    paid_on = draft.paid_on or day_of(now)
    rules.check_day(paid_on, today=day_of(now))
    await _check_named(connection, draft)
    received = await store.read_received(connection, account_id=draft.account_id)
    rules.check_total(received, draft, currency)
    payment_id = await store.insert_payment(
        connection,
        account_id=draft.account_id,
        source=draft.source,
        reference=draft.reference,
        amount_micros=draft.amount_micros,
        paid_on=paid_on,
        note=draft.note,
        document_id=draft.document_id,
        reverses=None,
        tops_up=None if draft.top_up is None else draft.top_up.contract_id,
        top_up=None if draft.top_up is None else draft.top_up.posting,
        recorded_at=now,
    )
    payment = await find_payment(connection, payment_id=payment_id)
    await _book(connection, payment, now)
    paid = []
    if draft.document_id is not None:
        paid = await store.allocate_named(
            connection, payment_id=payment_id, document_id=draft.document_id, now=now
        )
    await _allocate(connection, [draft.account_id], now, paid_before=paid)
    return Recorded(await find_payment(connection, payment_id=payment_id), is_new=True)


async def reverse_payment(connection: Connection, draft: ReversalDraft, *, now: datetime) -> Recorded:
    """Records money of a payment that went back, once for each reference; what it paid is open again.

    The invoice that is due last is open again first. Raises ``Refused``: OPERATOR_UNKNOWN, REFERENCE_REUSED,
    PAYMENT_NOT_REVERSIBLE, PAYMENT_EXCEEDED, OPERATOR_INPUT for a day to come.
    """
    found = await find_payment(connection, payment_id=draft.payment_id)
    await _lock(connection, found.account_id)
    known = await store.find_by_reference(
        connection, account_id=found.account_id, source=found.source, reference=draft.reference
    )
    if known is not None:
        rules.check_same_reversal(known, draft)
        return Recorded(known, is_new=False)
    paid_on = draft.paid_on or day_of(now)
    rules.check_day(paid_on, today=day_of(now))
    payment = await find_payment(connection, payment_id=draft.payment_id)
    reversal_id = await store.insert_payment(
        connection,
        account_id=payment.account_id,
        source=payment.source,
        reference=draft.reference,
        amount_micros=rules.choose_amount(payment, draft),
        paid_on=paid_on,
        note=draft.note,
        document_id=None,
        reverses=payment.id,
        tops_up=None,
        top_up=None,
        recorded_at=now,
    )
    reversal = await find_payment(connection, payment_id=reversal_id)
    await _book(connection, reversal, now)
    await store.release_reversed(connection, payment_id=payment.id, now=now)
    await _allocate(connection, [payment.account_id], now)
    return Recorded(reversal, is_new=True)


async def settle_accounts(connection: Connection, *, account_ids: Sequence[int], now: datetime) -> None:
    """Pays newly issued invoices with the credit of their accounts, which the caller has locked.

    What a credit note made of a paid invoice is credit again.
    """
    await store.release_excess(connection, account_ids=list(account_ids), now=now)
    await _allocate(connection, account_ids, now)


async def find_payment(connection: Connection, *, payment_id: int) -> Payment:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    found = await store.find_payment(connection, payment_id=payment_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="payment", key=payment_id)
    return found


async def lock_reference(
    connection: Connection, *, account_id: int, source: PaymentSource, reference: str
) -> Payment | None:
    """Locks the account until the transaction ends, and returns what was recorded under the reference.

    Raises ``Refused(OPERATOR_UNKNOWN)``.
    """
    await _lock(connection, account_id)
    return await store.find_by_reference(
        connection, account_id=account_id, source=source, reference=reference
    )


async def find_received(connection: Connection, *, source: PaymentSource, reference: str) -> Payment | None:
    """Returns the payment that a provider received under its reference."""
    return await store.find_received(connection, source=source, reference=reference)


async def is_reversed(connection: Connection, *, payment: Payment, reference: str) -> bool:
    """Whether the reference is that of a reversal, or another payment, of the same account and source."""
    found = await store.find_by_reference(
        connection, account_id=payment.account_id, source=payment.source, reference=reference
    )
    return found is not None


def choose_amount(payment: Payment, draft: ReversalDraft) -> int:
    """Returns what goes back. Raises ``Refused``: PAYMENT_NOT_REVERSIBLE, PAYMENT_EXCEEDED."""
    return rules.choose_amount(payment, draft)


async def list_payments(
    connection: Connection, *, account_id: int, after: int, rows_max: int
) -> list[Payment]:
    """Returns payments and reversals of an account after an id, in the order in which they were recorded."""
    return await store.list_payments(connection, account_id=account_id, after=after, rows_max=rows_max)


async def list_partner_payments(
    connection: Connection, *, partner_id: int, after: int, rows_max: int
) -> list[Payment]:
    """Returns payments and reversals of all accounts of a partner after an id, in the order in which they were recorded."""
    return await store.list_partner_payments(
        connection, partner_id=partner_id, after=after, rows_max=rows_max
    )


async def list_newest_payments(
    connection: Connection, *, partner_id: int, before: int, rows_max: int
) -> list[Payment]:
    """As ``list_partner_payments``, the newest first: those before an id."""
    return await store.list_newest_payments(
        connection, partner_id=partner_id, before=before, rows_max=rows_max
    )


async def list_invoice_payments(connection: Connection, *, invoice: Document) -> list[InvoicePayment]:
    """Returns what pays an invoice, in the order in which it was allocated."""
    return await store.list_invoice_payments(connection, document_id=invoice.id)


async def list_partner_debts(connection: Connection, *, partner_id: int, today: date) -> list[PartnerDebt]:
    """Returns what a partner owes on each of its accounts, and its credit there."""
    return await store.list_partner_debts(connection, partner_id=partner_id, today=today)


async def list_paid_invoices(
    connection: Connection, *, payments: Sequence[Payment]
) -> dict[int, list[PaidInvoice]]:
    """Returns what each payment pays, by the payment's id."""
    found: dict[int, list[PaidInvoice]] = {payment.id: [] for payment in payments}
    for paid in await store.list_paid_invoices(connection, payment_ids=list(found)):
        found[paid.payment_id].append(paid)
    return found


async def list_ages(connection: Connection, *, today: date, after: int, rows_max: int) -> list[AccountAge]:
    """Returns accounts that owe or have credit, after an id, with what is overdue for how long."""
    return await store.list_ages(connection, today=today, after=after, rows_max=rows_max)


async def remind_overdue(
    connection: Connection, *, reminder_days: list[int], rows_max: int, now: datetime
) -> list[tuple[Document, DueReminder]]:
    """Sends the reminders that are due, each once; an invoice that missed one gets the last that is due.

    They go by mail to the addresses in the account's profile, the last one to the seller's too. Returns them, for the log of
    the operator. Nothing is switched off by itself. Invoices are looked at once for each day, and again if the setting has
    changed; an invoice that a reversal opens again is reminded of on the next day.
    """
    today = day_of(now)
    through = await store.find_reminded_through(connection, days=reminder_days)
    if not reminder_days or (through is not None and through >= today):
        return []
    # A day more: what was still open at the midnight before may have been committed after that round.
    since = BEFORE_ALL if through is None else through - timedelta(days=1)
    due = await store.list_due_reminders(
        connection, days=reminder_days, since=since, today=today, rows_max=rows_max
    )
    if len(due) < rows_max:
        await store.set_reminded_through(connection, days=reminder_days, today=today)
    reminded = await _record_reminders(connection, due, now)
    for document, reminder in reminded:
        await _notify(
            connection,
            document,
            NotificationKind.INVOICE_OVERDUE,
            {"reminder": reminder.level, "daysOverdue": (today - _due_on(document)).days},
            now,
        )
        await _mail(connection, document, MailKind.REMINDER, level=reminder.level, now=now)
        if reminder.level == len(reminder_days):
            await _warn_seller(connection, document, level=reminder.level, now=now)
    return reminded


async def _record_reminders(
    connection: Connection, due: Sequence[DueReminder], now: datetime
) -> list[tuple[Document, DueReminder]]:
    """Records reminders that no other process has recorded, and returns them with their invoices."""
    recorded = [
        reminder
        for reminder in due
        if await store.insert_reminder(
            connection,
            document_id=reminder.document_id,
            level=reminder.level,
            open_micros=reminder.open_micros,
            now=now,
        )
    ]
    found = await documents.list_documents_by_id(
        connection, document_ids=[reminder.document_id for reminder in recorded]
    )
    by_id = {document.id: document for document in found}
    return [(by_id[reminder.document_id], reminder) for reminder in recorded]


async def _lock(connection: Connection, account_id: int) -> str:
    currency = await store.lock_payments(connection, account_id=account_id)
    if currency is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="billing account", key=account_id)
    return currency


async def _check_named(connection: Connection, draft: PaymentDraft) -> None:
    if draft.document_id is None:
        return
    document = await documents.find_document(connection, document_id=draft.document_id)
    if document.account_id != draft.account_id:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="invoice", key=draft.document_id)
    rules.check_payable(document)


async def _book(connection: Connection, payment: Payment, now: datetime) -> None:
    """Moves the amount from what the account owes to what it paid; a reversal moves it back."""
    shard = shard_of(payment.account_id)
    owed, paid = (Account(kind, payment.account_id, shard) for kind in (AccountKind.OWED, AccountKind.PAID))
    is_back = payment.reverses is not None
    is_new = await ledger.book(
        connection,
        Posting(
            reference=make_reference("payment", payment.id),
            purpose=Purpose.PAYMENT,
            source=paid if is_back else owed,
            destination=owed if is_back else paid,
            amount=payment.amount_micros,
            unit=payment.currency,
            day=day_of(now),
            booked_at=now,
            cause=payment.id,
        ),
    )
    assert is_new, "a payment is booked once"


async def _allocate(
    connection: Connection, account_ids: Sequence[int], now: datetime, *, paid_before: Sequence[int] = ()
) -> None:
    """Pays open invoices with credit, and reports those that are paid now."""
    touched = await store.allocate_credit(connection, account_ids=list(account_ids), now=now)
    document_ids = sorted({*touched, *paid_before})
    for document in await documents.list_documents_by_id(connection, document_ids=document_ids):
        if documents.find_state(document, today=day_of(now)) is DocumentState.PAID:
            await _notify(connection, document, NotificationKind.INVOICE_PAID, {}, now)
            await _mail(connection, document, MailKind.RECEIPT, now=now)


async def _mail(
    connection: Connection, document: Document, kind: MailKind, *, now: datetime, level: int = 0
) -> None:
    profile = await accounts.find_buyer(connection, account_id=document.account_id, day=day_of(now))
    emails = (profile or document.buyer).emails
    await documents.queue_mails(connection, document, kind, emails=emails, level=level, now=now)


async def _warn_seller(connection: Connection, document: Document, *, level: int, now: datetime) -> None:
    seller = await accounts.find_seller(connection, day=day_of(now)) or document.seller
    await documents.queue_mails(
        connection, document, MailKind.WARNING, emails=seller.emails, level=level, now=now
    )


async def _notify(
    connection: Connection,
    document: Document,
    kind: NotificationKind,
    more: dict[str, int],
    now: datetime,
) -> None:
    open_amount = format_amount(document.open_micros, document.currency)
    said = {
        NotificationKind.INVOICE_PAID: "is paid",
        NotificationKind.INVOICE_OVERDUE: f"is overdue: {open_amount} {document.currency}",
    }
    await notifications.enqueue_notification(
        connection,
        application_id=document.partner_id,
        kind=kind,
        subject=f"Invoice {document.number} {said[kind]}",
        body={
            **documents.describe(document),
            "open": {"currencyCode": document.currency, "amount": open_amount},
            **more,
        },
        now=now,
    )


def _due_on(document: Document) -> date:
    assert document.due_on is not None, "an issued invoice has a due date"
    return document.due_on
