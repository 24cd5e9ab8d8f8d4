"""Owns the verb of single events: record a group of them, and return where each candidate is led."""

from collections.abc import Sequence
from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.jobs.pages import flow as pages
from jobmeter.jobs.pages.model import ApplyTarget
from jobmeter.metering.intake.flow import IntakeCaches, ingest
from jobmeter.wire.events import Event, read_job_id


async def ingest_single_events(
    connection: Connection,
    events: Sequence[Event],
    *,
    known: IntakeCaches,
    now: datetime,
    future_tolerance_seconds: int,
) -> list[ApplyTarget | None]:
    """Records a group, and returns for each event the target of its job's apply link; ``None`` without a job.

    Runs in the caller's transaction. Candidates are redirected even if their event does not count.
    """
    job_ids = [read_job_id(event.job) or 0 for event in events]
    fetch_apply_targets = await pages.send_apply_targets_query(connection, job_ids)
    await ingest(
        connection,
        events,
        known=known,
        now=now,
        future_tolerance_seconds=future_tolerance_seconds,
    )
    targets = await fetch_apply_targets()
    return [targets.get(job_id) for job_id in job_ids]
