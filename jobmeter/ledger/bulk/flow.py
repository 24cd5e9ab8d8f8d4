"""Owns booking of many postings at once: the caller fills the temporary table ``asked_postings``, one call books it."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.ledger.bulk import store


async def open_batch(connection: Connection) -> None:
    """Makes ``asked_postings`` ready for this transaction; it is empty."""
    await store.create_requested_postings(connection)


async def book_requested(connection: Connection, *, day: date, now: datetime) -> int:
    """Books what stands in ``asked_postings`` on ``day`` and moves the stored balances; returns how many.

    For sources whose balance is not stored, such as what was earned: nothing is taken from a balance here.
    A reference that was booked before breaks the caller's transaction.
    """
    assert await store.count_requested_debits(connection) == 0
    booked = await store.book_requested_postings(connection, day=day, booked_at=now)
    grown = await store.add_requested_to_balances(connection)
    assert grown == await store.count_requested_balances(connection), "an account is kept in another unit"
    return booked
