"""Owns the verbs of P4P contracts: open and top up a partner contract, set a price, set up a customer's
contract, find the contract and the price of a job.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_CONTRACT, make_reference, read_urn, shard_of
from jobmeter.base.money import AMOUNT_MICROS_MAX, Money, check_currency, format_amount
from jobmeter.contracts.partner import rules, store
from jobmeter.contracts.partner.model import (
    ClickPrice,
    Customer,
    CustomerContract,
    JobTraits,
    Pacing,
    PartnerContract,
)
from jobmeter.contracts.store import next_contract_id
from jobmeter.database.connection import Connection
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.model import BookedMovement, Posting, Purpose
from jobmeter.partners.model import Application


async def open_partner_contract(
    connection: Connection,
    *,
    partner_id: int,
    limit: Money,
    click_price_micros: int,
    term: tuple[datetime, datetime],
    now: datetime,
    contract_id: int | None = None,
    pacing: Pacing = Pacing.ASAP,
) -> PartnerContract:
    """Opens a P4P service term with its limit funded and its default click price in force from the start.

    Raises ``Refused``: CURRENCY_UNKNOWN, AMOUNT_NOT_POSITIVE.
    """
    check_currency(limit.currency)
    if limit.amount_micros <= 0:
        raise Refused(Fault.AMOUNT_NOT_POSITIVE, amount=format_amount(limit.amount_micros, limit.currency))
    new_id = await next_contract_id(connection) if contract_id is None else contract_id
    contract = PartnerContract(
        id=new_id,
        partner_id=partner_id,
        shard=shard_of(new_id),
        currency=limit.currency,
        limit_micros=limit.amount_micros,
        term_starts_at=term[0],
        term_ends_at=term[1],
        pacing=pacing,
    )
    await store.insert_partner_contract(connection, contract, created_at=now)
    reference = make_reference("open contract", contract.id)
    await _fund(connection, contract, limit.amount_micros, reference=reference, now=now)
    await set_click_price(
        connection,
        contract=contract,
        traits=JobTraits(),
        price_micros=click_price_micros,
        valid_from=contract.term_starts_at,
    )
    return contract


async def top_up(
    connection: Connection,
    *,
    contract: PartnerContract,
    amount: Money,
    reference: UUID,
    now: datetime,
    payment_id: int = 0,
) -> bool:
    """Raises the contract's limit once for each ``reference``; returns whether this call did.

    ``payment_id`` is the payment that pays for it, if it is recorded with it.
    Raises ``Refused``: CURRENCY_DIFFERS, AMOUNT_NOT_POSITIVE, REFERENCE_REUSED, AMOUNT_TOO_LARGE when the
    limit would exceed the largest amount (the caller must then roll back its transaction).
    """
    if amount.currency != contract.currency:
        raise Refused(Fault.CURRENCY_DIFFERS, currency=amount.currency, expected=contract.currency)
    if amount.amount_micros <= 0:
        raise Refused(Fault.AMOUNT_NOT_POSITIVE, amount=format_amount(amount.amount_micros, amount.currency))
    is_new = await _fund(
        connection, contract, amount.amount_micros, reference=reference, now=now, payment_id=payment_id
    )
    if is_new:
        if contract.limit_micros + amount.amount_micros > AMOUNT_MICROS_MAX:
            shown = format_amount(amount.amount_micros, amount.currency)
            raise Refused(Fault.AMOUNT_TOO_LARGE, amount=shown)
        await store.raise_limit(connection, contract_id=contract.id, amount_micros=amount.amount_micros)
    return is_new


async def _fund(
    connection: Connection,
    contract: PartnerContract,
    amount_micros: int,
    *,
    reference: UUID,
    now: datetime,
    payment_id: int = 0,
) -> bool:
    posting = Posting(
        reference=reference,
        purpose=Purpose.FUND,
        source=contract.funding,
        destination=contract.account,
        amount=amount_micros,
        unit=contract.currency,
        day=day_of(now),
        booked_at=now,
        cause=payment_id,
    )
    return await ledger.book(connection, posting)


async def set_pacing(connection: Connection, *, contract: PartnerContract, pacing: Pacing) -> None:
    """Sets the pacing of jobs posted from now on; existing jobs keep theirs."""
    await store.set_pacing(connection, contract_id=contract.id, pacing=pacing)


async def set_click_price(
    connection: Connection,
    *,
    contract: PartnerContract,
    traits: JobTraits,
    price_micros: int,
    valid_from: datetime,
) -> None:
    """Adds one line to the price list. Jobs keep the price at which they were posted."""
    if price_micros <= 0:
        raise Refused(Fault.AMOUNT_NOT_POSITIVE, amount=format_amount(price_micros, contract.currency))
    await store.insert_click_price(
        connection, traits, contract_id=contract.id, valid_from=valid_from, price_micros=price_micros
    )


async def list_click_prices(connection: Connection, *, contract: PartnerContract) -> list[ClickPrice]:
    """Returns every line of the price list in order, including expired and future ones."""
    return await store.list_click_prices(connection, contract_id=contract.id)


async def list_current_prices(
    connection: Connection, *, contract: PartnerContract, now: datetime
) -> tuple[list[ClickPrice], list[ClickPrice]]:
    """Returns the lines of the price list that are in force, and those to come, in order; none that are over."""
    prices = await store.list_click_prices(connection, contract_id=contract.id)
    return rules.split_prices(prices, now)


async def list_movements(
    connection: Connection, *, contract: PartnerContract, rows_max: int
) -> list[BookedMovement]:
    """Returns top-ups, and charges that were credited after they were final, the newest first."""
    return await ledger.list_movements(
        connection,
        accounts=(contract.funding, contract.earned),
        purposes=(Purpose.FUND, Purpose.ADJUST),
        rows_max=rows_max,
    )


async def list_partner_contracts(connection: Connection, *, partner_id: int) -> list[PartnerContract]:
    return await store.list_partner_contracts(connection, partner_id=partner_id)


async def find_partner_contract(connection: Connection, *, contract_id: int) -> PartnerContract | None:
    return await store.find_partner_contract(connection, contract_id=contract_id)


async def list_all_partner_contracts(
    connection: Connection, *, after: int, rows_max: int, partner_id: int | None = None
) -> list[PartnerContract]:
    """Returns contracts after an id, in order; all of them, or a partner's."""
    return await store.list_all_partner_contracts(
        connection, after=after, rows_max=rows_max, partner_id=partner_id
    )


