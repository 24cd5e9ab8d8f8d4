"""Owns the statements of reports, one function each. Does not own when they run."""

from datetime import date, datetime
from typing import Any

import numpy as np
from psycopg.abc import QueryNoTemplate

from jobmeter.database.arrays import BigintArray, DateArray, IntegerArray, SmallintArray, TextArray
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.reports.job_reports.model import (
    DayRange,
    JobReport,
    ListVersion,
    ReportableJobs,
    ReportedJob,
    slice_days,
)

SQL = load_statements("jobmeter.reports.job_reports")
SQL_AS_OF = load_statements("jobmeter.reports.job_reports", "as_of.sql")


async def read_reports_by_ids(
    connection: Connection,
    *,
    places: IntegerArray,
    ids: TextArray,
    shards: SmallintArray,
    application_ids: BigintArray,
    contract_ids: BigintArray,
    firsts: DateArray,
    lasts: DateArray,
    todays: DateArray,
) -> list[tuple[int, str, JobReport]]:
    """Place, id and report of what is somebody's; the report holds all days of the range's month."""
    rows = await _fetch(connection, SQL["read_reports_by_ids"], locals())
    return [(row[0], row[1], _make_report(row[2:], None)) for row in rows]


async def read_reports(
    connection: Connection, *, shard: int, job_ids: list[int], first: date, last: date, today: date
) -> list[JobReport]:
    rows = await _fetch(connection, SQL["read_reports"], locals())
    return [_make_report(row, DayRange(first, last)) for row in rows]


async def list_reportable_jobs(
    connection: Connection, *, shard: int, application_id: int, today: datetime
) -> ReportableJobs:
    return await _fetch_jobs(connection, SQL["list_reportable_jobs"], locals())


async def read_list_version(
    connection: Connection, *, shard: int, application_id: int, today: datetime
) -> ListVersion:
    row = await (await connection.execute(SQL["read_list_version"], locals())).fetchone()
    assert row is not None
    return ListVersion(row[0], row[1])


async def find_ids_as_of(
    connection: Connection,
    *,
    shard: int,
    application_id: int,
    ids: list[str],
    listed: list[int],
    as_of: datetime,
) -> dict[str, int]:
    rows = await (await connection.execute(SQL_AS_OF["find_ids_as_of"], locals())).fetchall()
    return {row[0]: row[1] for row in rows}


async def read_reports_as_of(
    connection: Connection,
    *,
    shard: int,
    job_ids: list[int],
    first: date,
    last: date,
    today: date,
    as_of: datetime,
) -> list[JobReport]:
    rows = await _fetch(connection, SQL_AS_OF["read_reports_as_of"], locals())
    return [_make_report(row, DayRange(first, last)) for row in rows]


async def list_jobs_as_of(
    connection: Connection, *, shard: int, application_id: int, today: datetime, as_of: datetime
) -> ReportableJobs:
    return await _fetch_jobs(connection, SQL_AS_OF["list_jobs_as_of"], locals())


async def sum_contract_spend(connection: Connection, *, contract_id: int, today: date) -> int:
    row = await (await connection.execute(SQL["sum_contract_spend"], locals())).fetchone()
    assert row is not None
    return int(row[0])


async def _fetch(
    connection: Connection, statement: QueryNoTemplate, values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    async with connection.cursor(binary=True) as cursor:
        return await (await cursor.execute(statement, values)).fetchall()


def _make_report(row: tuple[Any, ...], days: DayRange | None) -> JobReport:
    figures = bytes(row[10] or b"")
    return JobReport(ReportedJob(*row[:10]), figures if days is None else slice_days(figures, days), row[11])


async def _fetch_jobs(
    connection: Connection, statement: QueryNoTemplate, values: dict[str, Any]
) -> ReportableJobs:
    async with connection.cursor(binary=True) as cursor:
        row = await (await cursor.execute(statement, values)).fetchone()
    assert row is not None
    return ReportableJobs(*(np.frombuffer(column or b"", dtype=">i8").astype(np.int64) for column in row))
