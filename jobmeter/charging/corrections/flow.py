"""Owns the verbs that change figures already shown: reverse what settlement asks for, record late events.

Does not own which clicks are reversed (``jobmeter.settlement``).
"""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_number, day_of
from jobmeter.charging.corrections import store
from jobmeter.charging.job_changes.flow import enqueue_job_changes
from jobmeter.charging.model import ClickCounts
from jobmeter.database.connection import Connection
from jobmeter.ledger.bulk import flow as ledger


@dataclass(frozen=True, slots=True)
class Reversed:
    """``jobs_resumed`` had too little left for a click, and now have enough."""

    postings: int
    micros: int
    jobs_resumed: tuple[int, ...]


async def open_reversal(connection: Connection) -> None:
    """Makes ``asked_reversals`` ready for this transaction; it is empty."""
    await store.create_requested_reversals(connection)


async def reverse_requested(connection: Connection, *, day: date, now: datetime) -> Reversed:
    """Takes back what stands in ``asked_reversals``, all of clicks of ``day``, once.

    The money goes back to the job's budget while the job is open, else to its contract; the roll-up follows,
    and a restatement tells the difference. Each charge gets one reversing posting that names it.
    """
    await store.make_held_budgets(connection)
    await ledger.open_batch(connection)
    jobs = await store.lock_budgets(connection, now_ms=to_ms(now))
    returned = await store.return_to_budgets(connection)
    await enqueue_job_changes(connection, returned.jobs_resumed)
    assert await store.lower_job_days(connection, day=day) == jobs, "a charged day has its roll-up"
    assert await store.record_settled_restatements(connection, day=day, recorded_at=now) == jobs
    asked = await store.insert_requested_reversals(connection)
    assert await ledger.book_requested(connection, day=day, now=now) == asked
    return Reversed(asked, returned.micros, returned.jobs_resumed)


async def record_late(connection: Connection, counts: ClickCounts, *, batch: int, now: datetime) -> None:
    """Records what the tally changed of days before today, which reports show already. After its charge."""
    late = counts.days < day_number(day_of(now))
    if not np.any(late):
        return
    shown = counts.select(late)
    recorded = await store.record_late_restatements(connection, shown, batch=batch, recorded_at=now)
    assert recorded == len(shown)
