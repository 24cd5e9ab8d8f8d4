"""Owns the statements of settlement's progress, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.settlement.days")


async def lock_settlement(connection: Connection) -> bool:
    row = await (await connection.execute(SQL["lock_settlement"])).fetchone()
    return row is not None and bool(row[0])


async def first_open_day(connection: Connection) -> date | None:
    row = await (await connection.execute(SQL["first_open_day"])).fetchone()
    return None if row is None else row[0]


async def insert_run(
    connection: Connection, *, day: date, judged_at: datetime, clicks: int, clicks_reversed: int
) -> None:
    await connection.execute(SQL["insert_run"], locals())


async def touch_run(connection: Connection, *, day: date, touched_at: datetime) -> None:
    await connection.execute(SQL["touch_run"], locals())


async def insert_settled_day(connection: Connection, *, day: date, settled_at: datetime) -> None:
    await connection.execute(SQL["insert_settled_day"], locals())


async def schedule_jobs(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["schedule_jobs"], locals())


async def claim_jobs(connection: Connection, *, day: date, jobs_max: int) -> int:
    """How many rows were asked to be reversed; 0 once every job of the day is done."""
    return (await connection.execute(SQL["claim_jobs"], locals())).rowcount


async def read_settled_through(connection: Connection) -> date | None:
    row = await (await connection.execute(SQL["read_settled_through"])).fetchone()
    return None if row is None else row[0]
