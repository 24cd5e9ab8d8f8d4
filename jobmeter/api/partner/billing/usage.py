"""``GET /partner/usage``: what a partner's contracts used in a month, final and estimated apart, and the forecast."""

from typing import Any

from starlette.responses import Response

from jobmeter.api.operator.billing.usage import serialize_report
from jobmeter.base.days import month_of
from jobmeter.billing.usage import flow as usage
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_query_month
from jobmeter.http.responses import json_response


async def show_usage(context: RequestContext) -> Response:
    """Of the current month, or of ``month``. A customer's application sees its own use, without funds and balances."""
    application = context.application
    month = read_query_month(context.request) or month_of(context.now)
    is_parent = application.parent_id is None
    async with context.app.database.connection() as connection:
        report = await usage.report_usage(
            connection,
            partner_id=application.partner_id,
            month=month,
            now=context.now,
            application_id=None if is_parent else application.id,
        )
    content = serialize_report(report)
    return json_response(content if is_parent else _hide_balances(content))


def _hide_balances(content: dict[str, Any]) -> dict[str, Any]:
    hidden = {"funded": None, "unused": None}
    return content | {"contracts": [contract | hidden for contract in content["contracts"]]}
