"""Owns the statements of daily limits and of notes about jobs, one function each. Does not own when they run."""

from datetime import date
from typing import Any

from jobmeter.charging.model import JobKeys
from jobmeter.charging.pacing.rules import DayLimit
from jobmeter.database.connection import Connection, find_named_shard
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.pacing")


async def read_day_limits(connection: Connection, jobs: JobKeys, *, day: date) -> dict[int, DayLimit]:
    """The limits of the jobs that have any, by job id."""
    text, shard = SQL.name_shard("read_day_limits", find_named_shard(connection, jobs.shards))
    values = {**jobs.parameters(), **shard, "day": day}
    return dict(await list_rows(connection, _make_day_limit, text, values))


def _make_day_limit(*, job_id: int, **limit: Any) -> tuple[int, DayLimit]:
    return job_id, DayLimit(**limit)


async def set_daily_budget(connection: Connection, *, shard: int, job_id: int, daily_micros: int) -> None:
    values = {"shard": shard, "job_id": job_id, "daily_micros": daily_micros}
    await connection.execute(SQL["set_daily_budget"], values)
