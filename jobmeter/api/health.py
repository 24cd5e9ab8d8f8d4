"""``GET /health``: whether the server can reach its database, the time it lives at, and how far it has settled."""

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.context import app_context_of
from jobmeter.api.http.responses import json_response
from jobmeter.settlement.days import flow as settlement


async def show_health(request: Request) -> Response:
    state = app_context_of(request)
    await state.database.check()
    now = await state.clock.read()
    async with state.database.connection() as connection:
        settled_through = await settlement.read_settled_through(connection)
    return json_response(
        {
            "status": "ok",
            "now": now.isoformat(),
            "sandbox": state.settings.sandbox,
            "settledThrough": None if settled_through is None else settled_through.isoformat(),
        }
    )
