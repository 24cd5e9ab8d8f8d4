"""Owns the reports: jobs by ids, jobs by days, the budget. Ranges and lists of ids are split, pages are followed.

Does not own which figures a report shows. A page that came twice, or that belongs to another request, is noticed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import msgspec

from jobmeter.base.limits import REPORT_DAYS_BY_RANGE_MAX, REPORT_IDS_MAX, REPORT_PAGE_JOBS_MAX
from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.ranges import Span, split_days, split_ids, split_months
from jobmeter.client.http.reading import (
    Amount,
    Day,
    RowError,
    Shape,
    check_keys,
    decode,
    make_row_error,
    read_day,
    read_money,
    read_optional_money,
    read_time,
)
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import Budget, ItemError, JobDay, JobReport

JOBS = "/rest/partnerJobReports"
BUDGETS = "/rest/partnerBudgetReports"
PASSES_MAX = 3
NOT_FOUND = 404


class _Metrics(Shape):
    date: Day
    charge: Amount | None = None
    apply_click_count: int = 0
    view_count: int = 0


class _Company(Shape):
    company_name: str | None = None
    company_page: str | None = None


class _Info(Shape):
    external_job_posting_id: str
    linked_in_job_posting_id: int | None = None
    company_details: _Company | None = None
    company_apply_url: str | None = None
    job_title: str | None = None
    close_at: int | None = None
    partner_job_campaign: str | None = None


class _Lifetime(Shape):
    lifetime_budget_spent: Amount | None = None
    lifetime_budget_limit: Amount | None = None


class _Report(Shape):
    job_posting_info: _Info
    lifetime_job_budget_info: _Lifetime | None = None
    job_performance_metrics: tuple[_Metrics, ...] | None = None


class _ByIds(Shape):
    results: dict[str, _Report]
    errors: dict[str, RowError] = msgspec.field(default_factory=dict)


class _Link(Shape):
    rel: str = ""


class _Paging(Shape):
    start: int
    count: int | None = None
    total: int | None = None
    links: tuple[_Link, ...] = ()


class _Page(Shape):
    elements: tuple[_Report, ...]
    paging: _Paging | None = None


class _BudgetDetails(Shape):
    service_term_budget_spent: Amount
    service_term_budget_limit: Amount


class _Budget(Shape):
    partner_budget_details: tuple[_BudgetDetails, ...]
    service_term_start_at: int | None = None
    service_term_end_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """A page of reports. ``total`` is 0 if the server does not say how many jobs there are."""

    reports: Sequence[JobReport]
    total: int
    next_start: int | None


_BY_IDS = msgspec.json.Decoder(_ByIds)
_PAGE = msgspec.json.Decoder(_Page)
_BUDGET = msgspec.json.Decoder(_Budget)


class Reports:
    """The reports of jobs, with the token of the customer's application, and of the budget, with that of its parent."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_ids(
        self,
        external_ids: Iterable[str],
        first: date,
        last: date,
        *,
        partner_contract_id: int | None = None,
    ) -> Iterator[JobReport | ItemError]:
        """Yields one report for each job, with all of its days from ``first`` to ``last``, in the order of the ids.

        A job that has no report in any month of the range is an ``ItemError`` (6013).
        """
        groups = split_ids(external_ids, count_max=REPORT_IDS_MAX)
        for group in groups:
            months = [
                self._session.get(
                    JOBS,
                    _list_parameters(span, partner_contract_id) | {"ids": list(group)},
                    read=partial(_read_by_ids, group, span),
                )
                for span in split_months(first, last)
            ]
            for external_id in group:
                found = [month[external_id] for month in months if external_id in month]
                if found:
                    yield _join(found)

    def by_days(
        self, first: date, last: date, *, partner_contract_id: int | None = None
    ) -> Iterator[JobReport]:
        """Yields the reports of all jobs, week by week: a job is yielded once for each seven days of the range.

        Raises ``UnreadableError`` if the server's pages remain incomplete.
        """
        for span in split_days(first, last, days_max=REPORT_DAYS_BY_RANGE_MAX):
            yield from self._follow_pages(span, partner_contract_id)

    def budget(self, partner_contract_id: int | None = None) -> Budget:
        """Returns what the partner's contract has spent, and its limit, without today."""
        parameters = {} if partner_contract_id is None else {"partnerContractId": partner_contract_id}
        return self._session.get(BUDGETS, parameters, read=_read_budget)

    def _follow_pages(self, span: Span, partner_contract_id: int | None) -> Iterator[JobReport]:
        """Yields each job once. If jobs moved between the pages while these were read, all are read again for the rest."""
        seen: set[str] = set()
        total = 0
        for _ in range(PASSES_MAX):
            start: int | None = 0
            while start is not None:
                page = self._read_page(span, partner_contract_id, start)
                for report in page.reports:
                    if report.external_id not in seen:
                        seen.add(report.external_id)
                        yield report
                total, start = page.total, page.next_start
            if len(seen) >= total:
                return
        message = f"the pages of {span.first} to {span.last} show {len(seen)} jobs of {total}"
        raise UnreadableError(message)

    def _read_page(self, span: Span, partner_contract_id: int | None, start: int) -> ReportPage:
        parameters = _list_parameters(span, partner_contract_id) | {
            "q": "dateRange",
            "start": start,
            "count": REPORT_PAGE_JOBS_MAX,
        }
        return self._session.get(JOBS, parameters, read=partial(_read_page, start, span))


