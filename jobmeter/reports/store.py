"""Owns the statements of reports, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.reports.model import DayFigures, ReportedJob
from jobmeter.store.migrate import Connection
from jobmeter.store.sql import load_statements

SQL = load_statements("jobmeter.reports")


async def find_reported_jobs(
    connection: Connection,
    *,
    shard: int,
    application_id: int,
    ids: list[str],
    contract_id: int | None,
    today: datetime,
) -> list[ReportedJob]:
    rows = await (await connection.execute(SQL["find_reported_jobs"], locals())).fetchall()
    return [ReportedJob(*row) for row in rows]


async def list_range_jobs(
    connection: Connection,
    *,
    shard: int,
    application_id: int,
    contract_id: int | None,
    range_starts_at: datetime,
    range_ends_at: datetime,
    today: datetime,
    jobs_max: int,
    skipped: int,
) -> list[ReportedJob]:
    rows = await (await connection.execute(SQL["list_range_jobs"], locals())).fetchall()
    return [ReportedJob(*row) for row in rows]


async def count_range_jobs(
    connection: Connection,
    *,
    shard: int,
    application_id: int,
    contract_id: int | None,
    range_starts_at: datetime,
    range_ends_at: datetime,
    today: datetime,
) -> int:
    row = await (await connection.execute(SQL["count_range_jobs"], locals())).fetchone()
    assert row is not None
    return int(row[0])


async def list_day_figures(
    connection: Connection, *, shard: int, job_ids: list[int], first: date, last: date
) -> list[DayFigures]:
    rows = await (await connection.execute(SQL["list_day_figures"], locals())).fetchall()
    return [DayFigures(*row) for row in rows]


async def sum_lifetime_spend(
    connection: Connection, *, shard: int, job_ids: list[int], today: date
) -> dict[int, int]:
    rows = await (await connection.execute(SQL["sum_lifetime_spend"], locals())).fetchall()
    return {row[0]: row[1] for row in rows}


async def sum_contract_spend(connection: Connection, *, contract_id: int, today: date) -> int:
    row = await (await connection.execute(SQL["sum_contract_spend"], locals())).fetchone()
    assert row is not None
    return int(row[0])
