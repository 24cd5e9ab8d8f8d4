"""Owns the verbs of monthly documents: bill accounts for a month, issue, refresh and drop drafts.

Each posting is on exactly one document, by the condition of ``billable_bookings``: it belongs to the first cut that
reaches its number and its day. Charges and reversals need no number: a day that is final gets no more of them.
"""

from collections.abc import Sequence
from datetime import date, datetime

from jobmeter.base.days import day_of, month_after
from jobmeter.base.money import format_amount, minor_digits
from jobmeter.billing import rules
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.invoices import store
from jobmeter.billing.invoices.model import BilledStep, ClaimedAccount, Draft, Issuing
from jobmeter.billing.model import Document, DocumentKind
from jobmeter.database.connection import Connection
from jobmeter.ledger.bulk import flow as bulk
from jobmeter.ledger.chain import flow as chain
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.model import NotificationKind
from jobmeter.settlement.days import flow as settlement

# Numbers are taken in the order of the names of the series, so that two processes never wait for each other.
NUMBERED_KINDS = (DocumentKind.CREDIT_NOTE, DocumentKind.INVOICE)
NOTICES = {
    DocumentKind.INVOICE: NotificationKind.INVOICE_ISSUED,
    DocumentKind.CREDIT_NOTE: NotificationKind.CREDIT_NOTE_ISSUED,
}


async def bill_next(
    connection: Connection,
    *,
    final_after_days: int,
    accounts_max: int,
    now: datetime,
    account_id: int | None = None,
    until_month: date | None = None,
) -> BilledStep | None:
    """Bills up to ``accounts_max`` accounts for the earliest month that is due; ``None`` when there is nothing to do.

    In the caller's transaction, whose last locks are the series of numbers: it should end at once. Accounts that
    another process is billing are left to it. ``until_month`` stops before later months, ``account_id`` selects one account.
    """
    last_month = rules.last_billable_month(now, final_after_days=final_after_days)
    last_month = last_month if until_month is None else min(last_month, until_month)
    month = await store.find_due_month(
        connection, account_id=account_id, last_month=last_month, day=day_of(now)
    )
    if month is None:
        return None
    until_number = await _open_month(connection, month, now)
    if until_number is None:
        # The horizon moves in two transactions: this one is a step, after which the caller calls again.
        is_step = await _are_days_final(connection, month) and await chain.advance_horizon(connection)
        return BilledStep(month=month, accounts=0) if is_step else None
    claimed = await store.claim_accounts(
        connection, account_id=account_id, month=month, day=day_of(now), accounts_max=accounts_max
    )
    if not claimed:
        return None
    return await _bill(connection, claimed, month=month, until_number=until_number, now=now)


async def _open_month(connection: Connection, month: date, now: datetime) -> int | None:
    """Returns the number of the last posting that the month knows; ``None`` while its days are not final and known."""
    found = await store.find_month(connection, month=month)
    if found is not None:
        return found
    if not await _are_days_final(connection, month):
        return None
    known_until = await chain.read_known_until(connection)
    until_day = month_after(month)
    if await store.has_unknown_posting(connection, known_until=known_until, until_day=until_day):
        return None
    await store.insert_month(connection, month=month, known_until=known_until, now=now)
    return await store.find_month(connection, month=month)


async def _are_days_final(connection: Connection, month: date) -> bool:
    return await settlement.is_settled_through(connection, day=rules.last_day_of(month))


async def _bill(
    connection: Connection,
    claimed: Sequence[ClaimedAccount],
    *,
    month: date,
    until_number: int,
    now: datetime,
) -> BilledStep:
    new_ids = await store.insert_cuts(
        connection, account_ids=[account.id for account in claimed], month=month, until_number=until_number
    )
    accounts = [account for account in claimed if account.id in new_ids]
    await _draft_documents(connection, accounts, month=month, day=day_of(now))
    await store.delete_holds(connection, account_ids=new_ids)
    alone = [account.id for account in accounts if account.issues is Issuing.ALONE]
    issued = await _issue_drafts(connection, account_ids=alone, month=month, now=now)
    held = [account.id for account in accounts if account.issues is Issuing.HELD]
    drafts = await store.list_drafts(connection, account_ids=held, month=month)
    counts = {kind: sum(document.kind is kind for document in issued) for kind in DocumentKind}
    return BilledStep(
        month=month,
        accounts=len(accounts),
        invoices=counts[DocumentKind.INVOICE],
        credit_notes=counts[DocumentKind.CREDIT_NOTE],
        statements=counts[DocumentKind.STATEMENT],
        drafts=len(drafts),
    )


