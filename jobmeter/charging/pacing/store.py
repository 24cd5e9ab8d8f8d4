"""Owns the statements of daily limits and of notes about jobs, one function each. Does not own when they run."""

from datetime import date

from jobmeter.charging.pacing.rules import DayLimit
from jobmeter.database.arrays import BigintArray, SmallintArray
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.pacing")


async def read_day_limits(
    connection: Connection, *, shards: SmallintArray, job_ids: BigintArray, day: date
) -> dict[int, DayLimit]:
    rows = await (await connection.execute(SQL["read_day_limits"], locals())).fetchall()
    return {row[0]: DayLimit(*row[1:]) for row in rows}


async def set_daily_budget(connection: Connection, *, shard: int, job_id: int, daily_micros: int) -> None:
    await connection.execute(SQL["set_daily_budget"], locals())
