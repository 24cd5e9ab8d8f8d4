"""Owns the statements of campaigns, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows, list_scalars, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.jobs.campaigns.model import Campaign

SQL = load_statements("jobmeter.jobs.campaigns")


async def next_campaign_id(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["next_campaign_id"])


async def insert_campaign(connection: Connection, campaign: Campaign) -> bool:
    """Returns ``False`` when the application already has a campaign with this partner's id."""
    return await find_scalar(connection, int, SQL["insert_campaign"], vars_of(campaign)) is not None


async def find_campaign(
    connection: Connection, *, shard: int, application_id: int, campaign_id: int
) -> Campaign | None:
    parameters = {"shard": shard, "application_id": application_id, "campaign_id": campaign_id}
    return await find_row(connection, Campaign, SQL["find_campaign"], parameters)


async def find_partner_campaign(
    connection: Connection, *, shard: int, application_id: int, partner_job_campaign: str
) -> Campaign | None:
    parameters = {
        "shard": shard,
        "application_id": application_id,
        "partner_job_campaign": partner_job_campaign,
    }
    return await find_row(connection, Campaign, SQL["find_partner_campaign"], parameters)


async def share_lock_partner_campaign(
    connection: Connection, *, shard: int, application_id: int, partner_job_campaign: str
) -> Campaign | None:
    parameters = {
        "shard": shard,
        "application_id": application_id,
        "partner_job_campaign": partner_job_campaign,
    }
    return await find_row(connection, Campaign, SQL["share_lock_partner_campaign"], parameters)


async def lock_campaign(
    connection: Connection, *, shard: int, application_id: int, campaign_id: int
) -> Campaign | None:
    parameters = {"shard": shard, "application_id": application_id, "campaign_id": campaign_id}
    return await find_row(connection, Campaign, SQL["lock_campaign"], parameters)


async def list_campaigns(connection: Connection, *, shard: int, campaign_ids: list[int]) -> list[Campaign]:
    parameters = {"shard": shard, "campaign_ids": campaign_ids}
    return await list_rows(connection, Campaign, SQL["list_campaigns"], parameters)


async def update_campaign(connection: Connection, campaign: Campaign) -> None:
    await connection.execute(SQL["update_campaign"], vars_of(campaign))


async def claim_due_campaigns(connection: Connection, *, now: datetime, rows_max: int) -> list[Campaign]:
    parameters = {"now": now, "rows_max": rows_max}
    return await list_rows(connection, Campaign, SQL["claim_due_campaigns"], parameters)


async def list_ending_campaigns(connection: Connection, *, rows_max: int) -> list[Campaign]:
    return await list_rows(connection, Campaign, SQL["list_ending_campaigns"], {"rows_max": rows_max})


async def set_jobs_ended(connection: Connection, *, shard: int, campaign_id: int) -> None:
    await connection.execute(SQL["set_jobs_ended"], {"shard": shard, "campaign_id": campaign_id})


async def list_member_jobs(connection: Connection, *, shard: int, campaign_id: int) -> list[int]:
    parameters = {"shard": shard, "campaign_id": campaign_id}
    return await list_scalars(connection, int, SQL["list_member_jobs"], parameters)


async def next_campaign_due(connection: Connection) -> datetime | None:
    return await find_scalar(connection, datetime, SQL["next_campaign_due"])
