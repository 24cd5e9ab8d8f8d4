"""Owns the statements of jobs, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.jobs.model import (
    ElementColumns,
    JobPosting,
    JobState,
    LoggedChange,
    NewPosting,
    NewTask,
    PostingFilter,
    Task,
)

SQL = load_statements("jobmeter.jobs")


def _posting_and_content(
    *, state: JobState, content: dict[str, Any], **columns: Any
) -> tuple[JobPosting, dict[str, Any]]:
    return JobPosting(state=state, **columns), content


def _job_named(*, application_id: int, external_id: str, job_id: int) -> tuple[tuple[int, str], int]:
    return (application_id, external_id), job_id


async def next_job_sequence(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["next_job_sequence"])


async def insert_posting(connection: Connection, posting: NewPosting, columns: ElementColumns) -> bool:
    """Returns ``False`` when the application has a posting with this external id."""
    parameters = vars_of(posting) | vars_of(columns) | {"content": Jsonb(columns.content)}
    return await find_scalar(connection, int, SQL["insert_posting"], parameters) is not None


async def update_posting(
    connection: Connection, columns: ElementColumns, *, shard: int, job_id: int, expires_at: datetime
) -> None:
    """Raises ``psycopg.errors.UniqueViolation`` when another live job has this content."""
    where = {"shard": shard, "job_id": job_id, "expires_at": expires_at}
    parameters = where | vars_of(columns) | {"content": Jsonb(columns.content)}
    await connection.execute(SQL["update_posting"], parameters)


async def find_by_external_id(
    connection: Connection, *, shard: int, application_id: int, external_id: str
) -> JobPosting | None:
    parameters = {"shard": shard, "application_id": application_id, "external_id": external_id}
    return await find_row(connection, JobPosting, SQL["find_by_external_id"], parameters)


async def list_postings(
    connection: Connection, wanted: PostingFilter, *, after_shard: int, after: int, rows_max: int
) -> list[JobPosting]:
    parameters = vars_of(wanted) | {"after_shard": after_shard, "after": after, "rows_max": rows_max}
    return await list_rows(connection, JobPosting, SQL["list_postings"], parameters)


async def list_postings_by_external_id(
    connection: Connection, wanted: PostingFilter, *, after_shard: int, after: int, rows_max: int
) -> list[JobPosting]:
    parameters = vars_of(wanted) | {"after_shard": after_shard, "after": after, "rows_max": rows_max}
    return await list_rows(connection, JobPosting, SQL["list_postings_by_external_id"], parameters)


async def list_owned_postings(
    connection: Connection, wanted: PostingFilter, *, after_shard: int, after: int, rows_max: int
) -> list[JobPosting]:
    parameters = vars_of(wanted) | {"after_shard": after_shard, "after": after, "rows_max": rows_max}
    return await list_rows(connection, JobPosting, SQL["list_owned_postings"], parameters)


async def list_contract_postings(
    connection: Connection, *, contract_id: int, partner_id: int, before: int, rows_max: int
) -> list[JobPosting]:
    parameters = {
        "contract_id": contract_id,
        "partner_id": partner_id,
        "before": before,
        "rows_max": rows_max,
    }
    return await list_rows(connection, JobPosting, SQL["list_contract_postings"], parameters)


async def list_by_external_ids(
    connection: Connection, *, shard: int, application_id: int, external_ids: list[str]
) -> list[tuple[JobPosting, dict[str, Any]]]:
    """Each with the element that last created or changed it."""
    parameters = {"shard": shard, "application_id": application_id, "external_ids": external_ids}
    return await list_rows(connection, _posting_and_content, SQL["list_by_external_ids"], parameters)


async def list_statuses(
    connection: Connection, *, shard: int, job_ids: list[int]
) -> list[tuple[JobPosting, dict[str, Any]]]:
    """Each with the element that last created or changed it."""
    parameters = {"shard": shard, "job_ids": job_ids}
    return await list_rows(connection, _posting_and_content, SQL["list_statuses"], parameters)


async def list_by_job_ids(connection: Connection, *, shard: int, job_ids: list[int]) -> list[JobPosting]:
    parameters = {"shard": shard, "job_ids": job_ids}
    return await list_rows(connection, JobPosting, SQL["list_by_job_ids"], parameters)


async def resolve_external_ids(
    connection: Connection, *, shards: list[int], application_ids: list[int], external_ids: list[str]
) -> dict[tuple[int, str], int]:
    parameters = {"shards": shards, "application_ids": application_ids, "external_ids": external_ids}
    return dict(await list_rows(connection, _job_named, SQL["resolve_external_ids"], parameters))


async def list_live_postings(connection: Connection) -> list[JobPosting]:
    return await list_rows(connection, JobPosting, SQL["list_live_postings"])


async def lock_posting(connection: Connection, *, shard: int, job_id: int) -> JobPosting | None:
    return await find_row(connection, JobPosting, SQL["lock_posting"], {"shard": shard, "job_id": job_id})


async def lock_members(
    connection: Connection, *, shard: int, campaign_id: int, rows_max: int
) -> list[JobPosting]:
    """Returns the live jobs of a campaign."""
    parameters = {"shard": shard, "campaign_id": campaign_id, "rows_max": rows_max}
    return await list_rows(connection, JobPosting, SQL["lock_members"], parameters)


async def save_version(connection: Connection, *, shard: int, job_id: int, replaced_at: datetime) -> None:
    parameters = {"shard": shard, "job_id": job_id, "replaced_at": replaced_at}
    await connection.execute(SQL["save_version"], parameters)


async def lock_postings(connection: Connection, *, shards: list[int], job_ids: list[int]) -> None:
    await connection.execute(SQL["lock_postings"], {"shards": shards, "job_ids": job_ids})


async def set_live(connection: Connection, posting: JobPosting) -> None:
    """Raises ``psycopg.errors.UniqueViolation`` when another live job has this content."""
    await connection.execute(SQL["set_live"], vars_of(posting))


async def set_campaign(connection: Connection, posting: JobPosting) -> None:
    await connection.execute(SQL["set_campaign"], vars_of(posting))


async def set_expiry(connection: Connection, posting: JobPosting) -> None:
    await connection.execute(SQL["set_expiry"], vars_of(posting))


async def set_listing(connection: Connection, posting: JobPosting, *, listing_type: str) -> None:
    await connection.execute(SQL["set_listing"], vars_of(posting) | {"listing_type": listing_type})


async def lock_expired(connection: Connection, *, now: datetime, rows_max: int) -> list[JobPosting]:
    return await list_rows(connection, JobPosting, SQL["lock_expired"], {"now": now, "rows_max": rows_max})


async def next_expiry(connection: Connection) -> datetime | None:
    return await find_scalar(connection, datetime, SQL["next_expiry"])


async def insert_task(connection: Connection, task: NewTask) -> None:
    await connection.execute(SQL["insert_task"], vars_of(task))


async def claim_tasks(connection: Connection, *, rows_max: int) -> list[Task]:
    return await list_rows(connection, Task, SQL["claim_tasks"], {"rows_max": rows_max})


async def finish_task(connection: Connection, task: Task, *, finished_at: datetime) -> None:
    await connection.execute(SQL["finish_task"], vars_of(task) | {"finished_at": finished_at})


async def find_tasks(
    connection: Connection, *, shard: int, application_id: int, task_ids: list[UUID], not_before: datetime
) -> list[Task]:
    return await list_rows(
        connection,
        Task,
        SQL["find_tasks"],
        {
            "shard": shard,
            "application_id": application_id,
            "task_ids": task_ids,
            "not_before": not_before,
        },
    )


async def insert_change(connection: Connection, change: LoggedChange) -> None:
    await connection.execute(SQL["insert_change"], vars_of(change))


async def is_poster(connection: Connection, *, email: str) -> bool:
    return await read_scalar(connection, bool, SQL["is_poster"], {"email": email})
