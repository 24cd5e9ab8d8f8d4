"""Owns the loop that runs chores beside the server until it is told to stop.

Does not own the chores (``chores``) or the clock they are given.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import psycopg
from psycopg_pool import PoolTimeout

from jobmeter.base.days import day_of
from jobmeter.base.settings import Settings
from jobmeter.store.database import Database
from jobmeter.worker import chores

SWEEP_INTERVAL = timedelta(minutes=1)

log = logging.getLogger("jobmeter.worker")


async def run_loop(
    database: Database,
    settings: Settings,
    *,
    read_clock: Callable[[], Awaitable[datetime]],
    bell: asyncio.Event,
) -> None:
    """Runs due chores at each interval, and at once when ``bell`` rings. Ends when it is cancelled.

    A failure of the database is logged and tried again: nothing is lost, for each chore is a transaction.
    """
    partitions_made_for = None
    swept_at: datetime | None = None
    while True:
        try:
            now = await read_clock()
            if partitions_made_for != day_of(now):
                await chores.make_event_days(database, now=now)
                partitions_made_for = day_of(now)
            if swept_at is None or now - swept_at >= SWEEP_INTERVAL:
                await chores.sweep_expired(database, now=now)
                await chores.run_due(database, settings, now=now)
                swept_at = now
            await chores.run_rounds(database, settings, now=now)
        except (psycopg.Error, PoolTimeout):
            log.exception("a chore failed and will be tried again")
        bell.clear()
        try:
            await asyncio.wait_for(bell.wait(), settings.chore_interval_ms / 1_000)
        except TimeoutError:
            continue
