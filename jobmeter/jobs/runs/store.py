"""Owns the statements of runs, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements
from jobmeter.jobs.model import JobState
from jobmeter.jobs.runs.model import OverdueRun

SQL = load_statements("jobmeter.jobs.runs")


async def lock_overdue(
    connection: Connection, *, hiring_contract_id: int, now: datetime, rows_max: int
) -> list[OverdueRun]:
    parameters = {"hiring_contract_id": hiring_contract_id, "now": now, "rows_max": rows_max}
    return await list_rows(connection, OverdueRun, SQL["lock_overdue"], parameters)


async def set_ended(
    connection: Connection,
    *,
    shard: int,
    job_ids: list[int],
    state: JobState,
    ended_at: datetime,
    failure: str | None,
) -> None:
    parameters = {
        "shard": shard,
        "job_ids": job_ids,
        "state": state,
        "ended_at": ended_at,
        "failure": failure,
    }
    await connection.execute(SQL["set_ended"], parameters)
