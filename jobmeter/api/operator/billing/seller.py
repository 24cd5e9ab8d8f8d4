"""``/operator/billing/seller``: who issues the documents, in dated versions."""

from starlette.responses import Response

from jobmeter.api.http.context import RequestContext
from jobmeter.api.http.parameters import read_query_day
from jobmeter.api.http.responses import json_response
from jobmeter.api.operator.billing.parties import SellerBody, read_seller, serialize_dated, serialize_party
from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import find_in_force


async def put_seller(context: RequestContext, body: SellerBody) -> Response:
    """Adds a version; issued documents keep the seller that they name."""
    async with context.app.database.transaction() as connection:
        version = await accounts.set_seller(
            connection, read_seller(body), valid_from=body.valid_from, now=context.now
        )
    return json_response(serialize_dated(version))


async def show_seller(context: RequestContext) -> Response:
    """The seller in force on ``day``, by default today, and all ``versions``."""
    day = read_query_day(context.request, "day", default=day_of(context.now))
    async with context.app.database.connection() as connection:
        versions = await accounts.list_sellers(connection)
    seller = find_in_force(versions, day)
    if seller is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="seller in force on", key=day)
    return json_response(serialize_party(seller.value) | {"versions": list(map(serialize_dated, versions))})
