"""``GET /health``: whether the server can reach its database, its current time, and the last settled day."""

from starlette.responses import Response

from jobmeter.http.context import RequestContext
from jobmeter.http.responses import format_time, json_response
from jobmeter.settlement.days import flow as settlement


async def show_health(context: RequestContext) -> Response:
    """Returns the time and the last settled day; if the database cannot be used, 503 with the reason."""
    await context.app.database.check()
    async with context.app.database.connection() as connection:
        settled_through = await settlement.read_settled_through(connection)
    return json_response(
        {
            "status": "ok",
            "now": context.now.isoformat(),
            "sandbox": context.app.settings.sandbox,
            "settledThrough": format_time(settled_through),
        }
    )
