"""Owns the life of a job of the XML API after it is posted: its changes, renewals and end, and their log.

Does not own who may change it (``flow``, the room ``members``).
"""

from dataclasses import replace
from datetime import datetime

from jobmeter.charging.windows import flow as windows_flow
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract
from jobmeter.database.connection import Connection
from jobmeter.jobs import store as jobs_store
from jobmeter.jobs.model import ChangeKind, JobState, LoggedChange
from jobmeter.jobs.runs.flow import claim_slot, end_run
from jobmeter.jobs.xml_jobs import rules, store
from jobmeter.jobs.xml_jobs.model import DocumentColumns, XmlJob
from jobmeter.wire.xml.job.fields import JobContent


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
    await store.update_xml_job(connection, changed, DocumentColumns.of(content))
    return changed


async def _pay_renewal(
    connection: Connection, job: XmlJob, renewed: XmlJob, contract: HiringContract, now: datetime
) -> None:
    if rules.costs_unit(job, contract):
        await claim_slot(connection, rules.run_of(renewed, is_renewal=True), contract=contract, now=now)
    await windows_flow.set_live_window(
        connection,
        shard=job.shard,
        job_id=job.job_id,
        live_from=job.listed_at,
        live_until=renewed.expires_at,
    )


async def close_run(connection: Connection, job: XmlJob, actor: str, now: datetime) -> XmlJob:
    """Closes a locked job, during its run or after it; a closed job is left unchanged."""
    if job.state is JobState.CLOSED:
        return job
    await end_run(connection, job, JobState.CLOSED, now)
    closed = replace(job, state=JobState.CLOSED, closed_at=job.closed_at or now, revision=job.revision + 1)
    await log_entry(connection, closed, ChangeKind.CLOSE, actor=actor, fields=[], now=now)
    return closed


async def end_if_overdue(connection: Connection, job: XmlJob, now: datetime) -> XmlJob:
    if job.state is JobState.LIVE and job.expires_at <= now:
        await end_run(connection, job, JobState.EXPIRED, job.expires_at)
        return replace(job, state=JobState.EXPIRED, closed_at=job.expires_at)
    return job


async def find_contract(connection: Connection, job: XmlJob) -> HiringContract:
    contract = await hiring.find_hiring_contract(connection, contract_id=job.hiring_contract_id)
    assert contract is not None, "a job of the XML API has a contract"
    return contract


async def log_change(
    connection: Connection, before: XmlJob, after: XmlJob, *, actor: str, now: datetime, is_renewal: bool
) -> None:
    fields = rules.list_changed_fields(before.content, after.content)
    if is_renewal:
        await log_entry(connection, after, ChangeKind.RENEW, actor=actor, fields=[], now=now)
    if fields:
        await log_entry(connection, after, ChangeKind.EDIT, actor=actor, fields=fields, now=now)


async def log_entry(
    connection: Connection, job: XmlJob, change: ChangeKind, *, actor: str, fields: list[str], now: datetime
) -> None:
    logged = LoggedChange(
        shard=job.shard,
        job_id=job.job_id,
        application_id=job.application_id,
        revision=job.revision,
        run_number=job.run_number,
        poster_email=job.poster_email,
        kind=change,
        actor=actor,
        changed_fields=tuple(fields),
        made_at=now,
    )
    await jobs_store.insert_change(connection, logged)
