"""Owns the verbs of charging: open a job's budget, charge a tally inside the budgets, close a job's budget."""

from datetime import datetime

import numpy as np

from jobmeter.base.days import day_from_number
from jobmeter.charging.charge import store
from jobmeter.charging.charge.model import DayCounts
from jobmeter.charging.corrections.flow import record_late
from jobmeter.charging.job_changes.flow import enqueue_job_changes
from jobmeter.charging.model import NOTHING_CHARGED, ChargeResult, ClickCounts
from jobmeter.charging.pacing.flow import count_chargeable
from jobmeter.charging.windows.model import StaleWindowsError
from jobmeter.database.arrays import Column
from jobmeter.database.connection import Connection


async def charge(connection: Connection, counts: ClickCounts, *, batch: int, now: datetime) -> ChargeResult:
    """Counts the tally and charges its clicks inside each job's budget, exactly once for each call.

    One posting for each (job, day) with a charge, whose cause is ``batch``. Which of a batch's clicks were
    charged follows from their order: the first ones by event key, until the budget was spent. Raises
    ``StaleWindowsError`` if a live window changed since the batch was judged; the caller's savepoint is then lost.
    """
    await store.prefer_index_plans(connection)
    # Almost every batch has one day and no capped job: `charge_day` then takes the locks itself. Otherwise several
    # statements lock the same jobs, so all jobs are locked first, in one order, to rule out deadlocks.
    days = np.unique(counts.days).tolist()
    has_caps = bool(np.any(counts.are_capped))
    if len(days) > 1 or has_caps:
        jobs = counts.list_jobs()
        assert await store.lock_counted_jobs(connection, jobs) == len(jobs), "what is judged has a budget row"
    charged = NOTHING_CHARGED
    for day in days:
        of_day = counts if len(days) == 1 else counts.select(counts.days == day)
        chargeable = await count_chargeable(connection, of_day, day) if has_caps else of_day.clicks
        charged += await _charge_day(connection, of_day, day, chargeable, batch=batch, now=now)
    assert charged.clicks_charged + charged.clicks_free <= int(counts.clicks.sum())
    await record_late(connection, counts, batch=batch, now=now)
    await enqueue_job_changes(connection, charged.jobs_noted)
    return charged


async def _charge_day(
    connection: Connection, counts: ClickCounts, day: int, chargeable: Column, *, batch: int, now: datetime
) -> ChargeResult:
    references = make_charge_references(day, counts.job_ids, batch)
    result = await store.charge_day(
        connection,
        counts.extend(DayCounts, chargeable=chargeable, references=references),
        day=day_from_number(day),
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
