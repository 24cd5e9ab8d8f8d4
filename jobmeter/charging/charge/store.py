"""Owns the statements of charging, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.charging.charge.model import DayCounts, DayResult
from jobmeter.charging.model import JobKeys
from jobmeter.database.connection import Connection
from jobmeter.database.rows import read_row, read_scalar
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.charging.charge", enums=(AccountKind, Purpose))


async def prefer_index_plans(connection: Connection) -> None:
    await connection.execute(SQL["prefer_index_plans"])


async def lock_counted_jobs(connection: Connection, jobs: JobKeys) -> int:
    """How many of the jobs there are."""
    return await read_scalar(connection, int, SQL["lock_counted_jobs"], jobs.parameters())


async def charge_day(
    connection: Connection, counts: DayCounts, *, day: date, booked_at: datetime, batch: int
) -> DayResult:
    """What was charged, and how many windows had changed."""
    values = {**counts.parameters(), "day": day, "booked_at": booked_at, "batch": batch}
    return await read_row(connection, DayResult, SQL["charge_day"], values)
