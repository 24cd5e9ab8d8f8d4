"""Owns the beginning of a posting: its money is reserved when it is asked for, it goes live or fails with its task."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_CONTRACT, make_job_id
from jobmeter.charging.budgets import flow as limits
from jobmeter.charging.budgets.model import BudgetOpening
from jobmeter.charging.windows import flow as meters
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import JobTraits, PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.geo.countries import number_country
from jobmeter.geo.gazetteer import country_of, standardize
from jobmeter.jobs import store
from jobmeter.jobs.campaigns import rules as campaigns_rules
from jobmeter.jobs.campaigns import store as campaigns_store
from jobmeter.jobs.funding import Funding, find_contract, find_funding
from jobmeter.jobs.messages import DUPLICATE_CONTENT, duplicate_id_message
from jobmeter.jobs.model import AcceptedOperation, JobDraft, JobPosting, JobState
from jobmeter.jobs.postings import rules
from jobmeter.jobs.slots.flow import free_held_slot
from jobmeter.jobs.xml_jobs.lifecycle import check_inventory
from jobmeter.partners.model import Application


async def accept_create(
    connection: Connection, child: Application, draft: JobDraft, now: datetime
) -> AcceptedOperation:
    """Reserves the job's budget or takes its slot; the worker makes it live."""
    fault = rules.find_place_fault(draft, child.partner_id)
    if fault is not None:
        return AcceptedOperation(None, fault)
    draft = await _add_campaign_contract(connection, child, draft)
    funding = await find_funding(connection, child, draft, now)
    price_micros = budget_micros = daily_micros = 0
    if funding.partner is not None:
        traits = JobTraits(country_of(draft.location), draft.job_function, draft.experience_level)
        price_micros = await contracts.read_click_price(
            connection, contract=funding.partner, traits=traits, now=now
        )
        budget_micros = rules.check_budget(draft, funding.partner, price_micros)
        daily_micros = rules.check_daily(
            draft, funding.partner, total_micros=budget_micros, click_price_micros=price_micros
        )
    expires_at = rules.run_until(draft, pays_per_click=funding.partner is not None, now=now)
    job_id = make_job_id(await store.next_job_sequence(connection), child.shard)
    if not await _insert_posting(connection, child, draft, funding, (job_id, expires_at, now)):
        return await _find_duplicate(connection, child, draft)
    # Its window is empty until it is live.
    opening = BudgetOpening(
        child.shard,
        job_id,
        funding.partner,
        price_micros,
        budget_micros,
        expires_at,
        expires_at,
        daily_micros,
        market_of(draft),
    )
    with translate_contract_errors(draft):
        await limits.open_budget(connection, opening, now=now)
        if funding.hiring is not None:
            await claim_slot(
                connection, funding.hiring, shard=child.shard, job_id=job_id, run_number=1, now=now
            )
    return AcceptedOperation(job_id)


def market_of(draft: JobDraft) -> int:
    """The country of all the job's locations as a number, 0 where they are of several or of none that is known."""
    countries = {country_of(place) for place in (draft.location, *draft.alternate_locations)}
    return number_country(countries.pop()) if len(countries) == 1 else 0


async def _add_campaign_contract(connection: Connection, child: Application, draft: JobDraft) -> JobDraft:
    """A campaign's job may leave the contract to its campaign."""
    if draft.contract is not None or draft.partner_job_campaign is None:
        return draft
    campaign = await campaigns_store.find_partner_campaign(
        connection,
        shard=child.shard,
        application_id=child.id,
        partner_job_campaign=draft.partner_job_campaign,
    )
    if campaign is None or not campaign.is_open:
        return draft
    return rules.with_contract(draft, f"{URN_CONTRACT}{campaign.partner_contract_id}")


async def claim_slot(
    connection: Connection,
    contract: HiringContract,
    *,
    shard: int,
    job_id: int,
    run_number: int,
    now: datetime,
) -> None:
    """Raises ``Refused(INVENTORY_EMPTY)``."""
    await check_inventory(connection, contract, now)
    await hiring.use_unit(
        connection, contract=contract, shard=shard, job_id=job_id, run_number=run_number, now=now
    )


