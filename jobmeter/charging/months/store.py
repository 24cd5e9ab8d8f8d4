"""Owns the statements that keep final days by month, one function each. Does not own when they run."""

from datetime import date

from jobmeter.charging.months.model import RollupProgress
from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar
from jobmeter.database.statements import load_statements, vars_of

SQL = load_statements("jobmeter.charging.months")


async def lock_rollup_progress(connection: Connection) -> RollupProgress | None:
    """``None`` where another process has the lock."""
    return await find_row(connection, RollupProgress, SQL["lock_rollup_progress"])


async def find_day_to_archive(connection: Connection, *, kept_through: date) -> date | None:
    return await find_scalar(connection, date, SQL["find_day_to_archive"], {"kept_through": kept_through})


async def archive_day(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["archive_day"], {"day": day})


async def archive_contract_day(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["archive_contract_day"], {"day": day})


async def delete_months(connection: Connection, *, month: date) -> None:
    await connection.execute(SQL["delete_months"], {"month": month})


async def advance_rollup_progress(connection: Connection, progress: RollupProgress) -> None:
    await connection.execute(SQL["advance_rollup_progress"], vars_of(progress))
