"""Owns the statements of job feeds, one function each. Does not own when they run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.jobs.feeds.model import Feed, FeedRow, FeedRun, FeedRunOutcome
from jobmeter.wire.xml.feed.stream import FeedError

SQL = load_statements("jobmeter.jobs.feeds")
_ENCODER = msgspec.json.Encoder()


def pack_rows(rows: Sequence[FeedRow]) -> Jsonb:
    """One parameter for a whole batch: the server takes it apart faster than Python would."""
    return Jsonb(rows, dumps=_ENCODER.encode)


async def upsert_feed(
    connection: Connection,
    *,
    application_id: int,
    location: str,
    interval_minutes: int | None,
    due_at: datetime | None,
    now: datetime,
) -> Feed:
    row = await (await connection.execute(SQL["upsert_feed"], locals())).fetchone()
    assert row is not None
    return Feed(*row)


async def list_feeds(connection: Connection) -> list[Feed]:
    return [Feed(*row) for row in await (await connection.execute(SQL["list_feeds"])).fetchall()]


async def find_feed(connection: Connection, *, feed_id: int) -> Feed | None:
    row = await (await connection.execute(SQL["find_feed"], locals())).fetchone()
    return None if row is None else Feed(*row)


async def request_feed_run(
    connection: Connection, *, feed_id: int, may_close_all: bool, now: datetime
) -> None:
    await connection.execute(SQL["request_feed_run"], locals())


async def claim_due_feed(connection: Connection, *, now: datetime, abandoned_before: datetime) -> Feed | None:
    row = await (await connection.execute(SQL["claim_due_feed"], locals())).fetchone()
    return None if row is None else Feed(*row)


async def end_feed_turn(
    connection: Connection, *, feed_id: int, due_at: datetime | None, started_at: datetime
) -> None:
    await connection.execute(SQL["end_feed_turn"], locals())


async def try_lock_feed(connection: Connection, *, lock_space: int, feed_id: int) -> bool:
    row = await (await connection.execute(SQL["try_lock_feed"], locals())).fetchone()
    assert row is not None
    return bool(row[0])


async def unlock_feed(connection: Connection, *, lock_space: int, feed_id: int) -> None:
    await connection.execute(SQL["unlock_feed"], locals())


async def read_known_jobs(connection: Connection, *, feed_id: int, now: datetime) -> dict[str, bytes]:
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(SQL["read_known_jobs"], locals())
        return {row[0]: row[1] async for row in cursor}


async def insert_feed_postings(
    connection: Connection, *, feed_id: int, application_id: int, shard: int, jobs: Jsonb, now: datetime
) -> list[tuple[Any, ...]]:
    """Job id, end in milliseconds and partner's id of those that were free, by job id."""
    return await (await connection.execute(SQL["insert_feed_postings"], locals())).fetchall()


async def lock_feed_postings(
    connection: Connection, *, feed_id: int, shard: int, partner_job_ids: list[str]
) -> dict[str, int]:
    """Job ids by partner's id, in rising order."""
    rows = await (await connection.execute(SQL["lock_feed_postings"], locals())).fetchall()
    return {row[1]: row[0] for row in rows}


async def update_feed_postings(connection: Connection, *, feed_id: int, shard: int, jobs: Jsonb) -> None:
    await connection.execute(SQL["update_feed_postings"], locals())


async def close_feed_postings(
    connection: Connection, *, feed_id: int, shard: int, partner_job_ids: list[str], now: datetime
) -> None:
    await connection.execute(SQL["close_feed_postings"], locals())


async def delete_fingerprints(connection: Connection, *, feed_id: int, partner_job_ids: list[str]) -> None:
    await connection.execute(SQL["delete_fingerprints"], locals())


async def insert_feed_errors(
    connection: Connection,
    *,
    feed_id: int,
    positions: list[int],
    partner_job_ids: list[str],
    paths: list[str],
    whys: list[str],
) -> None:
    await connection.execute(SQL["insert_feed_errors"], locals())


async def delete_feed_errors(connection: Connection, *, feed_id: int) -> None:
    await connection.execute(SQL["delete_feed_errors"], locals())


async def list_feed_errors(
    connection: Connection, *, feed_id: int, after: int, rows_max: int
) -> list[FeedError]:
    rows = await (await connection.execute(SQL["list_feed_errors"], locals())).fetchall()
    return [FeedError(*row) for row in rows]


async def insert_feed_run(
    connection: Connection,
    *,
    feed_id: int,
    started_at: datetime,
    outcome: str,
    message: str,
    jobs: int,
    created: int,
    updated: int,
    unchanged: int,
    failed: int,
    closed: int,
    held_back: int,
    expected_job_count: int | None,
) -> None:
    await connection.execute(SQL["insert_feed_run"], locals())


async def find_last_run(connection: Connection, *, feed_id: int) -> FeedRun | None:
    row = await (await connection.execute(SQL["find_last_run"], locals())).fetchone()
    return None if row is None else FeedRun(row[0], row[1], FeedRunOutcome(row[2]), *row[3:])


async def save_validators(
    connection: Connection, *, feed_id: int, etag: str, last_modified: str, now: datetime
) -> None:
    await connection.execute(SQL["save_validators"], locals())
