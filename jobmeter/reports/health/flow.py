"""Owns the read of the server's health."""

from datetime import datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.database.connection import Connection
from jobmeter.metering.streams import flow as streams
from jobmeter.reports.health import store
from jobmeter.reports.health.model import Health
from jobmeter.upkeep import flow as upkeep


async def read_health(connection: Connection, *, final_after_days: int, now: datetime) -> Health:
    """A day is due ``final_after_days`` midnights after it begins."""
    last_day_due = day_of(now) - timedelta(days=final_after_days)
    return Health(
        database=await store.read_database(connection),
        progress=await store.read_progress(connection, last_day_due=last_day_due),
        queues=tuple(await store.list_queues(connection, now=now)),
        chores=tuple(await upkeep.list_runs(connection)),
        partitions=tuple(await streams.list_states(connection)),
    )
