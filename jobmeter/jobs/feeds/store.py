"""Owns the statements of job feeds, one function each. Does not own when they run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows, read_row, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.jobs.feeds.model import (
    Feed,
    FeedPosting,
    FeedRow,
    FeedRun,
    FeedRunOutcome,
    NumberedRun,
    PartnerFeed,
)
from jobmeter.wire.xml.feed.flaws import FeedError, FeedFlaw
from jobmeter.wire.xml.feed.requirements import FeedDefaults

SQL = load_statements("jobmeter.jobs.feeds")
_ENCODER = msgspec.json.Encoder()


def pack_rows(rows: Sequence[FeedRow]) -> Jsonb:
    """Serializes a whole batch as one parameter: the server parses it faster than Python would build columns."""
    return Jsonb(rows, dumps=_ENCODER.encode)


def pack_defaults(defaults: FeedDefaults) -> Jsonb:
    return Jsonb(defaults, dumps=_ENCODER.encode)


async def upsert_feed(
    connection: Connection,
    *,
    application_id: int,
    location: str,
    interval_minutes: int | None,
    due_at: datetime | None,
    defaults: Jsonb | None,
    now: datetime,
) -> Feed:
    """Without ``defaults`` those of an existing feed are kept."""
    parameters = {
        "application_id": application_id,
        "location": location,
        "interval_minutes": interval_minutes,
        "due_at": due_at,
        "defaults": defaults,
        "now": now,
    }
    return await read_row(connection, _make_feed, SQL["upsert_feed"], parameters)


def _make_feed(*, defaults: dict[str, Any], **row: Any) -> Feed:
    return Feed(defaults=FeedDefaults(**defaults), **row)


async def list_feeds(connection: Connection, *, after: int, rows_max: int) -> list[Feed]:
    parameters = {"after": after, "rows_max": rows_max}
    return await list_rows(connection, _make_feed, SQL["list_feeds"], parameters)


async def list_application_feeds(
    connection: Connection, *, after: int, rows_max: int, application_id: int
) -> list[Feed]:
    parameters = {"after": after, "rows_max": rows_max, "application_id": application_id}
    return await list_rows(connection, _make_feed, SQL["list_application_feeds"], parameters)


async def list_feed_runs(
    connection: Connection, *, feed_id: int, after: int, rows_max: int
) -> list[NumberedRun]:
    parameters = {"feed_id": feed_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, NumberedRun, SQL["list_feed_runs"], parameters)


async def find_feed(connection: Connection, *, feed_id: int) -> Feed | None:
    return await find_row(connection, _make_feed, SQL["find_feed"], {"feed_id": feed_id})


async def list_partner_feeds(
    connection: Connection, *, partner_id: int, feed_id: int | None, after: int, rows_max: int
) -> list[PartnerFeed]:
    parameters = {"partner_id": partner_id, "feed_id": feed_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, _make_partner_feed, SQL["list_partner_feeds"], parameters)


def _make_partner_feed(*, defaults: dict[str, Any], outcome: str | None, **row: Any) -> PartnerFeed:
    named = None if outcome is None else FeedRunOutcome(outcome)
    return PartnerFeed(defaults=FeedDefaults(**defaults), outcome=named, **row)


async def list_last_runs(connection: Connection, *, feed_id: int, rows_max: int) -> list[NumberedRun]:
    parameters = {"feed_id": feed_id, "rows_max": rows_max}
    return await list_rows(connection, NumberedRun, SQL["list_last_runs"], parameters)


async def find_feed_at(connection: Connection, *, application_id: int, location: str) -> Feed | None:
    parameters = {"application_id": application_id, "location": location}
    return await find_row(connection, _make_feed, SQL["find_feed_at"], parameters)


async def request_feed_run(
    connection: Connection, *, feed_id: int, may_close_all: bool, now: datetime
) -> None:
    parameters = {"feed_id": feed_id, "may_close_all": may_close_all, "now": now}
    await connection.execute(SQL["request_feed_run"], parameters)


async def lock_claims(connection: Connection, *, lock_space: int) -> None:
    await connection.execute(SQL["lock_claims"], {"lock_space": lock_space})


async def claim_due_feed(connection: Connection, *, now: datetime, abandoned_before: datetime) -> Feed | None:
    parameters = {"now": now, "abandoned_before": abandoned_before}
    return await find_row(connection, _make_feed, SQL["claim_due_feed"], parameters)


async def end_feed_turn(
    connection: Connection, *, feed_id: int, due_at: datetime | None, started_at: datetime
) -> None:
    parameters = {"feed_id": feed_id, "due_at": due_at, "started_at": started_at}
    await connection.execute(SQL["end_feed_turn"], parameters)


async def wait_for_feed(connection: Connection) -> None:
    await connection.execute(SQL["wait_for_feed"])


async def try_lock_feed(connection: Connection, *, lock_space: int, feed_id: int) -> bool:
    parameters = {"lock_space": lock_space, "feed_id": feed_id}
    return await read_scalar(connection, bool, SQL["try_lock_feed"], parameters)


async def read_known_jobs(connection: Connection, *, feed_id: int, now: datetime) -> dict[str, bytes]:
    """Returns fingerprints by partner's id."""
    # A feed may have a million jobs: plain pairs in binary format, without an object for each row.
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(SQL["read_known_jobs"], {"feed_id": feed_id, "now": now})
        return {partner_job_id: fingerprint async for partner_job_id, fingerprint in cursor}


