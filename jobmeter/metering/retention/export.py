"""Owns the Parquet file of a day's events: its columns, its name, its place in a folder or an object store.

Needs the extra ``parquet``; nothing else loads pyarrow. Does not own when a day is exported.
"""

import importlib
from datetime import date
from pathlib import Path
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.metering.model import VERDICTS
from jobmeter.metering.retention import store
from jobmeter.wire.events import KINDS

ROWS_PER_GROUP = 100_000
COLUMNS = (
    *("shard", "event_key", "time_ms", "job_id", "kind", "verdict", "visitor", "address", "batch"),
    *("settlement_rule", "charge"),
)


def file_name(day: date) -> str:
    return f"events-{day.isoformat()}.parquet"


async def write_day(connection: Connection, *, day: date, folder: str) -> int:
    """Writes the day's events to ``folder`` (a path, or a URL such as ``s3://bucket/events``); returns how many.

    The file appears under its name only when it is complete. Raises ``ValueError`` without the extra.
    """
    arrow, parquet, filesystems = _load_arrow()
    filesystem, place = _open_folder(filesystems, folder)
    filesystem.create_dir(place, recursive=True)
    target = f"{place}/{file_name(day)}"
    schema, count = _make_schema(arrow), 0
    with parquet.ParquetWriter(f"{target}.part", schema, filesystem=filesystem, compression="zstd") as writer:
        async for rows in store.stream_event_day(connection, day=day, rows_max=ROWS_PER_GROUP):
            writer.write_table(_make_table(arrow, schema, rows))
            count += len(rows)
    filesystem.move(f"{target}.part", target)
    return count


def _load_arrow() -> tuple[Any, Any, Any]:
    try:
        return (
            importlib.import_module("pyarrow"),
            importlib.import_module("pyarrow.parquet"),
            importlib.import_module("pyarrow.fs"),
        )
    except ImportError as error:
        raise ValueError("exporting events needs the extra: pip install 'jobmeter[parquet]'") from error


def _open_folder(filesystems: Any, folder: str) -> tuple[Any, str]:
    if "://" in folder:
        filesystem, place = filesystems.FileSystem.from_uri(folder)
        return filesystem, str(place).rstrip("/")
    return filesystems.LocalFileSystem(), str(Path(folder).expanduser().resolve())


def _make_schema(arrow: Any) -> Any:
    text, whole, small = arrow.string(), arrow.int64(), arrow.int16()
    types = (small, text, whole, whole, text, text, whole, whole, whole, small, text)
    return arrow.schema(list(zip(COLUMNS, types, strict=True)))


def _make_table(arrow: Any, schema: Any, rows: list[tuple[Any, ...]]) -> Any:
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns[1] = [str(key) for key in columns[1]]
    columns[10] = [None if charge is None else str(charge) for charge in columns[10]]
    columns[4] = [KINDS[kind] for kind in columns[4]]
    columns[5] = [VERDICTS[verdict].name for verdict in columns[5]]
    return arrow.table(columns, schema=schema)
