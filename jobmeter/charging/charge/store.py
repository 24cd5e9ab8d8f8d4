"""Owns the statements of charging, one function each. Does not own when they run."""

from datetime import date, datetime

from jobmeter.charging.model import ChargeResult
from jobmeter.database.arrays import BigintArray, IntegerArray, SmallintArray, UuidArray
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.charging.charge", enums=(AccountKind, Purpose))


async def prefer_index_plans(connection: Connection) -> None:
    await connection.execute(SQL["prefer_index_plans"])


async def lock_counted_jobs(connection: Connection, *, shards: SmallintArray, job_ids: BigintArray) -> int:
    row = await (await connection.execute(SQL["lock_counted_jobs"], locals())).fetchone()
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
) -> tuple[ChargeResult, int]:
    """What was charged, and how many meters had changed."""
    row = await (await connection.execute(SQL["charge_day"], locals())).fetchone()
    assert row is not None
    return ChargeResult(row[0], row[1], row[2], tuple(row[4])), int(row[3])
