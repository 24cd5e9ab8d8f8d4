"""Owns the kind ``jobReports``: a row for each job and day with any activity, as the job reports show them.

Does not own the figures (``reports.job_reports``). Pages are groups of jobs, small enough for the days of the range.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jobmeter.base.days import day_from_number, day_number
from jobmeter.base.ids import URN_APPLICATION, URN_CONTRACT, URN_JOB
from jobmeter.database.arrays import Column as Numbers
from jobmeter.exports.kinds import store
from jobmeter.exports.kinds.sources import Sources
from jobmeter.exports.model import CURRENCY, Column, ColumnType, ExportQuery, Scope, Table
from jobmeter.exports.rules import DAY_MAX, NUMBER_MAX, read_cursor
from jobmeter.partners.model import Application
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.model import DayRange, JobReport, ReportQuery, read_days

PAGE_JOBS_MAX = 1_000

ABOUT = "A row for each job and UTC day with any activity, by application, job and day. The range ends yesterday at the latest."
COLUMNS = (
    Column("developerApplication", ColumnType.TEXT, "URN of the customer's application"),
    Column("partnerContract", ColumnType.TEXT, "URN of the partner's contract that pays for the job"),
    Column("externalJobPostingId", ColumnType.TEXT, "the partner's id of the job"),
    Column("jobPosting", ColumnType.TEXT, "URN of the job"),
    Column("jobTitle", ColumnType.TEXT, "as at the last midnight, like all that follows of the job"),
    Column("companyName", ColumnType.TEXT, "name of the company"),
    Column("companyPage", ColumnType.TEXT, "page of the company"),
    Column("companyApplyUrl", ColumnType.TEXT, "where candidates apply"),
    Column("partnerJobCampaign", ColumnType.TEXT, "the partner's id of the campaign"),
    Column("closeAt", ColumnType.TIME, "when the job ended; empty while it is live"),
    Column("date", ColumnType.DAY, "UTC day"),
    Column("viewCount", ColumnType.NUMBER, "views of the job"),
    Column("applyClickCount", ColumnType.NUMBER, "apply clicks that count"),
    Column("charge", ColumnType.AMOUNT, "what the clicks cost"),
    Column(CURRENCY, ColumnType.TEXT, "currency of the charge (ISO 4217)"),
    Column(
        "isFinal", ColumnType.FLAG, "false: an estimate, settlement may still change the figures of the day"
    ),
)
LARGEST = (NUMBER_MAX, NUMBER_MAX, DAY_MAX)


class JobPage(NamedTuple):
    """The reports of some jobs of an application; ``final`` are the final days, as numbers, known before they were read."""

    child: Application
    reports: list[JobReport]
    contract_ids: dict[int, int]
    final: frozenset[int]


async def read_tables(sources: Sources, query: ExportQuery, scope: Scope) -> AsyncIterator[Table]:
    application_id, job_id, day = read_cursor(query.after, first=(0, 0, 0), largest=LARGEST)
    async for page in read_pages(sources, query, scope, after=(application_id, job_id)):
        table = make_table(page)
        at_start = page.child.id == application_id and bool(page.reports)
        if at_start and page.reports[0].job.job_id == job_id:
            table = _skip_days(table, page.reports[0], day)
        yield table


async def read_pages(
    sources: Sources, query: ExportQuery, scope: Scope, *, after: tuple[int, int] = (0, 0)
) -> AsyncIterator[JobPage]:
    """The reports of all jobs from the given application and job on. Each page uses a connection of its own."""
    days = DayRange(query.first, query.last)
    size = max(1, min(PAGE_JOBS_MAX, sources.page_rows // ((query.last - query.first).days + 1)))
    for child in scope.applications:
        if child.id < after[0]:
            continue
        asked = ReportQuery(
            child, query.first, query.last, query.contract_id, now=query.now, as_of=query.as_of
        )
        async with sources.connect() as connection:
            jobs = await reports.list_live_jobs(connection, asked, days, lists=sources.job_lists)
        contract_ids = dict(zip(jobs.job_ids.tolist(), jobs.contract_ids.tolist(), strict=True))
        least = after[1] if child.id == after[0] else 0
        job_ids = _choose_jobs(jobs.job_ids, least, scope.job_ids)
        for start in range(0, len(job_ids), size):
            async with sources.connect() as connection:
                final = await store.list_final_days(
                    connection, first=query.first, last=query.last, as_of=query.as_of
                )
                found = await reports.report_jobs(connection, asked, job_ids[start : start + size], days)
            yield JobPage(child, found, contract_ids, frozenset(map(day_number, final)))


def _choose_jobs(job_ids: Numbers, least: int, wanted: Sequence[int] | None) -> list[int]:
    chosen: Numbers = job_ids[job_ids >= least]
    if wanted is not None:
        chosen = chosen[np.isin(chosen, np.array(wanted, dtype=np.int64))]
    found: list[int] = chosen.tolist()
    return found


def make_table(page: JobPage) -> Table:
    """A row for each day of each report. What all days of a job share is repeated by numpy, not row by row."""
    rows, counts = read_days([report.figures for report in page.reports])
    jobs = [report.job for report in page.reports]

    def repeat(values: Sequence[Any]) -> list[Any]:
        column = np.empty(len(values), dtype=object)
        column[:] = values
        repeated: list[Any] = np.repeat(column, counts).tolist()
        return repeated

    numbers: list[int] = rows["day"].tolist()
    named = {number: (day_from_number(number), number in page.final) for number in set(numbers)}
    job_ids = repeat([job.job_id for job in jobs])
    child = page.child.id
    columns = (
        [f"{URN_APPLICATION}{child}"] * len(numbers),
        repeat([f"{URN_CONTRACT}{page.contract_ids[job.job_id]}" for job in jobs]),
        repeat([job.external_id for job in jobs]),
        repeat([f"{URN_JOB}{job.job_id}" for job in jobs]),
        repeat([job.title for job in jobs]),
        repeat([job.company_name for job in jobs]),
        repeat([job.company_page for job in jobs]),
        repeat([job.apply_url for job in jobs]),
        repeat([job.partner_job_campaign for job in jobs]),
        repeat([job.closed_at for job in jobs]),
        [named[number][0] for number in numbers],
        rows["views"].tolist(),
        rows["apply_clicks"].tolist(),
        rows["charge_micros"].tolist(),
        repeat([job.currency for job in jobs]),
        [named[number][1] for number in numbers],
    )
    cursors = [f"{child}-{job}-{number}" for job, number in zip(job_ids, numbers, strict=True)]
    return Table(columns, cursors)


def _skip_days(table: Table, first: JobReport, day: int) -> Table:
    """Without the rows of the first job up to the day, which the caller has."""
    rows, _ = read_days([first.figures])
    known = int(np.count_nonzero(rows["day"] <= day))
    return Table(tuple(values[known:] for values in table.columns), table.cursors[known:])
