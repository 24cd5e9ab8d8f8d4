"""The responses of documents: an invoice, its lines, and what a line opens to, for operator and partner alike."""

from datetime import date
from typing import Any

from starlette.responses import Response

from jobmeter.api.operator.billing.parties import serialize_party
from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.base.readers.percents import format_percent
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.documents.model import DocumentFilter
from jobmeter.billing.model import Document, DocumentLine, DocumentState
from jobmeter.database.connection import Connection
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import (
    read_page,
    read_path_id,
    read_query_id,
    read_query_month,
    read_query_number,
)
from jobmeter.http.responses import format_time, json_response, page_response


async def list_documents_of(context: RequestContext, *, partner_id: int | None) -> Response:
    """A page of documents in the order of their ids, filtered by the query."""
    page = read_page(context.request)
    wanted = DocumentFilter(
        partner_id=partner_id,
        account_id=read_query_id(context.request, "account"),
        month=read_query_month(context.request),
        state=_read_state(context),
    )
    today = day_of(context.now)
    async with context.app.database.connection() as connection:
        found = await documents.list_documents(
            connection, wanted, after=page.after, rows_max=page.rows_max + 1, today=today
        )
    return page_response(
        found, page, serialize=lambda one: serialize_summary(one, today), key=lambda one: one.id
    )


async def show_document_of(context: RequestContext, *, partner_id: int | None) -> Response:
    async with context.app.database.connection() as connection:
        document = await find_named(connection, context, partner_id=partner_id)
    return json_response(serialize_document(document, day_of(context.now)))


async def list_lines_of(context: RequestContext, *, partner_id: int | None) -> Response:
    """A page of lines; ``?after=`` is the number of the last line that was read."""
    after = read_query_number(context.request, "after", 0, largest=2**31 - 1)
    async with context.app.database.connection() as connection:
        document = await find_named(connection, context, partner_id=partner_id)
        lines = await documents.list_lines(connection, document=document, after=after)
    is_full = len(lines) == documents.LINES_PAGE_MAX
    return json_response(
        {
            "elements": [serialize_line(line, document.currency) for line in lines],
            "nextAfter": lines[-1].line if is_full else None,
        }
    )


async def find_named(connection: Connection, context: RequestContext, *, partner_id: int | None) -> Document:
    """The document that the path names. Raises ``Refused(OPERATOR_UNKNOWN)``, for another partner's too."""
    document_id = read_path_id(context.request, "invoice_id", what="invoice")
    return await documents.find_document(connection, document_id=document_id, partner_id=partner_id)


def _read_state(context: RequestContext) -> DocumentState | None:
    text = context.request.query_params.get("state")
    if not text:
        return None
    if text not in DocumentState.__members__:
        raise Refused(Fault.PARAMETER_INVALID, name="state")
    return DocumentState[text]


def serialize_summary(document: Document, today: date) -> dict[str, Any]:
    """What lists show of a document. ``open`` is what is still to be paid."""

    def amount(micros: int) -> str:
        return format_amount(micros, document.currency)

    is_payable = document.due_on is not None
    return {
        "id": document.id,
        "kind": document.kind,
        "number": document.number or None,
        "state": documents.find_state(document, today=today),
        "account": document.account_id,
        "partner": document.partner_id,
        "month": f"{document.month:%Y-%m}",
        "currencyCode": document.currency,
        "net": amount(document.net_micros),
        "tax": amount(document.tax_micros),
        "total": amount(document.total_micros),
        "credited": amount(document.credited_micros),
        "paid": amount(document.paid_micros),
        "open": amount(document.open_micros if is_payable else 0),
        "lineCount": document.line_count,
        "issuedAt": format_time(document.issued_at),
        "dueOn": format_time(document.due_on),
        "corrects": document.corrects_number or None,
        "note": document.note,
    }


def serialize_document(document: Document, today: date) -> dict[str, Any]:
    """All of a document except its lines. ``digest`` continues that of the document before in its series."""
    return serialize_summary(document, today) | {
        "seller": serialize_party(document.seller),
        "buyer": serialize_party(document.buyer),
        "taxes": [
            {
                "category": tax.category,
                "ratePercent": format_percent(tax.rate_micros),
                "reason": tax.reason,
                "base": format_amount(tax.base_micros, document.currency),
                "tax": format_amount(tax.tax_micros, document.currency),
            }
            for tax in document.taxes
        ],
        "digest": document.digest.hex() or None,
    }


def serialize_line(line: DocumentLine, currency: str) -> dict[str, Any]:
    """``corrects`` names the line of the document that this line corrects."""
    corrects = None
    if line.corrects_line is not None:
        corrects = {"number": line.corrects_number or None, "line": line.corrects_line}
    return {
        "line": line.line,
        "kind": line.kind,
        "contract": line.contract_id,
        "jobId": line.job_id or None,
        "application": line.application_id,
        "externalId": line.external_id,
        "title": line.title,
        "companyName": line.company_name,
        "customerJobCode": line.customer_job_code,
        "posterEmail": line.poster_email,
        "firstAt": line.first_at.isoformat(),
        "lastAt": line.last_at.isoformat(),
        "quantity": line.quantity,
        "price": format_amount(line.price_micros, currency),
        "net": format_amount(line.net_micros, currency),
        "taxCategory": line.category,
        "taxRatePercent": format_percent(line.rate_micros),
        "corrects": corrects,
    }
