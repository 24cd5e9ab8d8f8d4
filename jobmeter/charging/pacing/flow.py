"""Owns the verbs of daily limits: how many clicks of a day may be charged, changing a job's daily budget.

Does not own the total budget, which the charge itself holds (``charge.flow``).
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from jobmeter.base.days import day_from_number, day_number, day_of
from jobmeter.charging.job_changes.flow import enqueue_job_changes
from jobmeter.charging.model import ClickCounts, make_job_keys
from jobmeter.charging.pacing import rules, store
from jobmeter.database.arrays import Column
from jobmeter.database.connection import Connection


async def count_chargeable(connection: Connection, counts: ClickCounts, day: int) -> Column:
    """For each row of a tally of one day how many of its clicks the day's limits let through.

    The jobs are locked: the statement sees what the previous holder of the lock charged.
    """
    # Few jobs of a batch have a daily limit; only those are read from the database and processed in a Python loop.
    capped = np.flatnonzero(counts.are_capped)
    limits = await store.read_day_limits(connection, counts.select(capped), day=day_from_number(day))
    chargeable = counts.clicks.copy()
    for row in capped.tolist():
        limit = limits.get(int(counts.job_ids[row]))
        if limit is not None:
            chargeable[row] = min(int(counts.clicks[row]), rules.count_chargeable(limit, day))
    return chargeable


async def find_capped(connection: Connection, *, job_ids: Sequence[int], now: datetime) -> frozenset[int]:
    """Those of the jobs whose limits let no more clicks of today through."""
    if not job_ids:
        return frozenset()
    numbers = np.array(sorted(job_ids), dtype=np.int64)
    today = day_of(now)
    limits = await store.read_day_limits(connection, make_job_keys(numbers), day=today)
    return frozenset(
        job_id for job_id, limit in limits.items() if rules.count_chargeable(limit, day_number(today)) == 0
    )


async def find_day_limit(connection: Connection, *, job_id: int, now: datetime) -> rules.DayLimit | None:
    """Returns what limits a job's clicks of today; ``None`` if only its total budget does."""
    keys = make_job_keys(np.array([job_id], dtype=np.int64))
    return (await store.read_day_limits(connection, keys, day=day_of(now))).get(job_id)


async def set_daily_budget(connection: Connection, *, shard: int, job_id: int, daily_micros: int) -> None:
    """A job's budget for each day; 0 is none. The job is locked."""
    await store.set_daily_budget(connection, shard=shard, job_id=job_id, daily_micros=daily_micros)
    await enqueue_job_changes(connection, [job_id])
