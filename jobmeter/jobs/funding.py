"""Owns the decision which contract pays for a posting."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_CONTRACT, read_urn
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.jobs.messages import required_message
from jobmeter.jobs.model import PREMIUM, JobDraft, Run
from jobmeter.partners.model import Application


@dataclass(frozen=True, slots=True)
class Funding:
    """The contract that pays for a job: a partner contract per click, a hiring contract per slot, or none."""

    partner: PartnerContract | None = None
    hiring: HiringContract | None = None


async def find_funding(connection: Connection, child: Application, draft: JobDraft, now: datetime) -> Funding:
    """Resolves the contract that ``draft`` names for the child application.

    Raises ``Refused``: JOB_CONTRACT_DENIED for a contract the child cannot use, CONTRACT_ENDED,
    JOB_PREMIUM_CONTRACT for a premium job without a contract, JOB_FIELDS_INVALID for a budget without a
    contract.
    """
    is_premium = draft.listing_type == PREMIUM
    if draft.contract is None:
        if is_premium:
            raise Refused(Fault.JOB_PREMIUM_CONTRACT)
        if draft.total_budget is not None and draft.partner_job_campaign is None:
            # It would be published with no contract to pay for its clicks, and so never be promoted.
            raise Refused(Fault.JOB_FIELDS_INVALID, lines=required_message("/contract"))
        return Funding()
    found = await find_hiring_contract(connection, child, draft.contract, now)
    if found is not None:
        # A basic job under a hiring contract does not occupy a slot.
        return Funding(hiring=found if is_premium else None)
    partner = await contracts.find_job_contract(connection, child=child, contract_urn=draft.contract, now=now)
    return Funding(partner=partner)


async def find_hiring_contract(
    connection: Connection, child: Application, contract_urn: str, now: datetime
) -> HiringContract | None:
    number = read_urn(contract_urn, URN_CONTRACT)
    if number is None:
        return None
    try:
        return await hiring.find_granted(connection, application=child, contract_id=number, now=now)
    except Refused:
        return None


async def find_contract(connection: Connection, job: Run) -> PartnerContract | None:
    """Returns the partner contract that pays for the job per click."""
    if job.partner_contract_id is None:
        return None
    return await contracts.find_partner_contract(connection, contract_id=job.partner_contract_id)
