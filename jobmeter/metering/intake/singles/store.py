"""Owns the statement of single events."""

from datetime import date, datetime

from jobmeter.database.connection import Connection, find_named_shard
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements
from jobmeter.jobs.pages.model import ApplyTarget
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.intake.singles.model import JudgedJobs, NewEvents
from jobmeter.metering.model import EventKind, Verdict

SQL = load_statements("jobmeter.metering.intake.singles", enums=(AccountKind, EventKind, Purpose, Verdict))


async def take_events(
    connection: Connection,
    events: NewEvents,
    jobs: JudgedJobs,
    *,
    filter_revision: int,
    day: date,
    opening_day: date,
    booked_at: datetime,
) -> dict[int, ApplyTarget] | None:
    """The targets of the jobs' apply links once the events are recorded; ``None`` where they were judged by what has changed.

    Raises ``SerializationFailure`` where that changes meanwhile. Nothing is recorded in either case.
    """
    text, shard = SQL.name_shard("take_events", find_named_shard(connection, jobs.judged_shards))
    values = {
        **events.parameters(),
        **jobs.parameters(),
        **shard,
        "filter_revision": filter_revision,
        "day": day,
        "opening_day": opening_day,
        "booked_at": booked_at,
    }
    rows = await list_rows(connection, _make_row, text, values)
    if not rows[0][0]:
        return None
    return {job_id: target for _, job_id, target in rows if job_id is not None}


def _make_row(
    *, is_taken: bool, job_id: int | None, apply_url: str, is_live: bool
) -> tuple[bool, int | None, ApplyTarget]:
    return is_taken, job_id, ApplyTarget(apply_url, is_live)
