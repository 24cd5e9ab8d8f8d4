"""Owns the tables of the programme as files, in every format: their columns by name and type, and rows page by page."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from jobmeter.exports.model import Column, ColumnType, Table
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import send_tables

Row = Sequence[Any]
Columns = Mapping[str, ColumnType]
TEXT, NUMBER, AMOUNT = ColumnType.TEXT, ColumnType.NUMBER, ColumnType.AMOUNT
DAY, TIME, FLAG = ColumnType.DAY, ColumnType.TIME, ColumnType.FLAG


async def send_table(visit: Visit, name: str, columns: Columns, pages: AsyncIterator[list[Row]]) -> Response:
    """Sends rows as ``jobmeter-NAME``. Raises ``Refused`` as ``send_tables``."""
    typed = [Column(one, kind, "") for one, kind in columns.items()]
    return await send_tables(visit, name, typed, _make_tables(typed, pages))


async def _make_tables(columns: Sequence[Column], pages: AsyncIterator[list[Row]]) -> AsyncIterator[Table]:
    async for rows in pages:
        if rows:
            listed = tuple([row[number] for row in rows] for number in range(len(columns)))
            yield Table(listed, [""] * len(rows))
