"""Owns the ledger's statements over sets of postings, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, read_scalar
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind

SQL = load_statements("jobmeter.ledger.bulk", enums=(AccountKind,))


async def create_requested_postings(connection: Connection) -> None:
    await connection.execute(SQL["create_requested_postings"])


async def count_requested_debits(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["count_requested_debits"])


async def book_requested_postings(connection: Connection, *, day: date, booked_at: datetime) -> int:
    return await change_rows(connection, SQL["book_requested_postings"], {"day": day, "booked_at": booked_at})


async def add_requested_to_balances(connection: Connection) -> int:
    """Returns how many balances increased."""
    return await change_rows(connection, SQL["add_requested_to_balances"])


async def count_requested_balances(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["count_requested_balances"])
