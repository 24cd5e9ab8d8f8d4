"""Owns changes to an existing posting: update, renew, close, upgrade, downgrade; each is applied on acceptance.

A change that is not allowed fails with its task; one that the contract cannot pay for is refused at once.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation

from jobmeter.base.faults import Fault, Refused
from jobmeter.charging.budgets import flow as limits
from jobmeter.charging.budgets.model import JobBudget
from jobmeter.charging.job_changes.flow import enqueue_job_changes
from jobmeter.charging.pacing import flow as day_limits
from jobmeter.charging.windows import flow as windows_flow
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.jobs import store
from jobmeter.jobs.campaigns.flow import join_campaign, read_campaigns
from jobmeter.jobs.funding import find_contract, find_funding, find_hiring_contract
from jobmeter.jobs.messages import (
    DUPLICATE_CONTENT,
    contract_changed_message,
    job_missing_message,
    not_allowed_message,
)
from jobmeter.jobs.model import (
    OPEN_STATES,
    PREMIUM,
    AcceptedOperation,
    ElementColumns,
    FundedOperation,
    JobDraft,
    JobOperation,
    JobPosting,
    JobState,
    Operation,
    OperationRejected,
)
from jobmeter.jobs.postings import rules
from jobmeter.jobs.postings.creation import market_of, translate_contract_errors
from jobmeter.jobs.postings.element import read_element
from jobmeter.jobs.runs.flow import claim_slot, end_run, free_held_slot, set_windows
from jobmeter.partners.model import Application


async def accept_change(
    connection: Connection, child: Application, draft: JobOperation, now: datetime
) -> AcceptedOperation:
    """Applies UPDATE, RENEW, UPGRADE or DOWNGRADE to a job, under its lock.

    What the partner decided is undone by its opposite alone: only UPGRADE promotes a downgraded job again, and no
    operation reopens a job that has ended or the live windows of a paused campaign.
    """
    posting = await _lock_by_external_id(connection, child, draft)
    if posting is None:
        return AcceptedOperation(
            None, job_missing_message(draft.operation, child.partner_id, draft.external_id)
        )
    fault = rules.find_state_fault(draft.operation, posting, now)
    if fault is not None:
        return AcceptedOperation(posting.job_id, fault)
    try:
        async with connection.transaction():
            if draft.operation is not Operation.RENEW:
                await store.save_version(
                    connection, shard=posting.shard, job_id=posting.job_id, replaced_at=now
                )
            if isinstance(draft, JobDraft):
                await _update(connection, child, draft, posting, now)
            elif draft.operation is Operation.RENEW:
                await extend_run(connection, posting, now)
            elif isinstance(draft, FundedOperation):
                await _upgrade(connection, child, draft, posting, now)
            else:
                assert draft.operation is Operation.DOWNGRADE
                await _downgrade(connection, posting, now)
    except OperationRejected as rejected:
        return AcceptedOperation(posting.job_id, rejected.failure_message)
    return AcceptedOperation(posting.job_id)


async def _lock_by_external_id(
    connection: Connection, child: Application, draft: JobOperation
) -> JobPosting | None:
    found = await store.find_by_external_id(
        connection, shard=child.shard, application_id=child.id, external_id=draft.external_id
    )
    if found is None:
        return None
    return await store.lock_posting(connection, shard=found.shard, job_id=found.job_id)


async def _update(
    connection: Connection, child: Application, draft: JobDraft, posting: JobPosting, now: datetime
) -> None:
    fault = rules.find_place_fault(draft, child.partner_id)
    if fault is None and not await _is_same_contract(connection, child, draft, posting, now):
        fault = contract_changed_message(str(draft.contract))
    if fault is not None:
        raise OperationRejected(fault)
    await _write_content(connection, draft, posting, now)
    await _follow_availability(connection, draft, posting, now)
    wanted = draft.partner_job_campaign
    if wanted is not None and wanted != posting.partner_job_campaign:
        await join_campaign(connection, replace(posting, availability=draft.availability), wanted, now)
    contract = await find_contract(connection, posting)
    if contract is None or draft.total_budget is None:
        return
    held = await limits.lock_job_budget(connection, shard=posting.shard, job_id=posting.job_id)
    if held.is_downgraded:
        return
    limit_micros = rules.check_new_limit(draft, contract, held)
    with translate_contract_errors(draft):
        await limits.change_limit(connection, held, contract, limit_micros=limit_micros, now=now)
    await _set_daily_budget(connection, draft, contract, held, limit_micros)


async def _set_daily_budget(
    connection: Connection,
    draft: FundedOperation,
    contract: PartnerContract,
    held: JobBudget,
    limit_micros: int,
) -> None:
    """An element with a total budget sets the daily one too, or removes it."""
    daily_micros = rules.check_daily(
        draft, contract, total_micros=limit_micros, click_price_micros=held.click_price_micros
    )
    await day_limits.set_daily_budget(
        connection, shard=held.shard, job_id=held.job_id, daily_micros=daily_micros
    )


async def _follow_availability(
    connection: Connection, draft: JobDraft, posting: JobPosting, now: datetime
) -> None:
    """The events of a job count only while it is for the public."""
    if draft.is_public == posting.is_public or posting.state is not JobState.LIVE:
        return
    found = await read_campaigns(connection, shard=posting.shard, campaign_ids=[posting.campaign_id or 0])
    opens = draft.is_public and all(campaign.counts_events for campaign in found.values())
    await set_windows(connection, shard=posting.shard, job_ids=[posting.job_id], opens=opens, now=now)


async def _is_same_contract(
    connection: Connection, child: Application, draft: JobDraft, posting: JobPosting, now: datetime
) -> bool:
    """A job may omit its contract; naming another one would change the payer, which is not allowed."""
    if draft.contract is None:
        return True
    hiring = await find_hiring_contract(connection, child, draft.contract, now)
    if hiring is not None:
        # A basic job may name the contract without occupying one of its slots.
        return posting.partner_contract_id is None and posting.hiring_contract_id in {None, hiring.id}
    funding = await find_funding(connection, child, draft, now)
    return funding.partner is not None and funding.partner.id == posting.partner_contract_id


async def _write_content(connection: Connection, draft: JobDraft, posting: JobPosting, now: datetime) -> None:
    expires_at = rules.update_until(draft, posting, now)
    try:
        async with connection.transaction():
            await store.update_posting(
                connection,
                ElementColumns.of(draft),
                shard=posting.shard,
                job_id=posting.job_id,
                expires_at=expires_at,
            )
    except UniqueViolation as error:
        raise OperationRejected(DUPLICATE_CONTENT) from error
    await windows_flow.set_market(
        connection, shard=posting.shard, job_id=posting.job_id, market=market_of(draft)
    )
    if expires_at != posting.expires_at:
        await windows_flow.extend_window(
            connection, shard=posting.shard, job_id=posting.job_id, live_until=expires_at
        )


async def edit_element(
    connection: Connection, posting: JobPosting, element: dict[str, Any], now: datetime
) -> None:
    """An UPDATE that leaves contract, budget, campaign and the end of the run: its element may be older than these."""
    try:
        draft = read_element(element, now=now)
    except Refused as refused:
        raise rules.add_address_fault(refused, element) from refused
    assert isinstance(draft, JobDraft), "it is an UPDATE"
    rules.check_draft(draft, task_urn="")
    texts = replace(draft, expire_at=None)
    try:
        async with connection.transaction():
            await store.save_version(connection, shard=posting.shard, job_id=posting.job_id, replaced_at=now)
            fault = rules.find_place_fault(texts, posting.application_id)
            if fault is not None:
                raise OperationRejected(fault)
            await _write_content(connection, texts, posting, now)
    except OperationRejected as rejected:
        raise Refused(Fault.JOB_FIELDS_INVALID, lines=rejected.failure_message) from rejected


async def extend_run(connection: Connection, posting: JobPosting, now: datetime) -> None:
    expires_at = rules.renew_until(posting, now)
    contract = await find_contract(connection, posting)
    await store.set_expiry(connection, replace(posting, expires_at=expires_at))
    await windows_flow.extend_window(
        connection,
        shard=posting.shard,
        job_id=posting.job_id,
        live_until=rules.charged_until(expires_at, contract),
    )


async def _upgrade(
    connection: Connection, child: Application, draft: FundedOperation, posting: JobPosting, now: datetime
) -> None:
    """A basic job takes a slot; a pay-for-performance job that was downgraded gets its budget again."""
    contract = await find_contract(connection, posting)
    if contract is not None:
        await _refill(connection, draft, posting, contract, now)
        return
    if posting.hiring_contract_id is not None:
        raise OperationRejected(not_allowed_message(Operation.UPGRADE, "a premium job"))
    if draft.contract is None:
        raise Refused(Fault.JOB_PREMIUM_CONTRACT)
    hiring = await find_hiring_contract(connection, child, draft.contract, now)
    if hiring is None:
        raise OperationRejected(not_allowed_message(Operation.UPGRADE, "a job on another kind of contract"))
    promoted = replace(posting, hiring_contract_id=hiring.id, run_number=posting.run_number + 1)
    with translate_contract_errors(draft):
        await claim_slot(connection, rules.run_of(promoted), contract=hiring, now=now)
    await store.set_listing(connection, promoted, listing_type=PREMIUM)
    await enqueue_job_changes(connection, [posting.job_id])


async def _refill(
    connection: Connection,
    draft: FundedOperation,
    posting: JobPosting,
    contract: PartnerContract,
    now: datetime,
) -> None:
    held = await limits.lock_job_budget(connection, shard=posting.shard, job_id=posting.job_id)
    if held.can_pay_a_click:
        raise OperationRejected(not_allowed_message(Operation.UPGRADE, "a promoted job"))
    limit_micros = rules.check_refilled_limit(draft, contract, held)
    with translate_contract_errors(draft):
        await limits.upgrade(connection, held, contract, limit_micros=limit_micros, now=now)
    await _set_daily_budget(connection, draft, contract, held, limit_micros)


async def _downgrade(connection: Connection, posting: JobPosting, now: datetime) -> None:
    """The job stays listed; its slot becomes free, or the rest of its budget returns to the contract."""
    contract = await find_contract(connection, posting)
    if contract is not None:
        held = await limits.lock_job_budget(connection, shard=posting.shard, job_id=posting.job_id)
        await limits.downgrade(connection, held, contract, now=now)
        return
    if posting.hiring_contract_id is None:
        raise OperationRejected(not_allowed_message(Operation.DOWNGRADE, "a basic job"))
    await free_held_slot(connection, posting, now)
    await store.set_listing(connection, replace(posting, hiring_contract_id=None), listing_type=rules.BASIC)
    await enqueue_job_changes(connection, [posting.job_id])


async def accept_close(
    connection: Connection, child: Application, draft: JobOperation, now: datetime
) -> AcceptedOperation:
    """Stops the job's charges. Raises ``Refused(JOB_NOT_CLOSABLE)``."""
    posting = await _lock_by_external_id(connection, child, draft)
    if posting is None or posting.state not in OPEN_STATES:
        raise Refused(Fault.JOB_NOT_CLOSABLE)
    await end_run(connection, posting, JobState.CLOSED, now)
    return AcceptedOperation(posting.job_id)
