"""Owns SQLite as a destination: ``sqlite:numbers.db``. Days and moments are ISO 8601 texts, which sort as times."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from jobmeter.base.faults import CommandFailed
from jobmeter.pull.destinations.protocol import Destination, DestinationBusyError
from jobmeter.pull.destinations.tables import Cursor, Tables
from jobmeter.pull.reading.streams import Kind, Row

BUSY_SECONDS = 30


class SqliteDatabase:
    """Readers see the last step that was stored, and never wait longer than a step takes to store."""

    types: Mapping[Kind, str] = {
        Kind.TEXT: "TEXT",
        Kind.WHOLE: "INTEGER",
        Kind.DAY: "TEXT",
        Kind.MOMENT: "TEXT",
        Kind.TRUTH: "INTEGER",
    }
    mark = "?"
    begin = "BEGIN IMMEDIATE"

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._path = path

    def execute(self, statement: str, values: Sequence[object] = ()) -> Cursor:
        try:
            return self._connection.execute(statement, tuple(map(_convert, values)))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise DestinationBusyError(f"{self._path} is in use by another program; try again") from error
            raise CommandFailed(f"{self._path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise CommandFailed(f"{self._path}: {error}") from error

    def insert_rows(self, statement: str, rows: Sequence[Row], kinds: Sequence[Kind]) -> None:
        values = f"VALUES ({', '.join('?' * len(kinds))})"
        try:
            self._connection.executemany(
                statement.format(rows=values), (tuple(map(_convert, row)) for row in rows)
            )
        except sqlite3.DatabaseError as error:
            raise CommandFailed(f"{self._path}: {error}") from error

    def close(self) -> None:
        self._connection.close()


def _convert(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def open_sqlite(place: str) -> Destination:
    path = Path(place).expanduser()
    if not path.parent.is_dir():
        raise CommandFailed(f"there is no folder {path.parent} for the database")
    return Tables(lambda: SqliteDatabase(path))
