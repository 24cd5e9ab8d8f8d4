"""Owns the read of the server's health."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.reports.health import store
from jobmeter.reports.health.model import Health
from jobmeter.upkeep import flow as upkeep


async def read_health(connection: Connection, *, now: datetime) -> Health:
    return Health(
        database=await store.read_database(connection),
        queues=tuple(await store.list_queues(connection, now=now)),
        chores=tuple(await upkeep.list_runs(connection)),
    )
