"""The type of a connection, and what is said where the database cannot be used."""

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from jobmeter.base.faults import CommandFailed

Connection = AsyncConnection[TupleRow]


class DatabaseUnusable(CommandFailed):
    """One clear line about why the database cannot be used."""
