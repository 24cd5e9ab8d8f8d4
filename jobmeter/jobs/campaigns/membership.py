"""Joins a posting to its campaign."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.jobs import store as jobs_store
from jobmeter.jobs.campaigns import rules, store
from jobmeter.jobs.model import JobPosting, State
from jobmeter.jobs.runs.flow import set_windows


async def join_campaign(
    connection: Connection, posting: JobPosting, partner_job_campaign: str, now: datetime
) -> str | None:
    """Moves a locked job into another campaign, or returns why it can not join."""
    campaign = await store.share_lock_partner_campaign(
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
    await jobs_store.set_campaign(
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
