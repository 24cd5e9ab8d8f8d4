"""``/portal/partner/requests``: the last requests of a partner's applications, by status, method and path; why one was refused."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from jobmeter.base.faults import FAILED_FROM, REFUSED_FROM
from jobmeter.http.parameters import IDS_MAX, PAGE_ROWS, read_path_id, read_query_id, read_query_text
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.links.scope import read_partner
from jobmeter.portal.pages.partner.listed_jobs import StateChip
from jobmeter.request_log import flow as request_log
from jobmeter.request_log.model import LogFilter, LoggedRequest

REQUEST_ID = "x-li-request-id"
METHODS = ("GET", "POST", "PUT", "DELETE")
# What the filter selects: the lowest and the highest status, and its text.
STATUSES = {
    "": (0, 999, mark("All")),
    "accepted": (0, REFUSED_FROM - 1, mark("Accepted")),
    "refused": (REFUSED_FROM, FAILED_FROM - 1, mark("Refused")),
    "failed": (FAILED_FROM, 999, mark("Failed")),
}
_ACCEPTED = StateChip(kind="good", shape="full", text=mark("Accepted"))
_REFUSED = StateChip(kind="warn", shape="half", text=mark("Refused"))
_FAILED = StateChip(kind="bad", shape="triangle", text=mark("Failed"))


def choose_chip(status: int) -> StateChip:
    if status > STATUSES["refused"][1]:
        return _FAILED
    return _REFUSED if status > STATUSES["accepted"][1] else _ACCEPTED


async def list_requests(visit: Visit) -> Response:
    """What an address asks for and does not exist, such as an unknown status, is left out."""
    given = visit.context.request.query_params
    status, method = given.get("status", ""), given.get("method", "")
    query = {
        "status": status if status in STATUSES else "",
        "method": method if method in METHODS else "",
        "path": read_query_text(visit.context.request, "path"),
    }
    application_id = read_query_id(visit.context.request, "application")
    before = read_query_id(visit.context.request, "before")
    lowest, highest, _ = STATUSES[query["status"]]
    wanted = LogFilter(
        partner_id=read_partner(visit),
        application_id=application_id,
        before=IDS_MAX if before is None else before,
        rows_max=PAGE_ROWS + 1,
        method=query["method"],
        path_part=query["path"],
        status_min=lowest,
        status_max=highest,
    )
    async with visit.app.database.connection() as connection:
        found = await request_log.list_requests(connection, wanted)
    shown, is_more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
    application = "" if application_id is None else str(application_id)
    kept = query | {"application": application}
    return visit.show(
        "partner/links/requests.html",
        requests=shown,
        query=kept,
        statuses={name: text for name, (_, _, text) in STATUSES.items()},
        methods=METHODS,
        choose_chip=choose_chip,
        find_id=find_id,
        without_application=_write(query),
        first=_write(kept) if before is not None else "",
        following=_write(kept | {"before": str(shown[-1].number)}) if is_more else "",
    )


def _write(query: Mapping[str, str]) -> str:
    return f"?{urlencode({name: text for name, text in query.items() if text})}"


async def show_request(visit: Visit) -> Response:
    number = read_path_id(visit.context.request, "request_number", what="request")
    async with visit.app.database.connection() as connection:
        found = await request_log.find_request(connection, partner_id=read_partner(visit), number=number)
    return visit.show(
        "partner/links/request.html",
        request=found,
        look=choose_chip(found.status),
        request_id=find_id(found),
        parts=[
            (mark("Headers that were sent"), _write_headers(found.request_headers)),
            (mark("Body that was sent"), _write_body(found.request_body)),
            (mark("Headers of the response"), _write_headers(found.response_headers)),
            (mark("Body of the response"), _write_body(found.response_body)),
        ],
    )


def _read_headers(text: str) -> dict[str, Any]:
    headers: dict[str, Any] = msgspec.json.decode(text)
    return headers


def _write_headers(text: str) -> str:
    return "\n".join(f"{name}: {value}" for name, value in _read_headers(text).items())


def _write_body(text: str) -> str:
    """With JSON indented; a body that was cut, or is none, as it is."""
    try:
        return msgspec.json.format(text, indent=2)
    except msgspec.DecodeError:
        return text


def find_id(request: LoggedRequest) -> str:
    return str(_read_headers(request.response_headers).get(REQUEST_ID, ""))
