"""Owns the statements behind the candidate's pages, one function each."""

from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from jobmeter.database.arrays import BigintArray, SmallintArray
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.jobs.pages.model import ApplyTarget, JobPage

SQL = load_statements("jobmeter.jobs.pages")


async def read_page(connection: Connection, *, shard: int, job_id: int) -> JobPage | None:
    row = await (await connection.execute(SQL["read_page"], locals())).fetchone()
    if row is None or row[5] in {"PENDING", "FAILED"}:
        return None
    values: tuple[Any, ...] = (job_id, *row[:5], row[5] == "LIVE", *row[6:])
    return JobPage(*values)


async def send_apply_targets_query(
    connection: Connection, *, shards: SmallintArray, job_ids: BigintArray
) -> AsyncCursor[TupleRow]:
    return await connection.execute(SQL["send_apply_targets_query"], locals())


async def fetch_apply_targets(asked: AsyncCursor[TupleRow]) -> dict[int, ApplyTarget]:
    return {row[0]: ApplyTarget(row[1], row[2]) for row in await asked.fetchall()}
