"""Owns the XML API's dialect: signatures and tokens, response format, request ids and the error document.

Does not own how a request is processed (``http.pipeline``) or what a call does (``jobs``).
"""

import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.base.credentials import make_request_id
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.network import read_address
from jobmeter.http.context import AppContext, Caller, RequestContext
from jobmeter.http.credentials import authenticate_token, caller_of, find_caller
from jobmeter.http.endpoints import Endpoint, group_by_path
from jobmeter.http.idempotency import READING
from jobmeter.http.pipeline import PreparedCall
from jobmeter.http.responses import PLACE, RETRY_SECONDS
from jobmeter.partners.model import Application
from jobmeter.partners.oauth1 import flow as signatures
from jobmeter.partners.oauth1.model import SignedRequest
from jobmeter.wire.xml.job.error_document import ErrorDocument, write_error_json, write_error_xml

XML: Final = "text/xml;charset=UTF-8"
JSON: Final = "application/json;charset=UTF-8"
REQUEST_ID_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
REQUEST_ID_CHARACTERS: Final = 10
KEY: Final = "/{key}"
CHALLENGED = frozenset(fault for fault in Fault if fault.name.startswith("OAUTH_"))
_TOKEN_FAULTS = frozenset({Fault.TOKEN_EMPTY, Fault.TOKEN_INVALID, Fault.TOKEN_REVOKED, Fault.TOKEN_EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlCall:
    """One authenticated request. ``base_url`` is the server's address as the caller sees it; ``path`` is as sent."""

    app: AppContext
    application: Application
    now: datetime
    path: str
    content_type: str
    body: bytes
    is_json: bool
    base_url: str


@dataclass(frozen=True, slots=True)
class XmlReply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[XmlCall], Awaitable[XmlReply]]
XmlEndpoint = Endpoint[Handler]


class XmlDialect:
    """Every response carries its format and its request id; every refusal is an error document (xml spec 3 and 10).

    Paths are matched undecoded, because a key may contain an escaped slash and is followed by a selector.
    """

    throttled = Fault.JOBS_THROTTLED

    def __init__(self, endpoints: Iterable[XmlEndpoint]) -> None:
        self._paths = group_by_path(endpoints)

    def open(self, context: RequestContext) -> None:
        """Adds no headers: they differ by the format of the response, and a stored one keeps its own."""
        context.request_id = _make_request_id()

    def find_target(self, context: RequestContext) -> XmlEndpoint:
        """Raises ``Refused``: RESOURCE_UNKNOWN, JOBS_METHOD."""
        path, method = _raw_path(context.request), context.request.method
        known = self._paths.get(path.rstrip("/")) or self._find_keyed(path)
        if known is None:
            raise Refused(Fault.RESOURCE_UNKNOWN, name=path[1:200])
        if method not in known:
            context.headers["Allow"] = ", ".join(known)
            raise Refused(Fault.JOBS_METHOD, method=method, path=path[:200], allow=context.headers["Allow"])
        target = context.row = known[method]
        return target

    def _find_keyed(self, path: str) -> dict[str, XmlEndpoint] | None:
        return next(
            (
                endpoints
                for pattern, endpoints in self._paths.items()
                if pattern.endswith(KEY) and path.startswith(pattern.removesuffix("{key}"))
            ),
            None,
        )

    async def authenticate(self, context: RequestContext, _: XmlEndpoint) -> Caller:
        """Authenticates by signature or by bearer token; the query may carry the token (xml spec 4)."""
        authorization = context.request.headers.get("authorization", "")
        scheme = authorization.partition(" ")[0].lower()
        if scheme == "oauth":
            return await _authenticate_signature(context)
        token = None if authorization else _read_query_token(context.request)
        if scheme != "bearer" and token is None:
            raise Refused(Fault.OAUTH_SCHEME)
        try:
            return await (authenticate_token(context) if token is None else find_caller(context, token))
        except Refused as refused:
            if refused.fault in _TOKEN_FAULTS:
                raise Refused(Fault.OAUTH_TOKEN_INVALID) from refused
            raise

    async def prepare(self, context: RequestContext, target: XmlEndpoint) -> PreparedCall:
        request = context.request
        call = XmlCall(
            app=context.app,
            application=context.application,
            now=context.now,
            path=_raw_path(request),
            content_type=request.headers.get("content-type", ""),
            body=context.body,
            is_json=_wants_json(request),
            base_url=_find_base_url(context),
        )
        return PreparedCall(
            method=request.method,
            path=f"{context.path} {'json' if call.is_json else 'xml'}",
            body=context.body,
            is_write=request.method not in READING,
            run=partial(_carry_out, target.handler, call, context.request_id),
        )

    def refuse(self, context: RequestContext, refused: Refused) -> Response:
        row, request_id, is_json = refused.fault.row, context.request_id, _wants_json(context.request)
        document = ErrorDocument(row.status, to_ms(context.now), request_id, refused.message)
        headers = _common_headers(request_id, is_json=is_json)
        if refused.fault in CHALLENGED:
            headers["WWW-Authenticate"] = f'OAuth realm="{_find_base_url(context)}"'
            if row.label is not None:
                headers["oauth_problem"] = row.label
        if refused.fault.is_temporary:
            headers["Retry-After"] = RETRY_SECONDS
        body = write_error_json(document) if is_json else write_error_xml(document)
        return Response(body, status_code=row.status, headers=headers)


async def _carry_out(handler: Handler, call: XmlCall, request_id: str, app: AppContext) -> Response:
    reply = await handler(call if app is call.app else replace(call, app=app))
    headers = reply.headers | _common_headers(request_id, is_json=call.is_json)
    if not reply.body:
        del headers["Content-Type"]
    return Response(reply.body, status_code=reply.status, headers=headers)


def _raw_path(request: Request) -> str:
    return (request.scope.get("raw_path") or b"").decode("latin-1")


def _wants_json(request: Request) -> bool:
    """Whether the response is JSON: the header decides, then the query; the default is XML (xml spec 3)."""
    asked = request.headers.get("x-li-format") or request.query_params.get("format", "")
    return asked.strip().lower() == "json"


def _make_request_id() -> str:
    return "".join(secrets.choice(REQUEST_ID_ALPHABET) for _ in range(REQUEST_ID_CHARACTERS))


def _common_headers(request_id: str, *, is_json: bool) -> dict[str, str]:
    return {
        "Content-Type": JSON if is_json else XML,
        "X-Li-Request-Id": request_id,
        "X-Li-Uuid": make_request_id(),
        "X-Li-Fabric": PLACE,
        "X-Li-Pop": PLACE,
        "X-Li-Format": "json" if is_json else "xml",
        "Vary": "*",
    }


def _find_base_url(context: RequestContext) -> str:
    return context.app.settings.base_url.rstrip("/") or str(context.request.base_url).rstrip("/")


def _read_query_token(request: Request) -> str | None:
    query = request.scope["query_string"].decode("latin-1")
    return dict(parse_qsl(query)).get("oauth2_access_token")


def is_host_name(host: str) -> bool:
    """Whether an operator chose it, and it is not the address at which a server without a base URL listens."""
    return host != "localhost" and read_address(host) is None


async def _authenticate_signature(context: RequestContext) -> Caller:
    """Checks the signature of verb, URL and query. Documents are never sent as forms, whose fields would be signed too."""
    request = context.request
    host = request.headers.get("host", "")
    query = request.scope["query_string"].decode("latin-1")
    if any(name == "oauth_signature" for name, _ in parse_qsl(query, keep_blank_values=True)):
        raise Refused(Fault.OAUTH_REJECTED, name="oauth_signature")  # it is read from the header only
    # A proxy may have terminated TLS unseen, so either scheme is accepted. The host is the configured one: a request that
    # was signed for another server cannot be used here.
    base_url = _find_base_url(context)
    named = urlsplit(base_url)
    hosts = [named.netloc] if is_host_name(named.hostname or "") else [host, named.netloc]
    bases = dict.fromkeys((base_url, *(f"{scheme}://{one}" for one in hosts for scheme in ("https", "http"))))
    signed = SignedRequest(
        method=request.method,
        urls=tuple(base + _raw_path(request) for base in bases),
        query=query,
        authorization=request.headers.get("authorization", ""),
    )
    async with context.app.database.connection() as connection:
        application = await signatures.authenticate_signature(
            connection,
            request=signed,
            secret_key=context.app.settings.secret_key,
            machine_now=read_machine_clock(),
            now=context.now,
        )
    context.requester = application
    return caller_of(application)
