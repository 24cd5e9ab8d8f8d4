"""``/portal/partner/jobs/ID``: a job's money, its days as a chart, a table and a file, and what was done with it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from starlette.responses import Response

from jobmeter.base.days import day_of, start_of
from jobmeter.charging.pacing import flow as day_limits
from jobmeter.charts.inline import Meter
from jobmeter.explain import flow as explanations
from jobmeter.explain.model import ExplainedDay
from jobmeter.exports.model import CURRENCY, Column, ColumnType, Table
from jobmeter.jobs.members import flow as members
from jobmeter.jobs.members.model import MemberJob
from jobmeter.jobs.model import JobState, TaskStatus
from jobmeter.partners.applications import flow as partners
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import list_tables, send_tables
from jobmeter.portal.pages.my.days import read_days
from jobmeter.portal.pages.my.jobs import describe
from jobmeter.portal.pages.my.owned import find_job, read_job_id
from jobmeter.portal.pages.partner.listed_jobs import StateChip

DAYS_SHOWN = 31
ACTS_SHOWN = 20
COLUMNS = (
    Column("date", ColumnType.DAY, "UTC day"),
    Column("viewCount", ColumnType.NUMBER, "views"),
    Column("applyClickCount", ColumnType.NUMBER, "apply clicks that count"),
    Column("clicksCharged", ColumnType.NUMBER, "those of them that were charged"),
    Column("clicksNotCharged", ColumnType.NUMBER, "all that were not: free, refused and reversed"),
    Column("charge", ColumnType.AMOUNT, "what the clicks cost; empty if the job is not paid by click"),
    Column(CURRENCY, ColumnType.TEXT, "currency of the charge (ISO 4217)"),
    Column("state", ColumnType.TEXT, "estimated or final"),
)


ACT_CHIPS = {
    TaskStatus.SUCCEEDED: StateChip(kind="good", shape="full", text=mark("Succeeded")),
    TaskStatus.IN_PROGRESS: StateChip(kind="good", shape="hourglass", text=mark("In progress")),
    TaskStatus.FAILED: StateChip(kind="bad", shape="triangle", text=mark("Failed")),
    TaskStatus.PROCESSED: StateChip(kind="still", shape="square", text=mark("Processed")),
}


async def show_job(visit: Visit) -> Response:
    """With ``?show=`` the chart shows another figure, with ``?days=all`` the table every day."""
    found, now = await find_job(visit), visit.context.now
    figures = await read_days(visit, found)
    async with visit.app.database.connection() as connection:
        acts = await members.list_acts(connection, found.job, rows_max=ACTS_SHOWN)
        customer = await partners.find_application(connection, application_id=found.job.application_id)
        day_limit = await day_limits.find_day_limit(connection, job_id=found.job.job_id, now=now)
    shown = describe(visit, found)
    is_manager = visit.may_change
    days = figures["days"]
    has_all = visit.context.request.query_params.get("days") == "all"
    return visit.show(
        "partner/job/job.html",
        **shown | figures | {"days": days if has_all else days[:DAYS_SHOWN], "all_days": days},
        meter_with_pace=_add_pace(shown["meter_of"], found, now),
        may_change=is_manager and shown["is_open"],
        acts=acts,
        act_chips=ACT_CHIPS,
        customer=customer,
        day_limit=day_limit if day_limit is not None and day_limit.daily_micros else None,
        is_never_reported=_is_never_reported(found, days, now),
        next_midnight=start_of(day_of(now) + timedelta(days=1)),
    )


def _add_pace(meter: Meter, found: MemberJob, now: datetime) -> Meter:
    """What an even pace would have spent by now, of a job that is open."""
    posting = found.snapshot.status.posting
    run = posting.expires_at - posting.listed_at
    if not found.job.is_open(now) or not timedelta(0) < now - posting.listed_at < run:
        return meter
    return replace(
        meter, pace=meter.limit * ((now - posting.listed_at) // timedelta(seconds=1)) // _seconds(run)
    )


def _seconds(span: timedelta) -> int:
    return max(span // timedelta(seconds=1), 1)


def _is_never_reported(found: MemberJob, days: Sequence[ExplainedDay], now: datetime) -> bool:
    """A job that was closed before it was charged anything is in no report of a later day."""
    closed_at = found.snapshot.status.posting.closed_at
    is_over = (
        found.job.state is JobState.CLOSED and closed_at is not None and closed_at < start_of(day_of(now))
    )
    return is_over and not any(day.charge_micros or day.clicks_reversed for day in days)


async def download_days(visit: Visit) -> Response:
    """Every day that is over, the newest first. Raises ``Refused``: JOB_UNKNOWN, and as ``send_tables``."""
    found = await find_job(visit)
    today, currency = day_of(visit.context.now), found.snapshot.limit.currency or None
    async with visit.app.database.connection() as connection:
        known = await explanations.list_days(connection, job_id=read_job_id(visit))
    days = [one for one in reversed(known) if one.day < today]
    table = Table(
        (
            [one.day for one in days],
            [one.views for one in days],
            [one.apply_clicks for one in days],
            [one.clicks_charged for one in days],
            [count_not_charged(one) for one in days],
            [one.charge_micros if currency else None for one in days],
            [currency] * len(days),
            [name_state(one) for one in days],
        ),
        [one.day.isoformat() for one in days],
    )
    tables = list_tables(table) if days else list_tables()
    return await send_tables(visit, f"job-{found.job.job_id}-days", COLUMNS, tables)


def count_not_charged(day: ExplainedDay) -> int:
    return day.clicks_free + day.clicks_refused + day.clicks_reversed


def name_state(day: ExplainedDay) -> str:
    """The word of files, which are the same in every language."""
    return "estimated" if day.settled_at is None else "final"
