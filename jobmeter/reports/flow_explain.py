"""Owns the verbs of explaining: a job, one of its days, a charge, an event; each down to the single click.

Reads only. Clicks can be listed while the events of their day are kept; postings and restatements always.
"""

from datetime import UTC, date, datetime
from uuid import UUID

from jobmeter.base.clock import from_ms
from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import shard_of
from jobmeter.metering.model import VERDICTS
from jobmeter.reports import store_explain as store
from jobmeter.reports.model_explain import (
    ChargeExplanation,
    DayExplanation,
    EventExplanation,
    ExplainedClick,
    ExplainedJob,
    JobExplanation,
    Outcome,
)
from jobmeter.settlement.model import RULES
from jobmeter.store.migrate import Connection

CLICKS_PAGE_MAX = 1_000
FIRST_KEY = UUID(int=0)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), datetime.max.replace(tzinfo=UTC).date()


async def explain_job(connection: Connection, *, job_id: int) -> JobExplanation:
    """The job's budget, its days, and every posting of its money. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    job = await _read_job(connection, job_id)
    days = await store.list_explained_days(
        connection, shard=job.shard, job_id=job_id, first=FIRST_DAY, last=LAST_DAY
    )
    postings = await store.list_job_postings(
        connection, shard=job.shard, job_id=job_id, first=FIRST_DAY, last=LAST_DAY
    )
    return JobExplanation(job, tuple(days), tuple(postings))


async def explain_day(
    connection: Connection,
    *,
    job_id: int,
    day: date,
    after: UUID = FIRST_KEY,
    clicks_max: int = CLICKS_PAGE_MAX,
) -> DayExplanation:
    """A report's figures of one job and day, their postings and restatements, and a page of its clicks.

    Raises ``Refused(OPERATOR_UNKNOWN)`` where the job is not known or has no figures on the day.
    """
    job = await _read_job(connection, job_id)
    days = await store.list_explained_days(connection, shard=job.shard, job_id=job_id, first=day, last=day)
    if not days:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="day of this job", key=day)
    postings = await store.list_job_postings(connection, shard=job.shard, job_id=job_id, first=day, last=day)
    restatements = await store.list_day_restatements(connection, shard=job.shard, job_id=job_id, day=day)
    clicks = await _list_clicks(connection, job, day, after=after, clicks_max=clicks_max)
    is_last = len(clicks) < clicks_max
    return DayExplanation(
        job,
        days[0],
        tuple(postings),
        tuple(restatements),
        clicks,
        None if is_last else clicks[-1].event_key,
    )


async def explain_charge(connection: Connection, *, reference: UUID) -> ChargeExplanation:
    """A charge, what corrects it, and all clicks of its batch on its job and day: charged, free and refused.

    Raises ``Refused(OPERATOR_UNKNOWN)``.
    """
    charge = await store.find_charge(connection, reference=reference)
    if charge is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="charge", key=reference)
    job = await _read_job(connection, charge.job_id)
    corrections = await store.list_corrections(connection, reference=reference)
    clicks = await _list_clicks(connection, job, charge.day, batch=charge.batch)
    return ChargeExplanation(job, reference, charge, tuple(corrections), clicks)


async def explain_event(connection: Connection, *, event_key: UUID) -> EventExplanation:
    """What became of one event. Raises ``Refused(OPERATOR_UNKNOWN)`` for one that is not, or no longer, kept."""
    event = await store.find_stored_event(connection, event_key=event_key)
    if event is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="event", key=event_key)
    click = None
    if event.kind == 1:
        job = await _read_job(connection, event.job_id)
        day = day_of(from_ms(event_key.int >> 80))
        before = UUID(int=event_key.int - 1)
        (click,) = await _list_clicks(connection, job, day, batch=event.batch, after=before, clicks_max=1)
    return EventExplanation(event_key, event, VERDICTS[event.verdict].says, click)


async def _read_job(connection: Connection, job_id: int) -> ExplainedJob:
    job = await store.read_explained_job(connection, shard=shard_of(job_id), job_id=job_id)
    if job is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=job_id)
    return job


async def _list_clicks(
    connection: Connection,
    job: ExplainedJob,
    day: date,
    *,
    batch: int | None = None,
    after: UUID = FIRST_KEY,
    clicks_max: int = CLICKS_PAGE_MAX,
) -> tuple[ExplainedClick, ...]:
    rows = await store.list_explained_clicks(
        connection,
        shard=job.shard,
        job_id=job.job_id,
        day=day,
        batch=batch,
        after=after,
        clicks_max=clicks_max,
    )
    return tuple(make_click(row) for row in rows)


def make_click(row: store.ClickRow) -> ExplainedClick:
    """Settlement's word is the last; before it, intake's; then the budget's."""
    event_key, time_ms, visitor, batch, verdict, rule, was_charged, charge, price_micros = row
    outcome, reason = Outcome.CHARGED, "charged"
    if rule is not None:
        outcome, reason = Outcome.REVERSED, RULES[rule].says
    elif verdict != 0:
        outcome, reason = Outcome.REFUSED, VERDICTS[verdict].says
    elif price_micros == 0:
        outcome, reason = Outcome.NOT_PRICED, "the job does not pay per click"
    elif not was_charged:
        outcome, reason = Outcome.BEYOND_BUDGET, "the budget was spent"
    return ExplainedClick(
        event_key,
        from_ms(time_ms),
        visitor,
        batch,
        outcome,
        reason,
        charge,
        price_micros if charge is not None else 0,
    )
