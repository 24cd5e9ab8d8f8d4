"""Owns the statements of open jobs, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_scalar, list_rows
from jobmeter.database.statements import load_statements
from jobmeter.job_lists.open_jobs.model import OpenJob, SitemapJob

SQL = load_statements("jobmeter.job_lists.open_jobs")


async def list_open_jobs(
    connection: Connection, *, search: str | None, before: int, rows_max: int, now: datetime
) -> list[OpenJob]:
    parameters = {"search": search, "before": before, "rows_max": rows_max, "now": now}
    return await list_rows(connection, OpenJob, SQL["list_open_jobs"], parameters)


async def list_newer_jobs(
    connection: Connection, *, search: str | None, after: int, rows_max: int, now: datetime
) -> list[OpenJob]:
    parameters = {"search": search, "after": after, "rows_max": rows_max, "now": now}
    return await list_rows(connection, OpenJob, SQL["list_newer_jobs"], parameters)


async def list_sitemap_jobs(
    connection: Connection, *, after: int, until: int, rows_max: int, now: datetime
) -> list[SitemapJob]:
    parameters = {"after": after, "until": until, "rows_max": rows_max, "now": now}
    return await list_rows(connection, SitemapJob, SQL["list_sitemap_jobs"], parameters)


async def find_next_job(connection: Connection, *, from_id: int, now: datetime) -> int | None:
    return await find_scalar(connection, int, SQL["find_next_job"], {"from_id": from_id, "now": now})
