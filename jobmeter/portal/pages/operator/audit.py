"""``/portal/operator/audit``: who did which administrative act, when, and what it changed; the newest first."""

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from jobmeter.audit import flow as audit
from jobmeter.audit.model import Action, ActorKind, AuditFilter, AuditRecord, Door
from jobmeter.base.days import end_of, start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.times import EARLIEST, LATEST, read_day
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ColumnType
from jobmeter.http.parameters import NO_ID, read_query_id, read_query_text
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables, send_tables

PAGE_ROWS = 50
VALUE_CHARACTERS_MAX = 200
NO_DAY = mark("Enter a day such as 2026-03-02")
ACTORS = {
    ActorKind.OPERATOR_KEY: mark("operator's key"),
    ActorKind.OPERATOR_PERSON: mark("operator"),
    ActorKind.APPLICATION: mark("partner's program"),
    ActorKind.PERSON: mark("partner's person"),
    ActorKind.COMMAND: mark("command"),
    ActorKind.WORKER: mark("by itself"),
}
DOORS = {
    Door.API: "API",
    Door.PORTAL: mark("web pages"),
    Door.COMMAND: mark("command"),
    Door.WORKER: mark("worker"),
}
# The page that shows a subject, for those that have one.
SUBJECTS = {
    "partner": f"{ROOT}/operator/partners/",
    "application": f"{ROOT}/operator/applications/",
    "contract": f"{ROOT}/operator/contracts/",
    "hiringContract": f"{ROOT}/operator/hiring/",
    "person": f"{ROOT}/operator/people/",
}


COLUMNS = (
    Column("id", ColumnType.NUMBER, "number of the record, in the order in which acts were recorded"),
    Column("at", ColumnType.TIME, "when"),
    Column("door", ColumnType.TEXT, "API, PORTAL, COMMAND or WORKER"),
    Column("whoKind", ColumnType.TEXT, "what acted: a key, a person, an application, a command, the worker"),
    Column("who", ColumnType.TEXT, "its name"),
    Column("action", ColumnType.TEXT, "the act"),
    Column("subject", ColumnType.TEXT, "the number or name of what it was done to"),
    Column("partner", ColumnType.NUMBER, "the partner that it concerns"),
    Column("requestId", ColumnType.TEXT, "the request that did it"),
    Column("before", ColumnType.TEXT, "the fields that changed, as they were (JSON)"),
    Column("after", ColumnType.TEXT, "as they are"),
)


class Change(NamedTuple):
    """A field that an act changed, as it was and as it is; empty for what it did not have."""

    name: str
    before: str
    after: str


async def list_records(visit: Visit) -> Response:
    query, problems = _read_query(visit)
    wanted = _make_filter(query, rows_max=PAGE_ROWS + 1)
    async with visit.app.database.connection() as connection:
        found = await audit.list_records(connection, wanted) if not problems else []
    shown = found[:PAGE_ROWS]
    kept = urlencode({name: text for name, text in query.items() if text and name != "after"})
    return visit.show(
        "operator/audit.html",
        problems=problems,
        records=[(one, list_changes(one)) for one in shown],
        query=query,
        kept=kept,
        is_filtered=bool(kept),
        actions=[action.value for action in Action],
        actors=ACTORS,
        doors=DOORS,
        subjects=SUBJECTS,
        following=shown[-1].number if len(found) > PAGE_ROWS else None,
    )


async def download_records(visit: Visit) -> Response:
    """Sends all records that the same filters select. Raises ``Refused``: PARAMETER_INVALID, and as ``send_tables``."""
    query, problems = _read_query(visit)
    if problems:
        raise Refused(Fault.PARAMETER_INVALID, name=", ".join(problems))
    wanted = _make_filter(query, rows_max=CHUNK_ROWS)

    async def read(connection: Connection, last: AuditRecord | None) -> list[AuditRecord]:
        return await audit.list_records(connection, replace(wanted, below=last.number if last else NO_ID))

    tables = read_tables(visit, read, _make_row)
    return await send_tables(visit, "audit", COLUMNS, tables)


def _make_row(one: AuditRecord) -> tuple[object, ...]:
    who = (one.door, one.actor_kind, one.actor_name)
    what = (one.action, one.subject_id, one.partner_id, one.request_id)
    return (one.number, one.recorded_at, *who, *what, one.values_before, one.values_after)


def list_changes(record: AuditRecord) -> list[Change]:
    """Returns what an act changed, field by field."""
    before: dict[str, Any] = msgspec.json.decode(record.values_before)
    after: dict[str, Any] = msgspec.json.decode(record.values_after)
    return [
        Change(name=name, before=_write(before.get(name)), after=_write(after.get(name)))
        for name in {**before, **after}
    ]


def _write(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"


def _read_query(visit: Visit) -> tuple[dict[str, str], dict[str, str]]:
    """Returns what the address asks for, and what of it is no day."""
    request = visit.context.request
    query = {name: read_query_text(request, name) for name in ("who", "action", "subject", "from", "to")}
    partner_id, after = read_query_id(request, "partner"), read_query_id(request, "after")
    query |= {"partner": str(partner_id or ""), "after": str(after or "")}
    wrong = [name for name in ("from", "to") if query[name] and read_day(query[name]) is None]
    return query, {name: visit.gettext(NO_DAY) for name in wrong}


def _make_filter(query: dict[str, str], *, rows_max: int) -> AuditFilter:
    first, last = read_day(query["from"]), read_day(query["to"])
    return AuditFilter(
        below=int(query["after"] or NO_ID),
        rows_max=rows_max,
        who=query["who"],
        action=query["action"],
        subject_id=query["subject"],
        partner_id=int(query["partner"]) if query["partner"] else None,
        since=EARLIEST if first is None else start_of(first),
        until=_end(last),
    )


def _end(last: date | None) -> Any:
    return LATEST if last is None else end_of(last)
