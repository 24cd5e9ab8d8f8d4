"""``GET /partner/payments``: what a partner paid, what went back, and which invoices each payment pays."""

from starlette.responses import Response

from jobmeter.api.operator.billing.payments import serialize_payment
from jobmeter.billing.payments import flow as payments
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page
from jobmeter.http.responses import page_response


async def list_payments(context: RequestContext) -> Response:
    """Of all its accounts, in the order in which they were recorded. Its customers' applications have none."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await payments.list_partner_payments(
            connection, partner_id=context.application.id, after=page.after, rows_max=page.rows_max + 1
        )
        paid = await payments.list_paid_invoices(connection, payments=found)
    return page_response(
        found, page, serialize=lambda one: serialize_payment(one, paid[one.id]), key=lambda one: one.id
    )
