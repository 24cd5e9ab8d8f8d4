"""Owns the list of chores and one round through it at a given time.

Does not own the loop that calls it (``loop``) or the sandbox's way of moving time (``jobmeter.sandbox``).
"""

from datetime import datetime, timedelta

from jobmeter.base.days import day_of, end_of
from jobmeter.base.settings import Settings
from jobmeter.jobs import flow as jobs
from jobmeter.metering import flow as metering
from jobmeter.settlement import flow as settlement
from jobmeter.store.database import Database

TASKS_ROWS_MAX = 200
EXPIRY_ROWS_MAX = 200
ROUNDS_MAX = 10_000


async def run_due(database: Database, settings: Settings, *, now: datetime) -> int:
    """Carries out everything that is due at ``now``; returns how many things were done. Safe to repeat."""
    done = 0
    for _ in range(ROUNDS_MAX):
        worked = await _run_round(database, settings, now)
        if worked == 0:
            break
        done += worked
    return done


async def _run_round(database: Database, settings: Settings, now: datetime) -> int:
    async with database.transaction() as connection:
        worked = await jobs.carry_out_tasks(connection, rows_max=TASKS_ROWS_MAX, now=now)
    async with database.transaction() as connection:
        worked += await jobs.expire_jobs(connection, rows_max=EXPIRY_ROWS_MAX, now=now)
    async with database.transaction() as connection:
        settled = await settlement.settle_next_day(
            connection, final_after_days=settings.final_after_days, now=now
        )
    return worked + (settled is not None)


async def make_event_days(database: Database, *, now: datetime) -> None:
    """Makes the partitions that events of the next days need."""
    async with database.transaction() as connection:
        await metering.make_event_days(connection, now=now)


async def next_due(database: Database, *, after: datetime, until: datetime) -> datetime:
    """The next instant after ``after`` at which something falls due, at most ``until``.

    Midnight UTC is always one: days become final and reports change there.
    """
    async with database.connection() as connection:
        expiry = await jobs.next_expiry(connection)
    moments = [end_of(day_of(after)), until]
    if expiry is not None and expiry > after:
        moments.append(expiry)
    return max(min(moments), after + timedelta(microseconds=1))
