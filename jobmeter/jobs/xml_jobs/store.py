"""Owns the statements of jobs of the XML API, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.jobs.model import JobState
from jobmeter.jobs.xml_jobs.model import XmlJob
from jobmeter.wire.xml.job.fields import JobContent

SQL = load_statements("jobmeter.jobs.xml_jobs")


def _job(row: tuple[Any, ...]) -> XmlJob:
    kept: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row[9].items()
    }
    values: tuple[Any, ...] = (*row[:8], JobState(row[8]), JobContent(**kept), *row[10:])
    return XmlJob(*values)


async def insert_xml_posting(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    application_id: int,
    external_id: str,
    company_job_code: str | None,
    hiring_contract_id: int,
    poster_email: str,
    title: str,
    company_name: str,
    apply_url: str,
    location: str,
    content: Jsonb,
    now: datetime,
    expires_at: datetime,
) -> bool:
    """``False`` when the application has a job under this id that is not closed."""
    cursor = await connection.execute(SQL["insert_xml_posting"], locals())
    return await cursor.fetchone() is not None


async def is_partner_id_taken(
    connection: Connection, *, shard: int, application_id: int, external_id: str
) -> bool:
    row = await (await connection.execute(SQL["is_partner_id_taken"], locals())).fetchone()
    assert row is not None
    return bool(row[0])


async def lock_xml_job(connection: Connection, *, shard: int, job_id: int) -> XmlJob | None:
    row = await (await connection.execute(SQL["lock_xml_job"], locals())).fetchone()
    return None if row is None else _job(row)


async def find_xml_job(connection: Connection, *, shard: int, job_id: int) -> XmlJob | None:
    row = await (await connection.execute(SQL["find_xml_job"], locals())).fetchone()
    return None if row is None else _job(row)


async def newest_job_id(
    connection: Connection, *, shard: int, application_id: int, external_id: str
) -> int | None:
    row = await (await connection.execute(SQL["newest_job_id"], locals())).fetchone()
    return None if row is None else int(row[0])


async def list_poster_jobs(connection: Connection, *, poster_email: str, rows_max: int) -> list[XmlJob]:
    rows = await (await connection.execute(SQL["list_poster_jobs"], locals())).fetchall()
    return [_job(row) for row in rows]


async def lock_overdue(
    connection: Connection, *, hiring_contract_id: int, now: datetime, rows_max: int
) -> list[XmlJob]:
    rows = await (await connection.execute(SQL["lock_overdue"], locals())).fetchall()
    return [_job(row) for row in rows]


async def update_xml_job(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    company_job_code: str | None,
    poster_email: str,
    title: str,
    company_name: str,
    apply_url: str,
    location: str,
    content: Jsonb,
    run_number: int,
    revision: int,
    expires_at: datetime,
) -> None:
    await connection.execute(SQL["update_xml_job"], locals())


async def end_xml_run(
    connection: Connection, *, shard: int, job_id: int, state: str, closed_at: datetime, revision: int
) -> None:
    await connection.execute(SQL["end_xml_run"], locals())


async def insert_change(
    connection: Connection,
    *,
    shard: int,
    job_id: int,
    revision: int,
    kind: str,
    actor: str,
    run_number: int,
    poster_email: str,
    changed_fields: list[str],
    made_at: datetime,
) -> None:
    await connection.execute(SQL["insert_change"], locals())
