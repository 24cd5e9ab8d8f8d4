"""Owns the Rest.li dialect: tunnelling, versions, methods, projection, the form of responses and refusals.

Does not own how a request is processed (``http.pipeline``) or what a resource does: its handlers receive a ``Call`` and
return a ``Reply``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.restli.forced_failures import (
    check_forced_failure,
    check_set_failure,
    read_forced_outcome,
)
from jobmeter.api.restli.projections import project, read_masks
from jobmeter.api.restli.resources import MARKERS, Call, Handler, Resource, name_permission
from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import TUNNELLED_QUERY_BYTES_MAX, TUNNELLED_QUERY_VALUES_MAX
from jobmeter.base.lists import list_parts
from jobmeter.http.bodies import check_length, expand_body
from jobmeter.http.context import AppContext, Caller, RequestContext
from jobmeter.http.credentials import authenticate_token
from jobmeter.http.endpoints import Endpoint
from jobmeter.http.pipeline import PreparedCall
from jobmeter.http.responses import (
    REQUEST_ID_HEADER,
    gateway_headers,
    json_response,
    restli_headers,
    restli_refusal,
    tag_response,
)
from jobmeter.wire.restli.keys import decode_path_key, split_path
from jobmeter.wire.restli.methods import Method, MethodMismatchError, infer_method
from jobmeter.wire.restli.paging import PagingError
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError, Value, decode_text, read_protocol
from jobmeter.wire.restli.tunnel import Message, open_tunnel
from jobmeter.wire.restli.versions import (
    ACTIVE_VERSIONS,
    Outcome,
    Version,
    VersionMissing,
    VersionNonexistent,
    check_version,
    read_sunsets,
)

OVERRIDE = "x-http-method-override"
# The parameters of the protocol itself; a resource adds its own.
PROTOCOL_PARAMETERS = frozenset(
    {"q", "ids", "action", "start", "count", "fields", "metadataFields", "pagingFields"}
)
_READING = frozenset({Method.GET, Method.GET_ALL, Method.BATCH_GET, Method.FINDER})


@dataclass(frozen=True, slots=True, kw_only=True)
class RestliTarget:
    """The requested resource, before its method is known. ``key`` is the undecoded path segment; ``version`` is the
    header's unchecked value, and ``None`` under a root without versions.
    """

    resource: Resource
    path: str
    key: str | None
    protocol: Protocol
    version: Outcome | None

    @property
    def quota(self) -> str:
        return self.resource.name

    @property
    def body_bytes_max(self) -> int:
        return self.resource.body_bytes_max


class RestliDialect:
    """The resources under one root: ``/rest`` is versioned by the ``LinkedIn-Version`` header, ``/v2`` is not."""

    throttled = Fault.THROTTLED

    def __init__(self, resources: Mapping[str, Resource], *, is_versioned: bool) -> None:
        self._resources = resources
        self._is_versioned = is_versioned

    def open(self, context: RequestContext) -> None:
        context.headers.update(gateway_headers(context.request.scope.get("http_version", "1.1")))
        context.request_id = context.headers[REQUEST_ID_HEADER]

    def find_target(self, context: RequestContext) -> RestliTarget:
        """Raises ``Refused``: PROTOCOL_UNKNOWN; ROUTE_UNKNOWN, RESOURCE_UNKNOWN; METHOD_NOT_ALLOWED and LENGTH_REQUIRED
        if the headers already show them.
        """
        request, protocol = context.request, read_protocol_header(context.request)
        name = request.path_params["rest"].partition("/")[0]
        resource = self._resources.get(name)
        if resource is None and not self._is_versioned:
            raise Refused(Fault.RESOURCE_UNKNOWN, name=name[:200])
        segments = split_path((request.scope.get("raw_path") or b"").decode("latin-1"))
        # Root and name are not encoded: a proxy that guards by prefix would not recognize them.
        is_encoded = any("%" in segment for segment in segments[:2])
        if resource is None or is_encoded or len(segments) > (2 if resource.is_single else 3):
            raise Refused(Fault.ROUTE_UNKNOWN)
        context.row = resource
        target = RestliTarget(
            resource=resource,
            path="/" + "/".join(segments),
            key=segments[2] if len(segments) > 2 else None,
            protocol=protocol,
            version=_read_version(context) if self._is_versioned else None,
        )
        if _read_override(request) is None:
            _check_verb(context, target, request.method)
        if request.scope.get("http_version", "1.1").startswith("1"):
            check_length(request, b"")
        return target

    async def authenticate(self, context: RequestContext, target: RestliTarget) -> Caller:
        """Raises ``Refused`` as ``authenticate_token``; then VERSION_MISSING, VERSION_NONEXISTENT."""
        caller = await authenticate_token(context)
        if isinstance(target.version, VersionMissing):
            raise Refused(Fault.VERSION_MISSING)
        if isinstance(target.version, VersionNonexistent):
            raise Refused(Fault.VERSION_NONEXISTENT, version=target.version.expanded)
        return caller

    async def prepare(self, context: RequestContext, target: RestliTarget) -> PreparedCall:
        encoding = context.request.headers.get("content-encoding")
        body = await expand_body(context.body, encoding, bytes_max=target.body_bytes_max)
        await check_set_failure(context)
        with _protocol_errors(context.request):
            call, handler = self._open_call(context, target, body)
        return PreparedCall(
            method=call.method.value,
            path=f"{target.resource.name} {call.path}?{call.query}",
            body=call.body,
            is_write=call.method not in _READING,
            may_be_stale=isinstance(context.row, Endpoint) and context.row.may_be_stale,
            run=partial(_carry_out, context.request, call, handler),
        )

    def _open_call(self, context: RequestContext, target: RestliTarget, body: bytes) -> tuple[Call, Handler]:
        message = _open_message(context, target, body)
        check_forced_failure(context)
        parameters = decode_query(message.query, target.protocol)
        if self._is_versioned:
            _check_parameters(target.resource, parameters)
        key = None if target.key is None else decode_path_key(target.key)
        version = target.version if isinstance(target.version, Version) else None
        is_keyed = key is not None or target.resource.is_single
        header = context.request.headers.get("x-restli-method")
        try:
            method = infer_method(message.method, header, parameters, keyed=is_keyed)
        except MethodMismatchError as error:
            raise Refused(Fault.METHOD_HEADER, why=error.text) from error
        call = Call(
            app=context.app,
            application=context.application,
            now=context.now,
            protocol=target.protocol,
            version=version,
            method=method,
            path=target.path,
            query=message.query,
            key=key,
            parameters=parameters,
            body=message.body,
            request_id=context.request_id,
            context=context,
            forced_outcome=read_forced_outcome(context),
        )
        return call, _choose_handler(target.resource, call)

    def refuse(self, context: RequestContext, refused: Refused) -> Response:
        try:
            protocol = read_protocol_header(context.request)
        except Refused:
            protocol = Protocol.V2
        return restli_refusal(refused, protocol)


async def _carry_out(request: Request, call: Call, handler: Handler, app: AppContext) -> Response:
    with _protocol_errors(request):
        masks = read_masks(call.parameters)
        reply = await handler(call if app is call.app else replace(call, app=app))
    headers = restli_headers(call.protocol) | reply.headers
    if reply.content is None:
        return Response(status_code=reply.status, headers=headers)
    response = json_response(project(masks, call.method, reply.content), status=reply.status, headers=headers)
    return tag_response(response, request.headers.get("if-none-match")) if reply.is_tagged else response


@contextmanager
def _protocol_errors(request: Request) -> Iterator[None]:
    """Translates the errors of ``wire`` into faults."""
    try:
        yield
    except RestliSyntaxError as error:
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


def _read_override(request: Request) -> str | None:
    """Returns the verb of a tunnelled request."""
    return request.headers.get(OVERRIDE) if request.method == "POST" else None


def _open_message(context: RequestContext, target: RestliTarget, body: bytes) -> Message:
    """Returns the request that a tunnel carries, or the request itself. Raises ``Refused``, for example METHOD_NOT_ALLOWED."""
    request = context.request
    check_length(request, body)
    query = decode_text(request.scope["query_string"])
    sent = Message(
        method=request.method, query=query, content_type=request.headers.get("content-type"), body=body
    )
    try:
        message = open_tunnel(sent, _read_override(request))
    except RestliSyntaxError as error:
        raise Refused(Fault.TUNNEL_MALFORMED, why=error.text) from error
    _check_size(message.query)
    _check_verb(context, target, message.method)
    return message


def _check_size(query: str) -> None:
    """A tunnelled query may be longer than one of a URL; its values are counted before they are decoded."""
    if len(query) > TUNNELLED_QUERY_BYTES_MAX:
        raise Refused(Fault.URL_TOO_LONG, what="the tunnelled query", bytes_max=TUNNELLED_QUERY_BYTES_MAX)
    if query.count(",") + query.count("&") + query.count("(") > TUNNELLED_QUERY_VALUES_MAX:
        why = f"the query contains more than {TUNNELLED_QUERY_VALUES_MAX:,} values"
        raise Refused(Fault.TUNNEL_MALFORMED, why=why)


def _check_verb(context: RequestContext, target: RestliTarget, verb: str) -> None:
    if verb not in target.resource.verbs:
        allowed = target.resource.list_allowed(keyed=target.key is not None)
        context.headers["Allow"] = ", ".join(allowed)
        raise Refused(Fault.METHOD_NOT_ALLOWED, method=verb[:20], path=target.path[:200])


def _read_version(context: RequestContext) -> Outcome:
    settings = context.app.settings
    return check_version(
        context.request.headers.get("linkedin-version"),
        _list_versions(settings.active_versions),
        today=day_of(context.now),
        sunsets=_list_sunsets(settings.version_sunsets),
    )


@lru_cache(maxsize=8)
def _list_versions(setting: str) -> tuple[str, ...]:
    """Returns the versions of ``JOBMETER_ACTIVE_VERSIONS``, or the published ones if it is empty."""
    return tuple(list_parts(setting)) or ACTIVE_VERSIONS


_list_sunsets = lru_cache(maxsize=8)(read_sunsets)


def _check_parameters(resource: Resource, parameters: dict[str, Value]) -> None:
    unknown = sorted(set(parameters) - PROTOCOL_PARAMETERS - resource.parameters)
    if unknown:
        fields = ", ".join(f"/{name[:80]}" for name in unknown[:10])
        raise Refused(Fault.FIELDS_UNPERMITTED, place="PARAMETER", fields=fields)


def _check_ids(call: Call, known: Mapping[str, object]) -> None:
    """A resource that is read by ids alone needs some."""
    is_without = call.method is Method.GET_ALL or (
        call.method is Method.BATCH_GET and not call.parameters["ids"]
    )
    if is_without and "BATCH_GET" in known and "GET_ALL" not in known:
        raise Refused(Fault.PARAMETER_REQUIRED, name="ids")


def _choose_handler(resource: Resource, call: Call) -> Handler:
    """Returns the handler of the method. Raises ``Refused`` if the resource does not support it."""
    method, known = call.method, resource.endpoints
    _check_ids(call, known)
    if method is Method.CREATE and "BATCH_CREATE" in known and "CREATE" not in known:
        # Without the batch header the body is read as one entity, and these are not its fields (spec 4.2).
        raise Refused(Fault.FIELDS_UNPERMITTED, place="REQUEST_BODY", fields="/elements")
    marker = MARKERS.get(method)
    wanted = "" if marker is None else str(call.parameters[marker])[:100]
    endpoint = known.get(f"{method.value} {wanted}" if marker else method.value)
    # An action belongs either to an entity or to the resource, never to both.
    is_misplaced = method is Method.ACTION and endpoint and endpoint.is_keyed != (call.key is not None)
    if endpoint is not None and not is_misplaced:
        call.context.row = endpoint
        return endpoint.handler
    if marker and any(name.startswith(f"{method.value} ") for name in known):
        if method is Method.FINDER:
            raise Refused(Fault.FINDER_UNKNOWN, finder=wanted)
        raise Refused(Fault.ACTION_UNKNOWN, action=wanted)
    raise Refused(
        Fault.ACCESS_DENIED,
        permission=name_permission(resource.name, method, call.parameters, call.version),
    )
