"""``GET /rest/partnerJobReports``: by ids and by date range (reports page; spec 6 and 7)."""

from datetime import date
from typing import Any

from jobmeter.api.edge import Call, Reply
from jobmeter.api.replies import row_error
from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import REPORT_PAGE_JOBS_MAX
from jobmeter.base.money import format_amount
from jobmeter.reports import flow as reports
from jobmeter.reports.model import DayFigures, JobReport
from jobmeter.wire.restli.envelopes import wrap_batch, wrap_finder
from jobmeter.wire.restli.paging import make_paging, parse_paging
from jobmeter.wire.restli.values import ArgumentTypeError, read_date_range, read_texts

CAMPAIGNS_SINCE = "202407"  # reports show a job's campaign from this version on (spec 5)


async def get_by_ids(call: Call) -> Reply:
    reports.check_job_caller(call.application)
    ids = _read_ids(call)
    first, last = _read_days(call)
    async with call.state.database.connection() as connection:
        found = await reports.report_by_ids(
            connection,
            child=call.application,
            ids=ids,
            first=first,
            last=last,
            contract_id=call.read_optional_long("partnerContractId"),
            now=call.now,
        )
    errors = {
        asked: row_error(Refused(Fault.JOB_NOT_REPORTED, external_id=asked))
        for asked in ids
        if asked not in found
    }
    return Reply(wrap_batch({asked: _draw(call, report) for asked, report in found.items()}, errors))


async def find_by_range(call: Call) -> Reply:
    reports.check_job_caller(call.application)
    first, last = _read_days(call)
    page = parse_paging(
        call.parameters.get("start"), call.parameters.get("count"), count_max=REPORT_PAGE_JOBS_MAX
    )
    async with call.state.database.connection() as connection:
        found = await reports.report_by_range(
            connection,
            child=call.application,
            first=first,
            last=last,
            contract_id=call.read_optional_long("partnerContractId"),
            start=page.start,
            count=page.count,
            now=call.now,
        )
    paging = make_paging(
        page, path=call.path, query=call.query, returned=len(found.reports), total=found.total
    )
    return Reply(wrap_finder([_draw(call, report) for report in found.reports], paging))


def _read_ids(call: Call) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(read_texts("ids", call.parameters["ids"], single=True)))
    except ArgumentTypeError as error:
        raise Refused(Fault.BATCH_KEY_INVALID) from error


def _read_days(call: Call) -> tuple[date | None, date | None]:
    given = read_date_range(call.parameters.get("dateRange"))
    if given.start is None or given.end is None:
        raise Refused(Fault.RANGE_MISSING)
    return given.start.as_day(), given.end.as_day()


def _draw(call: Call, report: JobReport) -> dict[str, Any]:
    """Empty fields are left out, never null (clients 2.9)."""
    job = report.job
    info: dict[str, Any] = {
        "externalJobPostingId": job.external_id,
        "linkedInJobPostingId": job.job_id,
        "companyDetails": {"companyName": job.company_name},
        "companyApplyUrl": job.apply_url,
        "jobTitle": job.title,
    }
    if job.company_page is not None:
        info["companyDetails"]["companyPage"] = job.company_page
    if job.closed_at is not None:
        info["closeAt"] = to_ms(job.closed_at)
    if job.partner_job_campaign is not None and call.is_since(CAMPAIGNS_SINCE):
        info["partnerJobCampaign"] = job.partner_job_campaign
    drawn: dict[str, Any] = {"jobPostingInfo": info}
    if report.spent_micros is not None:
        drawn["lifetimeJobBudgetInfo"] = {
            "lifetimeBudgetSpent": draw_amount(report.spent_micros, job.currency),
            "lifetimeBudgetLimit": draw_amount(job.budget_micros, job.currency),
        }
    if report.days:
        drawn["jobPerformanceMetrics"] = [_draw_day(row, job.currency) for row in report.days]
    return drawn


def _draw_day(row: DayFigures, currency: str) -> dict[str, Any]:
    return {
        "date": {"month": row.day.month, "year": row.day.year, "day": row.day.day},
        "charge": draw_amount(row.charge_micros, currency),
        "applyClickCount": row.apply_clicks,
        "viewCount": row.views,
    }


def draw_amount(amount_micros: int, currency: str) -> dict[str, str]:
    return {"currencyCode": currency, "amount": format_amount(amount_micros, currency)}
