"""Owns the report of clicks that were not charged, and why."""

from datetime import date

from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.partners.model import Application
from jobmeter.reports.uncharged_clicks import store
from jobmeter.reports.uncharged_clicks.model import (
    NotCharged,
    NotChargedPage,
    UnchargedFilter,
    UnchargedSummary,
)

PAGE_ROWS_MAX = 250
JOBS_MAX = 50


async def list_not_charged(
    connection: Connection,
    *,
    application: Application,
    external_id: str | None,
    first: date,
    last: date,
    after: tuple[int, date],
) -> list[NotCharged]:
    """Returns a page after ``after`` (job, day) of a child application's jobs, or of a partner's contracts."""
    mine = (
        await contracts.list_partner_contracts(connection, partner_id=application.id)
        if application.parent_id is None
        else []
    )
    after_job, after_day = after
    page = NotChargedPage(
        application_id=application.id,
        contract_ids=tuple(contract.id for contract in mine),
        external_id=external_id,
        first=first,
        last=last,
        after_job=after_job,
        after_day=after_day,
        rows_max=PAGE_ROWS_MAX,
    )
    return await store.list_not_charged(connection, page)


async def sum_not_charged(
    connection: Connection,
    *,
    application: Application,
    first: date,
    last: date,
    application_id: int | None = None,
    job_id: int | None = None,
) -> UnchargedSummary:
    """Returns the sums of a partner's contracts, or of a child application's jobs on them. Needs a transaction with one snapshot."""
    mine = await contracts.list_partner_contracts(connection, partner_id=application.partner_id)
    wanted = UnchargedFilter(
        contract_ids=[contract.id for contract in mine],
        first=first,
        last=last,
        application_id=application_id if application.parent_id is None else application.id,
        job_id=job_id,
    )
    reasons = await store.sum_by_reason(connection, wanted)
    days = await store.sum_by_day(connection, wanted)
    jobs = await store.sum_by_job(connection, wanted, jobs_max=JOBS_MAX)
    return UnchargedSummary(tuple(reasons), tuple(days), tuple(jobs))
