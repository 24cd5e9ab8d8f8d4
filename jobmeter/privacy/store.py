"""Owns the statements of privacy, one function each. Does not own when they run."""

from datetime import date

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_scalar
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.privacy")


async def change_in_turn(connection: Connection) -> None:
    """What the transaction changes from now on of many shards, it changes one after another."""
    await connection.execute(SQL["change_in_turn"])


async def claim_look(connection: Connection, *, today: date) -> bool:
    """Returns whether nobody has looked today, or is looking."""
    return await find_scalar(connection, bool, SQL["claim_look"], {"today": today}) is not None


async def end_look(connection: Connection, *, today: date) -> None:
    await connection.execute(SQL["end_look"], {"today": today})
