"""Owns the live windows of many jobs without a price: opened, moved and ended in one statement each.

Does not own budgets that hold money (``charge.flow``).
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from jobmeter.base.clock import to_ms
from jobmeter.charging.job_changes.flow import enqueue_job_changes
from jobmeter.charging.model import make_job_keys
from jobmeter.charging.windows import store
from jobmeter.charging.windows.model import FreeWindows, LiveWindows
from jobmeter.database.arrays import Column
from jobmeter.database.connection import Connection


async def open_free_windows(connection: Connection, windows: FreeWindows, *, shard: int) -> None:
    """Opens the windows of jobs that are counted and never charged; all are in ``shard``."""
    await store.insert_free_windows(connection, windows, shard=shard)


async def move_free_windows(connection: Connection, windows: FreeWindows, *, shard: int) -> None:
    """Moves the windows of such jobs."""
    await store.lock_live_windows(connection, shard=shard, job_ids=windows.job_ids)
    await store.move_free_windows(connection, windows, shard=shard)


async def end_free_windows(connection: Connection, *, shard: int, job_ids: Column, now: datetime) -> None:
    """Ends the jobs' live windows at ``now`` if they are still open. ``job_ids`` are in ascending order."""
    await store.lock_live_windows(connection, shard=shard, job_ids=job_ids)
    await store.end_free_windows(connection, shard=shard, job_ids=job_ids, now_ms=to_ms(now))


async def set_market(connection: Connection, *, shard: int, job_id: int, market: int) -> None:
    """The number of the country that the job is for; 0 for none or several."""
    await store.set_market(connection, shard=shard, job_id=job_id, market=market)


async def set_live_window(
    connection: Connection, *, shard: int, job_id: int, live_from: datetime, live_until: datetime
) -> None:
    """From when until when the job's events count."""
    await store.set_live_window(
        connection,
        shard=shard,
        job_id=job_id,
        live_from_ms=to_ms(live_from),
        live_until_ms=to_ms(live_until),
    )
    await enqueue_job_changes(connection, [job_id])


async def read_live_windows(connection: Connection, job_ids: Column) -> LiveWindows:
    """The live windows of those of ``job_ids`` that exist. ``job_ids`` are in ascending order."""
    windows = await store.read_live_windows(connection, make_job_keys(job_ids))
    return windows.select(np.argsort(windows.job_ids))


async def extend_window(connection: Connection, *, shard: int, job_id: int, live_until: datetime) -> None:
    """Moves the end of the job's window; a closed window stays closed."""
    await store.extend_window(connection, shard=shard, job_id=job_id, live_until_ms=to_ms(live_until))
    await enqueue_job_changes(connection, [job_id])


async def open_windows(
    connection: Connection, *, shard: int, job_ids: Sequence[int], live_from: datetime
) -> None:
    """The jobs' events count from ``live_from`` to the end that each has."""
    await store.open_windows(connection, shard=shard, job_ids=list(job_ids), live_from_ms=to_ms(live_from))
    await enqueue_job_changes(connection, job_ids)


async def close_windows(connection: Connection, *, shard: int, job_ids: Sequence[int]) -> None:
    """No event of the jobs counts until their windows are opened again; their money stays reserved."""
    await store.close_windows(connection, shard=shard, job_ids=list(job_ids))
    await enqueue_job_changes(connection, job_ids)
