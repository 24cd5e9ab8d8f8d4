"""Owns the verbs of jobs: take in an operation, carry out its task, close, expire, find postings and tasks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import SHARD_COUNT, URN_TASK, make_job_id
from jobmeter.base.limits import TASK_KEPT_DAYS
from jobmeter.charging import flow as charging
from jobmeter.charging.model import BudgetOpening
from jobmeter.contracts import flow as contracts
from jobmeter.contracts.model import JobTraits, PartnerContract
from jobmeter.jobs import rules, store
from jobmeter.jobs.element import read_element
from jobmeter.jobs.model import JobDraft, JobPosting, Operation, State, Task, TaskStatus
from jobmeter.jobs.places import country_of
from jobmeter.partners.model import Application
from jobmeter.store.migrate import Connection


async def take_element(
    connection: Connection, *, child: Application, element: dict[str, Any], now: datetime
) -> UUID:
    """Takes in one element of a batch and returns the id of its task (spec 4.1 to 4.3).

    In its own savepoint: when it raises ``Refused``, with the fault of the first rule broken, nothing of it
    is written. A CREATE reserves the job's budget here; a CLOSE stops its charges here.
    """
    task_id = uuid4()
    draft = read_element(element, now=now)
    rules.check_draft(draft, task_urn=f"{URN_TASK}{task_id}")
    async with connection.transaction():
        if draft.operation is Operation.CREATE:
            job_id = await _take_creation(connection, child, draft, now)
        else:
            job_id = await _take_closing(connection, child, draft, now)
        await store.insert_task(
            connection,
            shard=child.shard,
            task_id=task_id,
            application_id=child.id,
            external_id=draft.external_id,
            operation=draft.operation,
            job_id=job_id,
            location=draft.location,
            created_at=now,
        )
    return task_id


async def _take_creation(
    connection: Connection, child: Application, draft: JobDraft, now: datetime
) -> int | None:
    contract, price_micros, budget_micros = None, 0, 0
    if draft.contract is not None:
        contract = await contracts.find_job_contract(
            connection, child=child, contract_urn=draft.contract, now=now
        )
        traits = JobTraits(country_of(draft.location), draft.job_function, draft.experience_level)
        price_micros = await contracts.read_click_price(connection, contract=contract, traits=traits, now=now)
        budget_micros = rules.check_budget(draft, contract, price_micros)
    job_id = make_job_id(await store.next_job_sequence(connection), child.shard)
    expires_at = rules.run_until(draft, pays_per_click=contract is not None, now=now)
    if not await _insert_posting(
        connection, child=child, draft=draft, job_id=job_id, contract=contract, expires_at=expires_at, now=now
    ):
        # The same external id again: the element is accepted and its task fails (spec 4.4, error 2009).
        return None
    opening = BudgetOpening(
        child.shard, job_id, contract, price_micros, budget_micros, expires_at, expires_at
    )
    try:
        await charging.open_budget(connection, opening, now=now)
    except Refused as refused:
        if refused.fault is Fault.BALANCE_TOO_LOW:
            raise Refused(Fault.CONTRACT_BUDGET_LOW, contract=draft.contract) from refused
        raise
    return job_id


async def _insert_posting(
    connection: Connection,
    *,
    child: Application,
    draft: JobDraft,
    job_id: int,
    contract: PartnerContract | None,
    expires_at: datetime,
    now: datetime,
) -> bool:
    return await store.insert_posting(
        connection,
        shard=child.shard,
        job_id=job_id,
        application_id=child.id,
        external_id=draft.external_id,
        company_job_code=draft.company_job_code,
        partner_contract_id=None if contract is None else contract.id,
        listing_type=draft.listing_type,
        title=draft.title,
        company_name=rules.company_shown(draft),
        company_page=draft.company_page_url,
        apply_url=draft.company_apply_url,
        location=draft.location,
        content=Jsonb(draft.content),
        listed_at=draft.listed_at,
        expires_at=expires_at,
        created_at=now,
    )


async def _take_closing(connection: Connection, child: Application, draft: JobDraft, now: datetime) -> int:
    posting = await store.find_by_external_id(
        connection, shard=child.shard, application_id=child.id, external_id=draft.external_id
    )
    if posting is None or posting.state not in {State.LIVE, State.PENDING}:
        raise Refused(Fault.JOB_NOT_CLOSABLE)
    await _end_posting(connection, posting, State.CLOSED, now)
    return posting.job_id


async def _end_posting(connection: Connection, posting: JobPosting, state: State, now: datetime) -> bool:
    """Ends a run; ``False`` when somebody else did so while this call waited for the row."""
    held = await store.lock_posting(connection, shard=posting.shard, job_id=posting.job_id)
    if held is None or held.state not in {State.LIVE, State.PENDING}:
        return False
    contract = None
    if held.partner_contract_id is not None:
        contract = await contracts.find_partner_contract(connection, contract_id=held.partner_contract_id)
    await charging.close_budget(connection, shard=held.shard, job_id=held.job_id, contract=contract, now=now)
    await store.set_state(connection, shard=held.shard, job_id=held.job_id, state=state, closed_at=now)
    return True


async def carry_out_tasks(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Carries out the oldest tasks, in the caller's transaction; returns how many."""
    tasks = await store.claim_tasks(connection, rows_max=rows_max)
    for task in tasks:
        error = await _carry_out(connection, task, now)
        await store.finish_task(
            connection,
            shard=task.shard,
            task_id=task.task_id,
            status=TaskStatus.SUCCEEDED if error is None else TaskStatus.FAILED,
            error_message=error,
            finished_at=now,
        )
    return len(tasks)


