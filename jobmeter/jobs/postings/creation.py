"""Owns the creation of a posting: funds are reserved on acceptance; the task publishes the job or fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg.errors import UniqueViolation

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_CONTRACT, make_job_id
from jobmeter.charging.budgets import flow as limits
from jobmeter.charging.budgets.model import BudgetOpening
from jobmeter.charging.windows import flow as windows_flow
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import JobTraits, PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.geo.countries import number_country
from jobmeter.geo.gazetteer import country_of
from jobmeter.jobs import store
from jobmeter.jobs.campaigns import flow as campaigns
from jobmeter.jobs.funding import Funding, find_contract, find_funding
from jobmeter.jobs.messages import DUPLICATE_CONTENT, duplicate_id_message
from jobmeter.jobs.model import (
    AcceptedOperation,
    ElementColumns,
    FundedOperation,
    JobDraft,
    JobPosting,
    JobState,
    NewPosting,
    OperationRejected,
)
from jobmeter.jobs.postings import rules
from jobmeter.jobs.runs.flow import claim_slot, end_run
from jobmeter.partners.model import Application


@dataclass(frozen=True, slots=True, kw_only=True)
class _Price:
    """A job's price per click and the amount reserved for it; zero for a job that is not paid per click."""

    click_micros: int = 0
    budget_micros: int = 0
    daily_micros: int = 0


async def accept_create(
    connection: Connection, child: Application, draft: JobDraft, now: datetime
) -> AcceptedOperation:
    """Reserves the job's budget or takes its slot; the worker publishes it."""
    fault = rules.find_place_fault(draft, child.partner_id)
    if fault is not None:
        return AcceptedOperation(None, fault)
    draft = await _add_campaign_contract(connection, child, draft)
    funding = await find_funding(connection, child, draft, now)
    price = _Price() if funding.partner is None else await _price(connection, draft, funding.partner, now)
    posting = NewPosting(
        shard=child.shard,
        job_id=make_job_id(await store.next_job_sequence(connection), child.shard),
        application_id=child.id,
        external_id=draft.external_id,
        partner_contract_id=None if funding.partner is None else funding.partner.id,
        hiring_contract_id=None if funding.hiring is None else funding.hiring.id,
        listing_type=draft.listing_type,
        partner_job_campaign=draft.partner_job_campaign,
        listed_at=draft.listed_at,
        expires_at=rules.run_until(draft, pays_per_click=funding.partner is not None, now=now),
        created_at=now,
    )
    # Where no job has the id any more, its job failed since the insertion, and the id is free again.
    while not await store.insert_posting(connection, posting, ElementColumns.of(draft)):
        existing = await store.find_by_external_id(
            connection, shard=child.shard, application_id=child.id, external_id=draft.external_id
        )
        if existing is not None:
            # The element is accepted and its task fails (spec 4.4, error 2009).
            return AcceptedOperation(None, duplicate_id_message(existing.job_id, draft.external_id))
    with translate_contract_errors(draft):
        await _reserve(connection, draft, posting, funding, price)
    return AcceptedOperation(posting.job_id)


async def _add_campaign_contract(connection: Connection, child: Application, draft: JobDraft) -> JobDraft:
    """A job in a campaign may leave the contract to the campaign."""
    if draft.contract is not None or draft.partner_job_campaign is None:
        return draft
    campaign = await campaigns.find_partner_campaign(
        connection, child=child, partner_job_campaign=draft.partner_job_campaign
    )
    if campaign is None or not campaign.is_open:
        return draft
    return rules.with_contract(draft, f"{URN_CONTRACT}{campaign.partner_contract_id}")


async def _price(connection: Connection, draft: JobDraft, contract: PartnerContract, now: datetime) -> _Price:
    traits = JobTraits(
        country=country_of(draft.location),
        job_function=draft.job_function,
        experience_level=draft.experience_level,
    )
    click_micros = await contracts.read_click_price(connection, contract=contract, traits=traits, now=now)
    budget_micros = rules.check_budget(draft, contract, click_micros)
    daily_micros = rules.check_daily(
        draft, contract, total_micros=budget_micros, click_price_micros=click_micros
    )
    return _Price(click_micros=click_micros, budget_micros=budget_micros, daily_micros=daily_micros)


async def _reserve(
    connection: Connection, draft: JobDraft, posting: NewPosting, funding: Funding, price: _Price
) -> None:
    opening = BudgetOpening(
        shard=posting.shard,
        job_id=posting.job_id,
        contract=funding.partner,
        click_price_micros=price.click_micros,
        budget_micros=price.budget_micros,
        # Its live window is empty until it is published.
        live_from=posting.expires_at,
        live_until=posting.expires_at,
        daily_micros=price.daily_micros,
        market=market_of(draft),
    )
    await limits.open_budget(connection, opening, now=posting.created_at)
    if funding.hiring is not None:
        run = rules.first_run_of(posting, draft)
        await claim_slot(connection, run, contract=funding.hiring, now=posting.created_at)


def market_of(draft: JobDraft) -> int:
    """The number of the country that all the job's locations share; 0 if they differ or are unknown."""
    countries = {country_of(place) for place in (draft.location, *draft.alternate_locations)}
    return number_country(countries.pop()) if len(countries) == 1 else 0


@contextmanager
def translate_contract_errors(draft: FundedOperation) -> Iterator[None]:
    """Translates a shortage of funds into this API's faults (spec 4.2)."""
    try:
        yield
    except Refused as refused:
        if refused.fault is Fault.BALANCE_TOO_LOW:
            raise Refused(Fault.CONTRACT_BUDGET_LOW, contract=draft.contract) from refused
        if refused.fault is Fault.INVENTORY_EMPTY:
            raise Refused(Fault.JOB_SLOTS_EMPTY, contract=draft.contract) from refused
        raise


async def publish_posting(connection: Connection, *, shard: int, job_id: int, now: datetime) -> str | None:
    """Publishes a pending job, or fails it and returns why. A job that is no longer pending is left unchanged."""
    posting = await store.lock_posting(connection, shard=shard, job_id=job_id)
    assert posting is not None, "a task of a job has its posting"
    if posting.state is not JobState.PENDING:
        return posting.failure
    opens = posting.is_public
    try:
        if posting.partner_job_campaign is not None:
            campaign = await campaigns.admit(connection, posting, posting.partner_job_campaign, now)
            posting, opens = replace(posting, campaign_id=campaign.id), opens and campaign.counts_events
        async with connection.transaction():
            await store.set_live(connection, posting)
    except OperationRejected as rejected:
        return await _fail_posting(connection, posting, rejected.failure_message, now)
    except UniqueViolation:
        return await _fail_posting(connection, posting, DUPLICATE_CONTENT, now)
    live_until = rules.charged_until(posting.expires_at, await find_contract(connection, posting))
    await windows_flow.set_live_window(
        connection,
        shard=shard,
        job_id=job_id,
        live_from=now if opens else live_until,
        live_until=live_until,
    )
    return None


async def _fail_posting(connection: Connection, posting: JobPosting, failure: str, now: datetime) -> str:
    """The job was never published: its reserved funds are returned."""
    await end_run(connection, posting, JobState.FAILED, now, failure=failure)
    return failure
