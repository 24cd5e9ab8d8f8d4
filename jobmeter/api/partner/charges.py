"""``GET /partner/charges``: the ordered stream of a partner's charges, corrections and restatements."""

from starlette.responses import Response

from jobmeter.database.pool import Database
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_query_number
from jobmeter.http.responses import json_response
from jobmeter.ledger.chain import flow as chain
from jobmeter.reports.charge_stream import flow as stream
from jobmeter.reports.charge_stream.model import serialize_entry

LIMIT_DEFAULT = 100
CURSOR_MAX = 10**18


async def follow_charges(context: RequestContext) -> Response:
    """``?after=`` is the ``cursor`` of the previous page; ``limit`` is at most 1,000."""
    after = read_query_number(context.request, "after", 0, largest=CURSOR_MAX)
    rows_max = read_query_number(context.request, "limit", LIMIT_DEFAULT, largest=stream.PAGE_ROWS_MAX)
    await _advance_horizon(context.app.database)
    async with context.app.database.connection() as connection:
        page = await stream.read_stream(
            connection, application=context.application, after=after, rows_max=max(rows_max, 1)
        )
    return json_response(
        {
            "elements": [serialize_entry(entry) for entry in page.entries],
            "cursor": str(page.cursor),
            "hasMore": page.has_more,
        }
    )


async def _advance_horizon(database: Database) -> None:
    """Advances the horizon, so that readers see everything committed so far. Writers do not pay for this."""
    for _ in range(2):
        async with database.transaction() as connection:
            await chain.advance_horizon(connection)
