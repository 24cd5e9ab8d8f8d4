"""Owns the statements of reports, one function each. Does not own when they run."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache, partial
from operator import itemgetter
from typing import Any

from psycopg import AsyncCursor

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, read_columns, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.reports.job_reports.model import (
    DayRange,
    DaySum,
    EarlierFigures,
    JobByCode,
    JobListQuery,
    JobReport,
    NumberedReport,
    ReportableJobs,
    ReportedJob,
    RequestedIds,
    RequestedJobs,
    join_days,
)

SQL = load_statements("jobmeter.reports.job_reports")


async def read_reports_by_external_id(
    connection: Connection, requested: RequestedIds
) -> list[NumberedReport]:
    """The reports of those ids that are a job's; of several jobs, if they had the same id one after the other."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(SQL["read_reports_by_external_id"], vars_of(requested))
    return await _make_reports(cursor)


async def find_jobs_by_code(connection: Connection, requested: RequestedIds) -> list[JobByCode]:
    return await list_rows(connection, JobByCode, SQL["find_jobs_by_code"], vars_of(requested))


async def read_reports(connection: Connection, requested: RequestedJobs) -> list[NumberedReport]:
    cursor = connection.cursor(binary=True)
    await cursor.execute(SQL["read_reports"], vars_of(requested))
    return await _make_reports(cursor)


async def read_figures_as_of(
    connection: Connection, *, shard: int, job_ids: list[int], days: DayRange, today: date, as_of: datetime
) -> list[EarlierFigures]:
    values = {"shard": shard, "job_ids": job_ids, **vars_of(days), "today": today, "as_of": as_of}
    return await list_rows(connection, _make_figures, SQL["read_figures_as_of"], values)


async def list_reportable_jobs(connection: Connection, query: JobListQuery) -> ReportableJobs:
    return await read_columns(connection, ReportableJobs, SQL["list_reportable_jobs"], vars_of(query))


async def sum_days(
    connection: Connection,
    *,
    shards: list[int],
    application_ids: list[int],
    days: DayRange,
    today: datetime,
) -> list[DaySum]:
    values = {"shards": shards, "application_ids": application_ids, **vars_of(days), "today": today}
    return await list_rows(connection, DaySum, SQL["sum_days"], values)


async def sum_days_as_of(
    connection: Connection,
    *,
    shards: list[int],
    application_ids: list[int],
    days: DayRange,
    today: datetime,
    as_of: datetime,
) -> list[DaySum]:
    values = {"shards": shards, "application_ids": application_ids, **vars_of(days), "today": today}
    return await list_rows(connection, DaySum, SQL["sum_days_as_of"], values | {"as_of": as_of})


async def sum_contract_spend(connection: Connection, *, contract_id: int, today: date) -> int:
    values = {"contract_id": contract_id, "today": today}
    return await read_scalar(connection, int, SQL["sum_contract_spend"], values)


# Hot path: the positions of the columns are looked up by name once per statement, not once per row.
async def _make_reports(cursor: AsyncCursor[Any]) -> list[NumberedReport]:
    find_number, find_job = _find(cursor, "asked_number"), _find(cursor, *ReportedJob._fields)
    find_days, find_live = _find(cursor, "kept_figures", "later_figures"), _find(cursor, "live_figures")
    find_spent = _find(cursor, "spent_micros")
    # Without a call of Python's for each value, as those of the named tuples are.
    make_job, make_report = partial(tuple.__new__, ReportedJob), partial(tuple.__new__, JobReport)
    make_numbered = partial(tuple.__new__, NumberedReport)
    return [
        make_numbered(
            (
                find_number(row),
                make_report(
                    (
                        make_job(find_job(row)),
                        join_days(find_days(row), find_live(row)),
                        find_spent(row),
                    )
                ),
            )
        )
        for row in await cursor.fetchall()
    ]


def _find(cursor: AsyncCursor[Any], *names: str) -> Callable[[Sequence[Any]], Any]:
    """A function that returns these columns of a row."""
    result = cursor.pgresult
    assert result is not None, "the statement returns rows"
    return _find_places(tuple([result.fname(number) for number in range(result.nfields)]), names)


@cache
def _find_places(sent: tuple[bytes | None, ...], names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    return itemgetter(*(sent.index(name.encode()) for name in names))


def _make_figures(*, job_id: int, figures: bytes | None, spent_micros: int) -> EarlierFigures:
    return EarlierFigures(job_id, bytes(figures or b""), spent_micros)