def list_days(reports: Iterable[JobReport | ItemError]) -> Iterator[JobDay]:
    """Yields the days of reports, one row for each job and day; jobs without a report are left out."""
    for report in reports:
        if isinstance(report, JobReport):
            yield from report.days


def _list_parameters(span: Span, partner_contract_id: int | None) -> dict[str, object]:
    days: dict[str, object] = {
        name: {"year": day.year, "month": day.month, "day": day.day}
        for name, day in (("start", span.first), ("end", span.last))
    }
    parameters: dict[str, object] = {"dateRange": days}
    if partner_contract_id is not None:
        parameters["partnerContractId"] = partner_contract_id
    return parameters


def _read_page(start: int, span: Span, answer: Answer) -> ReportPage:
    page = decode(_PAGE, answer)
    paging = page.paging or _Paging(start=start)
    if paging.start != start:
        raise UnreadableError(f"the response is the page at {paging.start}, not at {start}")
    for report in page.elements:
        _check_days(report, span)
    end = start + REPORT_PAGE_JOBS_MAX
    if paging.total is not None:
        has_next = end < paging.total
    else:
        is_full = len(page.elements) >= REPORT_PAGE_JOBS_MAX
        has_next = is_full or any(link.rel == "next" for link in paging.links)
    return ReportPage(
        reports=[_make_report(report) for report in page.elements],
        total=paging.total or 0,
        next_start=end if has_next and page.elements else None,
    )


def _check_days(report: _Report, span: Span) -> None:
    """A cache between client and server may return the response for other days."""
    metrics = report.job_performance_metrics
    if metrics:
        for row in (metrics[0], metrics[-1]):
            if not span.contains(read_day(row.date)):
                raise UnreadableError(f"the response is about {read_day(row.date)}, which was not requested")


def _read_by_ids(asked: Sequence[str], span: Span, answer: Answer) -> Mapping[str, JobReport | ItemError]:
    shape = decode(_BY_IDS, answer)
    check_keys(asked, (*shape.results, *shape.errors))
    found: dict[str, JobReport | ItemError] = {
        external_id: ItemError(external_id=external_id, error=make_row_error(error))
        for external_id, error in shape.errors.items()
    }
    for external_id, report in shape.results.items():
        _check_days(report, span)
        found[external_id] = _make_report(report)
    return found


def _join(months: Sequence[JobReport | ItemError]) -> JobReport | ItemError:
    """Returns the newest report with the days of all; an error, if it is not that the job has none in a month."""
    reports = [month for month in months if isinstance(month, JobReport)]
    errors = [month for month in months if isinstance(month, ItemError)]
    failed = [error for error in errors if error.error.status != NOT_FOUND or not reports]
    if failed:
        return failed[0]
    days = tuple(day for report in reports for day in report.days)
    return replace(reports[-1], days=days)


def _make_report(report: _Report) -> JobReport:
    info = report.job_posting_info
    company, lifetime = info.company_details or _Company(), report.lifetime_job_budget_info or _Lifetime()
    name = info.external_job_posting_id
    days = tuple(
        [
            JobDay(
                name,
                read_day(row.date),
                row.view_count,
                row.apply_click_count,
                read_optional_money(row.charge),
            )
            for row in report.job_performance_metrics or ()
        ]
    )
    return JobReport(
        external_id=name,
        days=days,
        job_id=info.linked_in_job_posting_id,
        title=info.job_title,
        company_name=company.company_name,
        company_page=company.company_page,
        apply_url=info.company_apply_url,
        closed_at=read_time(info.close_at),
        partner_campaign_id=info.partner_job_campaign,
        lifetime_spent=read_optional_money(lifetime.lifetime_budget_spent),
        lifetime_limit=read_optional_money(lifetime.lifetime_budget_limit),
    )


def _read_budget(answer: Answer) -> Budget:
    shape = decode(_BUDGET, answer)
    if len(shape.partner_budget_details) != 1:
        raise UnreadableError(f"the response has {len(shape.partner_budget_details)} budgets")
    (details,) = shape.partner_budget_details
    return Budget(
        starts_at=read_time(shape.service_term_start_at),
        ends_at=read_time(shape.service_term_end_at),
        spent=read_money(details.service_term_budget_spent),
        limit=read_money(details.service_term_budget_limit),
    )
