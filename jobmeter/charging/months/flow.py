"""Owns the copies of final days that reports read: a job's by month, a contract's by day. Does not own the days themselves, or when they are final (settlement)."""

from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.charging.months import store
from jobmeter.charging.months.model import RollupProgress
from jobmeter.charging.retention.flow import RETENTION_DAYS_MIN
from jobmeter.database.connection import Connection


async def archive_next_final_day(connection: Connection, *, now: datetime) -> date | None:
    """Adds the next final day to its jobs' months and its contracts' days, in the caller's transaction; returns it, or ``None`` without one.

    Days are archived in order and once: a report may rely on all days up to the last archived one. Months that no
    report can request are deleted.
    """
    keeping = await store.lock_rollup_progress(connection)
    if keeping is None:
        return None
    day = await store.find_day_to_archive(connection, kept_through=keeping.kept_through)
    if day is None:
        return None
    await store.archive_day(connection, day=day)
    await store.archive_contract_day(connection, day=day)
    oldest = (day_of(now) - timedelta(days=RETENTION_DAYS_MIN)).replace(day=1)
    if oldest > keeping.kept_since:
        await store.delete_months(connection, month=oldest)
    await store.advance_rollup_progress(connection, RollupProgress(max(oldest, keeping.kept_since), day))
    return day
