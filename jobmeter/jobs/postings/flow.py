"""Owns the verbs of jobs: accept an operation, run its task, expire jobs, find postings and tasks.

Does not own what each operation does (``creation``, ``changes``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from jobmeter.base.ids import URN_TASK, shard_of
from jobmeter.base.limits import TASK_KEPT_DAYS
from jobmeter.database.connection import Connection
from jobmeter.jobs import store
from jobmeter.jobs.model import (
    AcceptedElement,
    AcceptedOperation,
    JobDraft,
    JobOperation,
    JobPosting,
    JobState,
    NewTask,
    Operation,
    PostingFilter,
    Task,
)
from jobmeter.jobs.postings import rules
from jobmeter.jobs.postings.changes import accept_change, accept_close, edit_element, extend_run
from jobmeter.jobs.postings.creation import accept_create, publish_posting
from jobmeter.jobs.postings.element import read_element
from jobmeter.jobs.runs.flow import end_run
from jobmeter.partners.model import Application


async def submit_operation_with_locations(
    connection: Connection,
    *,
    child: Application,
    element: dict[str, Any],
    now: datetime,
    version: str | None,
    forced_outcome: str | None = None,
) -> AcceptedElement:
    """Accepts one element of a batch: one task for it, and one for each alternate location (spec 4.1 to 4.3).

    Runs in its own savepoint: when it raises ``Refused``, with the fault of the first broken rule, nothing is
    written. Money moves here, so that 402 and the end of charges are reported at once; the task reports the
    rest. ``version`` is that of ``/rest`` as eight digits, ``None`` under ``/v2``. With a ``forced_outcome`` of a sandbox
    nothing is applied, and the task ends with it.
    """
    task_ids = [uuid4()]
    draft = read_element(element, now=now, version=version)
    if isinstance(draft, JobDraft):
        rules.check_draft(draft, task_urn=f"{URN_TASK}{task_ids[0]}")
    task_ids += [uuid4() for _ in draft.alternate_locations]
    async with connection.transaction():
        if forced_outcome is not None:
            message = rules.make_forced_message(forced_outcome, child.partner_id, draft.external_id)
            taken = AcceptedOperation(None, message)
        elif isinstance(draft, JobDraft) and draft.operation is Operation.CREATE:
            taken = await accept_create(connection, child, draft, now)
        elif draft.operation is Operation.CLOSE:
            taken = await accept_close(connection, child, draft, now)
        else:
            taken = await accept_change(connection, child, draft, now)
        await _insert_tasks(connection, child, draft, taken, task_ids=task_ids, now=now)
    return AcceptedElement(task_ids[0], tuple(task_ids[1:]), draft.warnings)


async def _insert_tasks(
    connection: Connection,
    child: Application,
    draft: JobOperation,
    taken: AcceptedOperation,
    *,
    task_ids: Sequence[UUID],
    now: datetime,
) -> None:
    places = (draft.location, *draft.alternate_locations)
    for task_id, place in zip(task_ids, places, strict=True):
        task = NewTask(
            shard=child.shard,
            task_id=task_id,
            application_id=child.id,
            external_id=draft.external_id,
            operation=draft.operation,
            job_id=taken.job_id,
            location=place,
            failure_message=taken.failure_message,
            created_at=now,
        )
        await store.insert_task(connection, task)


async def edit_on_site(
    connection: Connection, posting: JobPosting, element: dict[str, Any], *, now: datetime
) -> None:
    """Applies an element to a locked, open job for a person on the site: as an UPDATE, apart from what its partner decides.

    Raises ``Refused``: JOB_FIELDS_INVALID, also for what fails the task of an UPDATE, and those of ``rules.check_draft``.
    """
    await edit_element(connection, posting, element, now)


async def renew_on_site(connection: Connection, posting: JobPosting, *, now: datetime) -> None:
    """Extends the run of a locked, open job."""
    await extend_run(connection, posting, now)


async def carry_out_tasks(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Runs the oldest tasks in the caller's transaction; returns how many."""
    tasks = rules.order_tasks(await store.claim_tasks(connection, rows_max=rows_max))
    waiting = [task for task in tasks if task.job_id is not None and task.operation is Operation.CREATE]
    await store.lock_postings(
        connection,
        shards=[task.shard for task in waiting],
        job_ids=[task.job_id for task in waiting if task.job_id is not None],
    )
    for task in tasks:
        error = await _carry_out(connection, task, now)
        finished = replace(task, status=rules.conclude(error), error_message=error)
        await store.finish_task(connection, finished, finished_at=now)
    return len(tasks)


async def _carry_out(connection: Connection, task: Task, now: datetime) -> str | None:
    """Publishes a created job; other operations were applied on acceptance. Returns the failure message, if any."""
    if task.failure_message is not None:
        return task.failure_message
    assert task.job_id is not None, "a task that did not fail at once has a job"
    if task.operation is Operation.CREATE:
        return await publish_posting(connection, shard=task.shard, job_id=task.job_id, now=now)
    return None


async def expire_jobs(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Ends the runs of jobs that have expired; returns how many."""
    expired = await store.lock_expired(connection, now=now, rows_max=rows_max)
    for posting in expired:
        await end_run(connection, posting, JobState.EXPIRED, posting.expires_at)
    return len(expired)


async def next_expiry(connection: Connection) -> datetime | None:
    return await store.next_expiry(connection)


async def find_tasks(
    connection: Connection, *, child: Application, task_ids: Sequence[UUID], now: datetime
) -> dict[UUID, Task]:
    """Returns the child application's own tasks among ``task_ids``; tasks are kept 30 days (spec 4.4)."""
    found = await store.find_tasks(
        connection,
        shard=child.shard,
        application_id=child.id,
        task_ids=list(task_ids),
        not_before=now - timedelta(days=TASK_KEPT_DAYS),
    )
    return {task.task_id: task for task in found}


async def list_postings(
    connection: Connection, wanted: PostingFilter, *, after: int, rows_max: int
) -> list[JobPosting]:
    """Returns jobs after a job id, in the order of shard and id.

    Titles are searched within an application or partner only: ``wanted`` has an owner, or nothing to search for.
    """
    read = store.list_postings
    if wanted.has_owner:
        read = store.list_owned_postings
    elif wanted.external_id is not None:
        read = store.list_postings_by_external_id
    assert wanted.has_owner or wanted.search is None, "the caller checks it"
    shard = shard_of(after) if after else 0
    return await read(connection, wanted, after_shard=shard, after=after, rows_max=rows_max)


async def list_contract_postings(
    connection: Connection, *, contract_id: int, partner_id: int, before: int, rows_max: int
) -> list[JobPosting]:
    """Returns a partner's jobs that run on a hiring contract, the newest first: those before an id."""
    return await store.list_contract_postings(
        connection, contract_id=contract_id, partner_id=partner_id, before=before, rows_max=rows_max
    )


async def is_poster(connection: Connection, *, email: str) -> bool:
    """Whether a job was posted with this address, which is in lower case."""
    return await store.is_poster(connection, email=email)


async def list_live_postings(connection: Connection) -> list[JobPosting]:
    return await store.list_live_postings(connection)


async def resolve_external_ids(
    connection: Connection, pairs: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], int]:
    """Maps (child application id, external id) pairs to job ids, for events that name jobs by external id."""
    if not pairs:
        return {}
    return await store.resolve_external_ids(
        connection,
        shards=sorted({shard_of(application_id) for application_id, _ in pairs}),
        application_ids=[pair[0] for pair in pairs],
        external_ids=[pair[1] for pair in pairs],
    )
