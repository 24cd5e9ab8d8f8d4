"""Owns the statements of members' jobs, one function each. Does not own who may run them."""

from datetime import datetime
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, list_rows, list_scalars, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.jobs.members.model import (
    ChangePage,
    JobAct,
    JobFigures,
    JobSearch,
    OwnedJob,
    ShownChange,
    UsedSlots,
)

SQL = load_statements("jobmeter.jobs.members")


def _figures(*, job_id: int, **figures: int) -> tuple[int, JobFigures]:
    return job_id, JobFigures(**figures)


async def list_owned_jobs(
    connection: Connection,
    wanted: JobSearch,
    *,
    member_email: str,
    hiring_contract_ids: list[int],
    application_ids: list[int],
    now: datetime,
) -> list[OwnedJob]:
    parameters = vars_of(wanted) | {
        "member_email": member_email,
        "hiring_contract_ids": hiring_contract_ids,
        "application_ids": application_ids,
        "now": now,
    }
    return await list_rows(connection, OwnedJob, SQL["list_owned_jobs"], parameters)


async def find_owned_job(connection: Connection, *, shard: int, job_id: int) -> OwnedJob | None:
    parameters = {"shard": shard, "job_id": job_id}
    return await find_row(connection, OwnedJob, SQL["find_owned_job"], parameters)


async def read_content(connection: Connection, *, shard: int, job_id: int) -> dict[str, Any]:
    parameters = {"shard": shard, "job_id": job_id}
    return await read_scalar(connection, dict, SQL["read_content"], parameters)


async def list_seated_contracts(connection: Connection, *, email: str) -> list[int]:
    return await list_scalars(connection, int, SQL["list_seated_contracts"], {"email": email})


async def list_slot_uses(
    connection: Connection, *, hiring_contract_ids: list[int], application_ids: list[int]
) -> list[UsedSlots]:
    parameters = {
        "hiring_contract_ids": hiring_contract_ids,
        "application_ids": application_ids,
    }
    return await list_rows(connection, UsedSlots, SQL["list_slot_uses"], parameters)


async def read_figures(
    connection: Connection, *, shards: list[int], job_ids: list[int]
) -> dict[int, JobFigures]:
    """Those of jobs that were seen at all, by job id."""
    parameters = {"shards": shards, "job_ids": job_ids}
    return dict(await list_rows(connection, _figures, SQL["read_figures"], parameters))


async def count_change(connection: Connection, *, shard: int, job_id: int) -> int:
    parameters = {"shard": shard, "job_id": job_id}
    return await read_scalar(connection, int, SQL["count_change"], parameters)


async def list_job_acts(connection: Connection, *, shard: int, job_id: int, rows_max: int) -> list[JobAct]:
    parameters = {"shard": shard, "job_id": job_id, "rows_max": rows_max}
    return await list_rows(connection, JobAct, SQL["list_job_acts"], parameters)


async def list_changes(connection: Connection, page: ChangePage, *, application_id: int) -> list[ShownChange]:
    parameters = vars_of(page) | {"application_id": application_id}
    return await list_rows(connection, ShownChange, SQL["list_changes"], parameters)


async def count_open_jobs(connection: Connection, *, email: str) -> int:
    return await read_scalar(connection, int, SQL["count_open_jobs"], {"email": email})


async def erase_poster(connection: Connection, *, email: str, substitute: str) -> int:
    parameters = {"email": email, "substitute": substitute}
    return await change_rows(connection, SQL["erase_poster"], parameters)


async def erase_poster_of_changes(connection: Connection, *, email: str, substitute: str) -> int:
    parameters = {"email": email, "substitute": substitute}
    return await change_rows(connection, SQL["erase_poster_of_changes"], parameters)


async def list_former_posters(
    connection: Connection, *, before: datetime, erased: str, rows_max: int
) -> list[str]:
    """``erased`` is how a substitute begins."""
    parameters = {"before": before, "erased": erased, "rows_max": rows_max}
    return await list_scalars(connection, str, SQL["list_former_posters"], parameters)
