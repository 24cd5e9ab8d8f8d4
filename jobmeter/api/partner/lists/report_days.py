"""``GET /partner/reportDays``: what the job reports of a range of days show in all, by currency and day."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.base.readers.times import read_moment
from jobmeter.exports.kinds import flow as kinds
from jobmeter.exports.model import ExportKind, ExportQuery
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import read_query_day, read_query_id
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import json_response
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.model import DaySum, SumQuery

DAYS = 30  # by default


async def sum_report_days(context: RequestContext) -> Response:
    """``from`` and ``to``, by default the last 30 days; ``applicationId`` of one customer; ``asOf`` repeats an earlier answer."""
    request, now = context.request, context.now
    text = request.query_params.get("asOf")
    as_of = read_moment(text) if text else None
    if text and as_of is None:
        raise Refused(Fault.PARAMETER_INVALID, name="asOf")
    yesterday = day_of(as_of or now) - timedelta(days=1)
    first, last = kinds.choose_days(
        ExportKind.JOB_REPORTS,
        read_query_day(request, "from", default=yesterday - timedelta(days=DAYS - 1)),
        read_query_day(request, "to", default=yesterday),
        now=now,
        kept_days=context.app.settings.report_retention_days,
        as_of=as_of,
    )
    asked = ExportQuery(
        kind=ExportKind.JOB_REPORTS,
        caller=context.application,
        first=first,
        last=last,
        application_id=read_query_id(request, "applicationId"),
        now=now,
        as_of=as_of,
    )
    async with context.app.database.connection() as connection:
        scope = await kinds.find_scope(connection, asked)
        query = SumQuery(children=scope.applications, first=first, last=last, now=now, as_of=as_of)
        found = await reports.sum_days(connection, query)
    return json_response({"elements": [serialize_sum(one) for one in found]})


def serialize_sum(one: DaySum) -> dict[str, Any]:
    return {
        "date": one.day.isoformat(),
        "viewCount": one.views,
        "applyClickCount": one.apply_clicks,
        "charge": format_amount(one.charge_micros, one.currency),
        "currencyCode": one.currency,
        "isFinal": one.is_final,
    }


# fmt: off
REPORT_DAYS: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/partner/reportDays", sum_report_days, audience=Audience.PARTNER, quota="partner", parameters=("from", "to", "applicationId", "asOf"),
             may_be_stale=True,
             summary="Sum the job reports of a range of days by currency and day"),
)
# fmt: on
