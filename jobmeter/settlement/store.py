"""Owns the statements of settlement, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.store.migrate import Connection
from jobmeter.store.sql import load_statements

SQL = load_statements("jobmeter.settlement")


async def lock_settlement(connection: Connection) -> bool:
    row = await (await connection.execute(SQL["lock_settlement"])).fetchone()
    return row is not None and bool(row[0])


async def first_open_day(connection: Connection) -> date | None:
    row = await (await connection.execute(SQL["first_open_day"])).fetchone()
    return None if row is None else row[0]


async def insert_settled_day(connection: Connection, *, day: date, settled_at: datetime) -> None:
    await connection.execute(SQL["insert_settled_day"], locals())
