"""Owns the Parquet file of a day's events: its columns, its name, its place in a folder or an object store.

Needs the extra ``parquet``; nothing else loads pyarrow. Does not own when a day is exported.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.metering.model import VERDICTS
from jobmeter.metering.retention import store
from jobmeter.wire.events import KINDS

ROWS_PER_GROUP = 100_000
# The columns are those of the statement, by its names. These are written as texts; all others are whole numbers.
TEXTS: Mapping[str, Callable[[Any], str | None]] = {
    "event_key": str,
    "kind": lambda kind: KINDS[kind],
    "verdict": lambda verdict: VERDICTS[verdict].name,
    "charge": lambda charge: None if charge is None else str(charge),
}
SMALL_NUMBERS = frozenset({"shard", "settlement_rule"})


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
    options, count = {"filesystem": filesystem, "compression": "zstd"}, 0
    async with store.stream_event_day(connection, day=day, rows_max=ROWS_PER_GROUP) as events:
        schema = _make_schema(arrow, events.names)
        with parquet.ParquetWriter(f"{target}.part", schema, **options) as writer:
            async for rows in events.portions:
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


def _make_schema(arrow: Any, names: Sequence[str]) -> Any:
    def type_of(name: str) -> Any:
        if name in TEXTS:
            return arrow.string()
        return arrow.int16() if name in SMALL_NUMBERS else arrow.int64()

    return arrow.schema([(name, type_of(name)) for name in names])


def _make_table(arrow: Any, schema: Any, rows: list[tuple[Any, ...]]) -> Any:
    columns = dict(zip(schema.names, map(list, zip(*rows, strict=True)), strict=True))
    for name, write in TEXTS.items():
        columns[name] = [write(value) for value in columns[name]]
    return arrow.table(columns, schema=schema)
