"""Owns the verbs of charging: charge a tally inside the budgets, and move a day that is over out of their rows.

A job's live day, today as a rule, is counted in the row of its budget, which a charge locks and changes anyway; every
other day in the roll-up, `job_days`. No figure depends on when a day is moved: a day may have a part in each, and all who
read days read both.
"""

from datetime import date, datetime

import numpy as np

from jobmeter.base.days import day_from_number, day_of
from jobmeter.charging.charge import store
from jobmeter.charging.charge.model import DayCounts
from jobmeter.charging.corrections.flow import record_late
from jobmeter.charging.model import NOTHING_CHARGED, ChargeResult, ClickCounts
from jobmeter.charging.pacing.flow import count_chargeable
from jobmeter.charging.windows.model import StaleWindowsError
from jobmeter.database.arrays import Column
from jobmeter.database.columns import list_different
from jobmeter.database.connection import Connection, prefer_index_plans


async def charge(connection: Connection, counts: ClickCounts, *, batch: int, now: datetime) -> ChargeResult:
    """Counts the tally and charges its clicks inside each job's budget, exactly once for each call.

    One posting for each (job, day) with a charge, whose cause is ``batch``. Which of a batch's clicks were
    charged follows from their order: the first ones by event key, until the budget was spent. Raises
    ``StaleWindowsError`` if a live window changed since the batch was judged; the caller's savepoint is then lost.
    """
    await prefer_index_plans(connection)
    # Almost every batch has one day and no capped job: `charge_day` then takes the locks itself. Otherwise several
    # statements lock the same jobs, so all jobs are locked first, in one order, to rule out deadlocks.
    days = list_different(counts.days).tolist()
    has_caps = bool(np.any(counts.are_capped))
    if len(days) > 1 or has_caps:
        jobs = counts.list_jobs()
        assert await store.lock_counted_jobs(connection, jobs) == len(jobs), "what is judged has a budget row"
    charged = NOTHING_CHARGED
    for day in days:
        of_day = counts if len(days) == 1 else counts.select(counts.days == day)
        has_limits = np.any(of_day.are_capped)
        chargeable = await count_chargeable(connection, of_day, day) if has_limits else of_day.clicks
        charged += await _charge_day(connection, of_day, day, chargeable, batch=batch, now=now)
    assert charged.clicks_charged + charged.clicks_free <= int(counts.clicks.sum())
    await record_late(connection, counts, batch=batch, now=now)
    return charged


async def _charge_day(
    connection: Connection, counts: ClickCounts, day: int, chargeable: Column, *, batch: int, now: datetime
) -> ChargeResult:
    references = make_charge_references(day, counts.job_ids, batch)
    of_day, today = day_from_number(day), day_of(now)
    result = await store.charge_day(
        connection,
        counts.extend(DayCounts, chargeable=chargeable, references=references),
        day=of_day,
        # A late day never begins to be counted in the budget's row: today's counts would find it taken.
        opening_day=of_day if of_day >= today else None,
        booked_at=now,
        batch=batch,
    )
    if result.windows_stale:
        raise StaleWindowsError
    return result


def make_charge_references(day: int, job_ids: Column, batch: int) -> Column:
    """References of a batch's charges of a day, as the schema's ``charge_reference`` makes them.

    Two bytes of the day since 1970, six of the job, eight of the batch.
    """
    # A reference is 16 big-endian bytes: two adjacent fields of 8 bytes, viewed as one.
    parts = np.empty(len(job_ids), dtype=[("day_and_job", ">u8"), ("batch", ">u8")])
    parts["day_and_job"] = (np.uint64(day) << np.uint64(48)) | job_ids.astype(np.uint64)
    parts["batch"] = batch
    return parts.view("V16")


async def move_past_days(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Moves a day before today of some jobs of one contract, in the caller's transaction; returns of how many jobs."""
    past = await store.find_past_day(connection, before=day_of(now))
    if past is None:
        return 0
    return await store.move_contract_day(
        connection, contract_id=past.contract_id, day=past.day, rows_max=rows_max
    )


async def move_days_until(connection: Connection, *, day: date) -> int:
    """Moves the days until ``day``, this one included, of all jobs, which stay locked; returns of how many jobs.

    As a rule there are none: ``move_past_days`` has moved them. Raises ``LockNotAvailable`` if a batch holds one for long.
    """
    await store.limit_wait(connection)
    moved = await store.move_days_until(connection, day=day)
    await store.end_limit(connection)
    return moved
