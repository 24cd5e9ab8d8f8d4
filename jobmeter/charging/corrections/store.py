"""Owns the statements of reversals and restatements, one function each. Does not own when they run."""

from datetime import date, datetime
from uuid import UUID

from jobmeter.charging.corrections.model import RestatementCause, StandingCharge
from jobmeter.database.arrays import BigintArray, DateArray, IntegerArray, SmallintArray
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.charging.corrections", enums=(AccountKind, Purpose, RestatementCause))


async def create_requested_reversals(connection: Connection) -> None:
    await connection.execute(SQL["create_requested_reversals"])


async def make_held_budgets(connection: Connection) -> None:
    await connection.execute(SQL["make_held_budgets"])


async def lock_budgets(connection: Connection, *, now_ms: int) -> int:
    """How many budgets are held."""
    return (await connection.execute(SQL["lock_budgets"], locals())).rowcount


async def return_to_budgets(connection: Connection) -> tuple[int, tuple[int, ...]]:
    """Micros returned, and the open jobs that can afford a click again."""
    row = await (await connection.execute(SQL["return_to_budgets"])).fetchone()
    assert row is not None
    return int(row[0]), tuple(row[1])


async def lower_job_days(connection: Connection, *, day: date) -> int:
    return (await connection.execute(SQL["lower_job_days"], locals())).rowcount


async def record_settled_restatements(connection: Connection, *, day: date, recorded_at: datetime) -> int:
    return (await connection.execute(SQL["record_settled_restatements"], locals())).rowcount


async def insert_requested_reversals(connection: Connection) -> int:
    return (await connection.execute(SQL["insert_requested_reversals"])).rowcount


async def record_late_restatements(
    connection: Connection,
    *,
    shards: SmallintArray,
    job_ids: BigintArray,
    days: DateArray,
    views: IntegerArray,
    clicks: IntegerArray,
    refused: IntegerArray,
    batch: int,
    recorded_at: datetime,
) -> int:
    row = await (await connection.execute(SQL["record_late_restatements"], locals())).fetchone()
    assert row is not None
    return int(row[0])


async def find_charge(connection: Connection, *, reference: UUID) -> StandingCharge | None:
    row = await (await connection.execute(SQL["find_charge"], locals())).fetchone()
    return None if row is None else StandingCharge(*row)


async def sum_corrections(connection: Connection, *, reference: UUID) -> int:
    row = await (await connection.execute(SQL["sum_corrections"], locals())).fetchone()
    assert row is not None
    return int(row[0])


async def release_credit(connection: Connection, *, shard: int, job_id: int, amount_micros: int) -> None:
    await connection.execute(SQL["release_credit"], locals())
