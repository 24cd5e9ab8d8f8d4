"""Owns the verbs of explanations: a job, one of its days, a charge, an event; each down to the single click.

Read-only, one page at a time. Clicks can be listed while the events of their day are stored; postings and
restatements always.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import UUID

from jobmeter.base.clock import from_ms
from jobmeter.base.days import day_number, day_of
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
    ExplainedDay,
    ExplainedJob,
    JobDay,
    JobDays,
    JobExplanation,
    PostingPage,
    StoredClick,
)
from jobmeter.metering.model import VERDICTS, EventKind, Verdict
from jobmeter.settlement.model import RULES

PAGE_MAX = 1_000
FIRST_KEY = UUID(int=0)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), datetime.max.replace(tzinfo=UTC).date()


async def explain_job(connection: Connection, *, job_id: int, postings_after: int = 0) -> JobExplanation:
    """Returns the job's budget, its days, and a page of its postings. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    job = await _read_job(connection, job_id)
    span = JobDays(shard=job.shard, job_id=job_id, first=FIRST_DAY, last=LAST_DAY)
    days = await store.list_explained_days(connection, span)
    page = await _list_postings(connection, span, postings_after)
    return JobExplanation(job, tuple(days), page)


async def list_days(connection: Connection, *, job_id: int) -> list[ExplainedDay]:
    """Returns the figures of all days of a job that had any, in order."""
    span = JobDays(shard=shard_of(job_id), job_id=job_id, first=FIRST_DAY, last=LAST_DAY)
    return await store.list_explained_days(connection, span)


async def explain_day(
    connection: Connection,
    *,
    job_id: int,
    day: date,
    after: UUID = FIRST_KEY,
    postings_after: int = 0,
    rows_max: int = PAGE_MAX,
) -> DayExplanation:
    """Returns the report figures of one job and day, their restatements, a page of postings and a page of clicks.

    Raises ``Refused(OPERATOR_UNKNOWN)`` when the job is unknown or has no figures on the day.
    """
    job = await _read_job(connection, job_id)
    span = JobDays(shard=job.shard, job_id=job_id, first=day, last=day)
    days = await store.list_explained_days(connection, span)
    if not days:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="day of this job", key=day)
    postings = await _list_postings(connection, span, postings_after, rows_max=rows_max)
    job_day = JobDay(job.shard, job_id, day)
    restatements = await store.list_day_restatements(connection, job_day)
    stored = await store.list_explained_clicks(connection, job_day, after=after, clicks_max=rows_max)
    clicks = await _explain_clicks(connection, job, day, stored, rows_max=rows_max)
    return DayExplanation(job, days[0], postings, tuple(restatements), clicks)


async def stream_clicks(
    connection: Connection, *, job_id: int, day: date
) -> AsyncIterator[tuple[str, tuple[ExplainedClick, ...]]]:
    """Yields every click of a job's day page by page, with the currency. Raises as ``explain_day`` does."""
    after: UUID | None = FIRST_KEY
    while after is not None:
        found = await explain_day(connection, job_id=job_id, day=day, after=after)
        yield found.job.currency, found.click_page.clicks
        after = found.click_page.next_after


async def list_job_clicks(
    connection: Connection, *, job_id: int, day: date, after: UUID = FIRST_KEY, clicks_max: int
) -> ClickPage:
    """Returns a page of a job's clicks on a day, with their outcomes. Raises ``Refused(OPERATOR_UNKNOWN)``.

    Reads no other clicks where all that count were charged, as the day's figures say: then none need be ranked.
    """
    job = await _read_job(connection, job_id)
    job_day = JobDay(job.shard, job_id, day)
    stored = await store.list_explained_clicks(connection, job_day, after=after, clicks_max=clicks_max)
    span = JobDays(shard=job.shard, job_id=job_id, first=day, last=day)
    figures = await store.list_explained_days(connection, span)
    if not stored or not figures or figures[0].clicks_free:
        return await _explain_clicks(connection, job, day, stored, rows_max=clicks_max)
    clicks = [_make_charged_click(click, job, day) for click in stored]
    return ClickPage(tuple(clicks), stored[-1].event_key if len(stored) == clicks_max else None)


