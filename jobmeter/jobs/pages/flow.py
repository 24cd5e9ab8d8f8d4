"""Owns the public view of jobs: the job page, and the target of the apply link."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import numpy as np

from jobmeter.base.ids import shard_of
from jobmeter.charging.model import make_job_keys
from jobmeter.database.connection import Connection
from jobmeter.jobs.pages import store
from jobmeter.jobs.pages.model import ApplyTarget, JobPage


async def read_page(connection: Connection, *, job_id: int) -> JobPage | None:
    """Returns the page of a job that has been live at some time; ``None`` for others."""
    return await store.read_page(connection, shard=shard_of(job_id), job_id=job_id)


async def send_apply_targets_query(
    connection: Connection, job_ids: Sequence[int]
) -> Callable[[], Awaitable[dict[int, ApplyTarget]]]:
    """Sends the query for the apply targets of ``job_ids`` and returns a coroutine that fetches the result.

    Lets a pipeline continue without waiting. Jobs that do not exist are omitted.
    """
    numbers = np.array(sorted(set(job_ids)), dtype=np.int64)
    asked = await store.send_apply_targets_query(connection, make_job_keys(numbers))
    return partial(store.fetch_apply_targets, asked)


async def read_apply_target(connection: Connection, *, job_id: int) -> ApplyTarget | None:
    """Returns the target of one job's apply link; ``None`` for a job that does not exist."""
    fetch = await send_apply_targets_query(connection, [job_id])
    return (await fetch()).get(job_id)
