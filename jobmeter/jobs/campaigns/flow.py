"""Owns the verbs of campaigns: make, find, change, join; begin and complete those due, end the jobs of ended ones."""

from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.jobs import store
from jobmeter.jobs.campaigns import rules
from jobmeter.jobs.campaigns import store as campaigns
from jobmeter.jobs.campaigns.model import Campaign, CampaignChange, CampaignDraft, CampaignStatus
from jobmeter.jobs.model import JobPosting, State
from jobmeter.jobs.runs.flow import end_posting, set_windows
from jobmeter.partners.model import Application


async def create_campaign(
    connection: Connection, *, child: Application, draft: CampaignDraft, now: datetime
) -> Campaign:
    """A campaign in DRAFT; the worker begins it (spec 5).

    Raises ``Refused``: BODY_INVALID, JOB_CONTRACT_DENIED, CONTRACT_ENDED, CAMPAIGN_CONFLICT.
    """
    rules.check_draft(draft, now)
    contract = await contracts.find_job_contract(
        connection, child=child, contract_urn=draft.contract, now=now
    )
    campaign_id = await campaigns.next_campaign_id(connection)
    is_new = await campaigns.insert_campaign(
        connection,
        shard=child.shard,
        campaign_id=campaign_id,
        application_id=child.id,
        partner_job_campaign=draft.partner_job_campaign,
        partner_contract_id=contract.id,
        name=draft.name,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        created_at=now,
    )
    if not is_new:
        raise Refused(Fault.CAMPAIGN_CONFLICT, partner_job_campaign=draft.partner_job_campaign)
    return await find_campaign(connection, child=child, campaign_id=campaign_id)


async def find_campaign(connection: Connection, *, child: Application, campaign_id: int) -> Campaign:
    """The child's own campaign. Raises ``Refused(ENTITY_UNKNOWN)``."""
    found = await campaigns.find_campaign(
        connection, shard=child.shard, application_id=child.id, campaign_id=campaign_id
    )
    if found is None:
        raise Refused(Fault.ENTITY_UNKNOWN, key=campaign_id)
    return found


async def change_campaign(
    connection: Connection, *, child: Application, campaign_id: int, change: CampaignChange, now: datetime
) -> None:
    """Renames, reschedules, pauses, resumes or closes a campaign, its jobs' events with it at once.

    Raises ``Refused``: ENTITY_UNKNOWN, CAMPAIGN_OVER, BODY_INVALID.
    """
    held = await campaigns.lock_campaign(
        connection, shard=child.shard, application_id=child.id, campaign_id=campaign_id
    )
    if held is None:
        raise Refused(Fault.ENTITY_UNKNOWN, key=campaign_id)
    name, status, starts_at, ends_at = rules.change_campaign(held, change, now)
    await campaigns.update_campaign(
        connection,
        shard=held.shard,
        campaign_id=held.id,
        name=name,
        status=status,
        starts_at=starts_at,
        ends_at=ends_at,
        changed_at=now,
        ended_at=held.ended_at or (now if status is CampaignStatus.CLOSED else None),
    )
    await _follow_status(connection, held, status, now)


async def _follow_status(
    connection: Connection, before: Campaign, status: CampaignStatus, now: datetime
) -> None:
    """The windows of the campaign's jobs open and shut with it."""
    opens = status is CampaignStatus.ACTIVE
    if opens == (before.status is CampaignStatus.ACTIVE):
        return
    job_ids = await campaigns.list_member_jobs(connection, shard=before.shard, campaign_id=before.id)
    await set_windows(connection, shard=before.shard, job_ids=job_ids, opens=opens, now=now)


async def join_campaign(
    connection: Connection, posting: JobPosting, partner_job_campaign: str, now: datetime
) -> str | None:
    """Moves a locked job into another campaign, or returns why it cannot join."""
    campaign = await campaigns.share_lock_partner_campaign(
        connection,
        shard=posting.shard,
        application_id=posting.application_id,
        partner_job_campaign=partner_job_campaign,
    )
    fault = rules.find_join_fault(campaign, posting.partner_contract_id, now)
    if fault is not None:
        return fault
    assert campaign is not None, "a missing campaign is a fault"
    is_live = posting.state is State.LIVE
    await store.set_campaign(
        connection,
        shard=posting.shard,
        job_id=posting.job_id,
        partner_job_campaign=partner_job_campaign,
        campaign_id=campaign.id if is_live else None,
    )
    if is_live:
        await set_windows(
            connection,
            shard=posting.shard,
            job_ids=[posting.job_id],
            opens=rules.counts_events(campaign),
            now=now,
        )
    return None


async def advance_campaigns(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Begins the campaigns whose time has come and completes those whose time is over; returns how many."""
    due = await campaigns.claim_due_campaigns(connection, now=now, rows_max=rows_max)
    for campaign in due:
        is_over = campaign.ends_at is not None and campaign.ends_at <= now
        status = CampaignStatus.COMPLETED if is_over else CampaignStatus.ACTIVE
        moment = campaign.ends_at if is_over else campaign.starts_at
        assert moment is not None, "what is over has an end"
        await campaigns.update_campaign(
            connection,
            shard=campaign.shard,
            campaign_id=campaign.id,
            name=campaign.name,
            status=status,
            starts_at=campaign.starts_at,
            ends_at=campaign.ends_at,
            changed_at=now,
            ended_at=moment if is_over else None,
        )
        await _follow_status(connection, campaign, status, max(moment, campaign.created_at))
    return len(due)


async def end_campaign_jobs(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Ends jobs of a campaign that has ended: closed with it, or expired with its time; returns how many things."""
    for campaign in await campaigns.list_ending_campaigns(connection, rows_max=1):
        job_ids = await campaigns.lock_member_jobs(
            connection, shard=campaign.shard, campaign_id=campaign.id, rows_max=rows_max
        )
        state = State.CLOSED if campaign.status is CampaignStatus.CLOSED else State.EXPIRED
        for job_id in job_ids:
            posting = await store.lock_posting(connection, shard=campaign.shard, job_id=job_id)
            assert posting is not None, "it is locked"
            await end_posting(connection, posting, state, campaign.ended_at or now)
        if len(job_ids) < rows_max:
            await campaigns.set_jobs_ended(connection, shard=campaign.shard, campaign_id=campaign.id)
        return len(job_ids) + 1
    return 0


async def next_campaign_due(connection: Connection) -> datetime | None:
    """When the next campaign begins or ends."""
    return await campaigns.next_campaign_due(connection)
