"""Owns the statements that read which days are judged, and the lock between settlement and the readers."""

from datetime import date

from jobmeter.database.connection import Connection
from jobmeter.database.rows import read_scalar
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.settlement")


async def wait_for_settlement(connection: Connection) -> None:
    await connection.execute(SQL["wait_for_settlement"])


async def is_judged(connection: Connection, *, day: date) -> bool:
    return await read_scalar(connection, bool, SQL["is_judged"], {"day": day})
