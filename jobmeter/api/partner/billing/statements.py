"""``GET /partner/statements/{month}``: a month's statement of an end customer, and which customers there are."""

from starlette.responses import Response

from jobmeter.api.operator.billing.statements import show_statement_of
from jobmeter.http.context import RequestContext


async def show_statement(context: RequestContext) -> Response:
    """Without ``customer``, a partner reads the list of its customers, a child application its own statement.

    Our prices are shown with ``prices=mine`` only; ``markupPercent`` adds a column with the partner's own prices.
    """
    return await show_statement_of(context, context.application)
