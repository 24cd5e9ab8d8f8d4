"""Owns the statements that close, export and drop a day of events, one function each. Does not own when they run."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.metering.retention")


async def close_event_day(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["close_event_day"], locals())


async def claim_expired_event_day(connection: Connection, *, before: date) -> date | None:
    row = await (await connection.execute(SQL["claim_expired_event_day"], locals())).fetchone()
    return None if row is None else row[0]


async def stream_event_day(
    connection: Connection, *, day: date, rows_max: int
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """The day's events in portions, of which one at a time is in memory."""
    async with connection.cursor("event_day") as cursor:
        await cursor.execute(SQL["stream_event_day"], {"day": day})
        while rows := await cursor.fetchmany(rows_max):
            yield rows


async def drop_event_day(connection: Connection, *, day: date, dropped_at: datetime) -> bool:
    """Whether the day's events were there, and the day settled."""
    row = await (await connection.execute(SQL["drop_event_day"], locals())).fetchone()
    return row is not None and bool(row[0])
