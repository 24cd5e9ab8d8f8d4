"""Owns the decision which events count, and their tally by job and day. Pure: columns, meters, the time."""

from datetime import datetime, timedelta

import numpy as np

from jobmeter.base.clock import to_ms
from jobmeter.base.days import LATE_WINDOW_HOURS
from jobmeter.base.ids import SHARD_COUNT
from jobmeter.charging.model import Meters, Tally
from jobmeter.metering.columns import key_halves
from jobmeter.metering.model import NOT_STORED, EventColumns, Verdict
from jobmeter.store.arrays import Column

DAY_MS = 86_400_000


def judge(columns: EventColumns, meters: Meters, *, now: datetime, future_tolerance_seconds: int) -> Column:
    """The verdict on each row: the first filter of the table that holds."""
    now_ms = to_ms(now)
    known, live_from, live_until = _find_windows(columns.job_ids, meters)
    times = columns.times_ms
    filters = [
        (Verdict.MALFORMED, columns.malformed),
        (Verdict.JOB_UNKNOWN, ~known),
        (Verdict.TOO_OLD, times <= now_ms - LATE_WINDOW_HOURS * 3_600_000),
        (Verdict.IN_FUTURE, times > now_ms + future_tolerance_seconds * 1_000),
        (Verdict.JOB_NOT_LIVE, (times < live_from) | (times >= live_until)),
        (Verdict.CRAWLER, columns.crawlers),
    ]
    return np.select(
        [holds for _, holds in filters], [int(verdict) for verdict, _ in filters], int(Verdict.COUNTED)
    ).astype(np.int16)


def _find_windows(job_ids: Column, meters: Meters) -> tuple[Column, Column, Column]:
    known, rows = meters.find_rows(job_ids)
    if len(meters) == 0:
        return known, rows, rows
    return known, meters.live_from_ms[rows], meters.live_until_ms[rows]


def order_for_storage(columns: EventColumns, verdicts: Column) -> Column:
    """Row numbers to store, by shard and key, each key once: the first of equal ones stays."""
    rows = np.flatnonzero(~np.isin(verdicts, [int(verdict) for verdict in NOT_STORED]))
    high, low = key_halves(columns.keys[rows])
    shards = columns.job_ids[rows] % SHARD_COUNT
    order = np.lexsort((low, high, shards))
    rows, high, low, shards = rows[order], high[order], low[order], shards[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1]) | (shards[1:] != shards[:-1])
    return rows[first]


def make_tally(columns: EventColumns, verdicts: Column, rows: Column, meters: Meters) -> Tally:
    """The rows counted by (shard, job, UTC day), sorted so. ``meters`` are those that the rows were judged by."""
    job_ids, days = columns.job_ids[rows], columns.times_ms[rows] // DAY_MS
    shards = job_ids % SHARD_COUNT
    order = np.lexsort((days, job_ids, shards))
    job_ids, days, shards, rows = job_ids[order], days[order], shards[order], rows[order]
    starts = np.ones(len(rows), dtype=bool)
    starts[1:] = (job_ids[1:] != job_ids[:-1]) | (days[1:] != days[:-1])
    first = np.flatnonzero(starts)
    counted = verdicts[rows] == Verdict.COUNTED
    is_click = columns.kinds[rows] == 1
    meter_rows = meters.find_rows(job_ids[first])[1]
    return Tally(
        shards=shards[first],
        job_ids=job_ids[first],
        revisions=meters.revisions[meter_rows],
        are_capped=meters.are_capped[meter_rows],
        days=days[first],
        views=_sum_groups(counted & ~is_click, first),
        clicks=_sum_groups(counted & is_click, first),
        refused=_sum_groups(~counted & is_click, first),
    )


def _sum_groups(flags: Column, first: Column) -> Column:
    if len(first) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.add.reduceat(flags.astype(np.int64), first)


def days_accepted(now: datetime) -> tuple[datetime, datetime]:
    """The first and last instant whose events may still come in."""
    return now - timedelta(hours=LATE_WINDOW_HOURS), now + timedelta(days=1)
