"""Owns the loop that runs chores beside the server until it is told to stop.

Does not own the chores (``chores``) or the clock they are given.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random

from jobmeter.base.days import day_of
from jobmeter.base.settings import Settings
from jobmeter.store.database import Database
from jobmeter.store.outage import is_outage
from jobmeter.worker import chores, feeds
from jobmeter.worker.charge_notices import tell_charges
from jobmeter.worker.webhooks import DeliveryLanes

CONNECTIONS_FOR_TWO_LANES = 8
SWEEP_INTERVAL = timedelta(minutes=1)

ReadClock = Callable[[], Awaitable[datetime]]

log = logging.getLogger("jobmeter.worker")


async def run_loop(
    database: Database,
    settings: Settings,
    *,
    read_clock: ReadClock,
    bell: asyncio.Event,
) -> None:
    """Runs due chores until it is cancelled: what is awaited in one lane, what may take its time in another,
    what waits for other machines in lanes of its own.

    A failure is logged and tried again: nothing is lost, for each chore is a transaction. A lane that ended with its
    first unforeseen failure would leave days unsettled, and nobody would be told.
    """
    await asyncio.gather(
        _run_awaited(database, settings, read_clock, bell),
        _run_others(database, settings, read_clock),
        *(_read_feeds(database, settings, read_clock) for _ in range(feed_lanes(settings))),
        _tell_partners(database, settings, read_clock),
    )


def _tell(database: Database, error: Exception, what: str) -> None:
    if is_outage(error):
        database.outage.tell(error)
    else:
        log.error(what, exc_info=error)


async def _run_awaited(
    database: Database, settings: Settings, read_clock: ReadClock, bell: asyncio.Event
) -> None:
    """At each interval, and at once when ``bell`` rings."""
    partitions_made_for = None
    while True:
        try:
            now = await read_clock()
            if partitions_made_for != day_of(now):
                await chores.make_event_days(database, now=now)
                partitions_made_for = day_of(now)
            await chores.run_awaited(database, settings, now=now)
            database.outage.end()
        except Exception as error:  # noqa: BLE001
            _tell(database, error, "a chore failed and will be tried again")
        bell.clear()
        try:
            await asyncio.wait_for(bell.wait(), settings.chore_interval_ms / 1_000)
        except TimeoutError:
            continue


async def _run_others(database: Database, settings: Settings, read_clock: ReadClock) -> None:
    """Settlement at each interval, for a large day takes a while; the rest once a minute."""
    swept_at: datetime | None = None
    while True:
        try:
            now = await read_clock()
            await chores.settle_due(database, settings, now=now)
            if swept_at is None or abs(now - swept_at) >= SWEEP_INTERVAL:
                await chores.sweep_expired(database, now=now)
                await chores.run_rest(database, settings, now=now)
                swept_at = now
        except Exception as error:  # noqa: BLE001
            _tell(database, error, "a chore failed and will be tried again")
        await asyncio.sleep(settings.chore_interval_ms / 1_000)


def feed_lanes(settings: Settings) -> int:
    """Each holds two connections while it reads, of which requests need some too."""
    return 2 if settings.pool_connections_max >= CONNECTIONS_FOR_TWO_LANES else 1


async def _read_feeds(database: Database, settings: Settings, read_clock: ReadClock) -> None:
    """A feed at a time: a server that is slow to send one keeps back no job of others."""
    while True:
        is_read = 0
        try:
            is_read = await feeds.load_due(database, settings, now=await read_clock())
        except Exception as error:  # noqa: BLE001
            _tell(database, error, "a feed could not be read and will be tried again")
        if not is_read:
            await asyncio.sleep(settings.chore_interval_ms / 1_000)


async def _tell_partners(database: Database, settings: Settings, read_clock: ReadClock) -> None:
    """Notices at each interval; an endpoint that is slow delays its own alone."""
    # What is random spreads retries and keeps no secret.
    lanes = DeliveryLanes(database, settings, Random())  # noqa: S311
    try:
        while True:
            try:
                now = await read_clock()
                await tell_charges(database, now=now)
                await lanes.start_due(now=now)
            except Exception as error:  # noqa: BLE001
                _tell(database, error, "notices could not be sent and will be tried again")
            await asyncio.sleep(settings.chore_interval_ms / 1_000)
    finally:
        await lanes.close()
