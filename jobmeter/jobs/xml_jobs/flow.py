"""Owns the verbs of jobs of the XML API: post, edit, renew, close, find; slots and credits change in the same
transaction.

Every verb locks job rows before balances, to prevent deadlocks.
"""

from dataclasses import replace
from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_job_id, shard_of
from jobmeter.charging.budgets import flow as budgets
from jobmeter.charging.budgets.model import BudgetOpening
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract
from jobmeter.database.connection import Connection
from jobmeter.jobs import store as jobs_store
from jobmeter.jobs.model import ChangeKind, JobState
from jobmeter.jobs.runs.flow import check_inventory
from jobmeter.jobs.xml_jobs import rules, store
from jobmeter.jobs.xml_jobs.lifecycle import (
    apply_change,
    close_run,
    end_if_overdue,
    find_contract,
    log_change,
    log_entry,
)
from jobmeter.jobs.xml_jobs.model import DocumentColumns, JobPolicy, XmlJob
from jobmeter.partners.model import Application
from jobmeter.wire.xml.job.fields import JobDocument
from jobmeter.wire.xml.job.keys import JobKey

POLICY = JobPolicy()


async def post_job(
    connection: Connection,
    *,
    application: Application,
    document: JobDocument,
    now: datetime,
    policy: JobPolicy = POLICY,
) -> XmlJob:
    """Posts a job, which is live at once, and takes its slot or credit (xml spec 2, 5 and 8).

    Runs in its own savepoint. Raises ``Refused``: HIRING_CONTRACT_DENIED, JOB_DOCUMENT_INVALID,
    JOB_DUPLICATE, INVENTORY_EMPTY; then nothing is written and no unit is taken.
    """
    content = document.content
    assert content.contract_id is not None, "a document to post names a contract"
    assert content.partner_job_id is not None, "a document to post names its job"
    contract = await hiring.find_granted(
        connection, application=application, contract_id=content.contract_id, now=now
    )
    content = rules.check_post(content, contract, policy)
    if await store.is_partner_id_taken(
        connection,
        shard=application.shard,
        application_id=application.id,
        external_id=content.partner_job_id or "",
    ):
        raise Refused(Fault.JOB_DUPLICATE)
    await check_inventory(connection, contract, now)
    async with connection.transaction():
        job = XmlJob(
            shard=application.shard,
            job_id=make_job_id(await jobs_store.next_job_sequence(connection), application.shard),
            application_id=application.id,
            partner_job_id=content.partner_job_id or "",
            hiring_contract_id=contract.id,
            poster_email=rules.poster_of(content, contract),
            run_number=1,
            revision=0,
            state=JobState.LIVE,
            content=content,
            listed_at=now,
            expires_at=rules.run_until(now, contract),
            closed_at=None,
        )
        await _write_new(connection, job, contract, now)
        await log_entry(connection, job, ChangeKind.POST, actor=_name_of(application), fields=[], now=now)
    return job


async def _write_new(connection: Connection, job: XmlJob, contract: HiringContract, now: datetime) -> None:
    if not await store.insert_xml_posting(connection, job, DocumentColumns.of(job.content)):
        raise Refused(Fault.JOB_DUPLICATE)
    # Without a price its views and clicks are counted and never charged (credits page, overview).
    opening = BudgetOpening(
        shard=job.shard,
        job_id=job.job_id,
        contract=None,
        click_price_micros=0,
        budget_micros=0,
        live_from=now,
        live_until=job.expires_at,
    )
    await budgets.open_budget(connection, opening, now=now)
    await hiring.use_unit(connection, rules.run_of(job, is_renewal=False), contract=contract, now=now)


