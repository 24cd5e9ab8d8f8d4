"""Owns the verbs of monthly documents: bill accounts for a month, issue, refresh and drop drafts.

Each posting is on exactly one document, by the condition of ``billable_bookings``: it belongs to the first cut that
reaches its number and its day. Charges and reversals need no number: a day that is final gets no more of them.
"""

from collections.abc import Sequence
from datetime import date, datetime

from jobmeter.base.days import day_of, month_after
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount, minor_digits
from jobmeter.billing import rules
from jobmeter.billing.accounts.model import Issuing
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.invoices import store
from jobmeter.billing.invoices.model import BilledStep, ClaimedAccount, Draft, Hold, MonthProgress
from jobmeter.billing.model import Document, DocumentKind
from jobmeter.billing.payments import flow as payments
from jobmeter.database.connection import Connection
from jobmeter.ledger.bulk import flow as bulk
from jobmeter.ledger.chain import flow as chain
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.model import NotificationKind
from jobmeter.settlement.days import flow as settlement

# In the order of the names of the series, so that two processes never wait for each other.
NUMBERED_KINDS = (DocumentKind.CREDIT_NOTE, DocumentKind.INVOICE)
DROPPED = "its draft was dropped; a run for the account makes it again"
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
    month = await _find_due_month(connection, final_after_days, now, account_id, until_month)
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


async def is_waiting(
    connection: Connection,
    *,
    final_after_days: int,
    now: datetime,
    account_id: int | None = None,
    until_month: date | None = None,
) -> bool:
    """Returns whether a final month is still to be billed: by another process, or once transactions have ended
    that may still write postings of it.
    """
    month = await _find_due_month(connection, final_after_days, now, account_id, until_month)
    return month is not None and await _are_days_final(connection, month)


async def release_dropped(connection: Connection, *, account_id: int | None, month: date) -> None:
    """Lets the months until ``month`` whose drafts were dropped be billed again."""
    await store.release_dropped(connection, account_id=account_id, month=month)


def check_final(month: date, *, final_after_days: int, now: datetime) -> None:
    """Raises ``Refused(MONTH_NOT_FINAL)``."""
    at = rules.billable_at(month, final_after_days=final_after_days)
    if now < at:
        raise Refused(Fault.MONTH_NOT_FINAL, month=f"{month:%Y-%m}", day=day_of(at))


async def read_progress(connection: Connection, *, account_id: int | None, month: date) -> MonthProgress:
    return await store.read_progress(connection, account_id=account_id, month=month)


async def list_held(
    connection: Connection, *, account_id: int | None, until_month: date, now: datetime, rows_max: int
) -> list[Hold]:
    """Returns accounts whose month is due and cannot be billed yet, and why, in the order of their ids."""
    return await store.list_held(
        connection,
        account_id=account_id,
        last_month=until_month,
        day=day_of(now),
        is_new=False,
        rows_max=rows_max,
    )


async def record_held(
    connection: Connection, *, final_after_days: int, rows_max: int, now: datetime
) -> list[Hold]:
    """Records accounts that became held, and returns them, for the log; each once for each reason."""
    found = await store.list_held(
        connection,
        account_id=None,
        last_month=rules.last_billable_month(now, final_after_days=final_after_days),
        day=day_of(now),
        is_new=True,
        rows_max=rows_max,
    )
    for hold in found:
        await store.insert_hold(connection, hold, is_dropped=False, now=now)
    return found


async def issue_draft(connection: Connection, *, document: Document, now: datetime) -> bool:
    """Issues a draft, and the other drafts of its account and month; returns ``False`` if it was issued before."""
    await store.lock_account(connection, account_id=document.account_id)
    drafts = await store.list_drafts(connection, account_ids=[document.account_id], month=document.month)
    document_ids = [draft.id for draft in drafts]
    if document.id not in document_ids:
        return False
    # Credit notes that were issued meanwhile count for the tax of these.
    await _sum(connection, document_ids)
    await _issue_drafts(connection, account_ids=[document.account_id], month=document.month, now=now)
    return True


async def lock_account(connection: Connection, *, account_id: int) -> None:
    """Locks an account against everything else that makes or changes its documents, until the transaction ends."""
    await store.lock_account(connection, account_id=account_id)


async def issue_credit_note(
    connection: Connection, *, credit_note_id: int, invoice: Document, now: datetime
) -> None:
    """Sums up and issues a credit note whose lines are written; the caller holds the account's lock."""
    await _sum(connection, [credit_note_id])
    issued = await _issue_drafts(connection, account_ids=[invoice.account_id], month=invoice.month, now=now)
    assert [one.id for one in issued] == [credit_note_id], "the month of an issued invoice has no drafts"