async def _carry_out(connection: Connection, task: Task, now: datetime) -> str | None:
    """Makes a created job live; a closing was done when it was taken in. Returns what went wrong."""
    if task.job_id is None:
        existing = await store.find_by_external_id(
            connection, shard=task.shard, application_id=task.application_id, external_id=task.external_id
        )
        job_id = "unknown" if existing is None else existing.job_id
        return rules.DUPLICATE_ID.format(job_id=job_id, external_id=task.external_id)
    if task.operation is Operation.CREATE:
        await _make_live(connection, task.shard, task.job_id, now)
    return None


async def _make_live(connection: Connection, shard: int, job_id: int, now: datetime) -> None:
    posting = await store.lock_posting(connection, shard=shard, job_id=job_id)
    if posting is None or posting.state is not State.PENDING:
        return
    await store.set_state(connection, shard=shard, job_id=job_id, state=State.LIVE, closed_at=None)
    await charging.set_live_window(
        connection, shard=shard, job_id=job_id, live_from=now, live_until=posting.expires_at
    )


async def expire_jobs(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Ends the run of jobs whose time is over; returns how many."""
    expired = 0
    for shard, job_id in await store.list_expired(connection, now=now, rows_max=rows_max):
        posting = await store.lock_posting(connection, shard=shard, job_id=job_id)
        if posting is not None and await _end_posting(connection, posting, State.EXPIRED, posting.expires_at):
            expired += 1
    return expired


async def next_expiry(connection: Connection) -> datetime | None:
    return await store.next_expiry(connection)


async def find_tasks(
    connection: Connection, *, child: Application, task_ids: Sequence[UUID], now: datetime
) -> dict[UUID, Task]:
    """The child's own tasks among ``task_ids``; tasks are kept 30 days (spec 4.4)."""
    found = await store.find_tasks(
        connection,
        shard=child.shard,
        application_id=child.id,
        task_ids=list(task_ids),
        not_before=now - timedelta(days=TASK_KEPT_DAYS),
    )
    return {task.task_id: task for task in found}


async def list_live_postings(connection: Connection) -> list[JobPosting]:
    return await store.list_live_postings(connection)


async def resolve_external_ids(
    connection: Connection, pairs: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], int]:
    """Job ids of (child application id, external id) pairs, for events that name jobs so."""
    if not pairs:
        return {}
    return await store.resolve_external_ids(
        connection,
        shards=sorted({application_id % SHARD_COUNT for application_id, _ in pairs}),
        application_ids=[pair[0] for pair in pairs],
        external_ids=[pair[1] for pair in pairs],
    )
