"""``/portal/partner/invoices/{number}``: an invoice with its lines, how it adds up, and what each line opens to."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.documents.model import LineCharge, LineSum
from jobmeter.billing.files import flow as files
from jobmeter.billing.formats import flow as formats
from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.model import Document, DocumentKind, DocumentLine
from jobmeter.billing.payments import flow as payments
from jobmeter.database.connection import Connection
from jobmeter.http.parameters import read_query_number
from jobmeter.ledger.model import Purpose
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.money.owned import (
    KINDS,
    STATES,
    find_document,
    name_document,
    send_file,
)
from jobmeter.portal.pages.statement import LINE_KINDS

# What the formats are called, and those that most people want.
FILE_NAMES = {
    FileFormat.PDF: "PDF",
    FileFormat.CSV: "CSV",
    FileFormat.UBL: "UBL XML",
    FileFormat.XML: "CII XML",
    FileFormat.XLSX: "Excel",
    FileFormat.JSON: "JSON",
}
MAIN_FILES = {FileFormat.PDF, FileFormat.CSV, FileFormat.UBL}
LINE_ROWS, OPENED_ROWS = 50, 100
LINES_MAX = 2**31 - 1
PURPOSES = {
    Purpose.CHARGE: mark("Charge"),
    Purpose.ADJUST: mark("Correction"),
    Purpose.CONSUME: mark("Credit used"),
    Purpose.FUND: mark("Top-up"),
}


async def show_invoice(visit: Visit) -> Response:
    """``?after=`` continues its lines."""
    after = read_query_number(visit.context.request, "after", 0, largest=LINES_MAX)
    async with visit.app.database.snapshot() as connection:
        document = await find_document(connection, visit)
        lines = await documents.list_lines(connection, document=document, after=after, rows_max=LINE_ROWS + 1)
        sums = await documents.sum_lines(connection, document=document)
        notes = await documents.list_credit_notes(connection, invoice=document)
        paid = await payments.list_invoice_payments(connection, invoice=document)
    shown = lines[:LINE_ROWS]
    today = day_of(visit.context.now)
    return visit.show(
        "partner/money/invoice.html",
        **_describe(document),
        lines=shown,
        first="?" if after else "",
        following=f"?after={shown[-1].line}" if len(lines) > LINE_ROWS else "",
        state=documents.find_state(document, today=today),
        chips=STATES,
        days_left=None if document.due_on is None else (document.due_on - today).days,
        sums=sums,
        difference=_find_difference(document, sums),
        notes=notes,
        payments=paid,
        formats=[one for one in FILE_NAMES if one in files.list_formats(document)],
        file_names=FILE_NAMES,
        main_files=MAIN_FILES,
        reference=formats.make_reference(document) if document.kind is DocumentKind.INVOICE else "",
    )


def _describe(document: Document) -> dict[str, Any]:
    """Returns what the pages of a document and of its lines show of it."""
    return {
        "document": document,
        "name": name_document(document),
        "kinds": KINDS,
        "line_kinds": LINE_KINDS,
        "name_document": name_document,
    }


def _find_difference(document: Document, sums: list[LineSum]) -> int:
    """What is invoiced beyond what the lines and the taxes add up to: nothing, or something is wrong."""
    return document.total_micros - sum(one.net_micros for one in sums) - document.tax_micros


async def download_file(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        return await send_file(visit, connection, await find_document(connection, visit))


async def find_line(connection: Connection, visit: Visit) -> tuple[Document, DocumentLine]:
    """Returns the line that the address names. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    number: int = visit.context.request.path_params["line"]
    document = await find_document(connection, visit)
    line = await documents.find_document_line(connection, document=document, line=min(number, LINES_MAX))
    return document, line


async def show_line(visit: Visit) -> Response:
    """``?charges=`` and ``?clicks=`` continue its two lists."""
    async with visit.app.database.snapshot() as connection:
        document, line = await find_line(connection, visit)
        charges = await documents.list_line_charges(
            connection,
            document=document,
            line=line.line,
            after=_read_key(visit, "charges"),
            rows_max=OPENED_ROWS,
        )
        clicks = await documents.list_line_clicks(
            connection,
            document=document,
            line=line.line,
            after=_read_key(visit, "clicks"),
            rows_max=OPENED_ROWS,
        )
    return visit.show(
        "partner/money/line.html",
        **_describe(document),
        line=line,
        job=visit.site.find_own(f"/portal/partner/jobs/{line.job_id}"),
        charges=[(one, find_amount(one, line, document)) for one in charges.charges],
        charges_after=charges.next_after,
        clicks=clicks.clicks,
        clicks_after=clicks.next_after,
        dropped_at=charges.dropped_at,
        purposes=PURPOSES,
    )


def find_amount(charge: LineCharge, line: DocumentLine, document: Document) -> int:
    """A credit that was used is a unit in the ledger, and costs the price of its line."""
    micros = charge.amount if charge.unit == document.currency else line.price_micros * charge.amount
    return micros - charge.reversed_amount


def _read_key(visit: Visit, name: str) -> UUID:
    text = visit.context.request.query_params.get(name, "")
    try:
        return UUID(text) if text else documents.FIRST
    except ValueError:
        raise Refused(Fault.PARAMETER_INVALID, name=name) from None
