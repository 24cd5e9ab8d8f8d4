"""Owns what people see and change on the site, posters, customers and those of a partner: their jobs of every kind, their slots, the log of changes.

Each change is logged, and the job's agency notified. It locks the job's row before balances, to prevent deadlocks. Does
not own what is allowed (``rules``).
"""

from collections.abc import Sequence
from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, URN_JOB, shard_of
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.database.connection import Connection
from jobmeter.jobs import store as jobs_store
from jobmeter.jobs.members import rules, store
from jobmeter.jobs.members.model import (
    XML,
    ChangePage,
    JobAct,
    JobFigures,
    JobSearch,
    JobViewer,
    MemberJob,
    OwnedJob,
    PortalPowers,
    ShownChange,
    SlotUse,
    TextEdit,
)
from jobmeter.jobs.model import ChangeKind, JobPosting, JobState, LoggedChange
from jobmeter.jobs.postings import flow as postings
from jobmeter.jobs.runs.flow import end_run
from jobmeter.jobs.status.flow import read_snapshots
from jobmeter.jobs.xml_jobs import flow as xml_jobs
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.model import NotificationKind
from jobmeter.partners.model import Application
from jobmeter.wire.xml.job.fields import JobContent, JobDocument

UNSEEN = JobFigures(views=0, apply_clicks=0, estimated_micros=0)
_DONE = {ChangeKind.EDIT: "edited", ChangeKind.RENEW: "renewed", ChangeKind.CLOSE: "closed"}


async def list_jobs(
    connection: Connection, *, viewer: JobViewer, wanted: JobSearch, now: datetime
) -> list[MemberJob]:
    """Returns the jobs that the person sees, newest first."""
    owned = await store.list_owned_jobs(
        connection,
        wanted,
        member_email=viewer.member_email,
        hiring_contract_ids=await _list_contracts(connection, viewer),
        application_ids=list(viewer.application_ids),
        now=now,
    )
    return await _show(connection, viewer, [job for job in owned if rules.is_visible(job, viewer)], now)


async def find_job(connection: Connection, *, viewer: JobViewer, job_id: int, now: datetime) -> MemberJob:
    """Raises ``Refused(JOB_UNKNOWN)`` for a job that the person may not see, as for one that does not exist."""
    owned = await store.find_owned_job(connection, shard=shard_of(job_id), job_id=job_id)
    if owned is None or not rules.is_visible(owned, viewer):
        raise Refused(Fault.JOB_UNKNOWN)
    (shown,) = await _show(connection, viewer, [owned], now)
    return shown


async def _show(
    connection: Connection, viewer: JobViewer, owned: Sequence[OwnedJob], now: datetime
) -> list[MemberJob]:
    job_ids = [job.job_id for job in owned]
    snapshots = await read_snapshots(connection, job_ids, now=now)
    by_job = {snapshot.status.posting.job_id: snapshot for snapshot in snapshots}
    figures = await store.read_figures(connection, shards=[job.shard for job in owned], job_ids=job_ids)
    return [
        MemberJob(
            job, by_job[job.job_id], figures.get(job.job_id, UNSEEN), rules.find_powers(job, viewer, now)
        )
        for job in owned
    ]


async def edit_job(
    connection: Connection, *, viewer: JobViewer, job_id: int, edit: TextEdit, now: datetime
) -> None:
    """Edits a job's texts; without a difference nothing happens. Runs in its own savepoint.

    Raises ``Refused``: JOB_UNKNOWN, JOB_ACTION_DENIED, JOB_CHANGED_MEANWHILE with both versions, and those of the API that
    the job was posted through: JOB_DOCUMENT_INVALID, JOB_FIELDS_INVALID and the others of an UPDATE.
    """
    async with connection.transaction():
        posting, job, powers = await _lock_job(connection, viewer, job_id, now)
        rules.check_allowed(powers.against_edit, job)
        changes = rules.list_changes(job.texts, rules.check_edit(job, edit))
        if not changes:
            return
        if job.channel == XML:
            document = rules.make_document(changes)
            await xml_jobs.change_on_site(
                connection, job_id=job_id, document=document, actor=viewer.actor, now=now
            )
        else:
            content = await store.read_content(connection, shard=job.shard, job_id=job_id)
            element = rules.make_element(content or rules.make_content(posting), changes)
            await postings.edit_on_site(connection, posting, element, now=now)
            await _log_change(connection, job, ChangeKind.EDIT, viewer=viewer, fields=tuple(changes), now=now)
        await _notify(connection, job, ChangeKind.EDIT, viewer=viewer, fields=tuple(changes), now=now)


async def close_job(connection: Connection, *, viewer: JobViewer, job_id: int, now: datetime) -> None:
    """Closes a job, as its partner's CLOSE does: its budget or slot is free again. A closed one is left unchanged.

    Raises ``Refused``: JOB_UNKNOWN, JOB_ACTION_DENIED.
    """
    async with connection.transaction():
        posting, job, powers = await _lock_job(connection, viewer, job_id, now)
        if job.state is JobState.CLOSED:
            return
        rules.check_allowed(powers.against_close, job)
        if job.channel == XML:
            await xml_jobs.close_on_site(connection, job_id=job_id, actor=viewer.actor, now=now)
        else:
            await end_run(connection, posting, JobState.CLOSED, now)
            await _log_change(connection, job, ChangeKind.CLOSE, viewer=viewer, now=now)
        await _notify(connection, job, ChangeKind.CLOSE, viewer=viewer, now=now)