async def _draft_documents(
    connection: Connection, accounts: Sequence[ClaimedAccount], *, month: date, day: date
) -> None:
    """Makes the month's drafts of accounts with a new cut, lines, taxes and sums included."""
    document_ids = await store.insert_drafts(
        connection,
        account_ids=[account.id for account in accounts],
        minor_digits=[minor_digits(account.currency) for account in accounts],
        month=month,
        day=day,
    )
    assert len(document_ids) == len(accounts), "an account that was claimed has its parties"
    await store.insert_credit_lines(connection, document_ids=document_ids)
    await store.insert_click_lines(connection, document_ids=document_ids)
    await store.insert_top_up_lines(connection, document_ids=document_ids)
    # Last, as they may correct lines of the same document.
    await store.insert_correction_lines(connection, document_ids=document_ids)
    await _sum(connection, document_ids)
    await _split_below_zero(connection, document_ids)
    await store.make_statements(connection, document_ids=document_ids)
    await store.delete_empty_drafts(connection, document_ids=document_ids)


async def _sum(connection: Connection, document_ids: Sequence[int]) -> None:
    await store.delete_taxes(connection, document_ids=document_ids)
    await store.insert_taxes(connection, document_ids=document_ids)
    await store.sum_documents(connection, document_ids=document_ids)


async def _split_below_zero(connection: Connection, document_ids: Sequence[int]) -> None:
    """Moves what corrects earlier documents to credit notes where an invoice would be below zero.

    Receivers of electronic invoices need an amount payable. Corrections of the same month stay: they are not more
    than its charges.
    """
    below_ids = await store.list_below_zero(connection, document_ids=document_ids)
    if not below_ids:
        return
    note_ids = await store.insert_correction_notes(connection, document_ids=below_ids)
    await store.move_corrections(connection, document_ids=below_ids, note_ids=note_ids)
    await _sum(connection, [*below_ids, *note_ids])
    assert not await store.list_below_zero(connection, document_ids=[*below_ids, *note_ids])


async def _issue_drafts(
    connection: Connection, *, account_ids: Sequence[int], month: date, now: datetime
) -> list[Draft]:
    """Issues the month's drafts of the accounts: postings, then numbers, then digests and notices."""
    drafts = await store.list_drafts(connection, account_ids=account_ids, month=month)
    document_ids = [draft.id for draft in drafts]
    await bulk.open_batch(connection)
    requested = await store.request_postings(connection, document_ids=document_ids)
    assert await bulk.book_requested(connection, day=day_of(now), now=now) == requested
    await _issue_statements(connection, drafts, now)
    for kind in NUMBERED_KINDS:
        await _number(connection, [draft.id for draft in drafts if draft.kind is kind], kind, now)
    for document in await documents.list_documents_by_id(connection, document_ids=document_ids):
        await _notify_issued(connection, document, now)
    return drafts


async def _number(
    connection: Connection, document_ids: Sequence[int], kind: DocumentKind, now: datetime
) -> None:
    if not document_ids:
        return
    name = rules.name_series(kind, day_of(now))
    await store.insert_series(connection, name=name, kind=kind, now=now)
    taken = await store.take_numbers(connection, name=name, count=len(document_ids), now=now)
    numbered = await store.number_documents(
        connection, taken, name=name, document_ids=document_ids, issued_on=day_of(taken.issued_at)
    )
    chained = await store.chain_documents(
        connection, document_ids=document_ids, digest_before=taken.digest_before
    )
    assert numbered == chained == len(document_ids), "each number is used"
    await store.advance_series_digest(connection, name=name)


async def _issue_statements(connection: Connection, drafts: Sequence[Draft], now: datetime) -> None:
    document_ids = [draft.id for draft in drafts if draft.kind is DocumentKind.STATEMENT]
    await store.date_statements(connection, document_ids=document_ids, now=now)
    await store.seal_statements(connection, document_ids=document_ids)


async def _notify_issued(connection: Connection, document: Document, now: datetime) -> None:
    if document.kind not in NOTICES:
        return
    total = format_amount(document.total_micros, document.currency)
    name = document.kind.replace("_", " ").capitalize()
    await notifications.enqueue_notification(
        connection,
        application_id=document.partner_id,
        kind=NOTICES[document.kind],
        subject=f"{name} {document.number}: {total} {document.currency}",
        body={
            "id": document.id,
            "number": document.number,
            "account": document.account_id,
            "month": document.month.isoformat()[:7],
            "total": {"currencyCode": document.currency, "amount": total},
            "dueOn": None if document.due_on is None else document.due_on.isoformat(),
            "corrects": document.corrects_number or None,
        },
        now=now,
    )
