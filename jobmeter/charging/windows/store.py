"""Owns the statements of live windows without a price, one function each. Does not own when they run."""

from jobmeter.charging.model import JobKeys
from jobmeter.charging.windows.model import FreeWindows, LiveWindows
from jobmeter.database.arrays import BigintArray
from jobmeter.database.columns import Bigint
from jobmeter.database.connection import Connection, find_named_shard
from jobmeter.database.rows import read_columns
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.windows")


async def insert_free_windows(connection: Connection, windows: FreeWindows, *, shard: int) -> None:
    await connection.execute(SQL["insert_free_windows"], {**windows.parameters(), "shard": shard})


async def lock_live_windows(connection: Connection, *, shard: int, job_ids: Bigint) -> None:
    await connection.execute(SQL["lock_live_windows"], {"shard": shard, "job_ids": BigintArray(job_ids)})


async def move_free_windows(connection: Connection, windows: FreeWindows, *, shard: int) -> None:
    await connection.execute(SQL["move_free_windows"], {**windows.parameters(), "shard": shard})


async def end_free_windows(connection: Connection, *, shard: int, job_ids: Bigint, now_ms: int) -> None:
    values = {"shard": shard, "job_ids": BigintArray(job_ids), "now_ms": now_ms}
    await connection.execute(SQL["end_free_windows"], values)


async def set_live_window(
    connection: Connection, *, shard: int, job_id: int, live_from_ms: int, live_until_ms: int
) -> None:
    values = {"shard": shard, "job_id": job_id, "live_from_ms": live_from_ms, "live_until_ms": live_until_ms}
    await connection.execute(SQL["set_live_window"], values)


async def set_market(connection: Connection, *, shard: int, job_id: int, market: int) -> None:
    await connection.execute(SQL["set_market"], {"shard": shard, "job_id": job_id, "market": market})


async def read_live_windows(connection: Connection, jobs: JobKeys) -> LiveWindows:
    text, shard = SQL.name_shard("read_live_windows", find_named_shard(connection, jobs.shards))
    return await read_columns(connection, LiveWindows, text, {**jobs.parameters(), **shard})


async def extend_window(connection: Connection, *, shard: int, job_id: int, live_until_ms: int) -> None:
    values = {"shard": shard, "job_id": job_id, "live_until_ms": live_until_ms}
    await connection.execute(SQL["extend_window"], values)


async def open_windows(connection: Connection, *, shard: int, job_ids: list[int], live_from_ms: int) -> None:
    values = {"shard": shard, "job_ids": job_ids, "live_from_ms": live_from_ms}
    await connection.execute(SQL["open_windows"], values)


async def close_windows(connection: Connection, *, shard: int, job_ids: list[int]) -> None:
    await connection.execute(SQL["close_windows"], {"shard": shard, "job_ids": job_ids})
