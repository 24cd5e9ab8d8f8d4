"""Owns the statements that keep final days by month, one function each. Does not own when they run."""

from datetime import date

from jobmeter.charging.months.model import RollupProgress
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.months")


async def lock_rollup_progress(connection: Connection) -> RollupProgress | None:
    """``None`` where another process has the lock."""
    row = await (await connection.execute(SQL["lock_rollup_progress"])).fetchone()
    return None if row is None else RollupProgress(*row)


async def find_day_to_archive(connection: Connection, *, kept_through: date) -> date | None:
    row = await (await connection.execute(SQL["find_day_to_archive"], locals())).fetchone()
    return None if row is None else row[0]


async def archive_day(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["archive_day"], locals())


async def archive_contract_day(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["archive_contract_day"], locals())


async def delete_months(connection: Connection, *, month: date) -> None:
    await connection.execute(SQL["delete_months"], locals())


async def advance_rollup_progress(connection: Connection, *, kept_since: date, kept_through: date) -> None:
    await connection.execute(SQL["advance_rollup_progress"], locals())
