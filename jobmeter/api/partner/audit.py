"""``GET /partner/audit`` and ``/operator/audit``: who did which administrative act, newest first; JSON or CSV."""

import csv
import io
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.partner.clicks_not_charged import wants_csv
from jobmeter.audit import flow as audit
from jobmeter.audit.model import HIDDEN_FROM_PARTNERS, OPERATORS, AuditFilter, AuditRecord
from jobmeter.base.days import end_of, start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.times import EARLIEST
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import (
    NO_ID,
    PAGE,
    Page,
    read_page,
    read_query_day,
    read_query_id,
    read_query_text,
)
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import page_response
from jobmeter.wire.csv_cells import guard_cell

LAST_DAY = date(9998, 12, 31)  # the day after it exists
FILTERS = ("who", "action", "subject", "from", "to")
COLUMNS = (
    *("id", "at", "door", "whoKind", "whoId", "who", "action", "subjectKind", "subjectId", "partner"),
    *("requestId", "before", "after"),
)


async def list_own_records(context: RequestContext) -> Response:
    """Newest first; ``after`` continues the list. For a parent application: its customers' applications see none.

    The operator's acts on what is the partner's are included, without the name of who of the operator it was.
    """
    if context.application.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission="partner.audit")
    page = read_page(context.request)
    wanted = replace(
        _read_filter(context.request, page),
        partner_id=context.application.id,
        hidden=HIDDEN_FROM_PARTNERS,
        nameless=OPERATORS,
    )
    return await _list_records(context, page, wanted, is_partner=True)


async def list_all_records(context: RequestContext) -> Response:
    """Newest first; ``after`` continues the list. ``who`` is a name; ``action`` an act, or the kind of its subject.

    ``subject`` is the subject's id; ``from`` and ``to`` are days, both included.
    """
    page = read_page(context.request)
    wanted = replace(
        _read_filter(context.request, page), partner_id=read_query_id(context.request, "partnerId")
    )
    return await _list_records(context, page, wanted, is_partner=False)


def _read_filter(request: Request, page: Page) -> AuditFilter:
    return AuditFilter(
        below=page.after or NO_ID,
        rows_max=page.rows_max + 1,
        who=read_query_text(request, "who"),
        action=read_query_text(request, "action"),
        subject_id=read_query_text(request, "subject"),
        since=start_of(read_query_day(request, "from", default=EARLIEST.date())),
        until=end_of(read_query_day(request, "to", default=LAST_DAY)),
    )


async def _list_records(
    context: RequestContext, page: Page, wanted: AuditFilter, *, is_partner: bool
) -> Response:
    is_csv = wants_csv(context.request)
    async with context.app.database.connection() as connection:
        found = await audit.list_records(connection, wanted)
    shown = [_hide_name(one) if is_partner else one for one in found]
    if not is_csv:
        return page_response(shown, page, serialize=serialize_record, key=lambda one: one.number)
    rows = shown[: page.rows_max]
    headers = {"X-Next-After": str(rows[-1].number)} if len(shown) > page.rows_max else {}
    return Response(_write_csv(rows), media_type="text/csv", headers=headers)


def _hide_name(one: AuditRecord) -> AuditRecord:
    """To a partner, the operator's people are the operator."""
    return replace(one, actor_name="", actor_id=None) if one.actor_kind in OPERATORS else one


def serialize_record(one: AuditRecord) -> dict[str, Any]:
    """``before`` and ``after`` have the fields that changed."""
    return {
        "id": one.number,
        "at": one.recorded_at.isoformat(),
        "who": {"kind": one.actor_kind, "id": one.actor_id, "name": one.actor_name or None},
        "door": one.door,
        "action": one.action,
        "subject": {"kind": one.subject, "id": one.subject_id},
        "partner": one.partner_id,
        "before": msgspec.Raw(one.values_before.encode()),
        "after": msgspec.Raw(one.values_after.encode()),
        "requestId": one.request_id or None,
    }


def _write_csv(records: list[AuditRecord]) -> str:
    """Text that a spreadsheet would run as a formula is quoted."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in records:
        who = (one.actor_kind, one.actor_id, guard_cell(one.actor_name))
        what = (one.action, one.subject, guard_cell(one.subject_id), one.partner_id, one.request_id)
        values = (one.values_before, one.values_after)
        writer.writerow((one.number, one.recorded_at.isoformat(), one.door, *who, *what, *values))
    return text.getvalue()


# fmt: off
AUDIT: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/partner/audit", list_own_records, audience=Audience.PARTNER, quota="partner",
             other_media=("text/csv",), parameters=(*FILTERS, "format", *PAGE),
             summary="List who changed what of the caller's applications, contracts and webhooks"),
    Endpoint("GET", "/operator/audit", list_all_records, audience=Audience.OPERATOR,
             other_media=("text/csv",), parameters=(*FILTERS, "partnerId", "format", *PAGE),
             summary="List who did which administrative act"),
)
# fmt: on
