"""Owns the meters of many jobs without a price at once: opened, moved and ended in one statement each.

Does not own budgets that hold money (``charge.flow``).
"""

from datetime import datetime

from jobmeter.base.clock import to_ms
from jobmeter.charging.meters import store
from jobmeter.database.arrays import Column, pack_bigints
from jobmeter.database.migrations_runner import Connection


async def open_free_meters(
    connection: Connection, *, shard: int, job_ids: Column, live_from: datetime, live_until_ms: Column
) -> None:
    """Starts the meters of jobs that are counted and never charged; all lie in ``shard``."""
    await store.insert_free_meters(
        connection,
        shard=shard,
        job_ids=pack_bigints(job_ids),
        live_from_ms=to_ms(live_from),
        live_until_ms=pack_bigints(live_until_ms),
    )


async def move_free_meters(
    connection: Connection, *, shard: int, job_ids: Column, live_until_ms: Column
) -> None:
    """Until when the jobs' events count. ``job_ids`` rise."""
    await store.lock_free_meters(connection, shard=shard, job_ids=pack_bigints(job_ids))
    await store.move_free_meters(
        connection, shard=shard, job_ids=pack_bigints(job_ids), live_until_ms=pack_bigints(live_until_ms)
    )


async def end_free_meters(connection: Connection, *, shard: int, job_ids: Column, now: datetime) -> None:
    """Stops the jobs' meters at ``now`` where they still run. ``job_ids`` rise."""
    await store.lock_free_meters(connection, shard=shard, job_ids=pack_bigints(job_ids))
    await store.end_free_meters(connection, shard=shard, job_ids=pack_bigints(job_ids), now_ms=to_ms(now))
