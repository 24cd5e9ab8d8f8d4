"""Owns loading a feed: its jobs are created, changed and closed by difference, batch by batch.

Each batch is one transaction: memory use is constant, and committed batches survive a failure. While one
batch is written, the next is read in a separate thread. Does not own fetching (the worker's).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

import numpy as np

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Refused
from jobmeter.base.ids import shard_of
from jobmeter.charging.windows import flow as windows_flow
from jobmeter.charging.windows.model import FreeWindows
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.jobs.feeds import store
from jobmeter.jobs.feeds.flow import record_run
from jobmeter.jobs.feeds.loading import rules
from jobmeter.jobs.feeds.model import Feed, FeedBatch, FeedPolicy, FeedRow, FeedRun, FeedRunOutcome
from jobmeter.jobs.runs.flow import close_free_runs
from jobmeter.wire.xml.feed.flaws import FeedError
from jobmeter.wire.xml.feed.stream import read_feed

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
    charset: str = "",
    when_read: Callable[[int], None] = lambda _: None,
) -> FeedRun:
    """Reads ``file`` to its end, applies the differences from the last run (xml spec 13) and records the run.

    The caller holds the feed's lock (``lock_feed``). A job with an error is left unchanged. A malformed feed closes
    no jobs, nor does one without jobs or with too many missing at once. ``charset`` is that of the content type;
    ``when_read`` is called with the number of jobs in each batch.
    """
    load = _Load(database, feed, now, policy, when_read)
    run = FeedRun(feed_id=feed.id, started_at=now, outcome=FeedRunOutcome.DONE)
    async with database.transaction() as connection:
        known = await store.read_known_jobs(connection, feed_id=feed.id, now=now)
        warned = {row.partner_job_id: row for row in await store.list_warnings(connection, feed_id=feed.id)}
        last_shape = await store.find_last_shape(connection, feed_id=feed.id)
        await store.delete_feed_errors(connection, feed_id=feed.id)
    items = read_feed(
        file, known=known, rules=policy.rules, defaults=rules.complete_defaults(feed), charset=charset
    )
    batcher = rules.FeedBatcher(items, known, warned, now=now, policy=policy)
    with ThreadPoolExecutor(1, thread_name_prefix="feed") as thread:
        run = await _carry_out(load, batcher, thread, run)
    header = batcher.header
    run = replace(run, expected_job_count=header.expected_job_count, shape=header.shape, notes=batcher.notes)
    if run.outcome is FeedRunOutcome.DONE:
        run = await _close_missing(load, batcher, len(known), last_shape or "", run)
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
    if batch.created or batch.changed or batch.errors or batch.warnings or batch.removed:
        async with load.database.transaction() as connection:
            if batch.created:
                taken = await _create(connection, load, batch.created)
            if batch.changed:
                await _change(connection, load, batch.changed)
            await _close(connection, load, batch.removed)
            await _record_errors(connection, load, [*batch.errors, *taken])
            indexes = {error.index for error in taken}
            await _record_rows(connection, load, [row for row in batch.warnings if row.index not in indexes])
    return replace(
        run,
        jobs=run.jobs + batch.jobs,
        created=run.created + len(batch.created) - len(taken),
        updated=run.updated + len(batch.changed),
        unchanged=run.unchanged + batch.unchanged,
        failed=run.failed + len(batch.errors) + len(taken),
        closed=run.closed + len(batch.removed),
        warned=run.warned + batch.warned,
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
    windows = _make_windows(rows, [(name, job_id, load.now) for name, job_id in posted.items()])
    await windows_flow.open_free_windows(connection, windows, shard=load.shard)
    return [
        FeedError(index=row.index, partner_job_id=row.partner_job_id, path="job/partnerJobId", why=TAKEN)
        for row in rows
        if row.partner_job_id not in posted
    ]


def _make_windows(rows: Sequence[FeedRow], posted: Iterable[tuple[str, int, datetime]]) -> FreeWindows:
    """The windows of jobs that are posted, each with its partner's id, its own and when it was posted, from then on.

    That of a job that is not for the public is closed at its end, as everywhere: its events do not count.
    """
    by_name = {row.partner_job_id: row for row in rows}
    jobs = [(by_name[name], job_id, to_ms(posted_at)) for name, job_id, posted_at in posted]
    return FreeWindows(
        job_ids=np.array([job_id for _, job_id, _ in jobs], dtype=np.int64),
        live_from_ms=np.array(
            [posted_at_ms if row.is_public else row.live_until_ms for row, _, posted_at_ms in jobs],
            dtype=np.int64,
        ),
        live_until_ms=np.array([row.live_until_ms for row, *_ in jobs], dtype=np.int64),
    )


async def _change(connection: Connection, load: _Load, rows: Sequence[FeedRow]) -> None:
    names = [row.partner_job_id for row in rows]
    postings = await store.lock_feed_postings(
        connection, feed_id=load.feed.id, shard=load.shard, partner_job_ids=names
    )
    windows = _make_windows(rows, [(one.partner_job_id, one.job_id, one.created_at) for one in postings])
    await windows_flow.move_free_windows(connection, windows, shard=load.shard)
    await store.update_feed_postings(
        connection, feed_id=load.feed.id, shard=load.shard, jobs=store.pack_rows(rows)
    )


async def _record_errors(connection: Connection, load: _Load, errors: Sequence[FeedError]) -> None:
    """Marks jobs with errors, so that each run reads them again until they can be applied."""
    await _record_rows(connection, load, errors)
    if errors:
        await store.delete_fingerprints(
            connection, feed_id=load.feed.id, partner_job_ids=[error.partner_job_id for error in errors]
        )


async def _record_rows(connection: Connection, load: _Load, rows: Sequence[FeedError]) -> None:
    if rows:
        await store.insert_feed_errors(connection, feed_id=load.feed.id, rows=store.pack_errors(rows))


async def _close_missing(
    load: _Load, batcher: rules.FeedBatcher, kept: int, last_shape: str, run: FeedRun
) -> FeedRun:
    missing = batcher.list_missing()
    why = rules.find_stop(
        run, batcher.header, missing=len(missing), kept=kept, last_shape=last_shape, policy=load.policy
    )
    if why and not load.feed.may_close_all:
        return replace(run, outcome=FeedRunOutcome.STOPPED, message=why, held_back=len(missing))
    for start in range(0, len(missing), load.policy.batch_jobs):
        async with load.database.transaction() as connection:
            await _close(connection, load, missing[start : start + load.policy.batch_jobs])
    return replace(run, closed=run.closed + len(missing))


async def _close(connection: Connection, load: _Load, partner_job_ids: list[str]) -> None:
    if not partner_job_ids:
        return
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
