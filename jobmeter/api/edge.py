"""Owns the common edge of the Rest.li resources: limits, tunnelling, token, version, method, then one handler.

Does not own what a resource does; its handlers get a ``Call`` and return a ``Reply``.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.bodies import check_url, decode_json, read_bearer, read_body
from jobmeter.api.replies import json_response, restli_headers, restli_refusal
from jobmeter.api.state import State, state_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import BODY_BYTES_MAX
from jobmeter.partners import flow as partners
from jobmeter.partners.model import Application
from jobmeter.wire.restli.keys import decode_path_key, split_path
from jobmeter.wire.restli.methods import Method, MethodMismatchError, infer_method
from jobmeter.wire.restli.paging import PagingError
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError, Value, decode_text, read_protocol
from jobmeter.wire.restli.tunnel import Message, open_tunnel
from jobmeter.wire.restli.values import ArgumentTypeError, read_long
from jobmeter.wire.restli.versions import Version, VersionMissing, VersionNonexistent, check_version

log = logging.getLogger("jobmeter.api")


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated Rest.li request, its tunnel opened and its parameters read."""

    state: State
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

    def read_json(self) -> Any:
        return decode_json(self.body)

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
    """``content`` of ``None`` is an empty body."""

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Resource:
    """A Rest.li resource. ``handlers`` is keyed by method, and by ``FINDER name`` or ``ACTION name``.

    ``is_single`` marks a resource that is one entity without keys. ``body_fields`` are those of a batch body:
    sent without the batch header they are "unpermitted" (spec 4.2).
    """

    name: str
    handlers: dict[str, Handler]
    is_single: bool = False
    body_bytes_max: int = BODY_BYTES_MAX


def make_endpoint(resource: Resource, *, versioned: bool) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint of ``resource`` under ``/rest`` (versioned) or ``/v2``."""

    async def endpoint(request: Request) -> Response:
        protocol = Protocol.V2
        try:
            protocol = read_protocol(request.headers.get("x-restli-protocol-version"))
            call, handler = await _open_call(request, resource, protocol, versioned=versioned)
            reply = await handler(call)
        except Refused as refused:
            return restli_refusal(refused, protocol)
        except RestliSyntaxError as error:
            uri = request.scope["query_string"].decode("latin-1")
            log.info("unreadable query: %s", error.text)
            return restli_refusal(Refused(Fault.QUERY_SYNTAX, uri=uri), protocol)
        except PagingError as error:
            fault = Fault.PAGING_NEGATIVE if "non-negative" in error.text else Fault.PAGING_NOT_INTEGER
            return restli_refusal(Refused(fault), protocol)
        headers = restli_headers(protocol) | reply.headers
        if reply.content is None:
            return Response(status_code=reply.status, headers=headers)
        return json_response(reply.content, status=reply.status, headers=headers)

    return endpoint


async def _open_call(
    request: Request, resource: Resource, protocol: Protocol, *, versioned: bool
) -> tuple[Call, Handler]:
    check_url(request)
    message = await _read_message(request, resource)
    state = state_of(request)
    now = await state.clock.read()
    application = await _authenticate(state, request, now)
    version = _read_version(request) if versioned else None
    parameters = decode_query(message.query, protocol)
    segments = split_path((request.scope.get("raw_path") or b"").decode("latin-1"))
    key = decode_path_key(segments[2]) if len(segments) > 2 else None
    method, name = _read_method(request, resource, message, parameters, keyed=key is not None)
    handler = resource.handlers.get(name)
    if handler is None:
        raise Refused(
            Fault.ACCESS_DENIED,
            permission=f"{resource.name}.{name.replace(' ', '-')}"
            f".{version.expanded if version else 'NO_VERSION'}",
        )
    path = "/" + "/".join(segments)
    call = Call(
        state, application, now, protocol, version, method, path, message.query, key, parameters, message.body
    )
    return call, handler


async def _read_message(request: Request, resource: Resource) -> Message:
    body = await read_body(request, bytes_max=resource.body_bytes_max)
    query = decode_text(request.scope["query_string"])
    sent = Message(request.method, query, request.headers.get("content-type"), body)
    try:
        return open_tunnel(sent, request.headers.get("x-http-method-override"))
    except RestliSyntaxError as error:
        raise Refused(Fault.TUNNEL_MALFORMED, why=error.text) from error


async def _authenticate(state: State, request: Request, now: datetime) -> Application:
    token = read_bearer(request)
    if token is None:
        raise Refused(Fault.TOKEN_EMPTY)
    async with state.database.connection() as connection:
        return await partners.authenticate(connection, token=token, now=now)


def _read_version(request: Request) -> Version:
    outcome = check_version(request.headers.get("linkedin-version"))
    if isinstance(outcome, VersionMissing):
        raise Refused(Fault.VERSION_MISSING)
    if isinstance(outcome, VersionNonexistent):
        raise Refused(Fault.VERSION_NONEXISTENT, version=outcome.expanded)
    return outcome


def _read_method(
    request: Request, resource: Resource, message: Message, parameters: dict[str, Value], *, keyed: bool
) -> tuple[Method, str]:
    """The method, and the name its handler goes by."""
    header = request.headers.get("x-restli-method")
    try:
        method = infer_method(message.method, header, parameters, keyed=keyed or resource.is_single)
    except MethodMismatchError as error:
        raise Refused(Fault.METHOD_HEADER, why=error.text) from error
    if method is Method.CREATE and "BATCH_CREATE" in resource.handlers and "CREATE" not in resource.handlers:
        raise Refused(Fault.FIELDS_UNPERMITTED, place="REQUEST_BODY", fields="/elements")
    if method is Method.FINDER:
        return method, f"FINDER {parameters['q']}"
    if method is Method.ACTION:
        return method, f"ACTION {parameters['action']}"
    return method, method.value
