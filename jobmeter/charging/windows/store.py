"""Owns the statements of meters without a price, one function each. Does not own when they run."""

import numpy as np

from jobmeter.charging.windows.model import LiveWindows
from jobmeter.database.arrays import BigintArray, SmallintArray
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.windows")


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


async def set_live_window(
    connection: Connection, *, shard: int, job_id: int, live_from_ms: int, live_until_ms: int
) -> None:
    await connection.execute(SQL["set_live_window"], locals())


async def set_market(connection: Connection, *, shard: int, job_id: int, market: int) -> None:
    await connection.execute(SQL["set_market"], locals())


async def read_live_windows(
    connection: Connection, *, shards: SmallintArray, job_ids: BigintArray
) -> LiveWindows:
    async with connection.cursor(binary=True) as cursor:
        row = await (await cursor.execute(SQL["read_live_windows"], locals())).fetchone()
    assert row is not None
    return LiveWindows(*(np.frombuffer(column or b"", dtype=">i8").astype(np.int64) for column in row))


async def extend_window(connection: Connection, *, shard: int, job_id: int, live_until_ms: int) -> None:
    await connection.execute(SQL["extend_window"], locals())


async def open_windows(connection: Connection, *, shard: int, job_ids: list[int], live_from_ms: int) -> None:
    await connection.execute(SQL["open_windows"], locals())


async def shut_windows(connection: Connection, *, shard: int, job_ids: list[int]) -> None:
    await connection.execute(SQL["shut_windows"], locals())
