"""Owns what the partners' own endpoints share: the bearer token, refusals in plain JSON, numbers in a query."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import read_bearer
from jobmeter.api.http.context import AppContext, app_context_of
from jobmeter.api.http.responses import plain_refusal
from jobmeter.api.http.schemas import Endpoint
from jobmeter.base.faults import Fault, Refused
from jobmeter.partners.model import Application
from jobmeter.partners.tokens import flow as tokens


def with_partner(
    endpoint: Callable[[Request, AppContext, Application, datetime], Awaitable[Response]],
) -> Endpoint:
    """Lets in who holds a token, hands over its application and the time, and draws refusals."""

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        state = app_context_of(request)
        try:
            token = read_bearer(request)
            if token is None:
                raise Refused(Fault.TOKEN_EMPTY)
            now = await state.clock.read()
            async with state.database.connection() as connection:
                application = await tokens.authenticate(connection, token=token, now=now)
            return await endpoint(request, state, application, now)
        except Refused as refused:
            return plain_refusal(refused)

    return guarded