async def insert_feed_postings(
    connection: Connection, *, feed_id: int, application_id: int, shard: int, jobs: Jsonb, now: datetime
) -> dict[str, int]:
    """Returns the job ids of those whose partner's id was free, in the order of the job ids."""
    parameters = {
        "feed_id": feed_id,
        "application_id": application_id,
        "shard": shard,
        "jobs": jobs,
        "now": now,
    }
    # Plain pairs in binary format, as above.
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(SQL["insert_feed_postings"], parameters)
        return dict(await cursor.fetchall())


async def lock_feed_postings(
    connection: Connection, *, feed_id: int, shard: int, partner_job_ids: list[str]
) -> list[FeedPosting]:
    """Returns rows in ascending order of job id."""
    parameters = {"feed_id": feed_id, "shard": shard, "partner_job_ids": partner_job_ids}
    return await list_rows(connection, FeedPosting, SQL["lock_feed_postings"], parameters)


async def update_feed_postings(connection: Connection, *, feed_id: int, shard: int, jobs: Jsonb) -> None:
    parameters = {"feed_id": feed_id, "shard": shard, "jobs": jobs}
    await connection.execute(SQL["update_feed_postings"], parameters)


async def delete_feed_jobs(connection: Connection, *, feed_id: int, partner_job_ids: list[str]) -> None:
    parameters = {"feed_id": feed_id, "partner_job_ids": partner_job_ids}
    await connection.execute(SQL["delete_feed_jobs"], parameters)


async def delete_fingerprints(connection: Connection, *, feed_id: int, partner_job_ids: list[str]) -> None:
    parameters = {"feed_id": feed_id, "partner_job_ids": partner_job_ids}
    await connection.execute(SQL["delete_fingerprints"], parameters)


def pack_errors(errors: Sequence[FeedError]) -> Jsonb:
    rows = [
        {
            "position": error.index,
            "partner_job_id": error.partner_job_id,
            "path": error.path,
            "why": error.why,
            "title": error.title,
            "flaws": error.flaws,
            "is_error": error.is_error,
        }
        for error in errors
    ]
    return Jsonb(rows, dumps=_ENCODER.encode)


async def insert_feed_errors(connection: Connection, *, feed_id: int, rows: Jsonb) -> None:
    await connection.execute(SQL["insert_feed_errors"], {"feed_id": feed_id, "rows": rows})


def _make_error(*, flaws: list[dict[str, Any]], **row: Any) -> FeedError:
    return FeedError(flaws=tuple(FeedFlaw(**flaw) for flaw in flaws), **row)


async def list_warnings(connection: Connection, *, feed_id: int) -> list[FeedError]:
    """Returns the rows of jobs that were taken with warnings."""
    return await list_rows(connection, _make_error, SQL["list_warnings"], {"feed_id": feed_id})


async def delete_feed_errors(connection: Connection, *, feed_id: int) -> None:
    await connection.execute(SQL["delete_feed_errors"], {"feed_id": feed_id})


async def list_feed_errors(
    connection: Connection, *, feed_id: int, after: int, rows_max: int
) -> list[FeedError]:
    parameters = {"feed_id": feed_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, _make_error, SQL["list_feed_errors"], parameters)


async def insert_feed_run(connection: Connection, run: FeedRun) -> None:
    await connection.execute(SQL["insert_feed_run"], {**vars_of(run), "notes": list(run.notes)})


async def find_last_run(connection: Connection, *, feed_id: int) -> FeedRun | None:
    return await find_row(connection, FeedRun, SQL["find_last_run"], {"feed_id": feed_id})


async def find_last_shape(connection: Connection, *, feed_id: int) -> str | None:
    """Returns the shape in which the feed's jobs were last found."""
    return await find_scalar(connection, str, SQL["find_last_shape"], {"feed_id": feed_id})


async def save_validators(
    connection: Connection,
    *,
    feed_id: int,
    etag: str,
    last_modified: str,
    due_at: datetime | None,
    now: datetime,
) -> None:
    parameters = {
        "feed_id": feed_id,
        "etag": etag,
        "last_modified": last_modified,
        "due_at": due_at,
        "now": now,
    }
    await connection.execute(SQL["save_validators"], parameters)
