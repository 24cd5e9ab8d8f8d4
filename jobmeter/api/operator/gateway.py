"""Owns what the operator's endpoints share: the key, refusals in plain JSON, what they read from a body."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import check_key
from jobmeter.api.http.context import State, state_of
from jobmeter.api.http.responses import plain_refusal
from jobmeter.base.faults import Refused

# Within these years an instant can be stored and read back in any time zone.
Instant = Annotated[
    AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9999, 1, 1, tzinfo=UTC))
]

Endpoint = Callable[[Request], Awaitable[Response]]


class OperatorBody(BaseModel):
    """Bodies have camelCase names, exact types and no unknown fields."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


def with_operator_key(endpoint: Callable[[Request, State], Awaitable[Response]]) -> Endpoint:
    """Lets in who holds the operator key, and draws refusals."""

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        state = state_of(request)
        try:
            check_key(request, kind="operator", key=state.settings.operator_key)
            return await endpoint(request, state)
        except Refused as refused:
            return plain_refusal(refused)

    return guarded