async def drop_drafts(connection: Connection, *, document: Document, now: datetime) -> None:
    """Deletes the drafts of an account and month, and its cut. A run that is requested makes them again.

    Raises ``Refused(DOCUMENT_NOT_DRAFT)``.
    """
    await _delete_month(connection, document)
    hold = Hold(account_id=document.account_id, month=document.month, reason=DROPPED)
    await store.insert_hold(connection, hold, is_dropped=True, now=now)


async def refresh_drafts(connection: Connection, *, document: Document, now: datetime) -> list[int]:
    """Makes the drafts of an account and month again, with the settings of today; returns their new ids.

    Raises ``Refused(DOCUMENT_NOT_DRAFT)``.
    """
    account = await _delete_month(connection, document)
    until_number = await store.find_month(connection, month=document.month)
    assert until_number is not None, "a month with a draft was opened"
    await store.insert_cuts(
        connection, account_ids=[account.id], month=document.month, until_number=until_number
    )
    await _draft_documents(connection, [account], month=document.month, day=day_of(now))
    drafts = await store.list_drafts(connection, account_ids=[account.id], month=document.month)
    return [draft.id for draft in drafts]


async def _delete_month(connection: Connection, document: Document) -> ClaimedAccount:
    account = await store.lock_account(connection, account_id=document.account_id)
    drafts = await store.list_drafts(connection, account_ids=[account.id], month=document.month)
    document_ids = [draft.id for draft in drafts]
    if document.id not in document_ids:
        raise Refused(Fault.DOCUMENT_NOT_DRAFT, document=document.number or document.id)
    await store.delete_draft_lines(connection, document_ids=document_ids)
    await store.delete_taxes(connection, document_ids=document_ids)
    await store.delete_drafts(connection, document_ids=document_ids)
    await store.delete_cut(connection, account_id=account.id, month=document.month)
    return account


async def _find_due_month(
    connection: Connection,
    final_after_days: int,
    now: datetime,
    account_id: int | None,
    until_month: date | None,
) -> date | None:
    last_month = rules.last_billable_month(now, final_after_days=final_after_days)
    last_month = last_month if until_month is None else min(last_month, until_month)
    return await store.find_due_month(
        connection, account_id=account_id, last_month=last_month, day=day_of(now)
    )


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
    await store.plan_for_many_lines(connection)
    await store.insert_credit_lines(connection, document_ids=document_ids)
    await store.insert_click_lines(connection, document_ids=document_ids)
    await store.insert_top_up_lines(connection, document_ids=document_ids)
    # Last, as they may correct lines of the same document.
    await store.insert_correction_lines(connection, document_ids=document_ids)
    await _sum(connection, document_ids)
    await _split_below_zero(connection, document_ids)
    await store.make_statements(connection, document_ids=document_ids)
    await store.delete_empty_drafts(connection, document_ids=document_ids)


async def _sum(connection: Connection, document_ids: list[int]) -> None:
    await store.delete_taxes(connection, document_ids=document_ids)
    await store.insert_taxes(connection, document_ids=document_ids)
    await store.sum_documents(connection, document_ids=document_ids)


async def _split_below_zero(connection: Connection, document_ids: list[int]) -> None:
    """Moves what corrects earlier documents to credit notes where an invoice would be below zero.

    Receivers of electronic invoices need an amount payable. Corrections of the same month stay: they are not more
    than its charges.
    """
    below_ids = await store.list_below_zero(connection, document_ids=document_ids)
    if not below_ids:
        return
    credit_note_ids = await store.insert_correction_notes(connection, document_ids=below_ids)
    await store.move_corrections(connection, document_ids=below_ids, credit_note_ids=credit_note_ids)
    await _sum(connection, [*below_ids, *credit_note_ids])
    assert not await store.list_below_zero(connection, document_ids=[*below_ids, *credit_note_ids])


async def _issue_drafts(
    connection: Connection, *, account_ids: list[int], month: date, now: datetime
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
    await payments.settle_accounts(connection, account_ids=account_ids, now=now)
    return drafts


async def _number(connection: Connection, document_ids: list[int], kind: DocumentKind, now: datetime) -> None:
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
            **documents.describe(document),
            "corrects": document.corrects_number or None,
        },
        now=now,
    )


async def erase_poster(connection: Connection, *, email: str, substitute: str) -> int:
    """Puts ``substitute`` in the place of a poster's address in drafts; returns in how many lines."""
    return await store.erase_poster_of_drafts(connection, email=email, substitute=substitute)


async def count_issued_lines(connection: Connection, *, email: str) -> int:
    """Returns how many lines of issued documents name the poster: these are never changed."""
    return await store.count_issued_lines(connection, email=email)
