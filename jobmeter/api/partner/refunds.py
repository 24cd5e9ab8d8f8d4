"""``/partner/refunds``: what a partner refunded to its own customers; statements show it, and no money of ours moves."""

from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.responses import Response

from jobmeter.api.http.context import RequestContext
from jobmeter.api.http.parameters import read_page
from jobmeter.api.http.responses import json_response, page_response
from jobmeter.api.http.schemas import OperatorBody
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.billing.statements import flow as statements
from jobmeter.billing.statements.model import Refund, RefundDraft
from jobmeter.partners.model import Application

Short = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")]


class RefundBody(OperatorBody):
    """``invoiceLine`` is a document and its line, ``INV-2026-000001/3``. A repeated ``reference`` has no effect."""

    invoice_line: Short
    amount: Short
    reference: Short


async def record_refund(context: RequestContext, body: RefundBody) -> Response:
    """Responds 201, or 200 with ``wasRepeated`` for a reference that was sent before."""
    draft = RefundDraft(invoice_line=body.invoice_line, amount=body.amount, reference=body.reference)
    async with context.app.database.transaction() as connection:
        refund, is_new = await statements.record_refund(
            connection, parent=_check_parent(context), draft=draft, now=context.now
        )
    content = _serialize(refund) | {"wasRepeated": not is_new}
    return json_response(content, status=201 if is_new else 200)


async def list_refunds(context: RequestContext) -> Response:
    """In the order in which they were recorded."""
    page, parent = read_page(context.request), _check_parent(context)
    async with context.app.database.connection() as connection:
        found = await statements.list_refunds(
            connection, parent=parent, after=page.after, rows_max=page.rows_max + 1
        )
    return page_response(found, page, serialize=_serialize, key=lambda one: one.number)


def _check_parent(context: RequestContext) -> Application:
    """Invoices are the partner's: its customers' applications see none."""
    if context.application.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission="partner.refunds")
    return context.application


def _serialize(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.number,
        "invoiceLine": f"{refund.document_number}/{refund.line}",
        "amount": format_amount(refund.amount_micros, refund.currency),
        "currencyCode": refund.currency,
        "reference": refund.reference,
        "refundedOn": refund.refunded_on.isoformat(),
        "recordedAt": refund.recorded_at.isoformat(),
    }
