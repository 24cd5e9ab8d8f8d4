"""Owns the common edge of the XML API: who calls, in which format to answer, request ids, the error document.

Does not own what a call does (``jobs``).
"""

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import check_url, read_bearer, read_body
from jobmeter.api.http.context import State, state_of
from jobmeter.api.http.idempotency import HEADER as IDEMPOTENCY_HEADER
from jobmeter.api.http.idempotency import READING, make_receive, run_once
from jobmeter.api.http.rate_limits import Throttled
from jobmeter.api.http.responses import RETRY_SECONDS
from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import XML_BODY_BYTES_MAX
from jobmeter.database.outages import UNUSABLE
from jobmeter.partners.model import Application
from jobmeter.partners.oauth1 import flow as signatures
from jobmeter.partners.oauth1.model import SignedRequest
from jobmeter.partners.tokens import flow as tokens
from jobmeter.request_control.model import Request as IdempotentRequest
from jobmeter.wire.xml.job.error_document import ErrorDocument, write_error_json, write_error_xml

log = logging.getLogger("jobmeter.api")

XML: Final = "text/xml;charset=UTF-8"
JSON: Final = "application/json;charset=UTF-8"
REQUEST_ID_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
REQUEST_ID_CHARACTERS: Final = 10
RESOURCE: Final = "jobs"  # its name in JOBMETER_RATE_LIMITS
CHALLENGED = frozenset(fault for fault in Fault if fault.name.startswith("OAUTH_"))
_TOKEN_FAULTS = frozenset({Fault.TOKEN_EMPTY, Fault.TOKEN_INVALID, Fault.TOKEN_REVOKED, Fault.TOKEN_EXPIRED})


@dataclass(frozen=True, slots=True)
class XmlCall:
    """One authenticated request. ``base_url`` is where the caller reaches the server."""

    request: Request
    state: State
    application: Application
    now: datetime
    is_json: bool
    base_url: str


@dataclass(frozen=True, slots=True)
class XmlReply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[XmlCall], Awaitable[XmlReply]]
Chooser = Callable[[Request], Handler]


