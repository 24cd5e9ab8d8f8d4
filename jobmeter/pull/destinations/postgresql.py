"""Owns PostgreSQL as a destination: ``postgresql://...``, in the schema ``jobmeter``. Requires ``jobmeter[postgresql]``.

The password may be in ``PGPASSWORD``, a password file or a service, as for every program that uses libpq.
"""

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from jobmeter.base.faults import CommandFailed
from jobmeter.pull.destinations.protocol import Destination, DestinationBusyError
from jobmeter.pull.destinations.tables import Cursor, Tables
from jobmeter.pull.reading.streams import Kind, Row

SCHEMA = "jobmeter"


class PostgresDatabase:
    types: Mapping[Kind, str] = {
        Kind.TEXT: "text",
        Kind.WHOLE: "bigint",
        Kind.DAY: "date",
        Kind.MOMENT: "timestamptz",
        Kind.TRUTH: "boolean",
    }
    mark = "%s"
    begin = "BEGIN"

    def __init__(self, url: str) -> None:
        try:
            self._connection = psycopg.connect(url, autocommit=True)
            self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            self._connection.execute(f"SET search_path TO {SCHEMA}")
        except psycopg.Error as error:
            raise CommandFailed(f"the PostgreSQL of the destination: {error}") from error

    def execute(self, statement: str, values: Sequence[object] = ()) -> Cursor:
        try:
            return self._connection.execute(_trust(statement), list(values))
        except psycopg.errors.UniqueViolation as error:
            raise DestinationBusyError("another pull has stored rows at the same time; try again") from error
        except psycopg.Error as error:
            raise CommandFailed(f"the PostgreSQL of the destination: {error}") from error

    def insert_rows(self, statement: str, rows: Sequence[Row], kinds: Sequence[Kind]) -> None:
        values = f"VALUES ({', '.join(['%s'] * len(kinds))})"
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(_trust(statement.format(rows=values)), rows)
        except psycopg.Error as error:
            raise CommandFailed(f"the PostgreSQL of the destination: {error}") from error

    def close(self) -> None:
        self._connection.close()


def _trust(statement: str) -> sql.SQL:
    """The text is ours: names of columns and tables are those of the streams."""
    return sql.SQL(statement)


def open_postgresql(place: str) -> Destination:
    return Tables(lambda: PostgresDatabase(f"postgresql:{place}"))
