"""Owns reading the status of jobs and tasks at a given time. Writes nothing; expiry shows before a chore runs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from jobmeter.base.ids import shard_of
from jobmeter.charging.budgets import flow as limits
from jobmeter.charging.pacing import flow as day_limits
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.geo.gazetteer import standardize
from jobmeter.jobs import store
from jobmeter.jobs.campaigns.flow import read_campaigns
from jobmeter.jobs.campaigns.model import Campaign
from jobmeter.jobs.model import JobPosting, Task, TaskStatus
from jobmeter.jobs.postings.flow import find_tasks
from jobmeter.jobs.status import rules
from jobmeter.jobs.status.model import JobSnapshot, PostingStatus, PublicStatus
from jobmeter.partners.model import Application


async def read_statuses(
    connection: Connection, *, child: Application, external_ids: Sequence[str], now: datetime
) -> dict[str, PostingStatus]:
    """Returns the status of the child application's own jobs among ``external_ids`` (spec 4.5)."""
    found = await store.list_by_external_ids(
        connection, shard=child.shard, application_id=child.id, external_ids=list(external_ids)
    )
    postings = [posting for posting, _ in found]
    campaigns = await _read_campaigns(connection, child.shard, postings)
    standings = await _judge(connection, child.shard, postings, campaigns, now)
    return {
        posting.external_id: PostingStatus(
            posting,
            content,
            tuple(map(standardize, content.get("alternateLocations") or ())),
            campaigns.get(posting.campaign_id or 0),
            standings[posting.job_id],
        )
        for posting, content in found
    }


async def read_snapshots(
    connection: Connection, job_ids: Sequence[int], *, now: datetime
) -> list[JobSnapshot]:
    """Returns the status and budget of jobs of any application."""
    snapshots: list[JobSnapshot] = []
    for shard in sorted({shard_of(job_id) for job_id in job_ids}):
        mine = [job_id for job_id in job_ids if shard_of(job_id) == shard]
        found = await store.list_statuses(connection, shard=shard, job_ids=mine)
        postings = [posting for posting, _ in found]
        campaigns = await _read_campaigns(connection, shard, postings)
        standings = await _judge(connection, shard, postings, campaigns, now)
        budgets = await limits.read_job_budgets(connection, shard=shard, job_ids=mine)
        snapshots += [
            JobSnapshot(
                PostingStatus(
                    posting,
                    content,
                    tuple(map(standardize, content.get("alternateLocations") or ())),
                    campaigns.get(posting.campaign_id or 0),
                    standings[posting.job_id],
                ),
                budgets[posting.job_id],
            )
            for posting, content in found
        ]
    return snapshots


async def watch_tasks(
    connection: Connection, *, child: Application, task_ids: Sequence[UUID], now: datetime
) -> dict[UUID, Task]:
    """As ``find_tasks``; a task whose job is no longer promoted is PROCESSED and gives the reason (spec 4.4)."""
    tasks = await find_tasks(connection, child=child, task_ids=task_ids, now=now)
    wanted = {
        task.job_id
        for task in tasks.values()
        if task.job_id is not None and task.status is TaskStatus.SUCCEEDED
    }
    postings = await store.list_by_job_ids(connection, shard=child.shard, job_ids=sorted(wanted))
    campaigns = await _read_campaigns(connection, child.shard, postings)
    standings = await _judge(connection, child.shard, postings, campaigns, now)
    return {task_id: _show(task, standings) for task_id, task in tasks.items()}


def _show(task: Task, standings: dict[int, PublicStatus]) -> Task:
    if task.status is not TaskStatus.SUCCEEDED or task.job_id is None:
        return task
    status, message = rules.show_task(task, standings[task.job_id])
    return replace(task, status=status, error_message=message)


async def _read_campaigns(
    connection: Connection, shard: int, postings: Sequence[JobPosting]
) -> dict[int, Campaign]:
    ids = sorted({posting.campaign_id for posting in postings if posting.campaign_id is not None})
    return await read_campaigns(connection, shard=shard, campaign_ids=ids)


async def _judge(
    connection: Connection,
    shard: int,
    postings: Sequence[JobPosting],
    campaigns: dict[int, Campaign],
    now: datetime,
) -> dict[int, PublicStatus]:
    job_ids = [posting.job_id for posting in postings]
    budgets = await limits.read_job_budgets(connection, shard=shard, job_ids=job_ids)
    capped = await day_limits.find_capped(connection, job_ids=job_ids, now=now)
    accounts = await _read_accounts(connection, postings)
    standings = {}
    for posting in postings:
        contract, available_micros = accounts.get(posting.partner_contract_id or 0, (None, 0))
        standings[posting.job_id] = rules.decide_status(
            posting,
            limit=budgets[posting.job_id],
            contract=contract,
            available_micros=available_micros,
            campaign=campaigns.get(posting.campaign_id or 0),
            is_capped=posting.job_id in capped,
            now=now,
        )
    return standings


async def _read_accounts(
    connection: Connection, postings: Sequence[JobPosting]
) -> dict[int, tuple[PartnerContract, int]]:
    """Returns each of the jobs' contracts, with the amount that no job has reserved."""
    found = {}
    for contract_id in sorted({posting.partner_contract_id or 0 for posting in postings} - {0}):
        contract = await contracts.find_partner_contract(connection, contract_id=contract_id)
        assert contract is not None, "a job's contract is never removed"
        found[contract_id] = (contract, await contracts.read_available(connection, contract=contract))
    return found
