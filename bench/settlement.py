"""Owns the figure of settlement: evaluating and reversing a day of events, compared with a plain count by job.

A tenth of the events are clicks, as in the sandbox's traffic; some are double clicks, some are repeated events.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import psycopg

from bench.event_days import fill_day, make_keys
from bench.live_jobs import post_live_jobs
from bench.machine import Machine
from bench.measurement import LARGE, Measured, Sizes
from jobmeter.base.clock import to_ms
from jobmeter.base.days import DAY_MS, FINAL_AFTER_DAYS, day_of, final_at, start_of
from jobmeter.database.arrays import Column
from jobmeter.database.columns import shards_of
from jobmeter.database.pool import Database
from jobmeter.database.statements import load_statements
from jobmeter.metering.model import StoredEvents
from jobmeter.settlement.days import flow as settlement

SQL = load_statements("bench", "settlement.sql")

EVENTS = 2_000_000
EVENTS_LARGE = 10_000_000
CLICK_SHARE = 0.1
DOUBLE_SHARE = 0.05
REPEAT_SHARE = 0.01
VISITORS = 1_000_000
NETWORKS = 20_000


@dataclass(frozen=True, slots=True)
class Day:
    """The events of a day in batches, generated from a fixed seed."""

    day: date
    job_ids: Column
    events: int
    batch_events: int

    def make_copy(self, number: int) -> bytes:
        rng = np.random.default_rng([7, number])
        rows, spread = self.batch_events, self.events // self.batch_events
        first_ms = to_ms(start_of(self.day)) + DAY_MS * number // spread
        times = first_ms + np.sort(rng.integers(0, DAY_MS // spread, rows))
        weights = np.cumsum(1.0 / np.arange(1, len(self.job_ids) + 1))
        jobs = self.job_ids[np.searchsorted(weights, rng.random(rows) * weights[-1])]
        visitors = rng.integers(1, VISITORS, rows)
        kinds = rng.random(rows) < CLICK_SHARE
        keys = make_keys(rng, times)
        clicks = np.flatnonzero(kinds)
        doubles = clicks[1:][rng.random(max(len(clicks) - 1, 0)) < DOUBLE_SHARE]
        before = clicks[np.searchsorted(clicks, doubles) - 1]
        jobs[doubles], visitors[doubles] = jobs[before], visitors[before]
        is_repeat = (rng.random(len(doubles)) < REPEAT_SHARE / DOUBLE_SHARE) & (
            times[doubles] > times[before]
        )
        for first, again in zip(before[is_repeat], doubles[is_repeat], strict=True):
            keys[again, 6:] = keys[first, 6:]
        return StoredEvents(
            shards=shards_of(jobs),
            keys=keys.view("V16").reshape(-1),
            job_ids=jobs,
            kinds=kinds,
            verdicts=np.zeros(rows, dtype=np.int64),
            visitors=visitors,
            addresses=visitors % NETWORKS + 1,
            batches=np.full(rows, number + 1),
        ).copy_body()


def measure_settlement(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures one settlement, since a day is settled once, and the count before and after it."""
    day = fill_past_day(machine, sizes, now, events=EVENTS_LARGE if sizes == LARGE else EVENTS)
    limits = [_count_by_job(machine, day), _count_by_job(machine, day)]
    seconds = asyncio.run(settle_day(machine.url, day))
    limits.append(_count_by_job(machine, day))
    with psycopg.connect(machine.url) as connection:
        reversed_row = connection.execute(SQL["count_reversed"], {"day": day.day}).fetchone()
    assert reversed_row is not None
    assert reversed_row[0] > day.events * CLICK_SHARE * DOUBLE_SHARE / 2
    return {"settlement": Measured((day.events / seconds,), tuple(day.events / taken for taken in limits))}


def fill_past_day(machine: Machine, sizes: Sizes, now: datetime, *, events: int) -> Day:
    """Stores and charges a day of so many ``events`` that is due to be settled, and no other one is."""
    jobs = post_live_jobs(machine.url, jobs=sizes.jobs, customers=sizes.senders, now=now)
    wanted = day_of(now - timedelta(days=FINAL_AFTER_DAYS + 1))
    day = Day(wanted, np.concatenate(jobs.job_ids), events, sizes.batch_events)
    with psycopg.connect(machine.url, autocommit=True) as connection:
        batches = map(day.make_copy, range(events // sizes.batch_events))
        fill_day(connection, wanted, batches, booked_at=start_of(wanted) + timedelta(hours=23))
        connection.execute(SQL["spend_day"], {"day": wanted})
        connection.execute(SQL["settle_other_days"], {"day": wanted, "settled_at": now})
        connection.execute(SQL["analyze_day"])
    return day


def _count_by_job(machine: Machine, day: Day) -> float:
    with psycopg.connect(machine.url, autocommit=True) as connection:
        began = time.perf_counter()
        connection.execute(SQL["count_by_job"], {"day": day.day}).fetchall()
        return time.perf_counter() - began


async def settle_day(url: str, day: Day) -> float:
    """Settles it as the background work does; returns the seconds that it took."""
    async with Database.opened(url, connections_max=1) as database:
        began = time.perf_counter()
        while True:
            async with database.transaction() as connection:
                if not await settlement.settle_next(
                    connection,
                    final_after_days=FINAL_AFTER_DAYS,
                    now=final_at(day.day),
                    by_shard=database.is_distributed,
                ):
                    return time.perf_counter() - began
