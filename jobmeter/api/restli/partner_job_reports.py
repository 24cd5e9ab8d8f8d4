"""``GET /rest/partnerJobReports``: by ids and by date range (reports page; spec 6 and 7)."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import lru_cache

import msgspec

from jobmeter.api.restli.resources import Call, Reply
from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_from_number
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import REPORT_PAGE_JOBS_MAX
from jobmeter.base.money import format_amount
from jobmeter.base.readers.times import read_moment
from jobmeter.database.connection import Connection
from jobmeter.http.responses import row_error
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.model import ByIdsRequest, JobReport, ReportQuery, split_days
from jobmeter.reports.sources.flow import ReportKind, name_failed_source, open_report
from jobmeter.wire.restli.envelopes import wrap_batch, wrap_finder
from jobmeter.wire.restli.paging import make_paging, parse_paging
from jobmeter.wire.restli.values import ArgumentTypeError, read_date_range, read_texts

MONTHS_WRITTEN_MAX = 8_192  # cached by each process; about 4 KB each
FRAMES_WRITTEN_MAX = 1_000  # about 3 KB each
CAMPAIGNS_SINCE = "202407"  # reports include a job's campaign from this version on (spec 5)


async def get_by_ids(call: Call) -> Reply:
    """``asOf`` returns the report as it was at an earlier time (an extension)."""
    reports.check_job_caller(call.application)
    ids = _read_ids(call)
    query = _read_query(call)
    asked = reports.parse_by_ids(query, ids)
    found = await _read_now(call, asked) if query.as_of is None else await _read_as_of(call, query, asked)
    errors = {
        asked: row_error(Refused(Fault.JOB_NOT_REPORTED, external_id=asked))
        for asked in ids
        if asked not in found
    }
    shown = {asked: _serialize(call, report, with_budget=True) for asked, report in found.items()}
    return Reply(wrap_batch(shown, errors), is_tagged=True)


async def _read_now(call: Call, asked: ByIdsRequest) -> dict[str, JobReport]:
    """Reads the report in one batch with concurrent requests."""
    app = call.app
    async with name_failed_source(
        app.database,
        ReportKind.BY_IDS,
        shard=call.application.shard,
        seconds_max=app.settings.report_seconds_max,
    ):
        return await app.job_reports.submit(asked)


async def _read_as_of(call: Call, query: ReportQuery, asked: ByIdsRequest) -> dict[str, JobReport]:
    async with open_call_report(call, ReportKind.BY_IDS) as connection:
        return await reports.report_by_ids_as_of(connection, query, asked)


async def find_by_range(call: Call) -> Reply:
    """``asOf`` returns the report as it was at an earlier time (an extension)."""
    reports.check_job_caller(call.application)
    query = _read_query(call)
    page = parse_paging(
        call.parameters.get("start"), call.parameters.get("count"), count_max=REPORT_PAGE_JOBS_MAX
    )
    async with open_call_report(call, ReportKind.BY_RANGE) as connection:
        found = await reports.report_by_range(
            connection, query, start=page.start, count=page.count, lists=call.app.job_lists
        )
    paging = make_paging(
        page, path=call.path, query=call.query, returned=len(found.reports), total=found.total
    )
    shown = [_serialize(call, report, with_budget=False) for report in found.reports]
    return Reply(wrap_finder(shown, paging), is_tagged=True)


def open_call_report(call: Call, kind: ReportKind) -> AbstractAsyncContextManager[Connection]:
    """Opens a connection for the report; each unavailable data source is reported with its own error code."""
    return open_report(
        call.app.database,
        kind,
        shard=call.application.shard,
        seconds_max=call.app.settings.report_seconds_max,
    )


def _read_query(call: Call) -> ReportQuery:
    given = read_date_range(call.parameters.get("dateRange"))
    if given.start is None or given.end is None:
        raise Refused(Fault.RANGE_MISSING)
    return ReportQuery(
        child=call.application,
        first=given.start.as_day(),
        last=given.end.as_day(),
        contract_id=call.read_optional_long("partnerContractId"),
        now=call.now,
        as_of=_read_moment(call),
    )


def _read_moment(call: Call) -> datetime | None:
    """Reads milliseconds since 1970, or an RFC 3339 instant with an offset; not in the future."""
    given = call.parameters.get("asOf")
    if given is None:
        return None
    moment = read_moment(str(given))
    if moment is None or moment > call.now:
        raise Refused(Fault.PARAMETER_INVALID, name="asOf")
    return moment


def _read_ids(call: Call) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(read_texts("ids", call.parameters["ids"], single=True)))
    except ArgumentTypeError as error:
        raise Refused(Fault.BATCH_KEY_INVALID) from error


# Structures, because they are made and written in less time than dictionaries. Their optional fields are left out where they
# are empty, never null (clients 2.9).
class _Company(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    company_name: str
    company_page: str | None = None


class _Posting(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    external_job_posting_id: str
    job_id: int = msgspec.field(name="linkedInJobPostingId")
    company_details: _Company
    company_apply_url: str
    job_title: str
    close_at: int | None = None
    partner_job_campaign: str | None = None


class _Budget(msgspec.Struct, rename="camel", gc=False):
    lifetime_budget_spent: msgspec.Raw
    lifetime_budget_limit: msgspec.Raw


class _Report(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    job_posting_info: _Posting
    lifetime_job_budget_info: _Budget | None = None
    job_performance_metrics: msgspec.Raw | None = None


def _serialize(call: Call, report: JobReport, *, with_budget: bool) -> _Report:
    job = report.job
    amounts = (report.spent_micros, job.limit_micros) if with_budget else ()
    written = [msgspec.Raw(_write_amount(micros, job.currency)) for micros in amounts]
    return _Report(
        _Posting(
            external_job_posting_id=job.external_id,
            job_id=job.job_id,
            company_details=_Company(job.company_name, job.company_page),
            company_apply_url=job.apply_url,
            job_title=job.title,
            close_at=None if job.closed_at is None else to_ms(job.closed_at),
            partner_job_campaign=job.partner_job_campaign if call.is_since(CAMPAIGNS_SINCE) else None,
        ),
        _Budget(*written) if with_budget else None,
        _write_days(report.figures, job.currency) if report.figures else None,
    )


@lru_cache(maxsize=MONTHS_WRITTEN_MAX)
def _write_days(figures: bytes, currency: str) -> msgspec.Raw:
    """Writes packed days as JSON. A report has hundreds; building a dictionary for each would cost more than all the rest.

    Cached by the figures themselves, so an entry is never stale: the JSON of a final month never changes.
    """
    days = split_days(figures)
    written: list[str | int] = [0] * (3 * len(days.numbers))
    written[::3] = [_write_amount(charge_micros, currency) for charge_micros in days.charge_micros]
    written[1::3], written[2::3] = days.apply_clicks, days.views
    return msgspec.Raw((_write_frame(days.numbers) % tuple(written)).encode())


@lru_cache(maxsize=FRAMES_WRITTEN_MAX)
def _write_frame(numbers: tuple[int, ...]) -> str:
    """The JSON of these days without their figures. Most jobs of a month have the same days."""
    return f"[{','.join(map(_write_day, numbers))}]"


@lru_cache(maxsize=1_024)
def _write_day(number: int) -> str:
    day = day_from_number(number)
    date = f'{{"month":{day.month},"year":{day.year},"day":{day.day}}}'
    return f'{{"date":{date},"charge":%s,"applyClickCount":%d,"viewCount":%d}}'


@lru_cache(maxsize=65_536)
def _write_amount(amount_micros: int, currency: str) -> str:
    return msgspec.json.encode(serialize_amount(amount_micros, currency)).decode()


def serialize_amount(amount_micros: int, currency: str) -> dict[str, str]:
    return {"currencyCode": currency, "amount": format_amount(amount_micros, currency)}
