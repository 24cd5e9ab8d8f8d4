"""Owns the loop that runs chores beside the server until it is told to stop.

Does not own the chores (``chores``) or the clock they are given.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random

from jobmeter.base.days import day_of
from jobmeter.base.settings import Settings
from jobmeter.database.outages import TELL_SECONDS, is_outage
from jobmeter.database.pool import Database
from jobmeter.notifications.dispatch.flow import NotificationDispatcher
from jobmeter.worker import chores, feeds
from jobmeter.worker.charge_notifications import notify_charges

COMPLAINTS_MAX = 100
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
        _run_interactive(database, settings, read_clock, bell),
        _run_others(database, settings, read_clock),
        *(_read_feeds(database, settings, read_clock) for _ in range(feed_lanes(settings))),
        _notify_partners(database, settings, read_clock),
    )


class Complaints:
    """What a lane tells of its failures: the same one once a minute, for a lane tries again four times a second."""

    def __init__(self, database: Database, what: str) -> None:
        self._database = database
        self._what = what
        self._told_at: dict[str, float] = {}

    def tell(self, error: Exception) -> None:
        if is_outage(error):
            return self._database.outage.tell(error)
        kind, now = f"{type(error).__name__}: {error}"[:200], time.monotonic()
        if now - self._told_at.get(kind, -TELL_SECONDS) < TELL_SECONDS:
            return None
        if len(self._told_at) >= COMPLAINTS_MAX:
            self._told_at.clear()
        self._told_at[kind] = now
        return log.error("%s and will be tried again", self._what, exc_info=error)


async def _run_interactive(
    database: Database, settings: Settings, read_clock: ReadClock, bell: asyncio.Event
) -> None:
    """At each interval, and at once when ``bell`` rings."""
    partitions_made_for, complaints = None, Complaints(database, "a chore failed")
    while True:
        try:
            now = await read_clock()
            if partitions_made_for != day_of(now):
                await chores.make_event_days(database, now=now)
                partitions_made_for = day_of(now)
            await chores.run_interactive(database, settings, now=now)
            database.outage.end()
        except Exception as error:  # noqa: BLE001
            complaints.tell(error)
        bell.clear()
        try:
            await asyncio.wait_for(bell.wait(), settings.chore_interval_ms / 1_000)
        except TimeoutError:
            continue


async def _run_others(database: Database, settings: Settings, read_clock: ReadClock) -> None:
    """Settlement at each interval, for a large day takes a while; the rest once a minute."""
    swept_at: datetime | None = None
    complaints = Complaints(database, "a chore failed")
    while True:
        try:
            now = await read_clock()
            await chores.settle_due(database, settings, now=now)
            if swept_at is None or abs(now - swept_at) >= SWEEP_INTERVAL:
                swept_at = now  # also where it fails: once a minute is often enough
                await chores.sweep_expired(database, now=now)
                await chores.run_maintenance(database, settings, now=now)
        except Exception as error:  # noqa: BLE001
            complaints.tell(error)
        await asyncio.sleep(settings.chore_interval_ms / 1_000)


def feed_lanes(settings: Settings) -> int:
    """Each holds two connections while it reads, of which requests need some too."""
    return 2 if settings.pool_connections_max >= CONNECTIONS_FOR_TWO_LANES else 1


async def _read_feeds(database: Database, settings: Settings, read_clock: ReadClock) -> None:
    """A feed at a time: a server that is slow to send one keeps back no job of others."""
    complaints = Complaints(database, "a feed could not be read")
    while True:
        is_read = 0
        try:
            is_read = await feeds.load_due(database, settings, now=await read_clock())
        except Exception as error:  # noqa: BLE001
            complaints.tell(error)
        if not is_read:
            await asyncio.sleep(settings.chore_interval_ms / 1_000)


async def _notify_partners(database: Database, settings: Settings, read_clock: ReadClock) -> None:
    """Notices at each interval; an endpoint that is slow delays its own alone."""
    # What is random spreads retries and keeps no secret.
    complaints = Complaints(database, "notices could not be sent")
    lanes = NotificationDispatcher(database, settings, Random())  # noqa: S311
    try:
        while True:
            try:
                now = await read_clock()
                await notify_charges(database, now=now)
                await lanes.start_due(now=now)
            except Exception as error:  # noqa: BLE001
                complaints.tell(error)
            await asyncio.sleep(settings.chore_interval_ms / 1_000)
    finally:
        await lanes.close()
