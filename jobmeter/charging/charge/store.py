"""Owns the statements of charging, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.charging.charge.model import DayCounts, DayResult, PastDay
from jobmeter.charging.model import JobKeys
from jobmeter.database.connection import Connection, find_named_shard
from jobmeter.database.rows import find_row, read_row, read_scalar
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.charging.charge", enums=(AccountKind, Purpose))


async def lock_counted_jobs(connection: Connection, jobs: JobKeys) -> int:
    """How many of the jobs there are."""
    text, shard = SQL.name_shard("lock_counted_jobs", find_named_shard(connection, jobs.shards))
    return await read_scalar(connection, int, text, {**jobs.parameters(), **shard})


async def charge_day(
    connection: Connection,
    counts: DayCounts,
    *,
    day: date,
    opening_day: date | None,
    booked_at: datetime,
    batch: int,
) -> DayResult:
    """What was charged, and how many windows had changed. ``opening_day`` is the day that budgets without a live day
    begin to count.
    """
    text, shard = SQL.name_shard("charge_day", find_named_shard(connection, counts.shards))
    values = {
        **counts.parameters(),
        **shard,
        "day": day,
        "opening_day": opening_day,
        "booked_at": booked_at,
        "batch": batch,
    }
    return await read_row(connection, DayResult, text, values)


async def find_past_day(connection: Connection, *, before: date) -> PastDay | None:
    return await find_row(connection, PastDay, SQL["find_past_day"], {"before": before})


async def move_contract_day(connection: Connection, *, contract_id: int, day: date, rows_max: int) -> int:
    """How many jobs' days were moved."""
    values = {"contract_id": contract_id, "day": day, "rows_max": rows_max}
    return await read_scalar(connection, int, SQL["move_contract_day"], values)


async def limit_wait(connection: Connection) -> None:
    """For the rest of the transaction, or until ``end_limit``."""
    await connection.execute(SQL["limit_wait"])


async def end_limit(connection: Connection) -> None:
    await connection.execute(SQL["end_limit"])


async def move_days_until(connection: Connection, *, day: date) -> int:
    """How many jobs' days were moved."""
    return await read_scalar(connection, int, SQL["move_days_until"], {"day": day})
