"""Owns the statements of jobs of the XML API, one function each. Does not own when they run."""

from typing import Any

from psycopg.types.json import Jsonb

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.jobs.model import JobState
from jobmeter.jobs.xml_jobs.model import DocumentColumns, XmlJob
from jobmeter.wire.xml.job.fields import JobContent

SQL = load_statements("jobmeter.jobs.xml_jobs")


def _xml_job(*, state: JobState, content: dict[str, Any], **columns: Any) -> XmlJob:
    """Converts the lists of the content, as JSON returns them, back to tuples."""
    kept: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    return XmlJob(state=state, content=JobContent(**kept), **columns)


def _parameters(job: XmlJob, columns: DocumentColumns) -> dict[str, Any]:
    return vars_of(job) | vars_of(columns) | {"document": Jsonb(columns.document)}


async def insert_xml_posting(connection: Connection, job: XmlJob, columns: DocumentColumns) -> bool:
    """Returns ``False`` when the application has a job with this id that is not closed."""
    parameters = _parameters(job, columns)
    return await find_scalar(connection, int, SQL["insert_xml_posting"], parameters) is not None


async def is_partner_id_taken(
    connection: Connection, *, shard: int, application_id: int, external_id: str
) -> bool:
    parameters = {"shard": shard, "application_id": application_id, "external_id": external_id}
    return await read_scalar(connection, bool, SQL["is_partner_id_taken"], parameters)


async def lock_xml_job(connection: Connection, *, shard: int, job_id: int) -> XmlJob | None:
    return await find_row(connection, _xml_job, SQL["lock_xml_job"], {"shard": shard, "job_id": job_id})


async def find_xml_job(connection: Connection, *, shard: int, job_id: int) -> XmlJob | None:
    return await find_row(connection, _xml_job, SQL["find_xml_job"], {"shard": shard, "job_id": job_id})


async def newest_job_id(
    connection: Connection, *, shard: int, application_id: int, external_id: str
) -> int | None:
    parameters = {"shard": shard, "application_id": application_id, "external_id": external_id}
    return await find_scalar(connection, int, SQL["newest_job_id"], parameters)


async def update_xml_job(connection: Connection, job: XmlJob, columns: DocumentColumns) -> None:
    await connection.execute(SQL["update_xml_job"], _parameters(job, columns))