async def change_job(
    connection: Connection,
    *,
    application: Application,
    key: JobKey,
    document: JobDocument,
    now: datetime,
    policy: JobPolicy = POLICY,
) -> XmlJob:
    """Edits a job, renews it, or both at once (xml spec 5 and 8). Runs in its own savepoint.

    Raises ``Refused``: JOB_UNKNOWN, JOB_DOCUMENT_INVALID, HIRING_CONTRACT_DENIED, JOB_CLOSED, JOB_EXPIRED,
    INVENTORY_EMPTY; then nothing is changed.
    """
    async with connection.transaction():
        job = await _lock_own(connection, application, key, now)
        contract = await find_contract(connection, job)
        rules.check_named_contract(job, document, contract)
        await hiring.find_granted(connection, application=application, contract_id=contract.id, now=now)
        content = rules.check_edit(job, document, contract, policy)
        rules.check_state(job, document)
        changed = await apply_change(connection, job, content, contract, is_renewal=document.renewal, now=now)
        await log_change(
            connection, job, changed, actor=_name_of(application), now=now, is_renewal=document.renewal
        )
    return changed


async def close_job(
    connection: Connection, *, application: Application, key: JobKey, now: datetime
) -> XmlJob:
    """Closes a job permanently; closing again changes nothing (xml spec 16, row 24). Raises
    ``Refused(JOB_UNKNOWN)``.
    """
    async with connection.transaction():
        job = await _lock_own(connection, application, key, now)
        return await close_run(connection, job, _name_of(application), now)


async def change_on_site(
    connection: Connection, *, job_id: int, document: JobDocument, actor: str, now: datetime
) -> None:
    """Edits or renews a job for a person on the site; the caller has checked whether that is allowed.

    Raises ``Refused``: JOB_DOCUMENT_INVALID, INVENTORY_EMPTY; the caller's savepoint is then lost.
    """
    job = await _lock_job(connection, job_id, now)
    contract = await find_contract(connection, job)
    content = rules.check_edit(job, document, contract, POLICY)
    changed = await apply_change(connection, job, content, contract, is_renewal=document.renewal, now=now)
    await log_change(connection, job, changed, actor=actor, now=now, is_renewal=document.renewal)


async def close_on_site(connection: Connection, *, job_id: int, actor: str, now: datetime) -> None:
    """As ``change_on_site``; closing again changes nothing."""
    await close_run(connection, await _lock_job(connection, job_id, now), actor, now)


async def find_job(connection: Connection, *, application: Application, key: JobKey, now: datetime) -> XmlJob:
    """Returns a job of the application; an overdue one appears as expired. Raises ``Refused(JOB_UNKNOWN)``."""
    job_id = await _find_id(connection, application, key)
    job = await store.find_xml_job(connection, shard=shard_of(job_id), job_id=job_id)
    if job is None or job.application_id != application.id:
        raise Refused(Fault.JOB_UNKNOWN)
    if job.state is JobState.LIVE and job.expires_at <= now:
        return replace(job, state=JobState.EXPIRED, closed_at=job.expires_at)
    return job


async def _find_id(connection: Connection, application: Application, key: JobKey) -> int:
    if key.partner_job_id is None:
        assert key.job_id is not None, "a key names a job in one of two ways"
        return key.job_id
    found = await store.newest_job_id(
        connection,
        shard=application.shard,
        application_id=application.id,
        external_id=key.partner_job_id,
    )
    if found is None:
        raise Refused(Fault.JOB_UNKNOWN)
    return found


async def _lock_own(connection: Connection, application: Application, key: JobKey, now: datetime) -> XmlJob:
    job_id = await _find_id(connection, application, key)
    return await _lock_job(connection, job_id, now, application_id=application.id)


async def _lock_job(
    connection: Connection, job_id: int, now: datetime, *, application_id: int | None = None
) -> XmlJob:
    """Locks a job, of the application if one is given; a run that is over is ended first."""
    job = await store.lock_xml_job(connection, shard=shard_of(job_id), job_id=job_id)
    if job is None or application_id not in {None, job.application_id}:
        raise Refused(Fault.JOB_UNKNOWN)
    return await end_if_overdue(connection, job, now)


def _name_of(application: Application) -> str:
    return f"application {application.id}"
