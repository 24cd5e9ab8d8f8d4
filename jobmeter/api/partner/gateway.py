"""Owns what the partners' own endpoints share: the bearer token, refusals in plain JSON, numbers in a query."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import read_bearer
from jobmeter.api.http.context import State, state_of
from jobmeter.api.http.responses import plain_refusal
from jobmeter.api.operator.gateway import Endpoint
from jobmeter.base.faults import Fault, Refused
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application

CURSOR_DIGITS_MAX = 18
IDS_MAX = 2**62


def with_partner(
    endpoint: Callable[[Request, State, Application, datetime], Awaitable[Response]],
) -> Endpoint:
    """Lets in who holds a token, hands over its application and the time, and draws refusals."""

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        state = state_of(request)
        try:
            token = read_bearer(request)
            if token is None:
                raise Refused(Fault.TOKEN_EMPTY)
            now = await state.clock.read()
            async with state.database.connection() as connection:
                application = await partners.authenticate(connection, token=token, now=now)
            return await endpoint(request, state, application, now)
        except Refused as refused:
            return plain_refusal(refused)

    return guarded


def read_query_number(request: Request, name: str, default: int, *, largest: int) -> int:
    """A whole number of the query, at most ``largest``. Raises ``Refused(PARAMETER_INVALID)``."""
    text = request.query_params.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX):
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return min(int(text), largest)


def read_path_id(request: Request, name: str, *, what: str) -> int:
    """An id of the path. Raises ``Refused(OPERATOR_UNKNOWN)`` for one that nothing can have."""
    number: int = request.path_params[name]
    if number > IDS_MAX:
        raise Refused(Fault.OPERATOR_UNKNOWN, what=what, key=number)
    return number
