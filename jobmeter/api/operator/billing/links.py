"""``GET /operator/invoices/{id}/paymentLink``, ``GET /partner/invoices/{id}/paymentLink``, and what a provider reports."""

from typing import Any

from starlette.responses import Response

from jobmeter.api.operator.billing.documents import find_named
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.base.readers.web_url import check_url
from jobmeter.billing.providers import flow as providers
from jobmeter.http.context import RequestContext
from jobmeter.http.responses import json_response

SIGNATURE_HEADER = "stripe-signature"


async def show_payment_link(context: RequestContext) -> Response:
    """The page at which what is open of the invoice can be paid. The payer returns to ``returnUrl``."""
    return await show_payment_link_of(context, partner_id=None)


async def show_payment_link_of(context: RequestContext, *, partner_id: int | None) -> Response:
    async with context.app.database.connection() as connection:
        document = await find_named(connection, context, partner_id=partner_id)
    return_url = context.request.query_params.get("returnUrl", "")
    if not return_url:
        raise Refused(Fault.PARAMETER_REQUIRED, name="returnUrl")
    if check_url(return_url):
        raise Refused(Fault.PARAMETER_INVALID, name="returnUrl")
    provider = providers.open_provider(context.app.settings)
    url = await providers.make_link(provider, document=document, return_url=return_url)
    content: dict[str, Any] = {
        "invoice": document.id,
        "provider": provider.source,
        "amount": format_amount(document.open_micros, document.currency),
        "currencyCode": document.currency,
        "url": url,
    }
    return json_response(content)


async def take_stripe_event(context: RequestContext) -> Response:
    """Takes an event that Stripe sends, once. Its signature is checked before anything of it is read."""
    provider = providers.open_provider(context.app.settings)
    signature = context.request.headers.get(SIGNATURE_HEADER, "")
    event = provider.read_event(context.body, signature)
    async with context.app.database.transaction() as connection:
        taken = await providers.take_event(connection, provider, event, now=context.now)
    return json_response({"received": True, "outcome": taken.outcome, "wasRepeated": not taken.is_new})
