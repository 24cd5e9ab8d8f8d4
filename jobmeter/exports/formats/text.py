"""Owns exports as text: CSV and JSON Lines, each row ending with its cursor. Pure.

A table is written column by column: of each column the different values are written once, then rows are joined. Writing
a cell at a time would cost more than reading the row.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from jobmeter.base.money import format_amount
from jobmeter.exports.model import CURRENCY, Column, ColumnType, Table
from jobmeter.wire.csv_cells import guard_cell

CURSOR = "cursor"
BARE = frozenset({ColumnType.NUMBER, ColumnType.FLAG})  # what JSON has no quotes around
_QUOTED = re.compile(r'[",\r\n]')


def write_csv_header(columns: Sequence[Column]) -> bytes:
    return ",".join([*(column.name for column in columns), CURSOR]).encode() + b"\r\n"


def write_csv(columns: Sequence[Column], table: Table, *, zone: tzinfo) -> bytes:
    """Lines of RFC 4180. Text that a spreadsheet would run as a formula is guarded, numbers are not."""
    cells = _list_cells(columns, table, zone=zone, write=_write_csv_cell)
    lines = map(",".join, zip(*cells, table.cursors, strict=True))
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "replace")


def write_json_lines(columns: Sequence[Column], table: Table, *, zone: tzinfo) -> bytes:
    """An object for each row. Amounts are texts, as in the API, because a JSON number may lose digits."""
    cells = _list_cells(columns, table, zone=zone, write=_write_json_cell)
    ends = [f'"{CURSOR}":"{cursor}"' for cursor in table.cursors]
    lines = map(",".join, zip(*cells, ends, strict=True))
    return ("{" + "}\n{".join(lines) + "}\n").encode("utf-8", "replace")


def write_moment(moment: datetime, zone: tzinfo) -> str:
    """With milliseconds, as in the API, or with microseconds if it has some."""
    digits = "microseconds" if moment.microsecond % 1_000 else "milliseconds"
    return moment.astimezone(zone).isoformat(timespec=digits).replace("+00:00", "Z")


def _list_cells(
    columns: Sequence[Column], table: Table, *, zone: tzinfo, write: Callable[[Column, str | None], str]
) -> Iterator[list[str]]:
    """The written cells of each column."""
    for column, values in zip(columns, table.columns, strict=True):
        keys = values
        if column.type is ColumnType.AMOUNT:
            keys = list(zip(values, table.find_values(columns, CURRENCY), strict=True))
        known = {key: write(column, _write_value(column.type, key, zone)) for key in set(keys)}
        yield list(map(known.__getitem__, keys))


def _write_value(kind: ColumnType, value: Any, zone: tzinfo) -> str | None:
    """The value as text; an amount comes with its currency."""
    if kind is ColumnType.AMOUNT:
        micros, currency = value
        return None if micros is None else format_amount(micros, currency)
    if value is None:
        return None
    if kind is ColumnType.TIME:
        return write_moment(value, zone)
    if kind is ColumnType.DAY:
        return str(value.isoformat())
    return str(value).lower() if kind is ColumnType.FLAG else str(value)


def _write_csv_cell(column: Column, text: str | None) -> str:
    if text is None:
        return ""
    if column.type is not ColumnType.TEXT:
        return text
    guarded = guard_cell(text)
    return '"' + guarded.replace('"', '""') + '"' if _QUOTED.search(guarded) else guarded


def _write_json_cell(column: Column, text: str | None) -> str:
    if text is None:
        return f'"{column.name}":null'
    written = text if column.type in BARE else json.dumps(text, ensure_ascii=False)
    return f'"{column.name}":{written}'
