"""Owns the steps of every request: clock, URL, endpoint, credentials, quota, body, idempotency, handler. Also owns the
response when one of them refuses the request or fails, or when the database is unavailable; and the table that finds the
route of a path.

Does not own the routes (``api.routes``, ``portal.routes``), or how a protocol authenticates callers, reads requests or writes
responses (its ``Dialect``).
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Protocol, TypeVar
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.outages import UNUSABLE
from jobmeter.http.bodies import check_declared_length, check_url, drop_body, read_body
from jobmeter.http.context import AppContext, Caller, IncomingRequest, RequestContext, app_context_of
from jobmeter.http.idempotency import HEADER, run_once, run_unique
from jobmeter.http.rate_limits import Throttled
from jobmeter.partners.model import Application
from jobmeter.request_control.model import Request as IdempotentRequest
from jobmeter.request_log.model import AnsweredRequest
from jobmeter.telemetry.logs.flow import begin_work, log_answer
from jobmeter.telemetry.metrics.flow import count_answer
from jobmeter.telemetry.traces.flow import name_request, request_span

log = logging.getLogger("jobmeter.api")
clients_log = logging.getLogger("jobmeter.clients")  # what callers do wrong, one line each

NOSNIFF = (b"x-content-type-options", b"nosniff")
NO_STORE = (b"cache-control", b"no-store")
STALENESS_HEADER = (
    "Jobmeter-Stale-Seconds"  # of an answer from a replica: how many seconds it is behind at most
)
RECORDED_ROOTS = ("/rest/", "/v2/", "/v1/", "/oauth/", "/partner/")  # what partners call


class Target(Protocol):
    """The endpoint that a request names. Calls count against ``quota``; an empty quota means no limit."""

    @property
    def quota(self) -> str: ...

    @property
    def body_bytes_max(self) -> int: ...


TargetT = TypeVar("TargetT", bound=Target)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCall:
    """A parsed request. ``method`` and ``path`` are part of the scope of an idempotency key.

    ``run`` uses the given resources: under an idempotency key, their database is one open transaction, except for a write
    that ``is_unique``. ``key`` is the idempotency key of a form, which cannot send a header. ``may_be_stale`` as for an endpoint.
    """

    method: str
    path: str
    body: bytes
    is_write: bool
    is_unique: bool = False
    may_be_stale: bool = False
    key: str | None = None
    run: Callable[[AppContext], Awaitable[Response]]


class Dialect(Protocol[TargetT]):
    """The steps that each protocol implements, in call order. All but the first and the last may raise ``Refused``."""

    @property
    def throttled(self) -> Fault:
        """The refusal of a caller that has used up its daily quota."""
        ...

    def open(self, context: RequestContext, /) -> None:
        """Sets the request id, and adds the headers that all responses of the protocol share."""
        ...

    def find_target(self, context: RequestContext, /) -> TargetT:
        """Returns the endpoint that verb, path and headers identify, and sets the context's ``row``."""
        ...

    async def authenticate(self, context: RequestContext, target: TargetT, /) -> Caller | None:
        """Returns the caller; ``None`` for public endpoints, or where the body holds the credentials."""
        ...

    async def prepare(self, context: RequestContext, target: TargetT, /) -> PreparedCall:
        """Reads the rest of the request, including its body."""
        ...

    def refuse(self, context: RequestContext, refused: Refused, /) -> Response:
        """Returns the response to a refusal by any step."""
        ...


