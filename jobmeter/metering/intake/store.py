"""Owns the statements of metering, one function each. Does not own when they run."""

from datetime import date

from jobmeter.database.arrays import BigintArray, Column, SmallintArray, UuidArray, pack_copy
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.metering.intake")


async def next_batch(connection: Connection) -> tuple[int, int]:
    """The batch's number, and the revision of the filters."""
    row = await (await connection.execute(SQL["next_batch"])).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def copy_events(connection: Connection, columns: list[Column]) -> None:
    """Raises ``psycopg.errors.UniqueViolation`` when any of the events is there already."""
    async with connection.cursor() as cursor, cursor.copy(SQL["copy_events"]) as copy:
        await copy.write(pack_copy(columns))


async def add_events(
    connection: Connection,
    *,
    shards: SmallintArray,
    keys: UuidArray,
    job_ids: BigintArray,
    kinds: SmallintArray,
    verdicts: SmallintArray,
    visitors: BigintArray,
    addresses: BigintArray,
    batch: int,
) -> None:
    """Raises ``psycopg.errors.UniqueViolation`` as ``copy_events`` does; in a pipeline whoever fetches next does."""
    await connection.execute(SQL["add_events"], locals())


async def make_staging(connection: Connection) -> None:
    await connection.execute(SQL["make_staging"])


async def copy_staged(connection: Connection, columns: list[Column]) -> None:
    async with connection.cursor() as cursor, cursor.copy(SQL["copy_staged"]) as copy:
        await copy.write(pack_copy(columns))


async def add_staged(connection: Connection) -> list[int]:
    rows = await (await connection.execute(SQL["add_staged"])).fetchall()
    return [row[0] for row in rows]


async def make_event_days(connection: Connection, *, first: date, last: date) -> None:
    await connection.execute(SQL["make_event_days"], locals())
