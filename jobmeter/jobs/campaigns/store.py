"""Owns the statements of campaigns, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.jobs.campaigns.model import Campaign, CampaignStatus

SQL = load_statements("jobmeter.jobs.campaigns")


def _campaign(row: tuple[Any, ...] | None) -> Campaign | None:
    if row is None:
        return None
    values: tuple[Any, ...] = (*row[:6], CampaignStatus(row[6]), *row[7:])
    return Campaign(*values)


def _campaigns(rows: list[tuple[Any, ...]]) -> list[Campaign]:
    return [campaign for row in rows if (campaign := _campaign(row)) is not None]


async def next_campaign_id(connection: Connection) -> int:
    row = await (await connection.execute(SQL["next_campaign_id"])).fetchone()
    assert row is not None
    return int(row[0])


async def insert_campaign(
    connection: Connection,
    *,
    shard: int,
    campaign_id: int,
    application_id: int,
    partner_job_campaign: str,
    partner_contract_id: int,
    name: str,
    starts_at: datetime,
    ends_at: datetime | None,
    created_at: datetime,
) -> bool:
    """``False`` when the application has a campaign with this partner's id."""
    cursor = await connection.execute(SQL["insert_campaign"], locals())
    return await cursor.fetchone() is not None


async def find_campaign(
    connection: Connection, *, shard: int, application_id: int, campaign_id: int
) -> Campaign | None:
    return _campaign(await (await connection.execute(SQL["find_campaign"], locals())).fetchone())


async def find_partner_campaign(
    connection: Connection, *, shard: int, application_id: int, partner_job_campaign: str
) -> Campaign | None:
    return _campaign(await (await connection.execute(SQL["find_partner_campaign"], locals())).fetchone())


async def share_lock_partner_campaign(
    connection: Connection, *, shard: int, application_id: int, partner_job_campaign: str
) -> Campaign | None:
    return _campaign(
        await (await connection.execute(SQL["share_lock_partner_campaign"], locals())).fetchone()
    )


async def share_lock_campaign(connection: Connection, *, shard: int, campaign_id: int) -> Campaign | None:
    return _campaign(await (await connection.execute(SQL["share_lock_campaign"], locals())).fetchone())


async def lock_campaign(
    connection: Connection, *, shard: int, application_id: int, campaign_id: int
) -> Campaign | None:
    return _campaign(await (await connection.execute(SQL["lock_campaign"], locals())).fetchone())


async def list_campaigns(connection: Connection, *, shard: int, campaign_ids: list[int]) -> list[Campaign]:
    return _campaigns(await (await connection.execute(SQL["list_campaigns"], locals())).fetchall())


async def update_campaign(
    connection: Connection,
    *,
    shard: int,
    campaign_id: int,
    name: str,
    status: str,
    starts_at: datetime,
    ends_at: datetime | None,
    changed_at: datetime,
    ended_at: datetime | None,
) -> None:
    await connection.execute(SQL["update_campaign"], locals())


async def claim_due_campaigns(connection: Connection, *, now: datetime, rows_max: int) -> list[Campaign]:
    return _campaigns(await (await connection.execute(SQL["claim_due_campaigns"], locals())).fetchall())


async def list_ending_campaigns(connection: Connection, *, rows_max: int) -> list[Campaign]:
    return _campaigns(await (await connection.execute(SQL["list_ending_campaigns"], locals())).fetchall())


async def set_jobs_ended(connection: Connection, *, shard: int, campaign_id: int) -> None:
    await connection.execute(SQL["set_jobs_ended"], locals())


async def list_member_jobs(connection: Connection, *, shard: int, campaign_id: int) -> list[int]:
    rows = await (await connection.execute(SQL["list_member_jobs"], locals())).fetchall()
    return [int(row[0]) for row in rows]


async def lock_member_jobs(
    connection: Connection, *, shard: int, campaign_id: int, rows_max: int
) -> list[int]:
    rows = await (await connection.execute(SQL["lock_member_jobs"], locals())).fetchall()
    return [int(row[0]) for row in rows]


async def next_campaign_due(connection: Connection) -> datetime | None:
    row = await (await connection.execute(SQL["next_campaign_due"])).fetchone()
    return None if row is None else row[0]
