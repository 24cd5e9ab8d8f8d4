"""Owns the statements of reports, one function each. Does not own when they run."""

from datetime import date, datetime
from typing import Any

import numpy as np
from psycopg.abc import QueryNoTemplate

from jobmeter.reports.model import JobReport, ListVersion, ReportableJobs, ReportedJob
from jobmeter.store.migrate import Connection
from jobmeter.store.sql import load_statements

SQL = load_statements("jobmeter.reports")
SQL_AS_OF = load_statements("jobmeter.reports", "as_of.sql")


async def find_reported_ids(
    connection: Connection,
    *,
    shard: int,
    application_id: int,
    ids: list[str],
    contract_id: int | None,
    today: datetime,
) -> list[tuple[str, int, int]]:
    """What was asked for, 1 for an external id and 2 for a job code, the job; the one that is meant first."""
    rows = await (await connection.execute(SQL["find_reported_ids"], locals())).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


async def read_reports(
    connection: Connection, *, shard: int, job_ids: list[int], first: date, last: date, today: date
) -> list[JobReport]:
    return await _fetch_reports(connection, SQL["read_reports"], locals())


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
    return await _fetch_reports(connection, SQL_AS_OF["read_reports_as_of"], locals())


async def list_jobs_as_of(
    connection: Connection, *, shard: int, application_id: int, today: datetime, as_of: datetime
) -> ReportableJobs:
    return await _fetch_jobs(connection, SQL_AS_OF["list_jobs_as_of"], locals())


async def sum_contract_spend(connection: Connection, *, contract_id: int, today: date) -> int:
    row = await (await connection.execute(SQL["sum_contract_spend"], locals())).fetchone()
    assert row is not None
    return int(row[0])


async def _fetch_reports(
    connection: Connection, statement: QueryNoTemplate, values: dict[str, Any]
) -> list[JobReport]:
    async with connection.cursor(binary=True) as cursor:
        rows = await (await cursor.execute(statement, values)).fetchall()
    return [JobReport(ReportedJob(*row[:10]), bytes(row[10] or b""), row[11]) for row in rows]


async def _fetch_jobs(
    connection: Connection, statement: QueryNoTemplate, values: dict[str, Any]
) -> ReportableJobs:
    async with connection.cursor(binary=True) as cursor:
        row = await (await cursor.execute(statement, values)).fetchone()
    assert row is not None
    return ReportableJobs(*(np.frombuffer(column or b"", dtype=">i8").astype(np.int64) for column in row))
