"""Owns the lists of an invoice's line as files: its postings, and the clicks that were charged."""

from collections.abc import Sequence
from uuid import UUID

from starlette.responses import Response

from jobmeter.billing.documents import flow as documents
from jobmeter.billing.documents.model import LineCharge
from jobmeter.billing.model import Document, DocumentLine
from jobmeter.database.connection import Connection
from jobmeter.explain.model import ExplainedClick
from jobmeter.exports.model import Column, ColumnType, Table
from jobmeter.ledger.model import Purpose
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import read_pages, send_tables
from jobmeter.portal.pages.partner.money.invoice import find_amount, find_line
from jobmeter.portal.pages.partner.money.owned import name_document

PAGE_ROWS = 1_000
CURRENCY = Column("currencyCode", ColumnType.TEXT, "the currency")
CHARGES = (
    Column("day", ColumnType.DAY, "the day of what is charged"),
    Column("purpose", ColumnType.TEXT, "what it is"),
    Column("reversed", ColumnType.AMOUNT, "what settlement took back"),
    Column("amount", ColumnType.AMOUNT, "what the line invoices of it"),
    CURRENCY,
    Column("reference", ColumnType.TEXT, "the posting in the ledger"),
)
CLICKS = (
    Column("at", ColumnType.TIME, "when the click was"),
    Column("amount", ColumnType.AMOUNT, "what it costs"),
    CURRENCY,
    Column("eventKey", ColumnType.TEXT, "the click"),
)


async def download_charges(visit: Visit) -> Response:
    """Raises ``Refused``: OPERATOR_UNKNOWN, and as ``send_tables``."""
    async with visit.app.database.connection() as connection:
        document, line = await find_line(connection, visit)

    async def read(connection: Connection, after: UUID) -> tuple[Table, UUID | None]:
        page = await documents.list_line_charges(
            connection, document=document, line=line.line, after=after, rows_max=PAGE_ROWS
        )
        return _make_charges(page.charges, document, line), page.next_after

    name = f"{name_document(document)}-line-{line.line}-charges"
    return await send_tables(visit, name, CHARGES, read_pages(visit, read, first=documents.FIRST))


def _make_charges(rows: Sequence[LineCharge], document: Document, line: DocumentLine) -> Table:
    return Table(
        (
            [one.day for one in rows],
            [Purpose(one.purpose).name for one in rows],
            [one.reversed_amount for one in rows],
            [find_amount(one, line, document) for one in rows],
            [document.currency for _ in rows],
            [str(one.reference) for one in rows],
        ),
        [str(one.reference) for one in rows],
    )


async def download_clicks(visit: Visit) -> Response:
    """Raises as ``download_charges``."""
    async with visit.app.database.connection() as connection:
        document, line = await find_line(connection, visit)

    async def read(connection: Connection, after: UUID) -> tuple[Table, UUID | None]:
        page = await documents.list_line_clicks(
            connection, document=document, line=line.line, after=after, rows_max=PAGE_ROWS
        )
        return _make_clicks(page.clicks, document), page.next_after

    name = f"{name_document(document)}-line-{line.line}-clicks"
    return await send_tables(visit, name, CLICKS, read_pages(visit, read, first=documents.FIRST))


def _make_clicks(rows: Sequence[ExplainedClick], document: Document) -> Table:
    return Table(
        (
            [one.at for one in rows],
            [one.amount_micros for one in rows],
            [document.currency for _ in rows],
            [str(one.event_key) for one in rows],
        ),
        [str(one.event_key) for one in rows],
    )
