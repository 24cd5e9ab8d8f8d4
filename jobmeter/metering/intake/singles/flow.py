"""Owns the verbs of single events: record a group of them, and return where each candidate is led.

One statement records a group that it can decide as a whole: events of today, of jobs without a daily budget, that all count.
Every other group is ingested as a batch is. Events have the same keys in both, and are charged by the same lines of SQL.
"""

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
from psycopg.errors import SerializationFailure

from jobmeter.base.days import day_from_number, day_of
from jobmeter.base.ids import shard_of
from jobmeter.database.arrays import Column
from jobmeter.database.columns import list_day_numbers, list_different, shards_of
from jobmeter.database.connection import Connection
from jobmeter.jobs.pages import flow as pages
from jobmeter.jobs.pages.model import ApplyTarget
from jobmeter.metering.filters import flow as filters_flow
from jobmeter.metering.intake import bursts, rules
from jobmeter.metering.intake.columns import make_columns
from jobmeter.metering.intake.flow import IntakeCaches, find_live_windows, ingest, make_filters
from jobmeter.metering.intake.singles import store
from jobmeter.metering.intake.singles.model import JudgedJobs, NewEvents
from jobmeter.metering.model import EventColumns, Verdict
from jobmeter.metering.pseudonyms.flow import SaltCache
from jobmeter.wire.events import Event, read_job_id


def find_shard(event: Event) -> int:
    """The shard that records the event."""
    return shard_of(read_job_id(event.job) or 0)


async def take_events(
    connection: Connection,
    events: Sequence[Event],
    *,
    known: IntakeCaches,
    now: datetime,
    future_tolerance_seconds: int,
) -> list[ApplyTarget | None] | None:
    """Records a group by one statement, and returns for each event the target of its job's apply link.

    On a keyed connection, outside of a transaction: the group is durable once this returns. Returns ``None``, and records
    nothing, where the statement cannot decide the whole group.
    """
    columns = make_columns(events, {})
    job_ids = list_different(columns.job_ids)
    windows = await find_live_windows(connection, job_ids, known.windows)
    filters = make_filters(
        events,
        np.zeros(len(events), dtype=bool),
        policies=known.filters.policies,
        future_tolerance_seconds=future_tolerance_seconds,
    )
    verdicts = rules.judge(columns, windows, filters, now=now)
    day = _find_day(columns.times_ms, known, now)
    if (
        day is None
        or np.any(verdicts != Verdict.COUNTED)
        or np.any(windows.are_capped)
        or len(filters_flow.find_suspects(columns, known.filters))
        or bursts.find_candidates(columns, verdicts, windows, known.filters.policies) is not None
    ):
        return None
    try:
        targets = await store.take_events(
            connection,
            _make_events(columns, rules.order_for_storage(columns, verdicts), known.salts),
            JudgedJobs(shards_of(job_ids), job_ids, windows.revisions),
            filter_revision=known.filters.revision,
            day=day,
            opening_day=day,
            booked_at=now,
        )
    except SerializationFailure:
        return None  # a live window has changed meanwhile
    return None if targets is None else [targets.get(job_id) for job_id in columns.job_ids.tolist()]


def _find_day(times_ms: Column, known: IntakeCaches, now: datetime) -> date | None:
    """The one day of all events if it is not over, and it is known: its salt, and by which lists its user agents are judged."""
    numbers = list_day_numbers(times_ms)
    day = day_from_number(numbers[0])
    is_known = day in known.recorded_days and known.salts.knows(day)
    return day if len(numbers) == 1 and day >= day_of(now) and is_known else None


def _make_events(columns: EventColumns, rows: Column, salts: SaltCache) -> NewEvents:
    job_ids, senders = columns.job_ids[rows], salts.hide_senders(columns, rows)
    return NewEvents(
        shards=shards_of(job_ids),
        keys=columns.keys[rows],
        job_ids=job_ids,
        kinds=columns.kinds[rows],
        visitors=senders.visitors,
        addresses=senders.addresses,
    )


async def ingest_single_events(
    connection: Connection,
    events: Sequence[Event],
    *,
    known: IntakeCaches,
    now: datetime,
    future_tolerance_seconds: int,
) -> list[ApplyTarget | None]:
    """Records a group, and returns for each event the target of its job's apply link; ``None`` without a job.

    Runs in the caller's transaction. Candidates are redirected even if their event does not count.
    """
    job_ids = [read_job_id(event.job) or 0 for event in events]
    fetch_apply_targets = await pages.send_apply_targets_query(connection, job_ids)
    await ingest(
        connection,
        events,
        known=known,
        now=now,
        future_tolerance_seconds=future_tolerance_seconds,
    )
    targets = await fetch_apply_targets()
    return [targets.get(job_id) for job_id in job_ids]
