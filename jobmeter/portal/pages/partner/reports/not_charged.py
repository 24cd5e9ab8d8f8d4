"""``/portal/partner/not-charged``: clicks that were not charged, by reason, by day and by job, and as a file."""

from collections.abc import AsyncIterator
from datetime import date

from starlette.responses import Response

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, URN_JOB
from jobmeter.exports.model import Column, ColumnType, Table
from jobmeter.http.parameters import read_query_id
from jobmeter.jobs.members import flow as members
from jobmeter.jobs.members.model import OwnedJob
from jobmeter.partners.model import Application
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.click_reasons import write_reason
from jobmeter.portal.pages.files import send_tables
from jobmeter.portal.pages.my.owned import find_viewer
from jobmeter.portal.pages.partner.owned import find_parent
from jobmeter.portal.pages.partner.reports.asked import (
    CHOICES_MAX,
    NO_APPLICATION,
    Asked,
    list_children,
    list_quick_ranges,
    read_asked,
)
from jobmeter.reports.uncharged_clicks import flow as uncharged
from jobmeter.reports.uncharged_clicks.model import NotCharged, UnchargedSummary

NOT_CHARGED = f"{ROOT}/partner/not-charged"
DAYS = 30  # by default
COLUMNS = (
    Column("developerApplication", ColumnType.TEXT, "URN of the customer's application"),
    Column("externalJobPostingId", ColumnType.TEXT, "the partner's id of the job"),
    Column("jobPosting", ColumnType.TEXT, "URN of the job"),
    Column("date", ColumnType.DAY, "UTC day"),
    Column("filter", ColumnType.TEXT, "intake filter or settlement rule, or BEYOND_BUDGET"),
    Column("reason", ColumnType.TEXT, "why the clicks were not charged, in words"),
    Column("clicks", ColumnType.NUMBER, "how many of the job's clicks of the day"),
)


async def show_not_charged(visit: Visit) -> Response:
    """Up to today. ``?job=`` shows one job alone. Raises ``Refused``: JOB_UNKNOWN, PARAMETER_INVALID."""
    async with visit.app.database.snapshot() as connection:
        parent = await find_parent(connection, visit)
        job = await _find_job(visit)
        asked = _ask(visit, job)
        children = await list_children(connection, parent, asked, visit)
        if asked.application_id not in {None, *(one.id for one in children)}:
            asked.problems["application"] = visit.gettext(NO_APPLICATION)
        found = UnchargedSummary((), (), ())
        if not asked.problems:
            found = await uncharged.sum_not_charged(
                connection,
                application=parent,
                first=asked.first,
                last=asked.last,
                application_id=asked.application_id,
                job_id=None if job is None else job.job_id,
            )
    return visit.show(
        "partner/reports/not-charged.html",
        problems=asked.problems,
        asked=asked,
        quick=list_quick_ranges(asked),
        children=children if len(children) <= CHOICES_MAX else None,
        job=job,
        found=found,
        reasons=[(write_reason(visit, one.message), one.clicks) for one in found.reasons],
        jobs_max=uncharged.JOBS_MAX,
        path=NOT_CHARGED,
    )


def _ask(visit: Visit, job: OwnedJob | None) -> Asked:
    asked = read_asked(visit, latest=day_of(visit.context.now), days=DAYS)
    asked.texts["job"] = "" if job is None else str(job.job_id)
    return asked


async def _find_job(visit: Visit) -> OwnedJob | None:
    job_id = read_query_id(visit.context.request, "job")
    if job_id is None:
        return None
    async with visit.app.database.connection() as connection:
        found = await members.find_job(
            connection, viewer=find_viewer(visit), job_id=job_id, now=visit.context.now
        )
    return found.job


async def download_not_charged(visit: Visit) -> Response:
    """A row for each job, day and reason. Raises ``Refused``: JOB_UNKNOWN, PARAMETER_INVALID, APPLICATION_UNKNOWN, and as ``send_tables``."""
    job = await _find_job(visit)
    asked = _ask(visit, job)
    if asked.problems:
        return await show_not_charged(visit)
    async with visit.app.database.connection() as connection:
        caller = await find_parent(connection, visit)
        wanted = asked.application_id if job is None else job.application_id
        if wanted is not None:
            children = await list_children(connection, caller, asked, visit)
            caller = next((one for one in children if one.id == wanted), caller)
            if caller.id != wanted:
                raise Refused(Fault.APPLICATION_UNKNOWN, key=f"{URN_APPLICATION}{wanted}")
    name = f"not-charged-{asked.first}_{asked.last}"
    return await send_tables(visit, name, COLUMNS, _read_tables(visit, caller, asked, job))


async def _read_tables(
    visit: Visit, caller: Application, asked: Asked, job: OwnedJob | None
) -> AsyncIterator[Table]:
    after = (0, date.min)
    while True:
        async with visit.app.lend_connection() as connection:
            found = await uncharged.list_not_charged(
                connection,
                application=caller,
                external_id=None if job is None else job.external_id,
                first=asked.first,
                last=asked.last,
                after=after,
            )
        rows = [one for one in found if job is None or one.job_id == job.job_id]
        if rows:
            yield _make_table(rows)
        if len(found) < uncharged.PAGE_ROWS_MAX:
            return
        after = (found[-1].job_id, found[-1].day)


def _make_table(found: list[NotCharged]) -> Table:
    rows = [(one, *reason) for one in found for reason in one.list_reasons()]
    return Table(
        (
            [f"{URN_APPLICATION}{one.application_id}" for one, *_ in rows],
            [one.external_id for one, *_ in rows],
            [f"{URN_JOB}{one.job_id}" for one, *_ in rows],
            [one.day for one, *_ in rows],
            [name for _, name, _, _ in rows],
            [message for _, _, message, _ in rows],
            [clicks for _, _, _, clicks in rows],
        ),
        [f"{one.job_id}-{one.day.isoformat()}" for one, *_ in rows],
    )
