"""``/partner/refunds``: what a partner refunded to its own customers; statements show it, and no money of ours moves."""

from starlette.responses import Response

from jobmeter.api.operator.billing.statements import RefundBody, list_refunds_of, record_refund_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.http.context import RequestContext
from jobmeter.partners.model import Application


async def record_refund(context: RequestContext, body: RefundBody) -> Response:
    """Responds 201, or 200 with ``wasRepeated`` for a reference that was sent before."""
    return await record_refund_of(context, _check_parent(context), body)


async def list_refunds(context: RequestContext) -> Response:
    """In the order in which they were recorded."""
    return await list_refunds_of(context, _check_parent(context))


def _check_parent(context: RequestContext) -> Application:
    """Invoices are the partner's: its customers' applications see none."""
    if context.application.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission="partner.refunds")
    return context.application
