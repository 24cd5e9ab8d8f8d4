"""Owns the verbs of job lists: keep the copies of changed jobs and their figures up to date, read a page."""

from datetime import date, datetime, timedelta

from jobmeter.database.connection import Connection
from jobmeter.job_lists import store
from jobmeter.job_lists.model import (
    ContractDay,
    EstimatedDay,
    JobListPage,
    ListedJob,
    ListedState,
    ListOrder,
    ListQuestion,
    NewestPage,
    NewestQuestion,
    StateCount,
)

# Views and clicks are counted at most this often: of 100,000 jobs with figures it takes some seconds.
COUNT_SECONDS = 60
# Copied before the first count, if some wait; where so many wait, as after an upgrade, the count waits for the others.
COPIED_FIRST_MAX = 1_000


async def copy_changes(connection: Connection, *, rows_max: int) -> int:
    """Copies jobs that were posted, changed or promoted since; returns the number of changes."""
    await store.lock_lists(connection)
    return await _copy_noted(connection, rows_max=rows_max)


async def _copy_noted(connection: Connection, *, rows_max: int) -> int:
    noted = await store.claim_notes(connection, rows_max=rows_max)
    if noted:
        await store.copy_jobs(connection, job_ids=sorted(set(noted)))
    return len(noted)


async def count_figures(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Counts views, clicks and spend of jobs that had any since the last count, once a minute; returns of how many jobs.

    If these are ``rows_max``, others wait, each some of them in a transaction of its own: while one lasts, the budgets that intake
    changes beside it grow.
    """
    counting = await store.lock_lists(connection)
    through, reached = counting.counting_through, counting.reached_job
    if through is None:
        if not await _may_count(connection, counting.counted_at, now):
            return 0
        through = await store.read_final_day(connection)
        await store.begin_count(connection, final_through=through)
        if await store.add_uncounted(connection, seen_through=counting.seen_through) > rows_max:
            return rows_max
    job_ids = await store.list_uncounted(connection, reached_job=reached or 0, rows_max=rows_max)
    if job_ids:
        await store.count_listed_jobs(connection, job_ids=job_ids, final_through=through)
        await store.set_reached(connection, reached_job=job_ids[-1])
    if len(job_ids) < rows_max:
        await store.count_contract_days(connection, seen_through=counting.seen_through)
        await store.delete_uncounted(connection)
        await store.end_count(connection, now=now)
    return len(job_ids)


async def _may_count(connection: Connection, counted_at: datetime | None, now: datetime) -> bool:
    """Whether a count is due. Before the first one, copies the jobs that wait to be listed."""
    if counted_at is not None:
        return now >= counted_at + timedelta(seconds=COUNT_SECONDS)
    # Final days are counted once, by application, which only a copy has: all jobs are copied before.
    return await _copy_noted(connection, rows_max=COPIED_FIRST_MAX) < COPIED_FIRST_MAX


async def list_jobs(connection: Connection, question: ListQuestion) -> JobListPage:
    """Returns a page with its position and the facets. Needs a transaction with one snapshot, so that they fit."""
    jobs = await _list_page(connection, question)
    # Nothing comes before the first page: comparing every job with its first one would take a third of the time.
    is_first = question.position is None and not question.is_before
    first = jobs[0].position_in(question.order) if jobs and not is_first else None
    states = await store.count_states(
        connection,
        question.wanted,
        order=question.order,
        sign=-1 if question.is_descending else 1,
        first_number=first.number if first else None,
        first_title=first.title if first else None,
        first_job=first.job_id if first else None,
    )
    selected = question.wanted.states or tuple(ListedState)
    return JobListPage(
        jobs=tuple(jobs),
        first_number=1 + sum(one.jobs_before for one in states if one.state in selected) if jobs else 0,
        jobs_total=sum(one.jobs for one in states if one.state in selected),
        states=_sort(states),
        counted_at=await store.read_counted_at(connection),
    )


async def list_newest(connection: Connection, question: NewestQuestion) -> NewestPage:
    """Returns jobs of all partners, the newest first, for the operator. Needs a transaction with one snapshot."""
    return NewestPage(
        jobs=tuple(await list_newest_jobs(connection, question)),
        states=_sort(await store.count_all_states(connection, question)),
        counted_at=await store.read_counted_at(connection),
    )


async def list_newest_jobs(connection: Connection, question: NewestQuestion) -> list[ListedJob]:
    """Returns the jobs of ``list_newest`` alone."""
    return await store.list_newest(connection, question)


async def _list_page(connection: Connection, question: ListQuestion) -> list[ListedJob]:
    """Reads in the order of the page, or against it from its end."""
    sign = -1 if question.is_descending != question.is_before else 1
    wanted, after, rows_max = question.wanted, question.position, question.rows_max
    after_job = after.job_id if after else None
    if question.order is not ListOrder.TITLE:
        found = await store.list_by_number(
            connection,
            wanted,
            order=question.order,
            sign=sign,
            after_number=after.number if after else None,
            after_job=after_job,
            rows_max=rows_max,
        )
    else:
        read = store.list_by_title if sign > 0 else store.list_by_title_backwards
        after_title = after.title if after else None
        found = await read(
            connection, wanted, after_title=after_title, after_job=after_job, rows_max=rows_max
        )
    return found[::-1] if question.is_before else found


async def has_older_job(connection: Connection, *, partner_id: int, before_ms: int) -> bool:
    """Returns whether a partner has a job that was posted before ``before_ms``, in milliseconds since 1970."""
    return await store.has_older_job(connection, partner_id=partner_id, before_ms=before_ms)


async def list_contract_days(
    connection: Connection, *, partner_id: int, application_id: int | None, first: date
) -> list[ContractDay]:
    """Returns what was charged on each day from ``first``, of a partner's contracts, or of an application's jobs on them."""
    return await store.list_contract_days(
        connection, partner_id=partner_id, application_id=application_id, first=first
    )


async def list_estimates(connection: Connection) -> list[EstimatedDay]:
    """Returns what was charged to all partners on each day that is not final, as it was counted last."""
    return await store.list_estimates(connection)


def _sort(states: list[StateCount]) -> tuple[StateCount, ...]:
    listed = list(ListedState)
    return tuple(sorted(states, key=lambda one: listed.index(one.state)))
