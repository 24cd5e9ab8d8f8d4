"""Owns how many calls an application may make to a resource in a UTC day, and the headers that report it.

Does not own the count: the database keeps it, so that it applies to all processes and survives restarts.
"""

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg
from psycopg_pool import PoolTimeout

from jobmeter.base.days import day_of, end_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.lists import list_parts
from jobmeter.database.pool import Database
from jobmeter.request_control import flow as request_control

log = logging.getLogger("jobmeter.api")

# Published for tasks, job status and provisioning (spec 12.5); our choice for the others.
CALLS_MAX = {
    "simpleJobPostings": 100_000,
    "simpleJobPostingTasks": 300_000,
    "jobPostingStatus": 1_000_000,
    "provisionedApplications": 5_000,
    "provisionedHiringContracts": 5_000,
    "developerApplicationsSecurity": 5_000,
}
CALLS_MAX_OTHERS = 100_000
ASK_AGAIN_AFTER = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """``remaining`` is this process's last known value: other processes may have used calls since."""

    calls_max: int
    remaining: int
    resets_in_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.calls_max),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.resets_in_seconds),
        }


class Throttled(Refused):
    """The refusal of a call, with the quota that its response reports."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        super().__init__(Fault.THROTTLED)


class _Counter:
    """The calls that this process has leased for one application, resource and day."""

    __slots__ = ("asked_at", "left", "lock", "taken")

    def __init__(self) -> None:
        self.left = 0
        self.taken = 0
        self.asked_at: datetime | None = None
        self.lock = asyncio.Lock()


_Key = tuple[int, str, date]


class RateLimits:
    """Counts calls. A process leases a few calls at a time, so most calls need no database access.

    No limit is ever exceeded: a lease is at most a hundredth of the remaining calls, and a single call near the end.
    A process returns its leases when it stops; those of a killed process (at most 50 each) are lost until midnight.
    """

    def __init__(self, database: Database, calls_max: Mapping[str, int]) -> None:
        self._database = database
        self._calls_max = {**CALLS_MAX, **calls_max}
        self._counters: dict[_Key, _Counter] = {}
        self._newest_day = date.min

    async def take(self, *, application_id: int, resource: str, now: datetime) -> Quota:
        """Counts one call. Raises ``Throttled`` when the daily quota is used up (spec 12.4)."""
        key = (application_id, resource, day_of(now))
        counter = self._counter(key)
        calls_max = self._calls_max.get(resource, CALLS_MAX_OTHERS)
        while counter.left == 0 and not _is_exhausted(counter, calls_max, now):
            await self._lease(counter, key, calls_max, now)
        resets_in_seconds = math.ceil((end_of(key[2]) - now).total_seconds())
        if counter.left == 0:
            raise Throttled(Quota(calls_max=calls_max, remaining=0, resets_in_seconds=resets_in_seconds))
        counter.left -= 1
        return Quota(
            calls_max=calls_max,
            remaining=calls_max - counter.taken + counter.left,
            resets_in_seconds=resets_in_seconds,
        )

    def _counter(self, key: _Key) -> _Counter:
        if key[2] > self._newest_day:
            # Leases of past days are worthless, and the dictionary must not grow without bound.
            self._newest_day = key[2]
            self._counters.clear()
        return self._counters.setdefault(key, _Counter())

    async def _lease(self, counter: _Counter, key: _Key, calls_max: int, now: datetime) -> None:
        async with counter.lock:
            if counter.left > 0 or _is_exhausted(counter, calls_max, now):
                return  # another request leased while this one waited
            async with self._database.connection() as connection:
                lease = await request_control.lease_quota(
                    connection, application_id=key[0], resource=key[1], day=key[2], calls_max=calls_max
                )
            counter.left += lease.granted
            counter.taken = lease.taken
            counter.asked_at = now

    async def close(self) -> None:
        """Returns the unused leases. If the database is unavailable, they are lost until midnight."""
        try:
            await self._return_leases()
        except (psycopg.Error, PoolTimeout):
            log.warning("leased calls could not be returned")

    async def _return_leases(self) -> None:
        for (application_id, resource, day), counter in self._counters.items():
            if counter.left > 0:
                calls, counter.left = counter.left, 0
                async with self._database.connection() as connection:
                    await request_control.return_quota(
                        connection, application_id=application_id, resource=resource, day=day, calls=calls
                    )


def _is_exhausted(counter: _Counter, calls_max: int, now: datetime) -> bool:
    """Whether nothing was left a second ago: under a flood of refused calls the database is asked once a second."""
    is_recent = counter.asked_at is not None and now - counter.asked_at < ASK_AGAIN_AFTER
    return is_recent and counter.taken >= calls_max


def read_rate_limits(setting: str) -> dict[str, int]:
    """Parses ``JOBMETER_RATE_LIMITS``, for example ``simpleJobPostingTasks=10,partnerJobReports=5``. Raises ``ValueError``."""
    limits = {}
    for entry in list_parts(setting):
        resource, _, calls = (text.strip() for text in entry.partition("="))
        if not resource or not (calls.isascii() and calls.isdigit()):
            raise ValueError(f"JOBMETER_RATE_LIMITS: {entry!r} is not resource=calls")
        limits[resource] = int(calls)
    return limits
