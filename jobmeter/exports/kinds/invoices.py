"""Owns the kind ``invoices``: a row for each invoice and credit note that the partner received, with its amounts.

Does not own documents (``billing.documents``). They are the partner's: its customers have none.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date

from jobmeter.base.days import day_of
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.documents.model import DocumentFilter
from jobmeter.billing.model import Document
from jobmeter.exports.kinds.sources import Sources
from jobmeter.exports.model import CURRENCY, Column, ColumnType, ExportQuery, Scope, Table
from jobmeter.exports.rules import NUMBER_MAX, read_cursor

ABOUT = (
    "A row for each document that was issued to the partner in the range, by id; with the partner's token."
)
COLUMNS = (
    Column("id", ColumnType.NUMBER, "id of the document, by which its lines and files are read"),
    Column("kind", ColumnType.TEXT, "INVOICE, CREDIT_NOTE or STATEMENT"),
    Column("number", ColumnType.TEXT, "number of the document"),
    Column("state", ColumnType.TEXT, "such as OPEN or PAID"),
    Column("account", ColumnType.NUMBER, "billing account"),
    Column("month", ColumnType.TEXT, "month that it bills, such as 2026-10"),
    Column("issuedAt", ColumnType.TIME, "when it was issued: what the range selects by"),
    Column("dueOn", ColumnType.DAY, "when it is to be paid"),
    Column("net", ColumnType.AMOUNT, "without tax; below zero for a credit"),
    Column("tax", ColumnType.AMOUNT, "tax"),
    Column("total", ColumnType.AMOUNT, "with tax"),
    Column("credited", ColumnType.AMOUNT, "by credit notes"),
    Column("paid", ColumnType.AMOUNT, "by payments"),
    Column("open", ColumnType.AMOUNT, "still to be paid"),
    Column(CURRENCY, ColumnType.TEXT, "currency of the amounts (ISO 4217)"),
    Column("lineCount", ColumnType.NUMBER, "lines of the document"),
    Column("corrects", ColumnType.TEXT, "number of the invoice that it corrects"),
    Column("note", ColumnType.TEXT, "note on the document"),
)
LARGEST = (NUMBER_MAX,)


async def read_tables(sources: Sources, query: ExportQuery, _: Scope) -> AsyncIterator[Table]:
    (after,) = read_cursor(query.after, first=(0,), largest=LARGEST)
    today = day_of(query.now)
    is_full = query.caller.parent_id is None
    while is_full:
        async with sources.connect() as connection:
            found = await documents.list_documents(
                connection,
                DocumentFilter(partner_id=query.caller.id),
                after=after,
                rows_max=sources.page_rows,
                today=today,
            )
        issued = [one for one in found if one.issued_at is not None]
        chosen = [one for one in issued if query.first <= _day_of(one) <= query.last]
        yield _make_table(chosen, today)
        is_full = len(found) == sources.page_rows
        after = found[-1].id if found else after


def _day_of(document: Document) -> date:
    assert document.issued_at is not None
    return day_of(document.issued_at)


def _make_table(found: Sequence[Document], today: date) -> Table:
    return Table(
        (
            [one.id for one in found],
            [one.kind.value for one in found],
            [one.number or None for one in found],
            [documents.find_state(one, today=today).value for one in found],
            [one.account_id for one in found],
            [f"{one.month:%Y-%m}" for one in found],
            [one.issued_at for one in found],
            [one.due_on for one in found],
            [one.net_micros for one in found],
            [one.tax_micros for one in found],
            [one.total_micros for one in found],
            [one.credited_micros for one in found],
            [one.paid_micros for one in found],
            [one.open_micros if one.due_on else 0 for one in found],
            [one.currency for one in found],
            [one.line_count for one in found],
            [one.corrects_number or None for one in found],
            [one.note or None for one in found],
        ),
        [str(one.id) for one in found],
    )
