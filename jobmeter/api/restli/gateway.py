"""Owns the common edge of the Rest.li resources: limits, tunnelling, token, version, method, then one handler.

Does not own what a resource does; its handlers get a ``Call`` and return a ``Reply``.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from jobmeter.api.http.bodies import check_length, check_url, decode_json, expand_body, read_bearer, read_body
from jobmeter.api.http.context import AppContext, app_context_of
from jobmeter.api.http.idempotency import HEADER as IDEMPOTENCY_HEADER
from jobmeter.api.http.idempotency import run_once
from jobmeter.api.http.rate_limits import Throttled
from jobmeter.api.http.responses import (
    REQUEST_ID_HEADER,
    gateway_headers,
    json_response,
    restli_headers,
    restli_refusal,
    tag_response,
)
from jobmeter.api.restli.forced_failures import check_forced_failure
from jobmeter.api.restli.projections import project, read_masks
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import BODY_BYTES_MAX
from jobmeter.partners.model import Application
from jobmeter.partners.tokens import flow as tokens
from jobmeter.request_control.model import Request as IdempotentRequest
from jobmeter.wire.restli.keys import decode_path_key, split_path
from jobmeter.wire.restli.methods import Method, MethodMismatchError, infer_method
from jobmeter.wire.restli.paging import PagingError
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError, Value, decode_text, read_protocol
from jobmeter.wire.restli.tunnel import Message, open_tunnel
from jobmeter.wire.restli.values import ArgumentTypeError, read_long
from jobmeter.wire.restli.versions import (
    ACTIVE_VERSIONS,
    Version,
    VersionMissing,
    VersionNonexistent,
    check_version,
    expand_version,
)

log = logging.getLogger("jobmeter.api")

OVERRIDE = "x-http-method-override"
# What the protocol itself reads; a resource adds its own.
PROTOCOL_PARAMETERS = frozenset(
    {"q", "ids", "action", "start", "count", "fields", "metadataFields", "pagingFields"}
)
_VERBS = {
    "GET": "GET",
    "GET_ALL": "GET",
    "BATCH_GET": "GET",
    "FINDER": "GET",
    "UPDATE": "PUT",
    "DELETE": "DELETE",
}
_MARKERS = {Method.FINDER: "q", Method.ACTION: "action"}
_KEYED = frozenset({"GET", "UPDATE", "PARTIAL_UPDATE", "DELETE"})


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated Rest.li request, its tunnel opened and its parameters read."""

    state: AppContext
    application: Application
    now: datetime
    protocol: Protocol
    version: Version | None
    method: Method
    path: str
    query: str
    key: str | None
    parameters: dict[str, Value]
    body: bytes
    request_id: str

    @property
    def permission(self) -> str:
        """What a refusal of this call names: ``resource.METHOD-name.version`` (spec 12.4)."""
        return _name_permission(self.path.split("/")[2], self.method, self.parameters, self.version)

    def read_json(self) -> Any:
        return decode_json(self.body)

    def is_since(self, version: str) -> bool:
        """Whether the caller's version is ``version`` (``202407``) or newer. An unversioned call has all fields."""
        return self.version is None or self.version.expanded >= expand_version(version)

    def read_optional_long(self, name: str) -> int | None:
        """A parameter of type long. Raises ``Refused(PARAMETER_TYPE)``."""
        if name not in self.parameters:
            return None
        try:
            return read_long(name, self.parameters[name])
        except ArgumentTypeError as error:
            raise Refused(
                Fault.PARAMETER_TYPE, name=name, value=str(self.parameters[name])[:100], type="java.lang.Long"
            ) from error


@dataclass(frozen=True, slots=True)
class Reply:
    """``content`` of ``None`` is an empty body; ``bytes`` are JSON that is written already.

    One that ``is_tagged`` carries an entity tag, by which a caller that has it already is answered 304.
    """

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    is_tagged: bool = False


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Resource:
    """A Rest.li resource. ``handlers`` is keyed by method, and by ``FINDER name`` or ``ACTION name``.

    ``is_single`` marks a resource that is one entity without keys; ``has_keyed_actions`` one whose actions are of an
    entity, not of the resource. ``parameters`` names its query parameters:
    under ``/rest`` any other is refused; ``None`` lets all pass.
    """

    name: str
    handlers: dict[str, Handler]
    is_single: bool = False
    has_keyed_actions: bool = False
    body_bytes_max: int = BODY_BYTES_MAX
    parameters: tuple[str, ...] | None = None

    @property
    def verbs(self) -> tuple[str, ...]:
        """The HTTP verbs that reach one of its methods; a GET may also be tunnelled through a POST."""
        return _list_verbs(name.partition(" ")[0] for name in self.handlers)

    def list_allowed(self, *, keyed: bool) -> tuple[str, ...]:
        """The verbs for its entities, or for itself; actions may be of either."""
        methods = [name.partition(" ")[0] for name in self.handlers]
        return _list_verbs(
            method
            for method in methods
            if method == "ACTION" or (method in _KEYED and not self.is_single) == keyed
        )


