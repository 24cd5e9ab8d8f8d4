"""Owns the statements that change or read a job's limit and window, one function each. Does not own when they run."""

from jobmeter.charging.budgets.model import JobBudget, JobLimit
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.budgets")


async def lock_limit(connection: Connection, *, shard: int, job_id: int) -> JobLimit | None:
    row = await (await connection.execute(SQL["lock_limit"], locals())).fetchone()
    return None if row is None else JobLimit(*row)


async def read_limits(connection: Connection, *, shard: int, job_ids: list[int]) -> list[JobLimit]:
    rows = await (await connection.execute(SQL["read_limits"], locals())).fetchall()
    return [JobLimit(*row) for row in rows]


async def raise_limit(connection: Connection, *, shard: int, job_id: int, change_micros: int) -> None:
    await connection.execute(SQL["raise_limit"], locals())


async def lower_limit(connection: Connection, *, shard: int, job_id: int, change_micros: int) -> None:
    await connection.execute(SQL["lower_limit"], locals())


async def insert_job_budget(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    partner_contract_id: int,
    currency: str,
    click_price_micros: int,
    budget_micros: int,
    live_from_ms: int,
    live_until_ms: int,
    daily_micros: int,
    is_paced: bool,
    market: int,
) -> None:
    await connection.execute(SQL["insert_job_budget"], locals())


async def lock_job_budget(connection: Connection, *, shard: int, job_id: int) -> JobBudget | None:
    row = await (await connection.execute(SQL["lock_job_budget"], locals())).fetchone()
    return None if row is None else JobBudget(*row)


async def release_job_budget(connection: Connection, *, shard: int, job_id: int, live_until_ms: int) -> None:
    await connection.execute(SQL["release_job_budget"], locals())
