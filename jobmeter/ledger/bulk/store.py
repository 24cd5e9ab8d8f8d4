"""Owns the ledger's statements over sets of postings, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.ledger.bulk")


async def create_requested_postings(connection: Connection) -> None:
    await connection.execute(SQL["create_requested_postings"])


async def count_requested_debits(connection: Connection) -> int:
    row = await (await connection.execute(SQL["count_requested_debits"])).fetchone()
    assert row is not None
    return int(row[0])


async def book_requested_postings(connection: Connection, *, day: date, booked_at: datetime) -> int:
    return (await connection.execute(SQL["book_requested_postings"], locals())).rowcount


async def add_requested_to_balances(connection: Connection) -> int:
    """How many balances grew."""
    return (await connection.execute(SQL["add_requested_to_balances"])).rowcount


async def count_requested_balances(connection: Connection) -> int:
    row = await (await connection.execute(SQL["count_requested_balances"])).fetchone()
    assert row is not None
    return int(row[0])
