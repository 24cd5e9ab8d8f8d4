"""Owns the statements of the public job pages, one function each."""

from psycopg import AsyncCursor

from jobmeter.charging.model import JobKeys
from jobmeter.database.connection import Connection, find_named_shard
from jobmeter.database.rows import find_row, row_of
from jobmeter.database.statements import load_statements
from jobmeter.jobs.pages.model import ApplyTarget, JobPage

SQL = load_statements("jobmeter.jobs.pages")


def _target(*, job_id: int, apply_url: str, is_live: bool) -> tuple[int, ApplyTarget]:
    return job_id, ApplyTarget(apply_url, is_live)


async def read_page(connection: Connection, *, shard: int, job_id: int) -> JobPage | None:
    return await find_row(connection, JobPage, SQL["read_page"], {"shard": shard, "job_id": job_id})


async def send_apply_targets_query(
    connection: Connection, jobs: JobKeys
) -> AsyncCursor[tuple[int, ApplyTarget]]:
    cursor = connection.cursor(row_factory=row_of(_target))
    text, shard = SQL.name_shard("send_apply_targets_query", find_named_shard(connection, jobs.shards))
    return await cursor.execute(text, {**jobs.parameters(), **shard})


async def fetch_apply_targets(asked: AsyncCursor[tuple[int, ApplyTarget]]) -> dict[int, ApplyTarget]:
    return dict(await asked.fetchall())
