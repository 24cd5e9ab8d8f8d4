"""``GET /partner/jobChanges``: who changed which job when, the caller's applications and its customers' people."""

import re
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.base.clock import from_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, URN_JOB
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import read_page_size
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import json_response
from jobmeter.jobs.members import flow as members
from jobmeter.jobs.members.model import ChangePage, ShownChange

BEGINNING = from_ms(0)
MICROSECOND = timedelta(microseconds=1)
# Microseconds since 1970, the job, its revision and the kind of the last change shown.
_CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,18})-([0-9]{1,9})-([A-Z]{1,10})")


async def list_job_changes(context: RequestContext) -> Response:
    """Newest first; ``before`` is the ``nextBefore`` of the previous page, ``count`` is at most 200.

    A parent application sees the changes of its children too.
    """
    rows_max = read_page_size(context.request)
    page = _read_cursor(context.request, rows_max + 1, context.now)
    async with context.app.database.connection() as connection:
        found = await members.list_changes(connection, application=context.application, page=page)
    shown = found[:rows_max]
    more = _write_cursor(shown[-1]) if len(found) > rows_max else None
    return json_response({"elements": [_serialize(change) for change in shown], "nextBefore": more})


def _read_cursor(request: Request, rows_max: int, now: datetime) -> ChangePage:
    text = request.query_params.get("before")
    if not text:
        return ChangePage(made_at=now + timedelta(days=1), rows_max=rows_max)
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Refused(Fault.PARAMETER_INVALID, name="before")
    return ChangePage(
        made_at=BEGINNING + int(found[1]) * MICROSECOND,
        job_id=int(found[2]),
        revision=int(found[3]),
        kind=found[4],
        rows_max=rows_max,
    )


def _write_cursor(change: ShownChange) -> str:
    micros = (change.made_at - BEGINNING) // MICROSECOND
    return f"{micros}-{change.job_id}-{change.revision}-{change.kind}"


def _serialize(change: ShownChange) -> dict[str, Any]:
    """``changedBy`` is an application, or a member or a customer with its e-mail."""
    return {
        "jobPosting": f"{URN_JOB}{change.job_id}",
        "externalJobPostingId": change.external_id,
        "application": f"{URN_APPLICATION}{change.application_id}",
        "change": change.kind,
        "changedBy": change.actor,
        "changedFields": list(change.changed_fields),
        "changedAt": change.made_at.isoformat(),
    }


JOB_CHANGES: tuple[PlainEndpoint, ...] = (
    Endpoint(
        "GET",
        "/partner/jobChanges",
        list_job_changes,
        audience=Audience.PARTNER,
        quota="partner",
        parameters=("before", "count"),
        summary="List who changed which job when: the caller's applications and its customers' people",
    ),
)