async def explain_clicks(
    connection: Connection, *, job_id: int, day: date, stored: list[StoredClick]
) -> tuple[ExplainedClick, ...]:
    """Returns the outcomes of some clicks of a job's day. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    job = await _read_job(connection, job_id)
    return (await _explain_clicks(connection, job, day, stored)).clicks


def _make_charged_click(click: StoredClick, job: ExplainedJob, day: date) -> ExplainedClick:
    counts = click.verdict == Verdict.COUNTED and click.rule is None
    charge = make_charge_reference(day, job.job_id, click.batch) if counts else None
    return make_click(click, job.click_price_micros, charge)


async def explain_charge(
    connection: Connection, *, reference: UUID, after: UUID = FIRST_KEY
) -> ChargeExplanation:
    """Returns a charge, its corrections, and a page of its batch's clicks on its job and day: charged, free
    and refused.

    Raises ``Refused(OPERATOR_UNKNOWN)``.
    """
    charge = await store.find_charge(connection, reference=reference)
    if charge is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="charge", key=reference)
    job = await _read_job(connection, charge.job_id)
    corrections = await store.list_corrections(connection, reference=reference)
    job_day = JobDay(job.shard, job.job_id, charge.day)
    stored = await store.list_batch_clicks(
        connection, job_day, batch=charge.batch, after=after, clicks_max=PAGE_MAX
    )
    clicks = await _explain_clicks(connection, job, charge.day, stored)
    return ChargeExplanation(job, reference, charge, tuple(corrections), clicks)


async def explain_event(connection: Connection, *, event_key: UUID) -> EventExplanation:
    """Returns the outcome of one event. Raises ``Refused(OPERATOR_UNKNOWN)`` for one that is not, or no
    longer, stored.
    """
    event = await store.find_stored_event(connection, event_key=event_key)
    if event is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="event", key=event_key)
    click = None
    if event.kind == EventKind.APPLY_CLICK:
        job = await _read_job(connection, event.job_id)
        day = day_of(from_ms(event_key.int >> 80))
        before = UUID(int=event_key.int - 1)
        stored = await store.list_batch_clicks(
            connection,
            JobDay(job.shard, job.job_id, day),
            batch=event.batch,
            after=before,
            clicks_max=1,
        )
        (click,) = (await _explain_clicks(connection, job, day, stored)).clicks
    return EventExplanation(event_key, event, VERDICTS[event.verdict].message, click)


async def _read_job(connection: Connection, job_id: int) -> ExplainedJob:
    job = await store.read_explained_job(connection, shard=shard_of(job_id), job_id=job_id)
    if job is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=job_id)
    return job


async def _list_postings(
    connection: Connection, days: JobDays, after: int, *, rows_max: int = PAGE_MAX
) -> PostingPage:
    postings = await store.list_job_postings(connection, days, after_number=after, postings_max=rows_max)
    return PostingPage(tuple(postings), postings[-1].number if len(postings) == rows_max else None)


async def _explain_clicks(
    connection: Connection,
    job: ExplainedJob,
    day: date,
    stored: list[StoredClick],
    *,
    rows_max: int = PAGE_MAX,
) -> ClickPage:
    """Returns the outcomes of a page of clicks. Only the batches on the page are ranked."""
    if not stored:
        return ClickPage((), None, await store.find_drop(connection, day=day))
    last_charged = {}
    if job.click_price_micros > 0:
        found = await store.list_last_charged(
            connection,
            JobDay(job.shard, job.job_id, day),
            batches=sorted({click.batch for click in stored}),
            price_micros=job.click_price_micros,
        )
        last_charged = {last.batch: last for last in found}
    clicks = []
    for click in stored:
        last, charge = last_charged.get(click.batch), None
        if last is not None and click.verdict == Verdict.COUNTED and click.event_key <= last.event_key:
            charge = last.reference
        clicks.append(make_click(click, job.click_price_micros, charge))
    return ClickPage(tuple(clicks), stored[-1].event_key if len(stored) == rows_max else None)


def make_charge_reference(day: date, job_id: int, batch: int) -> UUID:
    """The reference of a batch's charge of a job and day, as the schema's ``charge_reference`` makes it."""
    return UUID(int=day_number(day) << 112 | job_id << 64 | batch)


def make_click(stored: StoredClick, price_micros: int, charge: UUID | None) -> ExplainedClick:
    """Settlement decides first, then intake, then the budget."""
    outcome, reason = ClickOutcome.CHARGED, "charged"
    if stored.rule is not None:
        outcome, reason = ClickOutcome.REVERSED, RULES[stored.rule].message
    elif stored.verdict != Verdict.COUNTED:
        outcome, reason = ClickOutcome.REFUSED, VERDICTS[stored.verdict].message
    elif price_micros == 0:
        outcome, reason = ClickOutcome.NOT_PRICED, "the job does not pay per click"
    elif charge is None:
        outcome, reason = ClickOutcome.BEYOND_BUDGET, "the budget, or its share of the day, was spent"
    return ExplainedClick(
        event_key=stored.event_key,
        at=from_ms(stored.time_ms),
        visitor=stored.visitor,
        batch=stored.batch,
        outcome=outcome,
        reason=reason,
        charge=charge,
        amount_micros=0 if charge is None else price_micros,
    )
