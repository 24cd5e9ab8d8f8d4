"""Owns what the operator's endpoints share: the key, refusals in plain JSON, what they read from a body."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import check_key
from jobmeter.api.http.context import AppContext, app_context_of
from jobmeter.api.http.responses import plain_refusal
from jobmeter.api.http.schemas import Endpoint
from jobmeter.base.faults import Refused


def with_operator_key(endpoint: Callable[[Request, AppContext], Awaitable[Response]]) -> Endpoint:
    """Lets in who holds the operator key, and draws refusals."""

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        state = app_context_of(request)
        try:
            check_key(request, kind="operator", key=state.settings.operator_key)
            return await endpoint(request, state)
        except Refused as refused:
            return plain_refusal(refused)

    return guarded
