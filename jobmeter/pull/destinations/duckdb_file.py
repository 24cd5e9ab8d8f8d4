"""Owns DuckDB as a destination: ``duckdb:numbers.duckdb``. Requires ``jobmeter[duckdb]``.

While a pull runs, DuckDB lets no other program open the file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from jobmeter.base.faults import CommandFailed
from jobmeter.pull.destinations.protocol import Destination, DestinationBusyError
from jobmeter.pull.destinations.tables import Cursor, Tables
from jobmeter.pull.reading.streams import Kind, Row


class DuckDatabase:
    types: Mapping[Kind, str] = {
        Kind.TEXT: "VARCHAR",
        Kind.WHOLE: "BIGINT",
        Kind.DAY: "DATE",
        Kind.MOMENT: "TIMESTAMPTZ",
        Kind.TRUTH: "BOOLEAN",
    }
    mark = "?"
    begin = "BEGIN"

    def __init__(self, path: Path) -> None:
        try:
            self._connection = duckdb.connect(str(path))
        except duckdb.IOException as error:
            raise DestinationBusyError(f"{path} cannot be opened: {error}") from error
        self._path = path

    def execute(self, statement: str, values: Sequence[object] = ()) -> Cursor:
        try:
            return self._connection.execute(statement, list(values))
        except duckdb.Error as error:
            raise CommandFailed(f"{self._path}: {error}") from error

    def insert_rows(self, statement: str, rows: Sequence[Row], kinds: Sequence[Kind]) -> None:
        """A statement for each row is slow in DuckDB, so that the columns are passed as lists."""
        lists = ", ".join(f"unnest(?::{self.types[kind]}[])" for kind in kinds)
        columns = [list(column) for column in zip(*rows, strict=True)]
        self.execute(statement.format(rows=f"SELECT {lists}"), columns)

    def close(self) -> None:
        self._connection.close()


def open_duckdb(place: str) -> Destination:
    path = Path(place).expanduser()
    if not path.parent.is_dir():
        raise CommandFailed(f"there is no folder {path.parent} for the database")
    return Tables(lambda: DuckDatabase(path))
