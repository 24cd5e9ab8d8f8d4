"""Owns the verbs of reading documents: find, list, page through lines, open a line to its postings and clicks; their mails.

Each page reads at most its own rows, however long a document is.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from jobmeter.base.clock import from_ms
from jobmeter.base.days import day_from_number, day_of, list_days
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.billing.documents import store
from jobmeter.billing.documents.model import (
    ChargePage,
    DocumentFilter,
    LineCharge,
    LineClickPage,
    LineKey,
    LineSum,
)
from jobmeter.billing.model import Document, DocumentLine, DocumentState, LineKind, MailKind
from jobmeter.billing.rules import read_number, state_of
from jobmeter.database.connection import Connection
from jobmeter.explain import flow as explain
from jobmeter.explain.model import ClickOutcome

LINES_PAGE_MAX = 1_000
ID_DIGITS_MAX = 18
FIRST = UUID(int=0)


def find_state(document: Document, *, today: date) -> DocumentState:
    return state_of(
        kind=document.kind,
        is_issued=bool(document.digest),
        total_micros=document.total_micros,
        credited_micros=document.credited_micros,
        paid_micros=document.paid_micros,
        due_on=document.due_on,
        today=today,
    )


def describe(document: Document) -> dict[str, Any]:
    """Returns what every notification about a document says of it."""
    return {
        "id": document.id,
        "number": document.number,
        "account": document.account_id,
        "month": f"{document.month:%Y-%m}",
        "total": {
            "currencyCode": document.currency,
            "amount": format_amount(document.total_micros, document.currency),
        },
        "dueOn": None if document.due_on is None else document.due_on.isoformat(),
    }


async def queue_mails(
    connection: Connection,
    document: Document,
    kind: MailKind,
    *,
    emails: Sequence[str],
    now: datetime,
    level: int = 0,
) -> None:
    """Queues a mail about a document for each address, once, in the caller's transaction; ``files`` sends them."""
    await store.insert_mails(
        connection,
        document_id=document.id,
        kind=kind,
        level=level,
        emails=list(dict.fromkeys(emails)),
        due_at=now,
    )


async def find_document(
    connection: Connection, *, document_id: int, partner_id: int | None = None
) -> Document:
    """Returns the document. Raises ``Refused(OPERATOR_UNKNOWN)``, also for one of another partner, or its draft."""
    found = await store.find_documents(connection, document_ids=[document_id], partner_id=partner_id)
    if not found:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="invoice", key=document_id)
    return found[0]


async def find_named(connection: Connection, *, name: str, partner_id: int | None = None) -> Document:
    """Returns a document by its number, or by its id, because statements have no number. Raises as ``find_document``."""
    number = read_number(name)
    found: int | None = None
    if number is not None:
        found = await store.find_number(connection, series=number[0], sequence=number[1])
    elif name.isascii() and name.isdigit() and len(name) <= ID_DIGITS_MAX:
        found = int(name)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="invoice", key=name)
    return await find_document(connection, document_id=found, partner_id=partner_id)


async def list_credit_notes(connection: Connection, *, invoice: Document) -> list[Document]:
    """Returns the issued credit notes that correct an invoice, in their order."""
    return await store.list_credit_notes(connection, document_id=invoice.id)


async def list_documents_by_id(connection: Connection, *, document_ids: list[int]) -> list[Document]:
    return await store.find_documents(connection, document_ids=document_ids, partner_id=None)


async def list_documents(
    connection: Connection, wanted: DocumentFilter, *, after: int, rows_max: int, today: date
) -> list[Document]:
    """Returns up to ``rows_max`` documents after an id. States are derived, so that more rows may be read for them."""
    found: list[Document] = []
    while len(found) < rows_max:
        read = await store.list_documents(connection, wanted, after=after, rows_max=rows_max)
        found += [one for one in read if wanted.state in {None, find_state(one, today=today)}]
        if len(read) < rows_max:
            break
        after = read[-1].id
    return found[:rows_max]


