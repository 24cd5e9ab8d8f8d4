"""Owns the statements that open, read, change and close a job's budget, one function each. Does not own when they run."""

from jobmeter.charging.budgets.model import JobBudget, NewJobBudget
from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, read_row
from jobmeter.database.statements import load_statements, vars_of

SQL = load_statements("jobmeter.charging.budgets")


async def lock_job_budget(connection: Connection, *, shard: int, job_id: int) -> JobBudget:
    """Every posted job has one."""
    values = {"shard": shard, "job_id": job_id}
    return await read_row(connection, JobBudget, SQL["lock_job_budget"], values)


async def read_job_budgets(connection: Connection, *, shard: int, job_ids: list[int]) -> list[JobBudget]:
    values = {"shard": shard, "job_ids": job_ids}
    return await list_rows(connection, JobBudget, SQL["read_job_budgets"], values)


async def raise_limit(connection: Connection, *, shard: int, job_id: int, change_micros: int) -> None:
    values = {"shard": shard, "job_id": job_id, "change_micros": change_micros}
    await connection.execute(SQL["raise_limit"], values)


async def lower_limit(connection: Connection, *, shard: int, job_id: int, change_micros: int) -> None:
    values = {"shard": shard, "job_id": job_id, "change_micros": change_micros}
    await connection.execute(SQL["lower_limit"], values)


async def set_downgraded(connection: Connection, *, shard: int, job_id: int, is_downgraded: bool) -> None:
    values = {"shard": shard, "job_id": job_id, "is_downgraded": is_downgraded}
    await connection.execute(SQL["set_downgraded"], values)


async def insert_job_budget(connection: Connection, budget: NewJobBudget) -> None:
    await connection.execute(SQL["insert_job_budget"], vars_of(budget))


async def release_job_budget(connection: Connection, *, shard: int, job_id: int, live_until_ms: int) -> None:
    values = {"shard": shard, "job_id": job_id, "live_until_ms": live_until_ms}
    await connection.execute(SQL["release_job_budget"], values)
