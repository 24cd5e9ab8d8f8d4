"""``GET /partner/clicksNotCharged``: clicks that were not charged, by job, day and reason; JSON or CSV; their sums."""

import csv
import io
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.base.days import day_of, one_year_before
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, URN_JOB
from jobmeter.base.readers import times
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_query_day, read_query_id
from jobmeter.http.responses import json_response
from jobmeter.reports.uncharged_clicks import flow as reports
from jobmeter.reports.uncharged_clicks.model import NotCharged, UnchargedDay, UnchargedJob, UnchargedSummary
from jobmeter.wire.csv_cells import guard_cell

COLUMNS = ("externalJobPostingId", "jobPosting", "day", "reason", "clicks", "message")


async def list_not_charged(context: RequestContext) -> Response:
    """``from`` and ``to`` (days, may include today), ``externalJobPostingId``, ``format=csv``; ``after`` continues the list."""
    first = read_query_day(context.request, "from", default=one_year_before(day_of(context.now)))
    last = read_query_day(context.request, "to", default=day_of(context.now))
    async with context.app.database.connection() as connection:
        found = await reports.list_not_charged(
            connection,
            application=context.application,
            external_id=context.request.query_params.get("externalJobPostingId"),
            first=first,
            last=last,
            after=read_after(context.request),
        )
    is_full = len(found) == reports.PAGE_ROWS_MAX
    after = f"{found[-1].job_id}-{found[-1].day.isoformat()}" if is_full else None
    if wants_csv(context.request):
        headers = {"X-Next-After": after} if after else {}
        return Response(write_csv(found), media_type="text/csv", headers=headers)
    return json_response({"elements": [serialize_not_charged(row) for row in found], "nextAfter": after})


async def sum_not_charged(context: RequestContext) -> Response:
    """``from`` and ``to`` as in the list; ``application`` and ``job`` select, by number. Of the jobs, those with the most are listed."""
    request = context.request
    first = read_query_day(request, "from", default=one_year_before(day_of(context.now)))
    last = read_query_day(request, "to", default=day_of(context.now))
    application_id, job_id = read_query_id(request, "application"), read_query_id(request, "job")
    async with context.app.database.snapshot() as connection:
        found = await reports.sum_not_charged(
            connection,
            application=context.application,
            first=first,
            last=last,
            application_id=application_id,
            job_id=job_id,
        )
    return json_response(serialize_summary(found))


def serialize_summary(found: UnchargedSummary) -> dict[str, Any]:
    return {
        "clicks": found.clicks,
        "reasons": [
            {"reason": one.name, "clicks": one.clicks, "message": one.message} for one in found.reasons
        ],
        "days": [{"day": one.day.isoformat()} | _serialize_sums(one) for one in found.days],
        "jobs": [
            {"externalJobPostingId": one.external_id, "jobPosting": f"{URN_JOB}{one.job_id}"}
            | _serialize_sums(one)
            for one in found.jobs
        ],
    }


def _serialize_sums(one: UnchargedDay | UnchargedJob) -> dict[str, int]:
    return {"clicks": one.clicks, "free": one.free, "refused": one.refused, "reversed": one.reversed}


def wants_csv(request: Request) -> bool:
    named = request.query_params.get("format")
    if named not in {None, "csv", "json"}:
        raise Refused(Fault.PARAMETER_INVALID, name="format")
    return named == "csv" or (named is None and "text/csv" in request.headers.get("accept", ""))


def read_after(request: Request) -> tuple[int, date]:
    """Reads ``{job id}-{day}``, the previous page's position. Raises ``Refused(PARAMETER_INVALID)``."""
    text = request.query_params.get("after")
    if not text:
        return 0, date.min
    job_id, _, day_text = text.partition("-")
    day = times.read_day(day_text)
    if day is None or not (job_id.isascii() and job_id.isdigit() and len(job_id) <= 18):
        raise Refused(Fault.PARAMETER_INVALID, name="after")
    return int(job_id), day


def serialize_not_charged(row: NotCharged) -> dict[str, Any]:
    return {
        "externalJobPostingId": row.external_id,
        "jobPosting": f"{URN_JOB}{row.job_id}",
        "developerApplication": f"{URN_APPLICATION}{row.application_id}",
        "day": row.day.isoformat(),
        "received": row.received,
        "charged": row.clicks_charged,
        "notCharged": [
            {"reason": reason, "clicks": clicks, "message": message}
            for reason, message, clicks in row.list_reasons()
        ],
    }


def write_csv(found: list[NotCharged]) -> str:
    """Writes one line for each reason. Text that a spreadsheet would run as a formula is quoted."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in found:
        safe = guard_cell(row.external_id)
        for reason, message, clicks in row.list_reasons():
            writer.writerow([safe, f"{URN_JOB}{row.job_id}", row.day.isoformat(), reason, clicks, message])
    return text.getvalue()
