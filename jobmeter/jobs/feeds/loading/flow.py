"""Owns loading a feed: its jobs are created, changed and closed by difference, batch by batch.

Each batch is one transaction: memory use is constant, and committed batches survive a failure. While one
batch is written, the next is read in a separate thread. Does not own fetching (the worker's).
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

import numpy as np

from jobmeter.base.faults import Refused
from jobmeter.base.ids import shard_of
from jobmeter.charging.windows import flow as meters
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.jobs.feeds import store
from jobmeter.jobs.feeds.flow import record_run
from jobmeter.jobs.feeds.loading import rules
from jobmeter.jobs.feeds.model import Feed, FeedBatch, FeedPolicy, FeedRow, FeedRun, FeedRunOutcome
from jobmeter.jobs.runs.flow import close_free_runs
from jobmeter.wire.xml.feed.stream import FeedError, read_feed

POLICY = FeedPolicy()
TAKEN = "is live from another feed of this application"


@dataclass(frozen=True, slots=True)
class _Load:
    database: Database
    feed: Feed
    now: datetime
    policy: FeedPolicy
    when_read: Callable[[int], None]

    @property
    def shard(self) -> int:
        return shard_of(self.feed.application_id)


async def load_feed(
    database: Database,
    *,
    feed: Feed,
    file: BinaryIO,
    now: datetime,
    policy: FeedPolicy = POLICY,
    when_read: Callable[[int], None] = lambda _: None,
) -> FeedRun:
    """Reads ``file`` to its end, applies the differences from the last run (xml spec 13) and records the run.

    The caller holds the feed's lock (``lock_feed``). A job with an error is left unchanged. A malformed feed,
    or one with too many jobs missing at once, closes no jobs. ``when_read`` is called with the number of jobs
    in each batch.
    """
    load = _Load(database, feed, now, policy, when_read)
    run = FeedRun(feed_id=feed.id, started_at=now, outcome=FeedRunOutcome.DONE)
    async with database.transaction() as connection:
        known = await store.read_known_jobs(connection, feed_id=feed.id, now=now)
        await store.delete_feed_errors(connection, feed_id=feed.id)
    batcher = rules.FeedBatcher(
        read_feed(file, known=known, rules=policy.rules), known, now=now, policy=policy
    )
    with ThreadPoolExecutor(1, thread_name_prefix="feed") as thread:
        run = await _carry_out(load, batcher, thread, run)
    run = replace(run, expected_job_count=batcher.expected_job_count)
    if run.outcome is FeedRunOutcome.DONE:
        run = await _close_missing(load, batcher.list_missing(), len(known), run)
    async with database.transaction() as connection:
        await record_run(connection, run)
    return run


async def _carry_out(
    load: _Load, batcher: rules.FeedBatcher, thread: ThreadPoolExecutor, run: FeedRun
) -> FeedRun:
    loop = asyncio.get_running_loop()
    try:
        batch = await loop.run_in_executor(thread, batcher.next_batch)
        while batch is not None:
            upcoming = loop.run_in_executor(thread, batcher.next_batch)
            try:
                run = await _write_batch(load, batch, run)
            finally:
                await asyncio.wait([upcoming])
            load.when_read(batch.jobs)
            batch = await upcoming
    except Refused as refused:
        return replace(run, outcome=FeedRunOutcome.MALFORMED, message=refused.message)
    return run


async def _write_batch(load: _Load, batch: FeedBatch, run: FeedRun) -> FeedRun:
    taken: list[FeedError] = []
    if batch.created or batch.changed or batch.errors:
        async with load.database.transaction() as connection:
            if batch.created:
                taken = await _create(connection, load, batch.created)
            if batch.changed:
                await _change(connection, load, batch.changed)
            await _record_errors(connection, load, [*batch.errors, *taken])
    return replace(
        run,
        jobs=run.jobs + batch.jobs,
        created=run.created + len(batch.created) - len(taken),
        updated=run.updated + len(batch.changed),
        unchanged=run.unchanged + batch.unchanged,
        failed=run.failed + len(batch.errors) + len(taken),
    )


async def _create(connection: Connection, load: _Load, rows: Sequence[FeedRow]) -> list[FeedError]:
    """Returns the jobs that belong to another feed."""
    posted = await store.insert_feed_postings(
        connection,
        feed_id=load.feed.id,
        application_id=load.feed.application_id,
        shard=load.shard,
        jobs=store.pack_rows(rows),
        now=load.now,
    )
    await meters.open_free_meters(
        connection,
        shard=load.shard,
        job_ids=np.array([row.job_id for row in posted], dtype=np.int64),
        live_from=load.now,
        live_until_ms=np.array([row.live_until_ms for row in posted], dtype=np.int64),
    )
    free = {row.partner_job_id for row in posted}
    return [
        FeedError(index=row.index, partner_job_id=row.partner_job_id, path="job/partnerJobId", why=TAKEN)
        for row in rows
        if row.partner_job_id not in free
    ]


async def _change(connection: Connection, load: _Load, rows: Sequence[FeedRow]) -> None:
    ends = {row.partner_job_id: row.live_until_ms for row in rows}
    postings = await store.lock_feed_postings(
        connection, feed_id=load.feed.id, shard=load.shard, partner_job_ids=list(ends)
    )
    await meters.move_free_meters(
        connection,
        shard=load.shard,
        job_ids=np.array([posting.job_id for posting in postings], dtype=np.int64),
        live_until_ms=np.array([ends[posting.partner_job_id] for posting in postings], dtype=np.int64),
    )
    await store.update_feed_postings(
        connection, feed_id=load.feed.id, shard=load.shard, jobs=store.pack_rows(rows)
    )


async def _record_errors(connection: Connection, load: _Load, errors: Sequence[FeedError]) -> None:
    """Marks jobs with errors, so that each run reads them again until they can be applied."""
    if not errors:
        return
    await store.insert_feed_errors(
        connection,
        feed_id=load.feed.id,
        positions=[error.index for error in errors],
        partner_job_ids=[error.partner_job_id for error in errors],
        paths=[error.path for error in errors],
        whys=[error.why for error in errors],
    )
    await store.delete_fingerprints(
        connection, feed_id=load.feed.id, partner_job_ids=[error.partner_job_id for error in errors]
    )


async def _close_missing(load: _Load, missing: list[str], kept: int, run: FeedRun) -> FeedRun:
    if not load.feed.may_close_all and rules.closes_too_many(
        closing=len(missing), kept=kept, policy=load.policy
    ):
        message = f"{len(missing)} of {kept} jobs are missing; none was closed, ask the operator"
        return replace(run, outcome=FeedRunOutcome.STOPPED, message=message, held_back=len(missing))
    for start in range(0, len(missing), load.policy.batch_jobs):
        partner_job_ids = missing[start : start + load.policy.batch_jobs]
        async with load.database.transaction() as connection:
            postings = await store.lock_feed_postings(
                connection, feed_id=load.feed.id, shard=load.shard, partner_job_ids=partner_job_ids
            )
            await close_free_runs(
                connection,
                shard=load.shard,
                job_ids=[posting.job_id for posting in postings],
                ended_at=load.now,
            )
            await store.delete_feed_jobs(connection, feed_id=load.feed.id, partner_job_ids=partner_job_ids)
    return replace(run, closed=len(missing))
