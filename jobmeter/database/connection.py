"""The type of a connection, and what is said where the database cannot be used."""

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Connection = AsyncConnection[TupleRow]


class DatabaseUnusable(Exception):  # noqa: N818 -- reads as what is wrong
    """One clear line about why the database cannot be used."""
