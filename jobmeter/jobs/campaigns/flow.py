"""Owns the verbs of campaigns: create, find, change, join; start and complete campaigns that are due; end the
jobs of ended ones.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_CONTRACT, read_urn
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.jobs import store as jobs_store
from jobmeter.jobs.campaigns import rules, store
from jobmeter.jobs.campaigns.model import Campaign, CampaignChange, CampaignDraft, CampaignStatus
from jobmeter.jobs.model import JobPosting, JobState
from jobmeter.jobs.runs.flow import end_run, set_windows
from jobmeter.partners.model import Application


async def create_campaign(
    connection: Connection, *, child: Application, draft: CampaignDraft, now: datetime
) -> Campaign:
    """Creates a campaign in DRAFT; the worker starts it (spec 5).

    Raises ``Refused``: BODY_INVALID, JOB_CONTRACT_DENIED, CONTRACT_ENDED, CAMPAIGN_CONFLICT.
    """
    rules.check_draft(draft, now)
    contract = await contracts.find_job_contract(
        connection, child=child, contract_urn=draft.contract, now=now
    )
    campaign = Campaign(
        shard=child.shard,
        id=await store.next_campaign_id(connection),
        application_id=child.id,
        partner_job_campaign=draft.partner_job_campaign,
        partner_contract_id=contract.id,
        posted_contract_id=read_urn(draft.contract, URN_CONTRACT) or contract.id,
        name=draft.name,
        status=CampaignStatus.DRAFT,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        created_at=now,
        changed_at=now,
        ended_at=None,
    )
    if not await store.insert_campaign(connection, campaign):
        raise Refused(Fault.CAMPAIGN_CONFLICT, partner_job_campaign=draft.partner_job_campaign)
    return campaign


async def find_campaign(connection: Connection, *, child: Application, campaign_id: int) -> Campaign:
    """Returns the child application's own campaign. Raises ``Refused(ENTITY_UNKNOWN)``."""
    found = await store.find_campaign(
        connection, shard=child.shard, application_id=child.id, campaign_id=campaign_id
    )
    if found is None:
        raise Refused(Fault.ENTITY_UNKNOWN, key=campaign_id)
    return found


async def find_partner_campaign(
    connection: Connection, *, child: Application, partner_job_campaign: str
) -> Campaign | None:
    """Returns the child application's own campaign with the partner's id."""
    return await store.find_partner_campaign(
        connection, shard=child.shard, application_id=child.id, partner_job_campaign=partner_job_campaign
    )


async def read_campaigns(
    connection: Connection, *, shard: int, campaign_ids: Sequence[int]
) -> dict[int, Campaign]:
    """Returns the existing campaigns among ``campaign_ids``, by id."""
    found = await store.list_campaigns(connection, shard=shard, campaign_ids=list(campaign_ids))
    return {campaign.id: campaign for campaign in found}


async def change_campaign(
    connection: Connection, *, child: Application, campaign_id: int, change: CampaignChange, now: datetime
) -> None:
    """Renames, reschedules, pauses, resumes or closes a campaign, and applies it to the events of its jobs at once.

    Raises ``Refused``: ENTITY_UNKNOWN, CAMPAIGN_OVER, BODY_INVALID.
    """
    held = await store.lock_campaign(
        connection, shard=child.shard, application_id=child.id, campaign_id=campaign_id
    )
    if held is None:
        raise Refused(Fault.ENTITY_UNKNOWN, key=campaign_id)
    changed = rules.change_campaign(held, change, now)
    await store.update_campaign(connection, changed)
    await _follow_status(connection, held, changed, now)


async def _follow_status(connection: Connection, before: Campaign, after: Campaign, moment: datetime) -> None:
    """Opens or closes the live windows of the campaign's jobs with the campaign."""
    if after.counts_events == before.counts_events:
        return
    job_ids = await store.list_member_jobs(connection, shard=after.shard, campaign_id=after.id)
    await set_windows(connection, shard=after.shard, job_ids=job_ids, opens=after.counts_events, now=moment)


async def admit(
    connection: Connection, posting: JobPosting, partner_job_campaign: str, now: datetime
) -> Campaign:
    """Returns the campaign that the job may join; its status is locked until this transaction ends.

    Raises ``OperationRejected`` when the job cannot join it.
    """
    campaign = await store.share_lock_partner_campaign(
        connection,
        shard=posting.shard,
        application_id=posting.application_id,
        partner_job_campaign=partner_job_campaign,
    )
    return rules.check_join(campaign, posting.partner_contract_id, now)


async def join_campaign(
    connection: Connection, posting: JobPosting, partner_job_campaign: str, now: datetime
) -> None:
    """Moves a locked job to another campaign. Raises ``OperationRejected`` when the job cannot join it."""
    campaign = await admit(connection, posting, partner_job_campaign, now)
    is_live = posting.state is JobState.LIVE
    joined = replace(
        posting,
        partner_job_campaign=partner_job_campaign,
        campaign_id=campaign.id if is_live else None,
    )
    await jobs_store.set_campaign(connection, joined)
    if is_live:
        await set_windows(
            connection,
            shard=posting.shard,
            job_ids=[posting.job_id],
            opens=campaign.counts_events and posting.is_public,
            now=now,
        )


async def advance_campaigns(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Starts campaigns whose start time has passed and completes those whose end time has; returns how many."""
    due = await store.claim_due_campaigns(connection, now=now, rows_max=rows_max)
    for campaign in due:
        if campaign.ends_at is not None and campaign.ends_at <= now:
            moment = campaign.ends_at
            changed = replace(
                campaign, status=CampaignStatus.COMPLETED, changed_at=now, ended_at=campaign.ends_at
            )
        else:
            moment = campaign.starts_at
            changed = replace(campaign, status=CampaignStatus.ACTIVE, changed_at=now)
        await store.update_campaign(connection, changed)
        await _follow_status(connection, campaign, changed, max(moment, campaign.created_at))
    return len(due)


async def end_campaign_jobs(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Closes or expires the jobs of an ended campaign, as it ended itself; returns how many changes were made."""
    for campaign in await store.list_ending_campaigns(connection, rows_max=1):
        postings = await jobs_store.lock_members(
            connection, shard=campaign.shard, campaign_id=campaign.id, rows_max=rows_max
        )
        state = JobState.CLOSED if campaign.status is CampaignStatus.CLOSED else JobState.EXPIRED
        for posting in postings:
            await end_run(connection, posting, state, campaign.ended_at or now)
        if len(postings) < rows_max:
            await store.set_jobs_ended(connection, shard=campaign.shard, campaign_id=campaign.id)
        return len(postings) + 1
    return 0


async def next_campaign_due(connection: Connection) -> datetime | None:
    """Returns when the next campaign starts or ends."""
    return await store.next_campaign_due(connection)