class RouteTable:
    """Passes a request on to its route, ahead of Starlette's router, which tries one route after the other. The first route
    that takes path and method is the same; a request that has none is left to the router.

    A route is kept at its path, or at its folder if the path has a parameter: the part before the first segment with one.
    It is tried for this path alone, or for the paths in this folder. Who reads an address with a slash too many is sent on to it.
    """

    def __init__(self, app: ASGIApp, *, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = tuple(routes)
        kept: dict[str, list[int]] = {}
        for number, route in enumerate(routes):
            kept.setdefault(_find_place(route.path), []).append(number)
        places = {around for place in kept for around in (*_list_folders(place), place)}
        self._places = {place: self._list_routes(place, kept) for place in places}

    def _list_routes(self, place: str, kept: Mapping[str, Sequence[int]]) -> tuple[Route, ...]:
        """Those that are kept at a place or at a folder around it, in their order."""
        numbers = {number for around in (*_list_folders(place), place) for number in kept.get(around, ())}
        return tuple(self._routes[number] for number in sorted(numbers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["path"].endswith("/") and self._has_slash_too_many(scope):
                await _redirect_without_slash(scope)(scope, receive, send)
                return
            for route in self.list_candidates(scope["path"]):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def _has_slash_too_many(self, scope: Scope) -> bool:
        """Whether somebody who reads has added a slash to the address of something, as people and link checkers do."""
        without = {**scope, "path": scope["path"].rstrip("/")}
        return (
            scope["method"] in ("GET", "HEAD")
            and self._has_own_route(without)
            and not self._has_own_route(scope)
        )

    def _has_own_route(self, scope: Scope) -> bool:
        """Whether the path has a route that does not take every path in its folder."""
        taking = (
            route for route in self.list_candidates(scope["path"]) if route.matches(scope)[0] is Match.FULL
        )
        first = next(taking, None)
        return first is not None and not first.path.endswith(":path}")

    def list_candidates(self, path: str) -> tuple[Route, ...]:
        """The routes that may match a path, in their order."""
        if path.endswith("\n"):
            return self._routes  # the end of a pattern matches before it too
        # Most paths are a place, or their folder is one.
        found = self._places.get(path) or self._places.get(path[: path.rfind("/") + 1], ())
        if found:
            return found
        # Every folder around a place is a place: a path with many segments is not read to its end.
        for folder in _list_folders(path):
            inner = self._places.get(folder)
            if inner is None:
                break
            found = inner
        return found


def _redirect_without_slash(scope: Scope) -> Response:
    query = scope.get("query_string", b"").decode("latin-1")
    path = quote(scope["path"].rstrip("/"))
    return RedirectResponse(f"{path}?{query}" if query else path, status_code=308)


def _find_place(pattern: str) -> str:
    """The path itself if it has no parameter, otherwise its folder."""
    fixed, parameter, _ = pattern.partition("{")
    return fixed[: fixed.rindex("/") + 1] if parameter else pattern


def _list_folders(path: str) -> Iterator[str]:
    """The folders around a path, from the outermost."""
    end = path.find("/") + 1
    while 0 < end < len(path):
        yield path[:end]
        end = path.find("/", end) + 1


def make_route(path: str, dialect: Dialect[TargetT]) -> Route:
    async def endpoint(request: Request) -> Response:
        return await serve(request, dialect)

    return Route(path, AnyVerb(endpoint))


@dataclass(frozen=True, slots=True)
class AnyVerb:
    """Wraps an endpoint as an ASGI application, so that the router passes it every verb: the dialect checks the verb."""

    endpoint: Callable[[Request], Awaitable[Response]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with request_span(scope["headers"]):
            try:
                response = await self.endpoint(IncomingRequest(scope, receive, send))
                await response(scope, receive, send)
            except Exception as error:
                # Rows that are sent while they are read: what was sent already cannot be taken back.
                if not isinstance(error, (ClientDisconnect, OSError)):
                    log.exception("an answer could not be sent to its end")
                raise
            finally:
                begin_work(None)


async def serve(request: Request, dialect: Dialect[TargetT]) -> Response:
    app = app_context_of(request)
    received_at, begun_at = read_machine_clock(), perf_counter()
    context = RequestContext(request, app, now=received_at)
    dialect.open(context)
    begin_work(context)
    try:
        context.now = await app.clock.read()
        target = await _admit(context, dialect)
        context.body = await read_body(request, bytes_max=target.body_bytes_max)
        response = await _run(context, dialect, await dialect.prepare(context, target))
    except Refused as refused:
        response = _refuse(context, dialect, refused)
    except UNUSABLE as error:
        app.database.outage.report(error)
        response = _refuse(context, dialect, app.database.refuse(error))
    except ClientDisconnect:
        clients_log.info(
            "%s %s: the client disconnected, or sent malformed chunks", context.method, context.route
        )
        response = _refuse(context, dialect, Refused(Fault.BODY_BROKEN))
    except Exception:
        # The text of an unexpected error may contain a tenant's data: it is neither sent nor logged.
        log.exception("%s %s (%s) failed", context.method, context.route, context.request_id)
        response = _refuse(context, dialect, Refused(Fault.INTERNAL))
    response.raw_headers.append(NOSNIFF)
    if context.caller is not None and "cache-control" not in response.headers:
        response.raw_headers.append(
            NO_STORE
        )  # what is answered to a caller, such as a new secret, is nobody else's
    # The response has none of these headers yet, so appending is enough; setting each would search for it.
    response.raw_headers += [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in context.headers.items()
    ]
    if app.recorder.is_on and context.is_recorded and context.path.startswith(RECORDED_ROOTS):
        requester = None if context.requester is None else context.requester.id
        app.recorder.record(requester, received_at, lambda: _describe(context, response, received_at))
    _count(context, response, seconds=perf_counter() - begun_at)
    return response


def _refuse(context: RequestContext, dialect: Dialect[TargetT], refused: Refused) -> Response:
    context.fault = refused.fault
    return dialect.refuse(context, refused)


def _count(context: RequestContext, response: Response, *, seconds: float) -> None:
    method, route, status = context.method, context.route, response.status_code
    refusal = "" if context.fault is None else context.fault.name
    count_answer(method=method, route=route, status=status, seconds=seconds, refusal=refusal)
    log_answer(method=method, route=route, status=status, seconds=seconds)
    name_request(method=method, route=route, status=status, request_id=context.request_id)


def _describe(context: RequestContext, response: Response, received_at: datetime) -> AnsweredRequest:
    application = context.requester
    return AnsweredRequest(
        received_at=received_at,
        happened_at=context.now,
        duration_ms=round((read_machine_clock() - received_at).total_seconds() * 1_000),
        partner_id=None if application is None else application.partner_id,
        application_id=None if application is None else application.id,
        client_id="" if application is None else application.client_id,
        method=context.request.method,
        path=context.path,
        query=context.request.scope["query_string"].decode("latin-1"),
        status=response.status_code,
        request_headers=context.request.headers,
        request_body=context.body,
        response_headers=response.headers,
        response_body=getattr(response, "body", b""),
    )


async def _admit(context: RequestContext, dialect: Dialect[TargetT]) -> TargetT:
    """Runs every check that needs no body, so that only authenticated callers make the server hold one."""
    try:
        check_url(context.request)
        target = dialect.find_target(context)
        check_declared_length(context.request, bytes_max=target.body_bytes_max)
        context.caller = await dialect.authenticate(context, target)
        context.app = confine(context.app, context.caller)  # from here on: who it is was found among all
        if target.quota:
            await count_call(
                context, application=context.application, resource=target.quota, throttled=dialect.throttled
            )
    except Exception:
        await drop_body(context.request)
        raise
    return target


async def count_call(
    context: RequestContext, *, application: Application, resource: str, throttled: Fault
) -> None:
    """Counts every call of a known application, also a refused one (spec 12.5); each response reports the remaining quota."""
    try:
        quota = await context.app.rate_limits.take(
            application_id=application.id, resource=resource, now=context.now
        )
    except Throttled as refused:
        quota = refused.quota
        context.headers.update(quota.headers | {"Retry-After": str(quota.resets_in_seconds)})
        raise Refused(throttled) from refused
    context.headers.update(quota.headers)


def confine(app: AppContext, caller: Caller | None) -> AppContext:
    """Returns the resources with a database that shows what belongs to the caller's tenant."""
    if caller is None or caller.tenant is None:
        return app
    return app.of_tenant(caller.tenant)


async def _read(context: RequestContext, call: PreparedCall) -> Response:
    """Reads from the replica, unless there is none, it is too far behind or fails, or the caller wants what is written now."""
    app, replica = context.app, context.app.replica
    staleness = None if replica is None or wants_current(context.request) else replica.watch.find_staleness()
    if replica is None or staleness is None:
        return await call.run(app)
    try:
        response = await call.run(confine(replica.app, context.caller))
    except UNUSABLE:
        replica.watch.suspend()
    except Refused as refused:
        if refused.fault.row.status < Fault.INTERNAL.row.status:
            raise
    else:
        context.headers[STALENESS_HEADER] = str(staleness)
        return response
    return await call.run(app)


def wants_current(request: Request) -> bool:
    """Whether the caller accepts no answer that may be older than its request (RFC 9111, 5.2.1.4)."""
    return "no-cache" in request.headers.get("cache-control", "").lower()


async def _run(context: RequestContext, dialect: Dialect[TargetT], call: PreparedCall) -> Response:
    """Runs a write with an ``Idempotency-Key`` once; each repeat receives the stored response, refusals included."""
    if not call.is_write and call.may_be_stale:
        return await _read(context, call)
    if not call.is_write or context.caller is None:
        return await call.run(context.app)
    key = call.key or context.request.headers.get(HEADER)
    if key is None:
        return await call.run(context.app)

    async def run(app: AppContext) -> Response:
        try:
            return await call.run(app)
        except Refused as refused:
            return _refuse(context, dialect, refused)

    sent = IdempotentRequest(
        sender=context.caller.sender, method=call.method, path=call.path, key=key.strip(), body=call.body
    )
    context.repeatable = sent
    carry_out = run_unique if call.is_unique else run_once
    return await carry_out(context.app, sent, now=context.now, run=run)
