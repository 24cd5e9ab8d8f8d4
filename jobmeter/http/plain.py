"""Owns the plain JSON dialect, which the operator, partner, job board, candidate and OAuth endpoints use.

Does not own the endpoints (``api.routes``) or the JSON form of refusals (``responses``).
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.base.credentials import make_request_id
from jobmeter.base.faults import Fault, Refused
from jobmeter.http.bodies import decode_model
from jobmeter.http.context import AppContext, Caller, RequestContext
from jobmeter.http.credentials import EVENTS, OPERATOR, authenticate_key, authenticate_token
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.idempotency import READING
from jobmeter.http.pipeline import PreparedCall
from jobmeter.http.responses import REQUEST_ID_HEADER

# Called with the context and, if the endpoint has a body model, with the decoded body.
PlainHandler = Callable[..., Awaitable[Response]]
PlainEndpoint = Endpoint[PlainHandler]


class PlainDialect:
    """Serves the endpoints of one path by verb; ``refusal`` renders their refusals."""

    throttled = Fault.THROTTLED

    def __init__(
        self, endpoints: Mapping[str, PlainEndpoint], *, refusal: Callable[[Request, Refused], Response]
    ) -> None:
        self._endpoints = dict(endpoints)
        self._refusal = refusal
        if "GET" in endpoints:
            self._endpoints["HEAD"] = endpoints["GET"]

    def open(self, context: RequestContext) -> None:
        context.request_id = context.headers[REQUEST_ID_HEADER] = make_request_id()

    def find_target(self, context: RequestContext) -> PlainEndpoint:
        """Raises ``Refused``: METHOD_NOT_ALLOWED, ROUTE_UNKNOWN, PARAMETER_INVALID."""
        method = context.request.method
        if method not in self._endpoints:
            context.headers["Allow"] = ", ".join(sorted(self._endpoints))
            raise Refused(Fault.METHOD_NOT_ALLOWED, method=method[:20], path=context.path[:200])
        target = context.row = self._endpoints[method]
        check_path(context, target.path)
        return target

    async def authenticate(self, context: RequestContext, target: PlainEndpoint) -> Caller | None:
        settings = context.app.settings
        if target.audience is Audience.PARTNER:
            return await authenticate_token(context)
        if target.audience is Audience.OPERATOR:
            return await authenticate_key(context, kind=OPERATOR, key=settings.operator_key)
        if target.audience is Audience.BOARD:
            return await authenticate_key(context, kind=EVENTS, key=settings.events_key)
        return None

    async def prepare(self, context: RequestContext, target: PlainEndpoint) -> PreparedCall:
        scope = context.request.scope
        return PreparedCall(
            method=scope["method"],
            path=f"{context.path}?{scope['query_string'].decode('latin-1')}",
            body=context.body,
            is_write=scope["method"] not in READING,
            is_unique=target.is_unique,
            may_be_stale=target.may_be_stale,
            run=partial(_call_handler, target, context),
        )

    def refuse(self, context: RequestContext, refused: Refused) -> Response:
        return self._refusal(context.request, refused)


def check_path(context: RequestContext, pattern: str) -> None:
    """Raises ``Refused``: ROUTE_UNKNOWN, PARAMETER_INVALID. The fixed parts of a path are not encoded: a proxy that guards by prefix would not recognize them."""
    path, scope = context.path, context.request.scope
    raw = scope.get("raw_path") or path.encode()
    if b"%" in raw:  # otherwise nothing is encoded, and the route has compared all of it
        sent, wanted = raw.decode("latin-1").split("/"), pattern.split("/")
        if len(sent) != len(wanted) or not all(map(_has_fixed_part, sent, wanted)):
            raise Refused(Fault.ROUTE_UNKNOWN)
    if "\0" in path or b"%00" in scope["query_string"]:
        raise Refused(Fault.PARAMETER_INVALID, name="U+0000")  # which the database cannot store


def _has_fixed_part(sent: str, wanted: str) -> bool:
    """Whether a part of a path begins as its pattern does: ``days.{format}`` has a fixed part too."""
    fixed, parameter, _ = wanted.partition("{")
    return sent.startswith(fixed) if parameter else sent == fixed


async def _call_handler(endpoint: PlainEndpoint, context: RequestContext, app: AppContext) -> Response:
    context.app = app
    if isinstance(endpoint.body, str):
        return await endpoint.handler(context)
    return await endpoint.handler(context, decode_model(context.body, endpoint.body))
