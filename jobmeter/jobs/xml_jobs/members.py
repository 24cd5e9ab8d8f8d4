"""Owns the actions of members on jobs of the XML API on the site, with their permissions."""

from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import shard_of
from jobmeter.contracts.hiring.model import HiringContract
from jobmeter.database.connection import Connection
from jobmeter.jobs.model import JobState
from jobmeter.jobs.xml_jobs import rules, store
from jobmeter.jobs.xml_jobs.lifecycle import (
    apply_change,
    close_run,
    end_if_overdue,
    find_contract,
    log_change,
)
from jobmeter.jobs.xml_jobs.model import JobPolicy, PortalPowers, XmlJob
from jobmeter.wire.xml.job.fields import JobDocument

POSTER_JOBS_MAX = 1_000


async def list_poster_jobs(connection: Connection, *, email: str) -> list[XmlJob]:
    """Returns the jobs whose poster has this e-mail address, newest first."""
    return await store.list_poster_jobs(connection, poster_email=email.lower(), rows_max=POSTER_JOBS_MAX)


async def edit_as_member(
    connection: Connection, *, email: str, job_id: int, document: JobDocument, now: datetime
) -> XmlJob:
    """Edits or renews a job on the site; the last write wins (credits page, job access; xml spec 16, row 28).

    Raises ``Refused``: JOB_UNKNOWN when the member may not view it, JOBS_DENIED when they may view it but not
    change it, JOB_DOCUMENT_INVALID, JOB_CLOSED, JOB_EXPIRED, INVENTORY_EMPTY.
    """
    async with connection.transaction():
        job, contract, powers = await _lock_as_member(connection, email, job_id, now)
        rules.check_state(job, document)
        if not (powers.may_renew if document.renewal else powers.may_edit):
            raise Refused(Fault.JOBS_DENIED)
        content = rules.check_edit(job, document, contract, JobPolicy())
        changed = await apply_change(connection, job, content, contract, is_renewal=document.renewal, now=now)
        actor = f"member {email.lower()}"
        await log_change(connection, job, changed, actor=actor, now=now, is_renewal=document.renewal)
    return changed


async def close_as_member(connection: Connection, *, email: str, job_id: int, now: datetime) -> XmlJob:
    """Raises ``Refused``: JOB_UNKNOWN when the member may not view it, JOBS_DENIED when they may not close it."""
    async with connection.transaction():
        job, _, powers = await _lock_as_member(connection, email, job_id, now)
        if not powers.may_close and job.state is not JobState.CLOSED:
            raise Refused(Fault.JOBS_DENIED)
        return await close_run(connection, job, f"member {email.lower()}", now)


async def _lock_as_member(
    connection: Connection, email: str, job_id: int, now: datetime
) -> tuple[XmlJob, HiringContract, PortalPowers]:
    job = await store.lock_xml_job(connection, shard=shard_of(job_id), job_id=job_id)
    if job is None:
        raise Refused(Fault.JOB_UNKNOWN)
    job = await end_if_overdue(connection, job, now)
    contract = await find_contract(connection, job)
    powers = rules.portal_powers(job, contract, email)
    if not powers.may_view:
        raise Refused(Fault.JOB_UNKNOWN)
    return job, contract, powers