async def renew_job(connection: Connection, *, viewer: JobViewer, job_id: int, now: datetime) -> None:
    """Renews a job on the customer's own slots. Runs in its own savepoint.

    Raises ``Refused``: JOB_UNKNOWN, JOB_ACTION_DENIED with the reason and who can do it, INVENTORY_EMPTY.
    """
    async with connection.transaction():
        posting, job, powers = await _lock_job(connection, viewer, job_id, now)
        rules.check_allowed(powers.against_renew, job)
        if job.channel == XML:
            renewal = JobDocument(JobContent(), renewal=True)
            await xml_jobs.change_on_site(
                connection, job_id=job_id, document=renewal, actor=viewer.actor, now=now
            )
        else:
            await postings.renew_on_site(connection, posting, now=now)
            await _log_change(connection, job, ChangeKind.RENEW, viewer=viewer, now=now)
        await _notify(connection, job, ChangeKind.RENEW, viewer=viewer, now=now)


async def _lock_job(
    connection: Connection, viewer: JobViewer, job_id: int, now: datetime
) -> tuple[JobPosting, OwnedJob, PortalPowers]:
    posting = await jobs_store.lock_posting(connection, shard=shard_of(job_id), job_id=job_id)
    job = (
        None
        if posting is None
        else await store.find_owned_job(connection, shard=posting.shard, job_id=job_id)
    )
    if posting is None or job is None or not rules.is_visible(job, viewer):
        raise Refused(Fault.JOB_UNKNOWN)
    return posting, job, rules.find_powers(job, viewer, now)


async def _log_change(
    connection: Connection,
    job: OwnedJob,
    kind: ChangeKind,
    *,
    viewer: JobViewer,
    now: datetime,
    fields: tuple[str, ...] = (),
) -> None:
    revision = await store.count_change(connection, shard=job.shard, job_id=job.job_id)
    logged = LoggedChange(
        shard=job.shard,
        job_id=job.job_id,
        application_id=job.application_id,
        revision=revision,
        run_number=job.run_number,
        poster_email=job.poster_email,
        kind=kind,
        actor=viewer.actor,
        changed_fields=fields,
        made_at=now,
    )
    await jobs_store.insert_change(connection, logged)


async def _notify(
    connection: Connection,
    job: OwnedJob,
    kind: ChangeKind,
    *,
    viewer: JobViewer,
    now: datetime,
    fields: tuple[str, ...] = (),
) -> None:
    """The subject has no text of the job: it becomes that of a mail."""
    await notifications.enqueue_notification(
        connection,
        application_id=job.application_id,
        kind=NotificationKind.JOB_CHANGED,
        subject=f"Job {job.job_id} was {_DONE[kind]} by {viewer.actor}",
        body={
            "developerApplicationUrn": f"{URN_APPLICATION}{job.application_id}",
            "jobPosting": f"{URN_JOB}{job.job_id}",
            "externalJobPostingId": job.external_id,
            "change": kind,
            "changedBy": viewer.actor,
            "changedFields": list(fields),
            "changedAt": now.isoformat(),
        },
        now=now,
    )


async def list_slots(connection: Connection, *, viewer: JobViewer) -> list[SlotUse]:
    """Returns the contracts with slots of the customer, or of which the member is a seat."""
    found = await store.list_slot_uses(
        connection,
        hiring_contract_ids=await _list_contracts(connection, viewer),
        application_ids=list(viewer.application_ids),
    )
    slots = []
    for used in found:
        contract = await hiring.find_hiring_contract(connection, contract_id=used.contract_id)
        assert contract is not None, "a contract is never removed"
        free = await hiring.read_inventory(connection, contract=contract)
        assert free is not None, "slots are always counted"
        slots.append(SlotUse(contract, free, used.used, used.next_end))
    return slots


async def _list_contracts(connection: Connection, viewer: JobViewer) -> list[int]:
    if viewer.is_customer:
        return list(viewer.hiring_contract_ids)
    return await store.list_seated_contracts(connection, email=viewer.member_email)


async def list_acts(connection: Connection, job: OwnedJob, *, rows_max: int) -> list[JobAct]:
    """Returns what was done with a job, newest first: by its partner's software, and by people."""
    return await store.list_job_acts(connection, shard=job.shard, job_id=job.job_id, rows_max=rows_max)


async def list_changes(
    connection: Connection, *, application: Application, page: ChangePage
) -> list[ShownChange]:
    """Returns who changed which of the application's jobs, newest first; a parent application sees those of its children."""
    return await store.list_changes(connection, page, application_id=application.id)


async def count_open_jobs(connection: Connection, *, email: str) -> int:
    """Returns how many jobs of a poster are not over."""
    return await store.count_open_jobs(connection, email=email)


async def erase_poster(connection: Connection, *, email: str, substitute: str) -> dict[str, int]:
    """Puts ``substitute`` in the place of a poster's address; returns in how many jobs and logged changes."""
    return {
        "jobs": await store.erase_poster(connection, email=email, substitute=substitute),
        "changes of jobs": await store.erase_poster_of_changes(
            connection, email=email, substitute=substitute
        ),
    }


async def list_former_posters(
    connection: Connection, *, before: datetime, erased: str, rows_max: int
) -> list[str]:
    """Returns posters whose jobs all ended before a moment, who cannot log in, and of whom no seat is kept. Addresses that begin with ``erased`` are nobody's."""
    return await store.list_former_posters(connection, before=before, erased=erased, rows_max=rows_max)