async def find_customer_contract(connection: Connection, *, contract_id: int) -> CustomerContract | None:
    """Finds a customer's contract by its own number, which is not that of the partner's contract."""
    return await store.find_customer_contract(connection, contract_id=contract_id)


async def read_available(connection: Connection, *, contract: PartnerContract) -> int:
    """Returns the contract's micros that no job has reserved."""
    return await ledger.read_balance(connection, contract.account)


async def set_up_customer_contract(
    connection: Connection, *, child: Application, partner_contract_id: int | None, now: datetime
) -> tuple[CustomerContract, bool]:
    """Returns the one contract of (child, partner contract), and whether this call created it (spec 3).

    Raises ``Refused``: ACCESS_DENIED for a parent application, else as ``rules.choose_contract``.
    """
    if child.parent_id is None:
        raise Refused(Fault.ACCESS_DENIED, permission="provisionedHiringContracts.ACTION-setup")
    contracts = await store.list_partner_contracts(connection, partner_id=child.partner_id)
    chosen = rules.choose_contract(contracts, partner_contract_id, now)
    is_new = await store.insert_customer_contract(
        connection,
        contract_id=await next_contract_id(connection),
        application_id=child.id,
        partner_contract_id=chosen.id,
        created_at=now,
    )
    mine = await store.list_customer_contracts(connection, application_id=child.id)
    return next(contract for contract in mine if contract.partner_contract.id == chosen.id), is_new


async def list_customers(
    connection: Connection, *, contract: PartnerContract, after: int, rows_max: int
) -> list[Customer]:
    """Returns the customers' contracts that share ``contract``, in the order of their ids."""
    return await store.list_customers(connection, contract_id=contract.id, after=after, rows_max=rows_max)


async def find_job_contract(
    connection: Connection, *, child: Application, contract_urn: str, now: datetime
) -> PartnerContract:
    """Returns the partner contract for the URN that a job names: the customer's own or the partner's (spec 3).

    Raises ``Refused(JOB_CONTRACT_DENIED)`` for any contract the child has not set up, known or not, so that
    callers cannot probe for contracts; CONTRACT_ENDED outside the term.
    """
    wanted = read_urn(contract_urn, URN_CONTRACT)
    for mine in await store.list_customer_contracts(connection, application_id=child.id):
        if wanted in {mine.id, mine.partner_contract.id}:
            if not mine.partner_contract.is_active(now):
                raise Refused(Fault.CONTRACT_ENDED, contract=mine.partner_contract.id)
            return mine.partner_contract
    raise Refused(Fault.JOB_CONTRACT_DENIED, contract=contract_urn)


async def read_click_price(
    connection: Connection, *, contract: PartnerContract, traits: JobTraits, now: datetime
) -> int:
    """Returns the price in micros of one apply click for such a job, if posted at ``now``."""
    prices = await store.list_click_prices(connection, contract_id=contract.id)
    return choose_price(prices, traits, now)


def choose_price(prices: Sequence[ClickPrice], traits: JobTraits, now: datetime) -> int:
    """Returns the price of one apply click in micros, of a list of prices (``rules.choose_price``)."""
    return rules.choose_price(prices, traits, now)
