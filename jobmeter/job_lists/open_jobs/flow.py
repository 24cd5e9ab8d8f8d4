"""Owns the reads of open jobs: a page of the list, the files of the sitemap and their jobs."""

from collections.abc import AsyncIterator
from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.job_lists.open_jobs import store
from jobmeter.job_lists.open_jobs.model import SITEMAP_SPAN, OpenJob, SitemapJob

ROWS = 1_000
SITEMAPS_MAX = 50_000  # what one index may list


async def list_open_jobs(
    connection: Connection,
    *,
    search: str | None,
    before: int,
    after: int | None,
    rows_max: int,
    now: datetime,
) -> list[OpenJob]:
    """Returns jobs newest first: those older than ``before``, or the ones just newer than ``after``."""
    if after is None:
        return await store.list_open_jobs(
            connection, search=search, before=before, rows_max=rows_max, now=now
        )
    newer = await store.list_newer_jobs(connection, search=search, after=after, rows_max=rows_max, now=now)
    return newer[::-1]


async def list_sitemaps(connection: Connection, *, now: datetime) -> list[int]:
    """Returns the numbers of the files that have a job. A job stays in its file."""
    numbers: list[int] = []
    while len(numbers) < SITEMAPS_MAX:
        from_id = (numbers[-1] + 1) * SITEMAP_SPAN if numbers else 0
        found = await store.find_next_job(connection, from_id=from_id, now=now)
        if found is None:
            break
        numbers.append(found // SITEMAP_SPAN)
    return numbers


async def stream_sitemap(
    database: Database, number: int, *, now: datetime, rows_max: int = ROWS
) -> AsyncIterator[list[SitemapJob]]:
    """Yields the jobs of a file in parts, each over a connection that is returned before it is sent."""
    after, until = number * SITEMAP_SPAN - 1, (number + 1) * SITEMAP_SPAN
    while True:
        async with database.connection() as connection:
            part = await store.list_sitemap_jobs(
                connection, after=after, until=until, rows_max=rows_max, now=now
            )
        if part:
            yield part
        if len(part) < rows_max:
            return
        after = part[-1].job_id
