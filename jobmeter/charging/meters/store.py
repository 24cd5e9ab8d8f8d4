"""Owns the statements of meters without a price, one function each. Does not own when they run."""

from jobmeter.database.arrays import BigintArray
from jobmeter.database.migrations_runner import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.meters")


async def insert_free_meters(
    connection: Connection,
    *,
    shard: int,
    job_ids: BigintArray,
    live_from_ms: int,
    live_until_ms: BigintArray,
) -> None:
    await connection.execute(SQL["insert_free_meters"], locals())


async def lock_free_meters(connection: Connection, *, shard: int, job_ids: BigintArray) -> None:
    await connection.execute(SQL["lock_free_meters"], locals())


async def move_free_meters(
    connection: Connection, *, shard: int, job_ids: BigintArray, live_until_ms: BigintArray
) -> None:
    await connection.execute(SQL["move_free_meters"], locals())


async def end_free_meters(connection: Connection, *, shard: int, job_ids: BigintArray, now_ms: int) -> None:
    await connection.execute(SQL["end_free_meters"], locals())
