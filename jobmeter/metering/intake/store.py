"""Owns the statements of metering, one function each. Does not own when they run."""

from datetime import date

from jobmeter.database.connection import Connection, find_named_shard
from jobmeter.database.rows import list_scalars, read_row
from jobmeter.database.statements import load_statements
from jobmeter.metering.model import BatchStart, SentEvents, StagedEvents, StoredEvents, Verdict

SQL = load_statements("jobmeter.metering.intake", enums=(Verdict,))


async def next_batch(connection: Connection) -> BatchStart:
    return await read_row(connection, BatchStart, SQL["next_batch"])


async def copy_events(connection: Connection, events: StoredEvents) -> None:
    """Raises ``psycopg.errors.UniqueViolation`` when any of the events is there already."""
    async with connection.cursor() as cursor, cursor.copy(SQL["copy_events"]) as copy:
        await copy.write(events.copy_body())


async def add_events(connection: Connection, events: StoredEvents) -> None:
    """Raises ``psycopg.errors.UniqueViolation`` as ``copy_events`` does; in a pipeline the next fetch raises it."""
    text, shard = SQL.name_shard("add_events", find_named_shard(connection, events.shards))
    await connection.execute(text, {**events.parameters(), **shard})


async def make_staging(connection: Connection) -> None:
    await connection.execute(SQL["make_staging"])


async def copy_staged(connection: Connection, events: StagedEvents) -> None:
    async with connection.cursor() as cursor, cursor.copy(SQL["copy_staged"]) as copy:
        await copy.write(events.copy_body())


async def add_staged(connection: Connection, events: StagedEvents) -> list[int]:
    """The rows of the batch that were new. ``events`` are those that were staged."""
    text, shard = SQL.name_shard("add_staged", find_named_shard(connection, events.shards))
    return await list_scalars(connection, int, text, shard or None)


async def list_counted(connection: Connection, events: SentEvents) -> list[int]:
    """The rows of those that were counted before."""
    text, shard = SQL.name_shard("list_counted", find_named_shard(connection, events.shards))
    return await list_scalars(connection, int, text, {**events.parameters(), **shard})


async def make_event_days(connection: Connection, *, days: list[date], salts: list[bytes]) -> None:
    await connection.execute(SQL["make_event_days"], {"days": days, "salts": salts})
