"""``GET /health``: whether the server can reach its database, and the time it lives at."""

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.replies import json_response
from jobmeter.api.state import state_of


async def show_health(request: Request) -> Response:
    state = state_of(request)
    await state.database.check()
    now = await state.clock.read()
    return json_response({"status": "ok", "now": now.isoformat(), "sandbox": state.settings.sandbox})
