"""Owns the verbs of explaining: a job, one of its days, a charge, an event; each down to the single click.

Reads only, a page at a time. Clicks can be listed while the events of their day are kept; postings and
restatements always.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import UUID

from jobmeter.base.clock import from_ms
from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import shard_of
from jobmeter.database.connection import Connection
from jobmeter.explain import store
from jobmeter.explain.model import (
    ChargeExplanation,
    ClickOutcome,
    ClickPage,
    DayExplanation,
    EventExplanation,
    ExplainedClick,
    ExplainedJob,
    JobExplanation,
    PostingPage,
)
from jobmeter.metering.model import VERDICTS
from jobmeter.settlement.model import RULES

PAGE_MAX = 1_000
FIRST_KEY = UUID(int=0)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), datetime.max.replace(tzinfo=UTC).date()


async def explain_job(connection: Connection, *, job_id: int, postings_after: int = 0) -> JobExplanation:
    """The job's budget, its days, and a page of its postings. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    job = await _read_job(connection, job_id)
    days = await store.list_explained_days(
        connection, shard=job.shard, job_id=job_id, first=FIRST_DAY, last=LAST_DAY
    )
    page = await _list_postings(connection, job, (FIRST_DAY, LAST_DAY), postings_after)
    return JobExplanation(job, tuple(days), page)


async def explain_day(
    connection: Connection, *, job_id: int, day: date, after: UUID = FIRST_KEY, postings_after: int = 0
) -> DayExplanation:
    """A report's figures of one job and day, their restatements, a page of postings and one of clicks.

    Raises ``Refused(OPERATOR_UNKNOWN)`` where the job is not known or has no figures on the day.
    """
    job = await _read_job(connection, job_id)
    days = await store.list_explained_days(connection, shard=job.shard, job_id=job_id, first=day, last=day)
    if not days:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="day of this job", key=day)
    postings = await _list_postings(connection, job, (day, day), postings_after)
    restatements = await store.list_day_restatements(connection, shard=job.shard, job_id=job_id, day=day)
    rows = await store.list_explained_clicks(
        connection, shard=job.shard, job_id=job_id, day=day, after=after, clicks_max=PAGE_MAX
    )
    clicks = await _explain_clicks(connection, job, day, rows)
    return DayExplanation(job, days[0], postings, tuple(restatements), clicks)


async def stream_clicks(
    connection: Connection, *, job_id: int, day: date
) -> AsyncIterator[tuple[str, tuple[ExplainedClick, ...]]]:
    """Every click of a job's day, page after page, beside the currency. Raises as ``explain_day`` does."""
    after: UUID | None = FIRST_KEY
    while after is not None:
        found = await explain_day(connection, job_id=job_id, day=day, after=after)
        yield found.job.currency, found.click_page.clicks
        after = found.click_page.next_after


async def explain_charge(
    connection: Connection, *, reference: UUID, after: UUID = FIRST_KEY
) -> ChargeExplanation:
    """A charge, what corrects it, and a page of its batch's clicks on its job and day: charged, free and refused.

    Raises ``Refused(OPERATOR_UNKNOWN)``.
    """
    charge = await store.find_charge(connection, reference=reference)
    if charge is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="charge", key=reference)
    job = await _read_job(connection, charge.job_id)
    corrections = await store.list_corrections(connection, reference=reference)
    rows = await store.list_batch_clicks(
        connection,
        shard=job.shard,
        job_id=job.job_id,
        day=charge.day,
        batch=charge.batch,
        after=after,
        clicks_max=PAGE_MAX,
    )
    clicks = await _explain_clicks(connection, job, charge.day, rows)
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
        rows = await store.list_batch_clicks(
            connection,
            shard=job.shard,
            job_id=job.job_id,
            day=day,
            batch=event.batch,
            after=UUID(int=event_key.int - 1),
            clicks_max=1,
        )
        (click,) = (await _explain_clicks(connection, job, day, rows)).clicks
    return EventExplanation(event_key, event, VERDICTS[event.verdict].says, click)


async def _read_job(connection: Connection, job_id: int) -> ExplainedJob:
    job = await store.read_explained_job(connection, shard=shard_of(job_id), job_id=job_id)
    if job is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=job_id)
    return job


async def _list_postings(
    connection: Connection, job: ExplainedJob, days: tuple[date, date], after: int
) -> PostingPage:
    postings = await store.list_job_postings(
        connection,
        shard=job.shard,
        job_id=job.job_id,
        first=days[0],
        last=days[1],
        after_number=after,
        postings_max=PAGE_MAX,
    )
    return PostingPage(tuple(postings), postings[-1].number if len(postings) == PAGE_MAX else None)


async def _explain_clicks(
    connection: Connection, job: ExplainedJob, day: date, rows: list[store.ClickRow]
) -> ClickPage:
    """What became of a page of clicks. Only the batches that are on it are ranked."""
    if not rows:
        return ClickPage((), None, await store.find_drop(connection, day=day))
    batches = sorted({batch for _, _, _, batch, _, _ in rows})
    last_charged = {}
    if job.click_price_micros > 0:
        last_charged = await store.list_last_charged(
            connection,
            shard=job.shard,
            job_id=job.job_id,
            day=day,
            batches=batches,
            price_micros=job.click_price_micros,
        )
    clicks = []
    for row in rows:
        event_key, _, _, batch, verdict, _ = row
        reference, last = last_charged.get(batch, (None, FIRST_KEY))
        was_charged = verdict == 0 and event_key <= last
        clicks.append(make_click(row, job.click_price_micros, reference if was_charged else None))
    return ClickPage(tuple(clicks), rows[-1][0] if len(rows) == PAGE_MAX else None)


def make_click(row: store.ClickRow, price_micros: int, charge: UUID | None) -> ExplainedClick:
    """Settlement's word is the last; before it, intake's; then the budget's."""
    event_key, time_ms, visitor, batch, verdict, rule = row
    outcome, reason = ClickOutcome.CHARGED, "charged"
    if rule is not None:
        outcome, reason = ClickOutcome.REVERSED, RULES[rule].says
    elif verdict != 0:
        outcome, reason = ClickOutcome.REFUSED, VERDICTS[verdict].says
    elif price_micros == 0:
        outcome, reason = ClickOutcome.NOT_PRICED, "the job does not pay per click"
    elif charge is None:
        outcome, reason = ClickOutcome.BEYOND_BUDGET, "the budget, or its share of the day, was spent"
    paid = 0 if charge is None else price_micros
    return ExplainedClick(
        event_key=event_key,
        at=from_ms(time_ms),
        visitor=visitor,
        batch=batch,
        outcome=outcome,
        reason=reason,
        charge=charge,
        amount_micros=paid,
    )