async def list_newest(
    connection: Connection, wanted: DocumentFilter, *, before: int, rows_max: int, today: date
) -> list[Document]:
    """As ``list_documents``, the newest first: those before an id."""
    found: list[Document] = []
    while len(found) < rows_max:
        read = await store.list_newest_documents(connection, wanted, before=before, rows_max=rows_max)
        found += [one for one in read if wanted.state in {None, find_state(one, today=today)}]
        if len(read) < rows_max:
            break
        before = read[-1].id
    return found[:rows_max]


async def sum_lines(connection: Connection, *, document: Document) -> list[LineSum]:
    """Returns what the lines of each kind add up to, in the order of the kinds."""
    found = await store.sum_lines(connection, document_id=document.id)
    return sorted(found, key=lambda one: list(LineKind).index(one.kind))


async def find_document_line(connection: Connection, *, document: Document, line: int) -> DocumentLine:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    found = await store.list_lines(connection, document_id=document.id, after=line - 1, rows_max=1)
    if not found or found[0].line != line:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="line", key=line)
    return found[0]


async def list_lines(
    connection: Connection, *, document: Document, after: int, rows_max: int = LINES_PAGE_MAX
) -> list[DocumentLine]:
    """Returns a page of lines after a line's number."""
    return await store.list_lines(connection, document_id=document.id, after=after, rows_max=rows_max)


async def list_line_charges(
    connection: Connection, *, document: Document, line: int, after: UUID = FIRST, rows_max: int
) -> ChargePage:
    """Returns a page of the postings that a line invoices. Raises ``Refused(OPERATOR_UNKNOWN)`` for an unknown line."""
    key = await _find_line(connection, document, line)
    if key.kind is not LineKind.CLICKS:
        posting = await _find_posting(connection, key)
        return ChargePage(() if posting is None or posting.reference <= after else (posting,), None, None)
    charges: list[LineCharge] = []
    for day in _days_from(key, day_from_number(after.int >> 112)):
        left = rows_max - len(charges)
        if left == 0:
            break
        charges += await store.list_day_charges(
            connection, job_id=key.job_id, day=day, after=after, rows_max=left
        )
    next_after = charges[-1].reference if len(charges) == rows_max else None
    return ChargePage(tuple(charges), next_after, await _find_drop(connection, key))


async def list_line_clicks(
    connection: Connection, *, document: Document, line: int, after: UUID = FIRST, rows_max: int
) -> LineClickPage:
    """Returns a page of the clicks that a line charges, while their events are kept. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    key = await _find_line(connection, document, line)
    if key.kind is not LineKind.CLICKS:
        return LineClickPage((), None, None)
    dropped_at = await _find_drop(connection, key)
    left = rows_max
    found, next_after = [], None
    for day in _days_from(key, day_of(from_ms(after.int >> 80))):
        page = await explain.list_job_clicks(
            connection, job_id=key.job_id, day=day, after=after, clicks_max=left
        )
        found += [click for click in page.clicks if click.outcome is ClickOutcome.CHARGED]
        left -= len(page.clicks)
        if left == 0:
            next_after = page.clicks[-1].event_key
            break
    return LineClickPage(tuple(found), next_after, dropped_at)


def _days_from(key: LineKey, day: date) -> Iterator[date]:
    """Yields the days of a line, from ``day`` on."""
    return list_days(max(key.first_day, day), key.last_day)


async def _find_line(connection: Connection, document: Document, line: int) -> LineKey:
    found = await store.find_line(connection, document_id=document.id, line=line)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="line", key=line)
    return found


async def _find_posting(connection: Connection, key: LineKey) -> LineCharge | None:
    if key.posting is None:
        return None
    return await store.find_posting(connection, contract_id=key.contract_id, reference=key.posting)


async def _find_drop(connection: Connection, key: LineKey) -> datetime | None:
    return await store.find_first_drop(connection, first_day=key.first_day, last_day=key.last_day)
