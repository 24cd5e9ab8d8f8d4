"""Owns the operator's acts on hiring contracts: open, grant, revoke, top up, adjust, price, end. Each leaves its record.

Does not own their effect (``contracts.hiring``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jobmeter.audit.flow import Recorder
from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, make_reference, read_urn
from jobmeter.base.money import format_amount
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application
from jobmeter.partners.oauth1 import flow as signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Slots or credits that are added or, below zero, removed, once for each reference, which is as it was entered."""

    units: int
    reference: str


async def find_contract(connection: Connection, *, contract_id: int) -> HiringContract:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    contract = None
    if contract_id < 2**63:
        contract = await hiring.find_hiring_contract(connection, contract_id=contract_id)
    if contract is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="hiring contract", key=contract_id)
    return contract


async def find_application(connection: Connection, name: str) -> Application:
    """Finds an application by its URN or its client id. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    application_id = read_urn(name, URN_APPLICATION)
    if application_id is not None:
        found = await partners.find_application(connection, application_id=application_id)
    else:
        found = await signatures.find_consumer(connection, consumer_key=name)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="application", key=name)
    return found


async def open_contract(
    connection: Connection, draft: HiringDraft, *, record: Recorder, now: datetime
) -> HiringContract:
    """Raises ``Refused`` as ``hiring.open_hiring_contract`` does."""
    contract = await hiring.open_hiring_contract(connection, draft=draft, now=now)
    await _record(
        connection,
        Action.HIRING_CONTRACT_OPEN,
        contract,
        record=record,
        before={},
        after=await describe(connection, contract, now=now),
    )
    return contract


async def grant(
    connection: Connection,
    *,
    contract: HiringContract,
    application: Application,
    with_secret: bool,
    record: Recorder,
    now: datetime,
) -> None:
    """The caller creates the secret, if there is to be one."""
    before = await _describe_grant(connection, contract, application)
    await hiring.grant(connection, contract=contract, application=application, now=now)
    after = await _describe_grant(connection, contract, application)
    await record(
        connection,
        Action.HIRING_CONTRACT_GRANT,
        contract.id,
        partner_id=application.partner_id,
        before=before,
        after=after | ({"newSigningSecret": True} if with_secret else {}),
    )


async def revoke(
    connection: Connection, *, contract: HiringContract, application: Application, record: Recorder
) -> None:
    before = await _describe_grant(connection, contract, application)
    await hiring.revoke_grant(connection, contract=contract, application_id=application.id)
    await record(
        connection,
        Action.HIRING_CONTRACT_REVOKE,
        contract.id,
        partner_id=application.partner_id,
        before=before,
        after=await _describe_grant(connection, contract, application),
    )


async def top_up(
    connection: Connection,
    added: Units,
    *,
    contract: HiringContract,
    reference: UUID,
    record: Recorder,
    now: datetime,
) -> bool:
    """Returns whether this call added them. Raises ``Refused``: OPERATOR_INPUT, REFERENCE_REUSED."""
    before = await describe(connection, contract, now=now)
    is_new = await hiring.add_units(
        connection, contract=contract, units=added.units, reference=reference, now=now
    )
    if is_new:
        after = await describe(connection, contract, now=now) | _describe_units(added)
        action = Action.HIRING_CONTRACT_TOP_UP
        await _record(connection, action, contract, record=record, before=before, after=after)
    return is_new


async def adjust(
    connection: Connection, changed: Units, *, contract: HiringContract, record: Recorder, now: datetime
) -> bool:
    """Returns whether this call did. Raises ``Refused``: OPERATOR_INPUT, BALANCE_TOO_LOW, REFERENCE_REUSED."""
    before = await describe(connection, contract, now=now)
    reference = make_reference("adjust units", contract.id, changed.reference)
    is_new = await hiring.adjust_units(
        connection, contract=contract, units=changed.units, reference=reference, now=now
    )
    if is_new:
        after = await describe(connection, contract, now=now) | _describe_units(changed)
        action = Action.HIRING_CONTRACT_ADJUST
        await _record(connection, action, contract, record=record, before=before, after=after)
    return is_new


async def set_price(
    connection: Connection,
    *,
    contract: HiringContract,
    price_micros: int,
    valid_from: datetime,
    record: Recorder,
) -> None:
    """Raises ``Refused(OPERATOR_INPUT)`` where a credit is used already that would have another price."""
    price_before = await hiring.read_hiring_price(connection, contract=contract, now=valid_from)
    await hiring.set_hiring_price(
        connection, contract=contract, price_micros=price_micros, valid_from=valid_from
    )
    await _record(
        connection,
        Action.HIRING_CONTRACT_SET_PRICE,
        contract,
        record=record,
        before={"price": format_amount(price_before, contract.currency)},
        after={
            "price": format_amount(price_micros, contract.currency),
            "validFrom": valid_from.isoformat(),
        },
    )


async def end(
    connection: Connection,
    *,
    contract: HiringContract,
    ends_at: datetime,
    record: Recorder,
    now: datetime,
) -> HiringContract:
    """Jobs that run continue until they expire or are closed."""
    before = await describe(connection, contract, now=now)
    ended = await hiring.end_hiring_contract(connection, contract=contract, ends_at=ends_at)
    after = await describe(connection, ended, now=now)
    action = Action.HIRING_CONTRACT_END
    await _record(connection, action, contract, record=record, before=before, after=after)
    return ended


async def _record(
    connection: Connection,
    action: Action,
    contract: HiringContract,
    *,
    record: Recorder,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """A contract for slots belongs to a client, which is no partner."""
    partner_id = None
    if contract.owner_application_id is not None:
        owner = await partners.find_application(connection, application_id=contract.owner_application_id)
        partner_id = None if owner is None else owner.partner_id
    await record(connection, action, contract.id, partner_id=partner_id, before=before, after=after)


async def describe(connection: Connection, contract: HiringContract, *, now: datetime) -> dict[str, Any]:
    """``unused`` is ``None`` for a post-paid contract, whose credits are unlimited."""
    price = await hiring.read_hiring_price(connection, contract=contract, now=now)
    return serialize_terms(contract) | {
        "price": format_amount(price, contract.currency),
        "grants": await hiring.list_grants(connection, contract=contract),
        "unused": await hiring.read_inventory(connection, contract=contract),
    }


def serialize_terms(contract: HiringContract) -> dict[str, Any]:
    return {
        "id": contract.id,
        "kind": contract.kind,
        "role": contract.role,
        "owner": contract.owner_name,
        "isPostpaid": contract.is_postpaid,
        "currency": contract.currency,
        "runDays": contract.run_days,
        "defaultPosterEmail": contract.default_poster_email or None,
        "seats": list(contract.seats),
        "sandboxNumber": contract.sandbox_number,
        "startsAt": contract.starts_at.isoformat(),
        "endsAt": contract.ends_at.isoformat(),
    }


def _describe_units(changed: Units) -> dict[str, Any]:
    return {"units": changed.units, "reference": changed.reference}


async def _describe_grant(
    connection: Connection, contract: HiringContract, application: Application
) -> dict[str, Any]:
    """Whether this application has a grant: its partner reads the record, and must not see those of others."""
    grants = await hiring.list_grants(connection, contract=contract)
    return {"grantedTo": application.urn if application.id in grants else None}
