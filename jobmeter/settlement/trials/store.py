"""Owns the statements of trials, one function each. Does not own when they run."""

from datetime import date

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_scalars, read_scalar
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.settlement.trials")


async def lock_trials(connection: Connection) -> bool:
    return await read_scalar(connection, bool, SQL["lock_trials"])


async def list_trial_days(connection: Connection, *, first: date, before: date) -> list[date]:
    return await list_scalars(connection, date, SQL["list_trial_days"], {"first": first, "before": before})


async def drop_gathered(connection: Connection) -> None:
    await connection.execute(SQL["drop_gathered"])
