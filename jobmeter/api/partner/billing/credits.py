"""``GET /partner/credits``: the postings and renewals of a month that used credits, their prices, what is left."""

from typing import Any

from starlette.responses import Response

from jobmeter.base.days import month_of
from jobmeter.base.money import format_amount
from jobmeter.contracts.credits import flow as credits_flow
from jobmeter.contracts.credits.model import PartnerCredits, UsedSpan, UsesPage, serialize_use
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_query_month
from jobmeter.http.responses import json_response


async def list_credits(context: RequestContext) -> Response:
    """Of the current month, or of ``month``. A partner's own token shows its customers' postings too."""
    page = read_page(context.request)
    month = read_query_month(context.request) or month_of(context.now)
    span, application = UsedSpan.of_month(month), context.application
    async with context.app.database.connection() as connection:
        contracts = await credits_flow.list_partner_credits(connection, application=application, span=span)
        found = await credits_flow.list_partner_uses(
            connection,
            contracts,
            application=application,
            span=span,
            page=UsesPage(after=page.after, rows_max=page.rows_max + 1),
        )
    shown = found[: page.rows_max]
    currencies = {contract.contract_id: contract.currency for contract in contracts}
    return json_response(
        {
            "month": f"{month:%Y-%m}",
            "contracts": [_serialize(contract) for contract in contracts],
            "elements": [serialize_use(use, currencies) for use in shown],
            "nextAfter": shown[-1].number if len(found) > page.rows_max else None,
        }
    )


def _serialize(contract: PartnerCredits) -> dict[str, Any]:
    """``unused`` is ``null`` for a post-paid contract, whose credits are unlimited."""
    return {
        "hiringContract": contract.contract_id,
        "owner": contract.owner_name,
        "isOwned": contract.is_owner,
        "used": contract.credits,
        "amount": format_amount(contract.price_micros, contract.currency),
        "currencyCode": contract.currency,
        "unused": contract.unused,
    }