def make_xml_endpoint(choose: Chooser) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint around the handler that ``choose`` picks, or refuses to pick, by method and path.

    Every answer names its format and its request id; every refusal is an error document (xml spec 3 and 10).
    """

    async def endpoint(request: Request) -> Response:
        is_json = _wants_json(request)
        state = state_of(request)
        now = await state.clock.read()
        quota_headers: dict[str, str] = {}
        try:
            check_url(request)
            handler = choose(request)
            application = await _authenticate(request, state, now)
            await _count_call(state, application, now, quota_headers)
            base_url = _find_base_url(request, state)
            call = XmlCall(request, state, application, now, is_json, base_url)
            response = await _run_once(call, handler)
        except Refused as refused:
            response = _render_refusal(request, refused, is_json=is_json, now=now)
        except UNUSABLE as error:
            state.database.outage.report(error)
            response = _render_refusal(request, Refused(Fault.OVERLOADED), is_json=is_json, now=now)
        except Exception:
            # Clients of this API can read nothing but an error document.
            log.exception("%s %s failed", request.method, request.url.path)
            response = _render_refusal(request, Refused(Fault.INTERNAL), is_json=is_json, now=now)
        response.headers.update(quota_headers)
        return response

    return endpoint


async def _run_once(call: XmlCall, handler: Handler) -> Response:
    """A write with an ``Idempotency-Key`` is carried out once, and answered again as it was."""
    key = call.request.headers.get(IDEMPOTENCY_HEADER)
    if key is None or call.request.method in READING:
        return await _answer(call, handler)
    body = await read_body(call.request, bytes_max=XML_BODY_BYTES_MAX)
    asked = IdempotentRequest(
        sender=f"application {call.application.id}",
        method=call.request.method,
        path=f"{call.request.url.path} {'json' if call.is_json else 'xml'}",
        key=key.strip(),
        body=body,
    )
    again = replace(call, request=Request(call.request.scope, make_receive(body)))
    return await run_once(call.state, asked, now=call.now, run=lambda: _answer(again, handler))


async def _answer(call: XmlCall, handler: Handler) -> Response:
    try:
        reply = await handler(call)
    except Refused as refused:
        return _render_refusal(call.request, refused, is_json=call.is_json, now=call.now)
    headers = reply.headers | _common_headers(_make_request_id(), is_json=call.is_json)
    if not reply.body:
        del headers["Content-Type"]
    return Response(reply.body, status_code=reply.status, headers=headers)


def _wants_json(request: Request) -> bool:
    """The header first, then the query; anything else than JSON is XML (xml spec 3)."""
    asked = request.headers.get("x-li-format") or request.query_params.get("format", "")
    return asked.strip().lower() == "json"


def _make_request_id() -> str:
    return "".join(secrets.choice(REQUEST_ID_ALPHABET) for _ in range(REQUEST_ID_CHARACTERS))


def _common_headers(request_id: str, *, is_json: bool) -> dict[str, str]:
    return {
        "Content-Type": JSON if is_json else XML,
        "X-Li-Request-Id": request_id,
        "X-Li-Format": "json" if is_json else "xml",
        "Vary": "*",
    }


def _render_refusal(request: Request, refused: Refused, *, is_json: bool, now: datetime) -> Response:
    row, request_id = refused.fault.row, _make_request_id()
    document = ErrorDocument(row.status, to_ms(now), request_id, refused.message)
    headers = _common_headers(request_id, is_json=is_json)
    if refused.fault in CHALLENGED:
        headers["WWW-Authenticate"] = f'OAuth realm="{_find_base_url(request, state_of(request))}"'
        if row.label is not None:
            headers["oauth_problem"] = row.label
    if refused.fault is Fault.OVERLOADED:
        headers["Retry-After"] = RETRY_SECONDS
    if refused.fault is Fault.JOBS_METHOD:
        headers["Allow"] = str(refused.parameters["allow"])
    body = write_error_json(document) if is_json else write_error_xml(document)
    return Response(body, status_code=row.status, headers=headers)


def _find_base_url(request: Request, state: State) -> str:
    return state.settings.base_url.rstrip("/") or str(request.base_url).rstrip("/")


async def _authenticate(request: Request, state: State, now: datetime) -> Application:
    """By signature or by bearer token, of which the query may carry the latter (xml spec 4)."""
    authorization = request.headers.get("authorization", "")
    scheme = authorization.partition(" ")[0].lower()
    if scheme == "oauth":
        return await _authenticate_signature(request, state, now)
    token = read_bearer(request) if scheme == "bearer" else _read_query_token(request, authorization)
    if token is None:
        raise Refused(Fault.OAUTH_SCHEME if scheme != "bearer" else Fault.OAUTH_TOKEN_INVALID)
    try:
        async with state.database.connection() as connection:
            return await tokens.authenticate(connection, token=token, now=now)
    except Refused as refused:
        if refused.fault in _TOKEN_FAULTS:
            raise Refused(Fault.OAUTH_TOKEN_INVALID) from refused
        raise


async def _count_call(state: State, application: Application, now: datetime, headers: dict[str, str]) -> None:
    """Every call counts, and ``headers`` tell how many are left; too many are a 403 here (xml spec 10 and 16, row 32)."""
    try:
        quota = await state.rate_limits.take(application_id=application.id, resource=RESOURCE, now=now)
    except Throttled as throttled:
        headers |= throttled.quota.headers
        raise Refused(Fault.JOBS_THROTTLED) from throttled
    headers |= quota.headers


def _read_query_token(request: Request, authorization: str) -> str | None:
    if authorization:
        return None
    query = request.scope["query_string"].decode("latin-1")
    return dict(parse_qsl(query)).get("oauth2_access_token")


async def _authenticate_signature(request: Request, state: State, now: datetime) -> Application:
    path = (request.scope.get("raw_path") or b"").decode("latin-1")
    host = request.headers.get("host", "")
    # What a proxy ended is not told reliably, so both schemes and the configured address count as called.
    bases = dict.fromkeys((f"https://{host}", f"http://{host}", _find_base_url(request, state)))
    signed = SignedRequest(
        method=request.method,
        urls=tuple(base + path for base in bases),
        query=request.scope["query_string"].decode("latin-1"),
        authorization=request.headers.get("authorization", ""),
    )
    async with state.database.connection() as connection:
        return await signatures.authenticate_signature(
            connection,
            request=signed,
            secret_key=state.settings.secret_key,
            machine_now=read_machine_clock(),
            now=now,
        )
