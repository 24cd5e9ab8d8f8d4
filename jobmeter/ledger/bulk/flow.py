"""Owns bulk booking: the caller fills the temporary table ``asked_postings``, one call books all its rows."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.ledger.bulk import store


async def open_batch(connection: Connection) -> None:
    """Creates an empty ``asked_postings`` for this transaction."""
    await store.create_requested_postings(connection)


async def book_requested(connection: Connection, *, day: date, now: datetime) -> int:
    """Books the rows of ``asked_postings`` on ``day`` and updates the stored balances; returns how many.

    For sources whose balance is not stored, such as earned amounts: no stored balance is decreased here.
    A reference that is already booked aborts the caller's transaction.
    """
    assert await store.count_requested_debits(connection) == 0
    booked = await store.book_requested_postings(connection, day=day, booked_at=now)
    grown = await store.add_requested_to_balances(connection)
    assert grown == await store.count_requested_balances(connection), "an account is kept in another unit"
    return booked
