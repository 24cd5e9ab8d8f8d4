"""Owns the statements that close, export and drop a day of events, one function each. Does not own when they run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_scalar, read_scalar
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.metering.retention")


@dataclass(frozen=True, slots=True)
class EventStream:
    """Events in portions, of which one at a time is in memory; ``names`` are those of their columns, in order."""

    names: tuple[str, ...]
    portions: AsyncIterator[list[tuple[Any, ...]]]


async def close_event_day(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["close_event_day"], {"day": day})


async def claim_expired_event_day(
    connection: Connection, *, before: date, invoiced_before: date
) -> date | None:
    parameters = {"before": before, "invoiced_before": invoiced_before}
    return await find_scalar(connection, date, SQL["claim_expired_event_day"], parameters)


async def claim_unindexed_day(connection: Connection, *, before: date) -> date | None:
    return await find_scalar(connection, date, SQL["claim_unindexed_day"], {"before": before})


async def index_event_day(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["index_event_day"], {"day": day})


@asynccontextmanager
async def stream_event_day(connection: Connection, *, day: date, rows_max: int) -> AsyncIterator[EventStream]:
    """The day's events, at most ``rows_max`` in a portion."""
    async with connection.cursor("event_day") as cursor:
        await cursor.execute(SQL["stream_event_day"], {"day": day})

        async def fetch_portions() -> AsyncIterator[list[tuple[Any, ...]]]:
            while rows := await cursor.fetchmany(rows_max):
                yield rows

        yield EventStream(tuple(column.name for column in cursor.description or ()), fetch_portions())


async def drop_event_day(connection: Connection, *, day: date, dropped_at: datetime) -> bool:
    """Whether the day's events were there, and the day settled."""
    values = {"day": day, "dropped_at": dropped_at}
    return await read_scalar(connection, bool, SQL["drop_event_day"], values)
