"""Owns Parquet files as a format of a destination. Requires pyarrow, of ``jobmeter[parquet]``."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from jobmeter.pull.destinations.files import open_folder
from jobmeter.pull.destinations.protocol import Destination
from jobmeter.pull.reading.streams import Kind, Row, Stream

TYPES = {
    Kind.TEXT: pa.string(),
    Kind.WHOLE: pa.int64(),
    Kind.DAY: pa.date32(),
    Kind.MOMENT: pa.timestamp("us", tz="UTC"),
    Kind.TRUTH: pa.bool_(),
}


class Parquet:
    suffix = "parquet"

    def read(self, path: Path, stream: Stream) -> list[Row]:
        table = parquet.read_table(path, columns=list(stream.columns))
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def write(self, path: Path, stream: Stream, rows: Sequence[Row]) -> None:
        schema = pa.schema([(name, TYPES[kind]) for name, kind in stream.columns.items()])
        columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
        arrays = [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)]
        parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), path)

    def clean(self, row: Row) -> Row:
        return row


def open_parquet(place: str) -> Destination:
    return open_folder(place, Parquet())
