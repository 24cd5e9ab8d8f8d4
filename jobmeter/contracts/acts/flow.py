"""Owns the operator's acts on partner contracts: open, top up, set a price, set the pacing. Each leaves its record.

Does not own their effect (``contracts.partner``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jobmeter.audit.flow import Recorder
from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import Money, format_amount
from jobmeter.base.readers.countries import read_country
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import (
    EXPERIENCE_LEVELS,
    ClickPrice,
    JobTraits,
    Pacing,
    PartnerContract,
)
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import flow as partners


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDraft:
    """What the operator enters for a new contract. Without a number it gets the next one."""

    partner_id: int
    limit: Money
    click_price_micros: int
    term: tuple[datetime, datetime]
    contract_id: int | None = None
    pacing: Pacing = Pacing.ASAP


async def open_contract(
    connection: Connection, draft: ContractDraft, *, record: Recorder, now: datetime
) -> PartnerContract:
    """Raises ``Refused``: OPERATOR_INPUT, OPERATOR_UNKNOWN for a partner, as ``open_partner_contract``."""
    if draft.term[0] >= draft.term[1]:
        raise Refused(Fault.OPERATOR_INPUT, field="termEndsAt", why="must be after termStartsAt")
    await check_partner(connection, partner_id=draft.partner_id)
    if draft.contract_id is not None and await contracts.find_partner_contract(
        connection, contract_id=draft.contract_id
    ):
        raise Refused(Fault.OPERATOR_INPUT, field="contractId", why="is taken")
    contract = await contracts.open_partner_contract(
        connection,
        partner_id=draft.partner_id,
        limit=draft.limit,
        click_price_micros=draft.click_price_micros,
        term=draft.term,
        now=now,
        contract_id=draft.contract_id,
        pacing=draft.pacing,
    )
    price = format_amount(draft.click_price_micros, contract.currency)
    after = serialize_contract(contract) | {"clickPrice": price}
    await record(connection, Action.CONTRACT_OPEN, contract.id, partner_id=contract.partner_id, after=after)
    return contract


async def check_partner(connection: Connection, *, partner_id: int) -> None:
    """Raises ``Refused(OPERATOR_UNKNOWN)`` for a customer's application too."""
    partner = await partners.find_application(connection, application_id=partner_id)
    if partner is None or partner.parent_id is not None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="partner", key=partner_id)


async def find_contract(connection: Connection, *, contract_id: int) -> PartnerContract:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    contract = await contracts.find_partner_contract(connection, contract_id=contract_id)
    if contract is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="contract", key=contract_id)
    return contract


async def top_up(
    connection: Connection,
    *,
    contract: PartnerContract,
    amount: Money,
    reference: UUID,
    said: str,
    record: Recorder,
    now: datetime,
) -> tuple[PartnerContract, bool]:
    """Returns the contract, and whether this call topped it up; ``said`` is the reference as it was entered.

    Raises ``Refused`` as ``contracts.partner.flow.top_up`` does.
    """
    is_new = await contracts.top_up(
        connection, contract=contract, amount=amount, reference=reference, now=now
    )
    after = await find_contract(connection, contract_id=contract.id)
    if is_new:
        await record(
            connection,
            Action.CONTRACT_TOP_UP,
            contract.id,
            partner_id=contract.partner_id,
            before=serialize_contract(contract),
            after=serialize_contract(after) | {"reference": said},
        )
    return after, is_new


async def set_price(
    connection: Connection, price: ClickPrice, *, contract: PartnerContract, record: Recorder
) -> None:
    """Raises ``Refused(AMOUNT_NOT_POSITIVE)``."""
    known = await contracts.list_click_prices(connection, contract=contract)
    await contracts.set_click_price(
        connection,
        contract=contract,
        traits=price.traits,
        price_micros=price.price_micros,
        valid_from=price.valid_from,
    )
    before = find_price_before(known, price)
    if before != price:
        await record(
            connection,
            Action.CONTRACT_SET_PRICE,
            contract.id,
            partner_id=contract.partner_id,
            before={} if before is None else _serialize_amount(before, contract.currency),
            after=serialize_price(price, contract.currency),
        )


async def set_pacing(
    connection: Connection, *, contract: PartnerContract, pacing: Pacing, record: Recorder
) -> PartnerContract:
    """Applies to jobs that are posted from now on."""
    await contracts.set_pacing(connection, contract=contract, pacing=pacing)
    after = await find_contract(connection, contract_id=contract.id)
    await record(
        connection,
        Action.CONTRACT_SET_PACING,
        contract.id,
        partner_id=contract.partner_id,
        before=serialize_contract(contract),
        after=serialize_contract(after),
    )
    return after


def read_traits(*, country: str, job_function: str, experience_level: str) -> JobTraits:
    """Raises ``Refused(OPERATOR_INPUT)`` for a country or a level that no job has: its price would never hold."""
    known, level = read_country(country), experience_level.strip().upper()
    if country.strip() and not known:
        raise Refused(Fault.OPERATOR_INPUT, field="country", why="must be an ISO 3166 code of two letters")
    if level and level not in EXPERIENCE_LEVELS:
        raise Refused(
            Fault.OPERATOR_INPUT,
            field="experienceLevel",
            why=f"must be one of {', '.join(EXPERIENCE_LEVELS)}",
        )
    return JobTraits(country=known, job_function=job_function.strip(), experience_level=level)


def find_price_before(prices: Sequence[ClickPrice], price: ClickPrice) -> ClickPrice | None:
    """Returns the price that held for the same jobs at the time from which ``price`` holds."""
    same = [one for one in prices if one.traits == price.traits and one.valid_from <= price.valid_from]
    return max(same, key=lambda one: one.valid_from, default=None)


def serialize_contract(contract: PartnerContract) -> dict[str, Any]:
    return {
        "id": contract.id,
        "contract": contract.urn,
        "partner": contract.partner_id,
        "currency": contract.currency,
        "limit": format_amount(contract.limit_micros, contract.currency),
        "termStartsAt": contract.term_starts_at.isoformat(),
        "termEndsAt": contract.term_ends_at.isoformat(),
        "pacing": contract.pacing,
    }


def serialize_price(price: ClickPrice, currency: str) -> dict[str, Any]:
    """With the jobs that it is for."""
    return _serialize_amount(price, currency) | {
        "country": price.traits.country or None,
        "jobFunction": price.traits.job_function or None,
        "experienceLevel": price.traits.experience_level or None,
    }


def _serialize_amount(price: ClickPrice, currency: str) -> dict[str, Any]:
    return {
        "clickPrice": format_amount(price.price_micros, currency),
        "validFrom": price.valid_from.isoformat(),
    }
