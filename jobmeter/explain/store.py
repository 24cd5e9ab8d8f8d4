"""Owns the statements of explanations, one function each. Does not own when they run.

Statements that search for clicks are planned for the given job and day each time: a generic plan reads the
whole day.
"""

from datetime import date, datetime
from uuid import UUID

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.explain.model import (
    Charge,
    ExplainedDay,
    ExplainedJob,
    ExplainedPosting,
    JobDay,
    JobDays,
    LastCharged,
    Restatement,
    StoredClick,
    StoredEvent,
    make_restatement,
)
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.model import EventKind, Verdict

SQL = load_statements("jobmeter.explain", enums=(AccountKind, EventKind, Purpose, Verdict))


async def read_explained_job(connection: Connection, *, shard: int, job_id: int) -> ExplainedJob | None:
    parameters = {"shard": shard, "job_id": job_id}
    return await find_row(connection, ExplainedJob, SQL["read_explained_job"], parameters)


async def list_explained_days(connection: Connection, days: JobDays) -> list[ExplainedDay]:
    return await list_rows(connection, ExplainedDay, SQL["list_explained_days"], vars_of(days))


async def find_drop(connection: Connection, *, day: date) -> datetime | None:
    """Returns when the events of the day were deleted; ``None`` if they are stored."""
    return await find_scalar(connection, datetime, SQL["find_drop"], {"day": day})


async def list_job_postings(
    connection: Connection, days: JobDays, *, after_number: int, postings_max: int
) -> list[ExplainedPosting]:
    parameters = vars_of(days) | {"after_number": after_number, "postings_max": postings_max}
    return await list_rows(connection, ExplainedPosting, SQL["list_job_postings"], parameters)


async def list_day_restatements(connection: Connection, job_day: JobDay) -> list[Restatement]:
    return await list_rows(connection, make_restatement, SQL["list_day_restatements"], vars_of(job_day))


async def find_charge(connection: Connection, *, reference: UUID) -> Charge | None:
    return await find_row(connection, Charge, SQL["find_charge"], {"reference": reference})


async def list_corrections(connection: Connection, *, reference: UUID) -> list[ExplainedPosting]:
    return await list_rows(connection, ExplainedPosting, SQL["list_corrections"], {"reference": reference})


async def list_explained_clicks(
    connection: Connection, job_day: JobDay, *, after: UUID, clicks_max: int
) -> list[StoredClick]:
    parameters = vars_of(job_day) | {"after": after, "clicks_max": clicks_max}
    return await list_rows(connection, StoredClick, SQL["list_explained_clicks"], parameters, prepare=False)


async def list_batch_clicks(
    connection: Connection, job_day: JobDay, *, batch: int, after: UUID, clicks_max: int
) -> list[StoredClick]:
    parameters = vars_of(job_day) | {"batch": batch, "after": after, "clicks_max": clicks_max}
    return await list_rows(connection, StoredClick, SQL["list_batch_clicks"], parameters, prepare=False)


async def list_last_charged(
    connection: Connection, job_day: JobDay, *, batches: list[int], price_micros: int
) -> list[LastCharged]:
    parameters = vars_of(job_day) | {"batches": batches, "price_micros": price_micros}
    return await list_rows(connection, LastCharged, SQL["list_last_charged"], parameters, prepare=False)


async def find_stored_event(connection: Connection, *, event_key: UUID) -> StoredEvent | None:
    return await find_row(connection, StoredEvent, SQL["find_stored_event"], {"event_key": event_key})
