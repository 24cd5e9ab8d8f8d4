"""Owns the runs of jobs of the XML API: what it takes to begin, extend and end one, and the record of changes.

Does not own who asks for it (``flow``, ``members``).
"""

from dataclasses import asdict, replace
from datetime import datetime

from psycopg.types.json import Jsonb

from jobmeter.base.faults import Fault, Refused
from jobmeter.charging.budgets import flow as budgets
from jobmeter.charging.windows import flow as meters
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringKind
from jobmeter.database.connection import Connection
from jobmeter.jobs.model import JobState
from jobmeter.jobs.slots.flow import free_held_slot
from jobmeter.jobs.xml_jobs import rules, store
from jobmeter.jobs.xml_jobs.model import XmlJob, XmlJobChange
from jobmeter.wire.xml.job.fields import JobContent

OVERDUE_ROWS_MAX = 100


async def check_inventory(connection: Connection, contract: HiringContract, now: datetime) -> None:
    """Refuses at once what can not succeed, so that a sold-out contract is no queue.

    A slot whose run is over counts as free from that moment on, whether or not a chore has seen it.
    """
    if await hiring.read_inventory(connection, contract=contract) != 0:
        return
    if contract.kind is HiringKind.SLOTS:
        overdue = await store.lock_overdue(
            connection, hiring_contract_id=contract.id, now=now, rows_max=OVERDUE_ROWS_MAX
        )
        # In the order in which the intake of events locks budgets.
        for job in sorted(overdue, key=lambda job: (job.shard, job.job_id)):
            await _end_run(connection, job, JobState.EXPIRED, job.expires_at)
        if overdue:
            return
    raise Refused(Fault.INVENTORY_EMPTY)


async def apply_change(
    connection: Connection,
    job: XmlJob,
    content: JobContent,
    contract: HiringContract,
    *,
    is_renewal: bool,
    now: datetime,
) -> XmlJob:
    changed = replace(
        job,
        content=content,
        poster_email=rules.poster_of(content, contract),
        revision=job.revision + 1,
    )
    if is_renewal:
        changed = replace(
            changed,
            run_number=job.run_number + 1,
            state=JobState.LIVE,
            expires_at=rules.renew_until(job, contract, now),
            closed_at=None,
        )
        await _pay_renewal(connection, job, changed, contract, now)
    await store.update_xml_job(
        connection,
        shard=job.shard,
        job_id=job.job_id,
        company_job_code=content.customer_job_code,
        poster_email=changed.poster_email,
        title=content.title or "",
        company_name=content.company_name or "",
        apply_url=content.application_url or "",
        location=location_of(content),
        content=save_content(content),
        run_number=changed.run_number,
        revision=changed.revision,
        expires_at=changed.expires_at,
    )
    return changed


async def _pay_renewal(
    connection: Connection, job: XmlJob, renewed: XmlJob, contract: HiringContract, now: datetime
) -> None:
    if rules.costs_unit(job, contract):
        await check_inventory(connection, contract, now)
        await hiring.use_unit(
            connection,
            contract=contract,
            shard=job.shard,
            job_id=job.job_id,
            run_number=renewed.run_number,
            now=now,
        )
    await meters.set_live_window(
        connection,
        shard=job.shard,
        job_id=job.job_id,
        live_from=job.listed_at,
        live_until=renewed.expires_at,
    )


async def close_run(connection: Connection, job: XmlJob, actor: str, now: datetime) -> XmlJob:
    if job.state is JobState.CLOSED:
        return job
    closed = await _end_run(connection, replace(job, revision=job.revision + 1), JobState.CLOSED, now)
    await log_entry(connection, closed, XmlJobChange.CLOSE, actor=actor, fields=[], now=now)
    return closed


async def end_if_overdue(connection: Connection, job: XmlJob, now: datetime) -> XmlJob:
    if job.state is JobState.LIVE and job.expires_at <= now:
        return await _end_run(connection, job, JobState.EXPIRED, job.expires_at)
    return job


async def _end_run(connection: Connection, job: XmlJob, state: JobState, moment: datetime) -> XmlJob:
    """Ends a locked job's run, or closes it after its run; its slot is free from here on."""
    ended_at = moment if job.state is JobState.LIVE or job.closed_at is None else job.closed_at
    if job.state is JobState.LIVE:
        await budgets.close_budget(connection, shard=job.shard, job_id=job.job_id, contract=None, now=moment)
        await free_held_slot(connection, shard=job.shard, job_id=job.job_id, now=moment)
    await store.end_xml_run(
        connection,
        shard=job.shard,
        job_id=job.job_id,
        state=state,
        closed_at=ended_at,
        revision=job.revision,
    )
    return replace(job, state=state, closed_at=ended_at)


async def find_contract(connection: Connection, job: XmlJob) -> HiringContract:
    contract = await hiring.find_hiring_contract(connection, contract_id=job.hiring_contract_id)
    assert contract is not None, "a job of the XML API has a contract"
    return contract


async def log_change(
    connection: Connection, before: XmlJob, after: XmlJob, *, actor: str, now: datetime, is_renewal: bool
) -> None:
    fields = rules.list_changed_fields(before.content, after.content)
    if is_renewal:
        await log_entry(connection, after, XmlJobChange.RENEW, actor=actor, fields=[], now=now)
    if fields:
        await log_entry(connection, after, XmlJobChange.EDIT, actor=actor, fields=fields, now=now)


async def log_entry(
    connection: Connection, job: XmlJob, change: XmlJobChange, *, actor: str, fields: list[str], now: datetime
) -> None:
    await store.insert_change(
        connection,
        shard=job.shard,
        job_id=job.job_id,
        revision=job.revision,
        kind=change,
        actor=actor,
        run_number=job.run_number,
        poster_email=job.poster_email,
        changed_fields=fields,
        made_at=now,
    )


def location_of(content: JobContent) -> str:
    return content.location_name or content.postal_code or (content.country_code or "").upper()


def save_content(content: JobContent) -> Jsonb:
    return Jsonb({name: value for name, value in asdict(content).items() if value is not None})
