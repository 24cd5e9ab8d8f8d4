"""Owns the text formats of files: CSV and JSON Lines, read back as the rows that were written.

In CSV, a text that a spreadsheet would run as a formula is preceded by an apostrophe, and an empty cell is a value that is absent.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from jobmeter.pull.reading.streams import Kind, Row, Stream
from jobmeter.wire.csv_cells import guard_cell

TRUTHS = {True: "true", False: "false"}
READERS: Mapping[Kind, Callable[[str], object]] = {
    Kind.TEXT: str,
    Kind.WHOLE: int,
    Kind.DAY: date.fromisoformat,
    Kind.MOMENT: datetime.fromisoformat,
    Kind.TRUTH: "true".__eq__,
}
VALUES: Mapping[Kind, Any] = {
    Kind.TEXT: str | None,
    Kind.WHOLE: int | None,
    Kind.DAY: date | None,
    Kind.MOMENT: datetime | None,
    Kind.TRUTH: bool | None,
}


class FileFormat(Protocol):
    suffix: str

    def read(self, path: Path, stream: Stream) -> list[Row]: ...

    def write(self, path: Path, stream: Stream, rows: Sequence[Row]) -> None: ...

    def clean(self, row: Row) -> Row:
        """Returns the row as it will be read back."""
        ...


class Csv:
    suffix = "csv"

    def read(self, path: Path, stream: Stream) -> list[Row]:
        kinds = list(stream.columns.values())
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file)
            next(lines, None)
            return [
                tuple(READERS[kind](cell) if cell else None for kind, cell in zip(kinds, line, strict=True))
                for line in lines
            ]

    def write(self, path: Path, stream: Stream, rows: Sequence[Row]) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(stream.columns)
            writer.writerows([_write_cell(value) for value in row] for row in rows)

    def clean(self, row: Row) -> Row:
        return tuple(guard_cell(value) or None if isinstance(value, str) else value for value in row)


class JsonLines:
    suffix = "jsonl"

    def read(self, path: Path, stream: Stream) -> list[Row]:
        types = [VALUES[kind] for kind in stream.columns.values()]
        with path.open("rb") as file:
            return [
                tuple(
                    msgspec.convert(value, one)
                    for value, one in zip(msgspec.json.decode(line).values(), types, strict=True)
                )
                for line in file
            ]

    def write(self, path: Path, stream: Stream, rows: Sequence[Row]) -> None:
        names = list(stream.columns)
        encoder = msgspec.json.Encoder()
        with path.open("wb") as file:
            file.writelines(encoder.encode(dict(zip(names, row, strict=True))) + b"\n" for row in rows)

    def clean(self, row: Row) -> Row:
        return row


def _write_cell(value: object) -> object:
    if isinstance(value, bool):
        return TRUTHS[value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value
