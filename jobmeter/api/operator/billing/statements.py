"""``/operator/partners/{id}/statements`` and ``/refunds``: statements of end customers, for operator and partner alike."""

import asyncio
import base64
from typing import Annotated, Any

import msgspec
from pydantic import StringConstraints
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.base.readers.percents import read_percent
from jobmeter.base.readers.times import read_month
from jobmeter.billing.formats import flow as formats
from jobmeter.billing.formats.model import FileFormat, Presentation
from jobmeter.billing.statements import flow as statements
from jobmeter.billing.statements.model import (
    Customer,
    CustomerPage,
    Refund,
    RefundDraft,
    Statement,
    StatementRequest,
)
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import (
    PAGE_ROWS,
    PAGE_ROWS_MAX,
    read_page,
    read_path_id,
    read_query_number,
)
from jobmeter.http.responses import json_response, page_response, tag_response
from jobmeter.http.schemas import OperatorBody
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application

FORMATS = (FileFormat.JSON, FileFormat.CSV, FileFormat.XLSX, FileFormat.PDF)
LINES_MAX = 100_000
PDF_LINES_MAX = 10_000  # a request waits for its pages
MARKUP_MICROS_MAX = 10_000_000  # ten times the price

Short = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")]


class RefundBody(OperatorBody):
    """``invoiceLine`` is a document and its line, ``INV-2026-000001/3``. A repeated ``reference`` has no effect."""

    invoice_line: Short
    amount: Short
    reference: Short


async def show_statement(context: RequestContext) -> Response:
    """Without ``customer``, the list of the partner's customers that used something in the month.

    Our prices are shown with ``prices=mine`` only; ``markupPercent`` adds a column with the partner's own prices.
    """
    return await show_statement_of(context, await _find_partner(context))


async def list_refunds(context: RequestContext) -> Response:
    """What the partner refunded to its customers, in the order in which it was recorded."""
    return await list_refunds_of(context, await _find_partner(context))


async def record_refund(context: RequestContext, body: RefundBody) -> Response:
    """Records for the partner what it refunded to its customer; no money of ours moves."""
    return await record_refund_of(context, await _find_partner(context), body)


async def _find_partner(context: RequestContext) -> Application:
    partner_id = read_path_id(context.request, "partner_id", what="partner")
    async with context.app.database.connection() as connection:
        found = await partners.find_application(connection, application_id=partner_id)
    if found is None or found.parent_id is not None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="partner", key=partner_id)
    return found


async def record_refund_of(context: RequestContext, parent: Application, body: RefundBody) -> Response:
    draft = RefundDraft(invoice_line=body.invoice_line, amount=body.amount, reference=body.reference)
    async with context.app.database.transaction() as connection:
        refund, is_new = await statements.record_refund(
            connection, parent=parent, draft=draft, now=context.now
        )
        if is_new:
            await context.record(
                connection,
                Action.REFUND_RECORD,
                refund.number,
                partner_id=parent.id,
                after=_serialize_refund(refund),
            )
    content = _serialize_refund(refund) | {"wasRepeated": not is_new}
    return json_response(content, status=201 if is_new else 200)


async def list_refunds_of(context: RequestContext, parent: Application) -> Response:
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await statements.list_refunds(
            connection, parent=parent, after=page.after, rows_max=page.rows_max + 1
        )
    return page_response(found, page, serialize=_serialize_refund, key=lambda one: one.number)


async def show_statement_of(context: RequestContext, application: Application) -> Response:
    request = context.request
    month = read_month(request.path_params["month"])
    if month is None:
        raise Refused(Fault.PARAMETER_INVALID, name="month")
    query = request.query_params
    if application.parent_id is None and not query.get("customer"):
        return await _list_customers(context, application)
    file_format = _read_format(query.get("format"))
    wanted = StatementRequest(
        month=month,
        customer=query.get("customer") or None,
        job_code=query.get("customerJobCode"),
        currency=query.get("currency") or None,
        presentation=Presentation(
            has_prices=_read_prices(query.get("prices")),
            markup_micros=_read_markup(query.get("markupPercent")),
        ),
    )
    # A customer's statement names its partner as the seller, and the partner's documents that it was refunded for.
    async with context.app.database.of_partner().connection() as connection:
        statement = await statements.make_statement(
            connection,
            application=application,
            wanted=wanted,
            lines_max=PDF_LINES_MAX if file_format is FileFormat.PDF else LINES_MAX,
            now=context.now,
        )
    return await _respond(context, statement, file_format)


