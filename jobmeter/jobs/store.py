"""Owns the statements of jobs, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.jobs.model import JobPosting, JobState, Operation, Task, TaskStatus

SQL = load_statements("jobmeter.jobs")


def _posting(row: tuple[Any, ...]) -> JobPosting:
    values: tuple[Any, ...] = (*row[:10], JobState(row[10]), *row[11:])
    return JobPosting(*values)


def _task(row: tuple[Any, ...]) -> Task:
    values: tuple[Any, ...] = (*row[:4], Operation(row[4]), *row[5:7], TaskStatus(row[7]), *row[8:])
    return Task(*values)


async def next_job_sequence(connection: Connection) -> int:
    row = await (await connection.execute(SQL["next_job_sequence"])).fetchone()
    assert row is not None
    return int(row[0])


async def insert_posting(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    application_id: int,
    external_id: str,
    company_job_code: str | None,
    partner_contract_id: int | None,
    hiring_contract_id: int | None,
    listing_type: str,
    title: str,
    company_name: str,
    company_page: str | None,
    apply_url: str,
    location: str,
    place: str,
    content: Jsonb,
    content_hash: bytes,
    partner_job_campaign: str | None,
    listed_at: datetime,
    expires_at: datetime,
    created_at: datetime,
) -> bool:
    """``False`` when the application has a posting with this external id."""
    cursor = await connection.execute(SQL["insert_posting"], locals())
    return await cursor.fetchone() is not None


async def update_posting(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    company_job_code: str | None,
    title: str,
    company_name: str,
    company_page: str | None,
    apply_url: str,
    location: str,
    place: str,
    content: Jsonb,
    content_hash: bytes,
    expires_at: datetime,
) -> None:
    """Raises ``psycopg.errors.UniqueViolation`` when another live job has this content."""
    await connection.execute(SQL["update_posting"], locals())


async def find_by_external_id(
    connection: Connection, *, shard: int, application_id: int, external_id: str
) -> JobPosting | None:
    row = await (await connection.execute(SQL["find_by_external_id"], locals())).fetchone()
    return None if row is None else _posting(row)


async def list_by_external_ids(
    connection: Connection, *, shard: int, application_id: int, external_ids: list[str]
) -> list[tuple[JobPosting, dict[str, Any]]]:
    """Each with the element it was last made or changed by."""
    rows = await (await connection.execute(SQL["list_by_external_ids"], locals())).fetchall()
    return [(_posting(row[:-1]), row[-1]) for row in rows]


async def list_statuses(
    connection: Connection, *, shard: int, job_ids: list[int]
) -> list[tuple[JobPosting, dict[str, Any]]]:
    """Each with the element it was last made or changed by."""
    rows = await (await connection.execute(SQL["list_statuses"], locals())).fetchall()
    return [(_posting(row[:-1]), row[-1]) for row in rows]


async def list_by_job_ids(connection: Connection, *, shard: int, job_ids: list[int]) -> list[JobPosting]:
    rows = await (await connection.execute(SQL["list_by_job_ids"], locals())).fetchall()
    return [_posting(row) for row in rows]


async def resolve_external_ids(
    connection: Connection, *, shards: list[int], application_ids: list[int], external_ids: list[str]
) -> dict[tuple[int, str], int]:
    rows = await (await connection.execute(SQL["resolve_external_ids"], locals())).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


async def list_live_postings(connection: Connection) -> list[JobPosting]:
    rows = await (await connection.execute(SQL["list_live_postings"])).fetchall()
    return [_posting(row) for row in rows]


async def lock_posting(connection: Connection, *, shard: int, job_id: int) -> JobPosting | None:
    row = await (await connection.execute(SQL["lock_posting"], locals())).fetchone()
    return None if row is None else _posting(row)


async def save_version(connection: Connection, *, shard: int, job_id: int, replaced_at: datetime) -> None:
    await connection.execute(SQL["save_version"], locals())


async def set_state(
    connection: Connection, *, shard: int, job_id: int, state: str, closed_at: datetime | None
) -> None:
    await connection.execute(SQL["set_state"], locals())


async def lock_postings(connection: Connection, *, shards: list[int], job_ids: list[int]) -> None:
    await connection.execute(SQL["lock_postings"], locals())


async def set_live(connection: Connection, *, shard: int, job_id: int, campaign_id: int | None) -> None:
    """Raises ``psycopg.errors.UniqueViolation`` when another live job has this content."""
    await connection.execute(SQL["set_live"], locals())


async def set_failed(
    connection: Connection, *, shard: int, job_id: int, closed_at: datetime, failure: str
) -> None:
    await connection.execute(SQL["set_failed"], locals())


async def set_campaign(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    partner_job_campaign: str | None,
    campaign_id: int | None,
) -> None:
    await connection.execute(SQL["set_campaign"], locals())


async def set_expiry(connection: Connection, *, shard: int, job_id: int, expires_at: datetime) -> None:
    await connection.execute(SQL["set_expiry"], locals())


async def set_listing(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    listing_type: str,
    hiring_contract_id: int | None,
    run_number: int,
) -> None:
    await connection.execute(SQL["set_listing"], locals())


async def list_expired(connection: Connection, *, now: datetime, rows_max: int) -> list[tuple[int, int]]:
    rows = await (await connection.execute(SQL["list_expired"], locals())).fetchall()
    return [(row[0], row[1]) for row in rows]


async def next_expiry(connection: Connection) -> datetime | None:
    row = await (await connection.execute(SQL["next_expiry"])).fetchone()
    return None if row is None else row[0]


async def insert_task(
    connection: Connection,
    *,
    shard: int,
    task_id: UUID,
    application_id: int,
    external_id: str,
    operation: str,
    job_id: int | None,
    location: str,
    failure_message: str | None,
    created_at: datetime,
) -> None:
    await connection.execute(SQL["insert_task"], locals())


async def claim_tasks(connection: Connection, *, rows_max: int) -> list[Task]:
    rows = await (await connection.execute(SQL["claim_tasks"], locals())).fetchall()
    return [_task(row) for row in rows]


async def finish_task(
    connection: Connection,
    *,
    shard: int,
    task_id: UUID,
    status: str,
    error_message: str | None,
    finished_at: datetime,
) -> None:
    await connection.execute(SQL["finish_task"], locals())


async def find_tasks(
    connection: Connection, *, shard: int, application_id: int, task_ids: list[UUID], not_before: datetime
) -> list[Task]:
    rows = await (await connection.execute(SQL["find_tasks"], locals())).fetchall()
    return [_task(row) for row in rows]
