"""Owns the statements of charging, one function each. Does not own when they run."""

from datetime import date, datetime

import numpy as np

from jobmeter.charging.model import Charged, JobBudget, Meters
from jobmeter.database.arrays import BigintArray, IntegerArray, SmallintArray, UuidArray
from jobmeter.database.migrations_runner import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.charging.charge")


async def insert_job_budget(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    partner_contract_id: int,
    currency: str,
    click_price_micros: int,
    budget_micros: int,
    live_from_ms: int,
    live_until_ms: int,
    daily_micros: int,
    is_paced: bool,
    market: int,
) -> None:
    await connection.execute(SQL["insert_job_budget"], locals())


async def lock_job_budget(connection: Connection, *, shard: int, job_id: int) -> JobBudget | None:
    row = await (await connection.execute(SQL["lock_job_budget"], locals())).fetchone()
    return None if row is None else JobBudget(*row)


async def set_live_window(
    connection: Connection, *, shard: int, job_id: int, live_from_ms: int, live_until_ms: int
) -> None:
    await connection.execute(SQL["set_live_window"], locals())


async def release_job_budget(connection: Connection, *, shard: int, job_id: int, live_until_ms: int) -> None:
    await connection.execute(SQL["release_job_budget"], locals())


async def set_market(connection: Connection, *, shard: int, job_id: int, market: int) -> None:
    await connection.execute(SQL["set_market"], locals())


async def read_meters(connection: Connection, *, shards: SmallintArray, job_ids: BigintArray) -> Meters:
    async with connection.cursor(binary=True) as cursor:
        row = await (await cursor.execute(SQL["read_meters"], locals())).fetchone()
    assert row is not None
    return Meters(*(np.frombuffer(column or b"", dtype=">i8").astype(np.int64) for column in row))


async def keep_plans_by_key(connection: Connection) -> None:
    await connection.execute(SQL["keep_plans_by_key"])


async def lock_tally_jobs(connection: Connection, *, shards: SmallintArray, job_ids: BigintArray) -> int:
    row = await (await connection.execute(SQL["lock_tally_jobs"], locals())).fetchone()
    assert row is not None
    return int(row[0])


async def charge_day(
    connection: Connection,
    *,
    shards: SmallintArray,
    job_ids: BigintArray,
    revisions: IntegerArray,
    views: IntegerArray,
    clicks: IntegerArray,
    chargeable: IntegerArray,
    refused: IntegerArray,
    references: UuidArray,
    day: date,
    booked_at: datetime,
    batch: int,
) -> tuple[Charged, int]:
    """What was charged, and how many meters had changed."""
    row = await (await connection.execute(SQL["charge_day"], locals())).fetchone()
    assert row is not None
    return Charged(row[0], row[1], row[2], tuple(row[4])), int(row[3])