async def _respond(context: RequestContext, statement: Statement, file_format: FileFormat) -> Response:
    """The file is made in a thread, where it does not delay other requests."""
    body = await asyncio.to_thread(
        formats.render,
        statement.document,
        statement.lines,
        file_format,
        presentation=statement.presentation,
        font_folder=context.app.settings.font_folder,
    )
    name = f"statement-{statement.document.month:%Y-%m}.{file_format.extension}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    response = Response(body, media_type=file_format.media_type, headers=headers)
    return tag_response(response, context.request.headers.get("if-none-match"))


async def _list_customers(context: RequestContext, parent: Application) -> Response:
    """In the order of their keys; ``nextCursor`` continues the list."""
    query = context.request.query_params
    month = read_month(context.request.path_params["month"])
    assert month is not None
    count = read_query_number(context.request, "count", PAGE_ROWS, largest=PAGE_ROWS_MAX)
    after = _read_cursor(query.get("cursor") or "")
    if count == 0:
        raise Refused(Fault.PARAMETER_INVALID, name="count")
    page = CustomerPage(
        after_key=after[0], after_job_code=after[1], after_currency=after[2], rows_max=count + 1
    )
    async with context.app.database.connection() as connection:
        found = await statements.list_customers(
            connection, parent=parent, month=month, page=page, now=context.now
        )
    shown = found[:count]
    next_cursor = _write_cursor(shown[-1]) if len(found) > count else None
    elements = [_serialize_customer(customer) for customer in shown]
    return json_response({"month": f"{month:%Y-%m}", "elements": elements, "nextCursor": next_cursor})


def _write_cursor(customer: Customer) -> str:
    parts = [customer.key, customer.job_code, customer.currency]
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode()


def _read_cursor(text: str) -> tuple[str, str, str]:
    if not text:
        return "", "", ""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=tuple[str, str, str])
    except (ValueError, msgspec.DecodeError):
        raise Refused(Fault.PARAMETER_INVALID, name="cursor") from None


def _serialize_customer(customer: Customer) -> dict[str, Any]:
    return {
        "customer": customer.key,
        "customerJobCode": customer.job_code,
        "kind": customer.kind,
        "name": customer.name,
        "currencyCode": customer.currency,
        "postings": customer.postings,
        "renewals": customer.renewals,
        "clicks": customer.clicks,
        "amount": format_amount(customer.micros, customer.currency),
    }


def _read_format(text: str | None) -> FileFormat:
    for file_format in FORMATS:
        if (text or FileFormat.JSON) == file_format.value:
            return file_format
    raise Refused(Fault.PARAMETER_INVALID, name="format")


def _read_prices(text: str | None) -> bool:
    if text not in {None, "mine", "hidden"}:
        raise Refused(Fault.PARAMETER_INVALID, name="prices")
    return text == "mine"


def _read_markup(text: str | None) -> int | None:
    if text is None:
        return None
    markup = read_percent(text)
    if markup is None or markup > MARKUP_MICROS_MAX:
        raise Refused(Fault.PARAMETER_INVALID, name="markupPercent")
    return markup


def _serialize_refund(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.number,
        "invoiceLine": f"{refund.document_number}/{refund.line}",
        "amount": format_amount(refund.amount_micros, refund.currency),
        "currencyCode": refund.currency,
        "reference": refund.reference,
        "refundedOn": refund.refunded_on.isoformat(),
        "recordedAt": refund.recorded_at.isoformat(),
    }