def _list_verbs(methods: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_VERBS.get(method, "POST") for method in methods}))


@dataclass(frozen=True, slots=True)
class AnyVerb:
    """An endpoint as an ASGI application, so that the router hands it every verb: the edge knows which are good."""

    endpoint: Callable[[Request], Awaitable[Response]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def make_endpoint(resource: Resource, *, versioned: bool) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of ``resource`` under ``/rest`` (versioned) or ``/v2``."""

    async def endpoint(request: Request) -> Response:
        protocol = Protocol.V2
        more_headers = gateway_headers(request.scope.get("http_version", "1.1"))
        try:
            protocol = read_protocol_header(request)
            with _protocol_errors(request):
                call, handler = await _open_call(
                    request, resource, protocol, more_headers, versioned=versioned
                )
            response = await _answer(request, resource, call, handler)
        except Refused as refused:
            response = restli_refusal(refused, protocol)
        response.headers.update(more_headers)
        return response

    return endpoint


async def _answer(request: Request, resource: Resource, call: Call, handler: Handler) -> Response:
    async def run() -> Response:
        try:
            with _protocol_errors(request):
                return await _carry_out(request, call, handler)
        except Refused as refused:
            return restli_refusal(refused, call.protocol)

    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is None or call.method in {Method.GET, Method.GET_ALL, Method.BATCH_GET, Method.FINDER}:
        return await run()
    asked = IdempotentRequest(
        sender=f"application {call.application.id}",
        method=call.method.value,
        path=f"{resource.name} {call.path}?{call.query}",
        key=key.strip(),
        body=call.body,
    )
    return await run_once(call.state, asked, now=call.now, run=run)


async def _carry_out(request: Request, call: Call, handler: Handler) -> Response:
    masks = read_masks(call.parameters)
    reply = await handler(call)
    headers = restli_headers(call.protocol) | reply.headers
    if reply.content is None:
        return Response(status_code=reply.status, headers=headers)
    response = json_response(project(masks, call.method, reply.content), status=reply.status, headers=headers)
    return tag_response(response, request.headers.get("if-none-match")) if reply.is_tagged else response


@contextmanager
def _protocol_errors(request: Request) -> Iterator[None]:
    """Raises the wire's own errors again as rows of the table of refusals."""
    try:
        yield
    except RestliSyntaxError as error:
        log.info("unreadable query: %s", error.text)
        uri = request.scope["query_string"].decode("latin-1")
        raise Refused(Fault.QUERY_SYNTAX, uri=uri) from error
    except PagingError as error:
        fault = Fault.PAGING_NEGATIVE if "non-negative" in error.text else Fault.PAGING_NOT_INTEGER
        raise Refused(fault) from error


def read_protocol_header(request: Request) -> Protocol:
    header = request.headers.get("x-restli-protocol-version")
    try:
        return read_protocol(header)
    except RestliSyntaxError as error:
        raise Refused(Fault.PROTOCOL_UNKNOWN, version=(header or "")[:40]) from error


async def _open_call(
    request: Request, resource: Resource, protocol: Protocol, headers: dict[str, str], *, versioned: bool
) -> tuple[Call, Handler]:
    """Adds to ``headers`` what the answer must tell however the call ends."""
    check_url(request)
    segments = split_path((request.scope.get("raw_path") or b"").decode("latin-1"))
    path = "/" + "/".join(segments)
    if len(segments) > (2 if resource.is_single else 3):
        raise Refused(Fault.ROUTE_UNKNOWN)
    message = await _read_message(request, resource, path, headers)
    state = app_context_of(request)
    now = await state.clock.read()
    application = await _authenticate(state, request, now)
    version = _read_version(request, state.settings.active_versions) if versioned else None
    await _count_call(state, application, resource, now, headers)
    check_forced_failure(request, state.settings, headers)
    parameters = decode_query(message.query, protocol)
    if versioned:
        _check_parameters(resource, parameters)
    key = decode_path_key(segments[2]) if len(segments) > 2 else None
    method, handler = _choose_handler(
        request, resource, message, parameters, version=version, keyed=key is not None
    )
    call = Call(
        state,
        application,
        now,
        protocol,
        version,
        method,
        path,
        message.query,
        key,
        parameters,
        message.body,
        headers[REQUEST_ID_HEADER],
    )
    return call, handler


async def _read_message(request: Request, resource: Resource, path: str, headers: dict[str, str]) -> Message:
    """The request that was meant, its tunnel opened. Raises ``Refused``, METHOD_NOT_ALLOWED among others."""
    override = request.headers.get(OVERRIDE) if request.method == "POST" else None
    if override is None:
        _check_verb(resource, request.method, path, headers)
    body = await read_body(request, bytes_max=resource.body_bytes_max)
    encoding = request.headers.get("content-encoding")
    if encoding is not None:
        body = expand_body(body, encoding, bytes_max=resource.body_bytes_max)
    check_length(request, body)
    query = decode_text(request.scope["query_string"])
    sent = Message(request.method, query, request.headers.get("content-type"), body)
    try:
        message = open_tunnel(sent, override)
    except RestliSyntaxError as error:
        raise Refused(Fault.TUNNEL_MALFORMED, why=error.text) from error
    _check_verb(resource, message.method, path, headers)
    return message


def _check_verb(resource: Resource, verb: str, path: str, headers: dict[str, str]) -> None:
    if verb not in resource.verbs:
        keyed = path.count("/") > 2
        headers["Allow"] = ", ".join(resource.list_allowed(keyed=keyed) or resource.verbs)
        raise Refused(Fault.METHOD_NOT_ALLOWED, method=verb[:20], path=path[:200])


async def _authenticate(state: AppContext, request: Request, now: datetime) -> Application:
    token = read_bearer(request)
    if token is None:
        raise Refused(Fault.TOKEN_EMPTY)
    return tokens.check_token(await state.tokens.submit(token), now)


async def _count_call(
    state: AppContext, application: Application, resource: Resource, now: datetime, headers: dict[str, str]
) -> None:
    """Every call of a known application counts, whatever becomes of it (spec 12.5)."""
    try:
        quota = await state.rate_limits.take(application_id=application.id, resource=resource.name, now=now)
    except Throttled as throttled:
        headers |= throttled.quota.headers
        headers["Retry-After"] = str(throttled.quota.resets_in_seconds)
        raise
    headers |= quota.headers


def _read_version(request: Request, active_versions: str) -> Version:
    outcome = check_version(request.headers.get("linkedin-version"), _list_versions(active_versions))
    if isinstance(outcome, VersionMissing):
        raise Refused(Fault.VERSION_MISSING)
    if isinstance(outcome, VersionNonexistent):
        raise Refused(Fault.VERSION_NONEXISTENT, version=outcome.expanded)
    return outcome


@lru_cache(maxsize=8)
def _list_versions(setting: str) -> tuple[str, ...]:
    """The versions of ``JOBMETER_ACTIVE_VERSIONS``; the published ones where it is empty."""
    return tuple(filter(None, (text.strip() for text in setting.split(",")))) or ACTIVE_VERSIONS


def _check_parameters(resource: Resource, parameters: dict[str, Value]) -> None:
    if resource.parameters is None:
        return
    unknown = sorted(set(parameters) - PROTOCOL_PARAMETERS - set(resource.parameters))
    if unknown:
        fields = ", ".join(f"/{name[:80]}" for name in unknown[:10])
        raise Refused(Fault.FIELDS_UNPERMITTED, place="PARAMETER", fields=fields)


def _choose_handler(
    request: Request,
    resource: Resource,
    message: Message,
    parameters: dict[str, Value],
    *,
    version: Version | None,
    keyed: bool,
) -> tuple[Method, Handler]:
    """The method, and what carries it out. Raises ``Refused`` for what the resource does not offer."""
    header = request.headers.get("x-restli-method")
    try:
        method = infer_method(message.method, header, parameters, keyed=keyed or resource.is_single)
    except MethodMismatchError as error:
        raise Refused(Fault.METHOD_HEADER, why=error.text) from error
    if method is Method.CREATE and "BATCH_CREATE" in resource.handlers and "CREATE" not in resource.handlers:
        # Without the batch header the body is read as one entity, whose fields these are not (spec 4.2).
        raise Refused(Fault.FIELDS_UNPERMITTED, place="REQUEST_BODY", fields="/elements")
    marker = _MARKERS.get(method)
    wanted = "" if marker is None else str(parameters[marker])[:100]
    handler = resource.handlers.get(f"{method.value} {wanted}" if marker else method.value)
    is_misplaced = method is Method.ACTION and keyed != resource.has_keyed_actions
    if handler is not None and not is_misplaced:
        return method, handler
    if marker and any(name.startswith(f"{method.value} ") for name in resource.handlers):
        if method is Method.FINDER:
            raise Refused(Fault.FINDER_UNKNOWN, finder=wanted)
        raise Refused(Fault.ACTION_UNKNOWN, action=wanted)
    permission = _name_permission(resource.name, method, parameters, version)
    raise Refused(Fault.ACCESS_DENIED, permission=permission)


def _name_permission(
    resource_name: str, method: Method, parameters: dict[str, Value], version: Version | None
) -> str:
    marker = _MARKERS.get(method)
    named = f"{method.value}-{str(parameters[marker])[:100]}" if marker else method.value
    return f"{resource_name}.{named}.{version.expanded if version else 'NO_VERSION'}"
