"""Owns the statements of reversals and restatements, one function each. Does not own when they run."""

from datetime import date, datetime
from uuid import UUID

from jobmeter.charging.corrections.model import RestatementCause, Returned, StandingCharge
from jobmeter.charging.model import ClickCounts
from jobmeter.database.connection import Connection, find_named_shard
from jobmeter.database.rows import find_row, read_row, read_scalar
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.charging.corrections", enums=(AccountKind, Purpose, RestatementCause))


async def create_requested_reversals(connection: Connection) -> None:
    await connection.execute(SQL["create_requested_reversals"])


async def make_held_budgets(connection: Connection) -> None:
    await connection.execute(SQL["make_held_budgets"])


# The next four are of the jobs of ``asked_reversals``, which have the shard if one is given.


async def lock_budgets(connection: Connection, *, shard: int | None, now_ms: int) -> int:
    """How many budgets are held."""
    text, of_shard = SQL.name_shard("lock_budgets", shard)
    return (await connection.execute(text, {"now_ms": now_ms, **of_shard})).rowcount


async def return_to_budgets(connection: Connection, *, shard: int | None) -> Returned:
    text, of_shard = SQL.name_shard("return_to_budgets", shard)
    return await read_row(connection, Returned, text, of_shard or None)


async def lower_job_days(connection: Connection, *, shard: int | None, day: date) -> int:
    text, of_shard = SQL.name_shard("lower_job_days", shard)
    return (await connection.execute(text, {"day": day, **of_shard})).rowcount


async def record_settled_restatements(
    connection: Connection, *, shard: int | None, day: date, recorded_at: datetime
) -> int:
    text, of_shard = SQL.name_shard("record_settled_restatements", shard)
    values = {"day": day, "recorded_at": recorded_at, **of_shard}
    return (await connection.execute(text, values)).rowcount


async def insert_requested_reversals(connection: Connection) -> int:
    return (await connection.execute(SQL["insert_requested_reversals"])).rowcount


async def record_late_restatements(
    connection: Connection, counts: ClickCounts, *, batch: int, recorded_at: datetime
) -> int:
    """How many rows were recorded."""
    text, shard = SQL.name_shard("record_late_restatements", find_named_shard(connection, counts.shards))
    values = {**counts.parameters(), **shard, "batch": batch, "recorded_at": recorded_at}
    return await read_scalar(connection, int, text, values)


async def find_charge(connection: Connection, *, reference: UUID) -> StandingCharge | None:
    return await find_row(connection, StandingCharge, SQL["find_charge"], {"reference": reference})


async def sum_corrections(connection: Connection, *, reference: UUID) -> int:
    return await read_scalar(connection, int, SQL["sum_corrections"], {"reference": reference})


async def release_credit(connection: Connection, *, shard: int, job_id: int, amount_micros: int) -> None:
    values = {"shard": shard, "job_id": job_id, "amount_micros": amount_micros}
    await connection.execute(SQL["release_credit"], values)


async def insert_restatement_seal(
    connection: Connection, *, round_number: int, until_number: int, numbers_max: int
) -> None:
    parameters = {"round_number": round_number, "until_number": until_number, "numbers_max": numbers_max}
    await connection.execute(SQL["insert_restatement_seal"], parameters)
