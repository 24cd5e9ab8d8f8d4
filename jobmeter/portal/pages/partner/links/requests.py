"""``/portal/partner/requests``: the last requests of a partner's applications, by status, method and path; why one was refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from jobmeter.base.faults import FAILED_FROM, REFUSED_FROM
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ColumnType
from jobmeter.http.parameters import IDS_MAX, PAGE_ROWS, read_path_id, read_query_id, read_query_text
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables, send_tables
from jobmeter.portal.pages.partner.listed_jobs import StateChip
from jobmeter.portal.pages.partner.owned import find_partner_id
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
_COLUMNS = (
    Column("number", ColumnType.NUMBER, "number in the log"),
    Column("at", ColumnType.TIME, "when it was answered"),
    Column("application", ColumnType.NUMBER, "the application that sent it"),
    Column("method", ColumnType.TEXT, "method"),
    Column("path", ColumnType.TEXT, "path"),
    Column("query", ColumnType.TEXT, "parameters, without secrets"),
    Column("status", ColumnType.NUMBER, "status"),
    Column("error", ColumnType.TEXT, "code and message of a refusal"),
    Column("durationMs", ColumnType.NUMBER, "milliseconds that it took"),
    Column("requestId", ColumnType.TEXT, "the number that the response carries"),
)
_ACCEPTED = StateChip(kind="good", shape="full", text=mark("Accepted"))
_REFUSED = StateChip(kind="warn", shape="half", text=mark("Refused"))
_FAILED = StateChip(kind="bad", shape="triangle", text=mark("Failed"))


def choose_chip(status: int) -> StateChip:
    if status > STATUSES["refused"][1]:
        return _FAILED
    return _REFUSED if status > STATUSES["accepted"][1] else _ACCEPTED


async def list_requests(visit: Visit) -> Response:
    wanted, query = _read_filter(visit)
    async with visit.app.database.connection() as connection:
        found = await request_log.list_requests(connection, replace(wanted, rows_max=PAGE_ROWS + 1))
    shown, is_more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
    return visit.show(
        "partner/links/requests.html",
        requests=shown,
        query=query,
        kept=_write(query),
        statuses={name: text for name, (_, _, text) in STATUSES.items()},
        methods=METHODS,
        choose_chip=choose_chip,
        find_id=find_id,
        without_application=_write(query | {"application": ""}),
        first=_write(query) if wanted.before != IDS_MAX else "",
        following=_write(query | {"before": str(shown[-1].number)}) if is_more else "",
    )


async def download_requests(visit: Visit) -> Response:
    """Sends all requests that the same filters select, without headers and bodies. Raises ``Refused`` as ``send_tables``."""
    wanted, _ = _read_filter(visit)

    async def read(connection: Connection, last: LoggedRequest | None) -> list[LoggedRequest]:
        before = IDS_MAX if last is None else last.number
        page = replace(wanted, before=before, rows_max=CHUNK_ROWS)
        return await request_log.list_requests(connection, page)

    return await send_tables(visit, "requests", _COLUMNS, read_tables(visit, read, _make_row))


def _make_row(one: LoggedRequest) -> tuple[object, ...]:
    called = (one.method, one.path, one.query, one.status, one.error)
    return (one.number, one.happened_at, one.application_id, *called, one.duration_ms, find_id(one))


def _read_filter(visit: Visit) -> tuple[LogFilter, dict[str, str]]:
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
        partner_id=find_partner_id(visit),
        application_id=application_id,
        before=IDS_MAX if before is None else before,
        rows_max=PAGE_ROWS,
        method=query["method"],
        path_part=query["path"],
        status_min=lowest,
        status_max=highest,
    )
    application = "" if application_id is None else str(application_id)
    return wanted, query | {"application": application}


def _write(query: Mapping[str, str]) -> str:
    return f"?{urlencode({name: text for name, text in query.items() if text})}"


async def show_request(visit: Visit) -> Response:
    number = read_path_id(visit.context.request, "request_number", what="request")
    async with visit.app.database.connection() as connection:
        found = await request_log.find_request(connection, partner_id=find_partner_id(visit), number=number)
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
