"""Owns the statements of explanations, one function each. Does not own when they run.

Those that look for clicks are planned for the job and day in question each time: a plan for any of them reads the whole
day.
"""

from datetime import date, datetime
from uuid import UUID

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.explain.model import (
    Charge,
    ExplainedDay,
    ExplainedJob,
    ExplainedPosting,
    Restatement,
    StoredEvent,
    make_restatement,
)

SQL = load_statements("jobmeter.explain")

# Key, milliseconds, visitor, batch, verdict, rule.
ClickRow = tuple[UUID, int, int, int, int, int | None]


async def read_explained_job(connection: Connection, *, shard: int, job_id: int) -> ExplainedJob | None:
    row = await (await connection.execute(SQL["read_explained_job"], locals())).fetchone()
    return None if row is None else ExplainedJob(*row)


async def list_explained_days(
    connection: Connection, *, shard: int, job_id: int, first: date, last: date
) -> list[ExplainedDay]:
    rows = await (await connection.execute(SQL["list_explained_days"], locals())).fetchall()
    return [ExplainedDay(*row) for row in rows]


async def find_drop(connection: Connection, *, day: date) -> datetime | None:
    """When the events of the day were dropped, if they were."""
    row = await (await connection.execute(SQL["find_drop"], locals())).fetchone()
    return None if row is None else row[0]


async def list_job_postings(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    first: date,
    last: date,
    after_number: int,
    postings_max: int,
) -> list[ExplainedPosting]:
    rows = await (await connection.execute(SQL["list_job_postings"], locals())).fetchall()
    return [ExplainedPosting(*row) for row in rows]


async def list_day_restatements(
    connection: Connection, *, shard: int, job_id: int, day: date
) -> list[Restatement]:
    rows = await (await connection.execute(SQL["list_day_restatements"], locals())).fetchall()
    return [make_restatement(row) for row in rows]


async def find_charge(connection: Connection, *, reference: UUID) -> Charge | None:
    row = await (await connection.execute(SQL["find_charge"], locals())).fetchone()
    return None if row is None else Charge(*row)


async def list_corrections(connection: Connection, *, reference: UUID) -> list[ExplainedPosting]:
    rows = await (await connection.execute(SQL["list_corrections"], locals())).fetchall()
    return [ExplainedPosting(*row) for row in rows]


async def list_explained_clicks(
    connection: Connection, *, shard: int, job_id: int, day: date, after: UUID, clicks_max: int
) -> list[ClickRow]:
    rows = await (await connection.execute(SQL["list_explained_clicks"], locals(), prepare=False)).fetchall()
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


async def list_batch_clicks(
    connection: Connection, *, shard: int, job_id: int, day: date, batch: int, after: UUID, clicks_max: int
) -> list[ClickRow]:
    rows = await (await connection.execute(SQL["list_batch_clicks"], locals(), prepare=False)).fetchall()
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


async def list_last_charged(
    connection: Connection, *, shard: int, job_id: int, day: date, batches: list[int], price_micros: int
) -> dict[int, tuple[UUID, UUID]]:
    """By batch, its charge and the key of the last click that was charged by it."""
    rows = await (await connection.execute(SQL["list_last_charged"], locals(), prepare=False)).fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


async def find_stored_event(connection: Connection, *, event_key: UUID) -> StoredEvent | None:
    row = await (await connection.execute(SQL["find_stored_event"], locals())).fetchone()
    return None if row is None else StoredEvent(*row)
