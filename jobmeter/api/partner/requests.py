"""``GET /partner/requests`` and ``/operator/requests``: the last requests of partners' applications, as they were recorded."""

from dataclasses import replace
from typing import Any

import msgspec
from starlette.responses import Response

from jobmeter.base.ids import URN_APPLICATION
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import (
    IDS_MAX,
    PAGE,
    read_page,
    read_query_id,
    read_query_number,
    read_query_text,
)
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import json_response
from jobmeter.request_log import flow as request_log
from jobmeter.request_log.model import LogFilter, LoggedRequest

STATUS_MAX = 999
FILTERS = ("method", "path", "statusMin", "statusMax")


async def list_own_requests(context: RequestContext) -> Response:
    """Newest first; ``after`` a number, the oldest first. A parent application sees those of its children too.

    ``method``, a part of the ``path``, and statuses from ``statusMin`` to ``statusMax`` filter.
    """
    application = context.application
    is_parent = application.parent_id is None
    wanted = replace(
        _read_filter(context),
        partner_id=application.partner_id,
        application_id=None if is_parent else application.id,
    )
    return await _list_requests(context, wanted)


async def list_all_requests(context: RequestContext) -> Response:
    """Also those without valid credentials; ``applicationId`` filters. ``after`` and ``before`` as for partners."""
    application_id = read_query_id(context.request, "applicationId")
    return await _list_requests(context, replace(_read_filter(context), application_id=application_id))


def _read_filter(context: RequestContext) -> LogFilter:
    request, page = context.request, read_page(context.request)
    before = read_query_id(request, "before")
    wanted = LogFilter(
        rows_max=page.rows_max,
        method=read_query_text(request, "method"),
        path_part=read_query_text(request, "path"),
        status_min=read_query_number(request, "statusMin", 0, largest=STATUS_MAX),
        status_max=read_query_number(request, "statusMax", STATUS_MAX, largest=STATUS_MAX),
    )
    if request.query_params.get("after"):
        return replace(wanted, after=page.after)
    return replace(wanted, before=IDS_MAX if before is None else before)


async def _list_requests(context: RequestContext, wanted: LogFilter) -> Response:
    """Reading the log is not recorded: a client that follows it would fill it."""
    context.is_recorded = False
    async with context.app.database.connection() as connection:
        found = await request_log.list_requests(connection, replace(wanted, rows_max=wanted.rows_max + 1))
    shown = found[: wanted.rows_max]
    more = shown[-1].number if len(found) > wanted.rows_max else None
    cursor = {"nextAfter": more} if wanted.after is not None else {"nextBefore": more}
    return json_response({"elements": [_serialize(one) for one in shown]} | cursor)


def _serialize(logged: LoggedRequest) -> dict[str, Any]:
    """Bodies are texts, as they may have been cut. ``skippedBefore`` counts requests that exceeded the share of a minute."""
    application_id = logged.application_id
    return {
        "number": logged.number,
        "receivedAt": logged.received_at.isoformat(),
        "at": logged.happened_at.isoformat(),
        "durationMs": logged.duration_ms,
        "application": None if application_id is None else f"{URN_APPLICATION}{application_id}",
        "clientId": logged.client_id or None,
        "method": logged.method,
        "path": logged.path,
        "query": logged.query,
        "status": logged.status,
        "error": logged.error or None,
        "tokenMark": logged.token_mark or None,
        "requestHeaders": msgspec.Raw(logged.request_headers.encode()),
        "requestBody": logged.request_body,
        "responseHeaders": msgspec.Raw(logged.response_headers.encode()),
        "responseBody": logged.response_body,
        "skippedBefore": logged.skipped,
    }


# fmt: off
REQUESTS: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/partner/requests", list_own_requests, audience=Audience.PARTNER, quota="partner",
             parameters=(*FILTERS, *PAGE, "before"), summary="List the last requests of the caller's applications"),
    Endpoint("GET", "/operator/requests", list_all_requests, audience=Audience.OPERATOR,
             parameters=("applicationId", *FILTERS, *PAGE, "before"), summary="List the last requests of all partners"),
)
# fmt: on
