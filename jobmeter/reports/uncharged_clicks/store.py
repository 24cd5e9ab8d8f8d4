"""Owns the statements of clicks that were not charged, one function each. Does not own when they run."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.reports.uncharged_clicks.model import (
    NotCharged,
    NotChargedPage,
    UnchargedDay,
    UnchargedFilter,
    UnchargedJob,
    UnchargedReason,
)

SQL = load_statements("jobmeter.reports.uncharged_clicks")


async def list_not_charged(connection: Connection, page: NotChargedPage) -> list[NotCharged]:
    return await list_rows(connection, NotCharged, SQL["list_not_charged"], vars_of(page))


async def sum_by_reason(connection: Connection, wanted: UnchargedFilter) -> list[UnchargedReason]:
    return await list_rows(connection, UnchargedReason, SQL["sum_by_reason"], vars_of(wanted))


async def sum_by_day(connection: Connection, wanted: UnchargedFilter) -> list[UnchargedDay]:
    return await list_rows(connection, UnchargedDay, SQL["sum_by_day"], vars_of(wanted))


async def sum_by_job(connection: Connection, wanted: UnchargedFilter, *, jobs_max: int) -> list[UnchargedJob]:
    return await list_rows(
        connection, UnchargedJob, SQL["sum_by_job"], vars_of(wanted) | {"jobs_max": jobs_max}
    )
