"""Owns looking after how far a replica is: what it has replayed of what the database had written, and when.

A replica's own clock of the last commit says nothing while nothing is committed. Positions in the log do: whatever was committed before the
position was read, a replica that has replayed up to it contains.
"""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable

import psycopg
from psycopg_pool import PoolTimeout

from jobmeter.database.connection import Connection
from jobmeter.database.outages import describe_outage
from jobmeter.database.pool import Database
from jobmeter.replicas import rules, store
from jobmeter.replicas.model import Mark
from jobmeter.telemetry.metrics.flow import set_replica_behind

LOOK_SECONDS = 0.5
MARKS_MAX = 240  # two minutes

log = logging.getLogger("jobmeter")


async def is_following(primary: Connection, replica: Connection, *, seconds_max: int) -> bool:
    """Whether the replica contains within that time what the database has committed by now. Raises ``psycopg.Error``."""
    mark = Mark(time.monotonic(), await store.read_written(primary))
    while rules.find_last_mark([mark], await store.read_replayed(replica)) is None:
        if time.monotonic() - mark.at > seconds_max:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return True


class ReplicaWatch:
    """Knows as of when a replica answers. Without a look that succeeded it answers nothing."""

    def __init__(
        self,
        primary: Database,
        replica: Database,
        *,
        seconds_max: int,
        read_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._primary = primary
        self._replica = replica
        self._seconds_max = seconds_max
        self._read_seconds = read_seconds
        self._marks: deque[Mark] = deque(maxlen=MARKS_MAX)
        self._as_of: float | None = None
        self._followed_at = read_seconds()  # the last moment of which it was known to contain everything
        self._is_away = False

    def find_staleness(self) -> int | None:
        """Returns how many seconds, rounded up, the replica's answers are behind at most; ``None`` if that is too many or unknown."""
        if self._as_of is None:
            return None
        seconds = self._read_seconds() - self._as_of
        return math.ceil(seconds) if seconds <= self._seconds_max else None

    def find_seconds_behind(self) -> float:
        """Returns by how many seconds it is behind at most; while that is not known, for how long."""
        return self._read_seconds() - self._followed_at

    def suspend(self) -> None:
        """It has failed: it answers nothing until the next look."""
        self._as_of = None

    async def look(self) -> None:
        """Finds out how far it is. Raises ``psycopg.Error`` or ``PoolTimeout`` if one of the two databases does not answer."""
        at = self._read_seconds()
        async with self._primary.connection() as connection:
            self._marks.append(Mark(at, await store.read_written(connection)))
        async with self._replica.connection() as connection:
            replayed = await store.read_replayed(connection)
        last = rules.find_last_mark(self._marks, replayed)
        if last is None:
            self._as_of = None
            return
        for _ in range(last):
            self._marks.popleft()
        self._as_of = self._followed_at = self._marks[0].at

    async def watch(self) -> None:
        """Looks twice a second, and never ends."""
        while True:
            try:
                await self.look()
            except (psycopg.Error, PoolTimeout) as error:
                self.suspend()
                self._report(describe_outage(error))
            else:
                self._report("")
            set_replica_behind(self.find_seconds_behind())
            await asyncio.sleep(LOOK_SECONDS)

    def _report(self, reason: str) -> None:
        """A line when it goes away, and one when it is back."""
        if reason and not self._is_away:
            log.warning("the replica %s; the database answers in its place", reason)
        elif self._is_away and not reason:
            log.warning("the replica can be used again")
        self._is_away = bool(reason)
