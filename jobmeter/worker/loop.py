"""Owns the loop that runs chores next to the server until it is cancelled.

Does not own the chores (``chores``) or their clock.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto
from functools import partial
from random import Random

from jobmeter.base.days import day_of
from jobmeter.base.settings import Settings
from jobmeter.database.outages import is_outage
from jobmeter.database.pool import Database
from jobmeter.database.throttled_log import ThrottledLog
from jobmeter.notifications.dispatch.flow import NotificationDispatcher
from jobmeter.telemetry.logs.flow import begin_chore
from jobmeter.worker import chores, feeds
from jobmeter.worker.cancellation import end_if_cancelled
from jobmeter.worker.charge_notifications import notify_charges

CONNECTIONS_FOR_TWO_READERS = 8
SWEEP_INTERVAL = timedelta(minutes=1)
# After a turn that found nothing: every process looks for work at its own times, and a look costs a dozen transactions. With
# the interval of the default, lists of jobs are still as they should be within a second.
IDLE_INTERVALS = 3

ReadClock = Callable[[], Awaitable[datetime]]


class Next(Enum):
    """When a task has its next turn."""

    AT_ONCE = auto()
    SOON = auto()  # at the next interval
    IDLE = auto()  # after some intervals, since there was nothing to do


Turn = Callable[[datetime], Awaitable[Next]]
Pause = Callable[[int], Awaitable[None]]  # takes the number of intervals

log = logging.getLogger("jobmeter.worker")


@dataclass(frozen=True, slots=True)
class Loop:
    """What all tasks of the loop share."""

    database: Database
    settings: Settings
    read_clock: ReadClock

    @property
    def interval_seconds(self) -> float:
        return self.settings.chore_interval_ms / 1_000

    async def sleep(self, intervals: int = 1, *, share: float = 0) -> None:
        """Sleeps to the ``share`` of the last of so many intervals, at which a task has its turns."""
        now, interval = asyncio.get_running_loop().time(), self.interval_seconds
        await asyncio.sleep(find_pause(now, interval=interval, share=share) + (intervals - 1) * interval)

    async def repeat_later(self, turn: Turn, *, failure: str, share: float) -> None:
        """As ``repeat``, after one interval: at the start of a process the first requests come first."""
        await self.sleep(2, share=share)
        await self.repeat(turn, failure=failure, pause=partial(self.sleep, share=share))

    async def repeat(self, turn: Turn, *, failure: str, pause: Pause) -> None:
        """Runs turns until the task is cancelled. A failing turn is logged as ``failure``, and tried again after the pause.

        Catches every error: a task that ended with an unexpected error would silently leave days unsettled.
        Each error is logged once a minute, since there may be four turns a second.
        """
        failures = ThrottledLog(log)
        while True:
            end_if_cancelled()
            begin_chore("")
            following = Next.SOON
            try:
                following = await turn(await self.read_clock())
            except Exception as error:  # noqa: BLE001
                if is_outage(error):
                    self.database.outage.report(error)
                else:
                    kind = f"{type(error).__name__}: {error}"[:200]
                    failures.log(logging.ERROR, "%s and will be tried again", failure, kind=kind, error=error)
            if following is not Next.AT_ONCE:
                await pause(IDLE_INTERVALS if following is Next.IDLE else 1)


def _pace(done: int) -> Next:
    return Next.SOON if done else Next.IDLE


def find_pause(now: float, *, interval: float, share: float) -> float:
    """Returns the seconds until the next moment that is ``share`` of an interval after a multiple of it; never 0.

    Tasks whose turns came together would need a connection each, of which every process of a server would keep six.
    """
    return interval - (now - share * interval) % interval


async def run_loop(
    database: Database,
    settings: Settings,
    *,
    read_clock: ReadClock,
    wakeup: asyncio.Event,
) -> None:
    """Runs due chores until it is cancelled: interactive ones in one task, at once when ``wakeup`` is set;
    slow ones in another; those that wait for other machines in separate tasks.

    A failure loses nothing, since each chore is a transaction.
    """
    loop = Loop(database, settings, read_clock)
    # A group, unlike `gather`, ends only after all of its tasks: none outlives the database.
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_run_interactive(loop, wakeup))
        feed_readers = [_read_feeds] * count_feed_readers(settings)
        later = [_run_others, _make_files, *feed_readers, _notify_partners]
        for number, run in enumerate(later):
            tasks.create_task(run(loop, number / len(later)))


async def _run_interactive(loop: Loop, wakeup: asyncio.Event) -> None:
    partitions_made_for: date | None = None

    async def turn(now: datetime) -> Next:
        nonlocal partitions_made_for
        if partitions_made_for != day_of(now):
            await chores.make_event_days(loop.database, now=now)
            partitions_made_for = day_of(now)
        done = await chores.run_interactive(loop.database, loop.settings, now=now)
        loop.database.outage.end()
        return _pace(done)

    await loop.repeat(turn, failure="a chore failed", pause=partial(_wait_for_wakeup, loop, wakeup))


async def _wait_for_wakeup(loop: Loop, wakeup: asyncio.Event, intervals: int) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(wakeup.wait(), intervals * loop.interval_seconds)
    wakeup.clear()  # before the turn: what comes during it is looked for again


async def _run_others(loop: Loop, share: float) -> None:
    """Runs settlement at each interval, since a large day takes a while; the other chores once a minute."""
    swept_at: datetime | None = None

    async def turn(now: datetime) -> Next:
        nonlocal swept_at
        done = await chores.run_settlement(loop.database, loop.settings, now=now)
        if swept_at is None or abs(now - swept_at) >= SWEEP_INTERVAL:
            swept_at = now  # also if it fails: once a minute is often enough
            await chores.run_sweeps(loop.database, loop.settings, now=now)
            await chores.run_maintenance(loop.database, loop.settings, now=now)
        return _pace(done)

    await loop.repeat_later(turn, failure="a chore failed", share=share)


async def _make_files(loop: Loop, share: float) -> None:
    """Makes and mails the files of documents at each interval: a long one delays no other work."""

    async def turn(now: datetime) -> Next:
        return _pace(await chores.run_documents(loop.database, loop.settings, now=now))

    await loop.repeat_later(turn, failure="files of documents could not be made", share=share)


def count_feed_readers(settings: Settings) -> int:
    """Returns how many feeds are read at once: each holds two connections while it is read, and requests need some too."""
    return 2 if settings.pool_connections_max >= CONNECTIONS_FOR_TWO_READERS else 1


async def _read_feeds(loop: Loop, share: float) -> None:
    """Reads one feed at a time: a slow server delays only its own jobs."""

    async def turn(now: datetime) -> Next:
        begin_chore("read feeds")
        return Next.AT_ONCE if await feeds.load_due(loop.database, loop.settings, now=now) else Next.IDLE

    await loop.repeat_later(turn, failure="a feed could not be read", share=share)


async def _notify_partners(loop: Loop, share: float) -> None:
    """Sends notifications at each interval; a slow endpoint delays only itself."""
    # The randomness spreads retries and protects no secret.
    dispatcher = NotificationDispatcher(loop.database, loop.settings, Random())  # noqa: S311

    async def turn(now: datetime) -> Next:
        begin_chore("send notifications")
        queued = await notify_charges(loop.database, now=now)
        return _pace(queued + await dispatcher.start_due(now=now))

    try:
        await loop.repeat_later(turn, failure="notifications could not be sent", share=share)
    finally:
        await dispatcher.close()
