"""Owns the queue of jobs whose promotion may have changed: written in the transaction of the change, claimed by its reader.

Does not own a job's status (``jobmeter.jobs``) or who is notified (``jobmeter.promotion``).
"""

from collections.abc import Sequence

from jobmeter.charging.job_changes import store as job_changes_store
from jobmeter.database.connection import Connection


async def enqueue_job_changes(connection: Connection, job_ids: Sequence[int]) -> None:
    """Runs in the transaction of the change, so that everything that can be claimed is committed."""
    if job_ids:
        await job_changes_store.enqueue_job_changes(connection, job_ids=list(job_ids))


async def claim_job_changes(connection: Connection, *, rows_max: int) -> list[int]:
    """The jobs of some notes, each once; the notes go with the caller's transaction."""
    return await job_changes_store.claim_job_changes(connection, rows_max=rows_max)