@contextmanager
def translate_contract_errors(draft: JobDraft) -> Iterator[None]:
    """Refuses in the words of this API (spec 4.2) where the job's contract has too little left."""
    try:
        yield
    except Refused as refused:
        if refused.fault is Fault.BALANCE_TOO_LOW:
            raise Refused(Fault.CONTRACT_BUDGET_LOW, contract=draft.contract) from refused
        if refused.fault is Fault.INVENTORY_EMPTY:
            raise Refused(Fault.JOB_SLOTS_EMPTY, contract=draft.contract) from refused
        raise


async def _insert_posting(
    connection: Connection,
    child: Application,
    draft: JobDraft,
    funding: Funding,
    at: tuple[int, datetime, datetime],
) -> bool:
    job_id, expires_at, now = at
    return await store.insert_posting(
        connection,
        shard=child.shard,
        job_id=job_id,
        application_id=child.id,
        external_id=draft.external_id,
        company_job_code=draft.company_job_code,
        partner_contract_id=None if funding.partner is None else funding.partner.id,
        hiring_contract_id=None if funding.hiring is None else funding.hiring.id,
        listing_type=draft.listing_type,
        title=draft.title,
        company_name=rules.company_shown(draft),
        company_page=draft.company_page_url,
        apply_url=draft.company_apply_url,
        location=draft.location,
        place=standardize(draft.location),
        content=Jsonb(draft.content),
        content_hash=rules.hash_content(draft),
        partner_job_campaign=draft.partner_job_campaign,
        listed_at=draft.listed_at,
        expires_at=expires_at,
        created_at=now,
    )


async def _find_duplicate(connection: Connection, child: Application, draft: JobDraft) -> AcceptedOperation:
    """The same external id again: the element is accepted and its task fails (spec 4.4, error 2009)."""
    existing = await store.find_by_external_id(
        connection, shard=child.shard, application_id=child.id, external_id=draft.external_id
    )
    assert existing is not None, "an external id is never free again, once its job did not fail"
    return AcceptedOperation(None, duplicate_id_message(existing.job_id, draft.external_id))


async def publish_posting(connection: Connection, *, shard: int, job_id: int, now: datetime) -> str | None:
    """Makes a pending job live, or fails it and returns why. A job that is no longer pending stays as it is."""
    posting = await store.lock_posting(connection, shard=shard, job_id=job_id)
    assert posting is not None, "a task of a job has its posting"
    if posting.state is not JobState.PENDING:
        return posting.failure
    contract = await find_contract(connection, posting)
    campaign_id, opens = None, True
    if posting.partner_job_campaign is not None:
        campaign = await campaigns_store.share_lock_partner_campaign(
            connection,
            shard=shard,
            application_id=posting.application_id,
            partner_job_campaign=posting.partner_job_campaign,
        )
        fault = campaigns_rules.find_join_fault(campaign, posting.partner_contract_id, now)
        if fault is not None:
            return await _fail_posting(connection, posting, contract, fault, now)
        assert campaign is not None, "a missing campaign is a fault"
        campaign_id, opens = campaign.id, campaigns_rules.counts_events(campaign)
    try:
        async with connection.transaction():
            await store.set_live(connection, shard=shard, job_id=job_id, campaign_id=campaign_id)
    except UniqueViolation:
        return await _fail_posting(connection, posting, contract, DUPLICATE_CONTENT, now)
    live_until = rules.charged_until(posting.expires_at, contract)
    await meters.set_live_window(
        connection,
        shard=shard,
        job_id=job_id,
        live_from=now if opens else live_until,
        live_until=live_until,
    )
    return None


async def _fail_posting(
    connection: Connection,
    posting: JobPosting,
    contract: PartnerContract | None,
    failure: str,
    now: datetime,
) -> str:
    """The job was never published: what it reserved goes back."""
    await limits.close_budget(
        connection, shard=posting.shard, job_id=posting.job_id, contract=contract, now=now
    )
    await free_held_slot(connection, shard=posting.shard, job_id=posting.job_id, now=now)
    await store.set_failed(
        connection, shard=posting.shard, job_id=posting.job_id, closed_at=now, failure=failure
    )
    return failure
