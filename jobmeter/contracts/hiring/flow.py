"""Owns the verbs of hiring contracts: open, grant, price, add and take units, end; find the contract of a call.

Does not own what a used credit cost (``credits``), or the jobs that units are for.
"""

from datetime import datetime
from uuid import UUID

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_reference, shard_of
from jobmeter.contracts.credits import flow as credits_flow
from jobmeter.contracts.credits.model import PaidRun
from jobmeter.contracts.hiring import rules, store
from jobmeter.contracts.hiring.model import (
    Grant,
    HiringContract,
    HiringDraft,
    HiringKind,
    HiringPrice,
    PartnerGrant,
    PartnerHiring,
)
from jobmeter.contracts.store import next_contract_id
from jobmeter.database.connection import Connection
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.model import STORED_KINDS, Account, AccountKind, BookedMovement, Posting, Purpose
from jobmeter.partners.model import Application


async def open_hiring_contract(
    connection: Connection, *, draft: HiringDraft, now: datetime
) -> HiringContract:
    """Opens a contract with its first units and its price, in force from the start.

    Raises ``Refused(OPERATOR_INPUT)`` naming the first invalid field, CURRENCY_UNKNOWN.
    """
    rules.check_draft(draft)
    contract_id = await next_contract_id(connection)
    contract = HiringContract(
        id=contract_id,
        shard=shard_of(contract_id),
        kind=draft.kind,
        owner_name=draft.owner_name,
        owner_application_id=draft.owner_application_id,
        is_postpaid=draft.is_postpaid,
        currency=draft.currency,
        run_days=draft.run_days,
        default_poster_email=draft.default_poster_email.lower(),
        seats=tuple(seat.lower() for seat in draft.seats),
        sandbox_number=draft.sandbox_number,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
    )
    await store.insert_hiring_contract(connection, contract, created_at=now)
    await store.set_hiring_price(
        connection, contract_id=contract_id, valid_from=draft.starts_at, price_micros=draft.price_micros
    )
    if draft.units > 0:
        reference = make_reference("open hiring contract", contract_id)
        await add_units(connection, contract=contract, units=draft.units, reference=reference, now=now)
    return contract


async def list_hiring_contracts(connection: Connection, *, after: int, rows_max: int) -> list[HiringContract]:
    """Returns contracts after an id, in order."""
    return await store.list_hiring_contracts(connection, after=after, rows_max=rows_max)


async def find_hiring_contract(connection: Connection, *, contract_id: int) -> HiringContract | None:
    return await store.find_hiring_contract(connection, contract_id=contract_id)


async def name_owner(connection: Connection, *, contract_id: int) -> str:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    found = await find_hiring_contract(connection, contract_id=contract_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="hiring contract", key=contract_id)
    return found.owner_name


async def is_seat(connection: Connection, *, email: str) -> bool:
    """Whether a contract names this address, which is in lower case, as one that posts on its slots."""
    return await store.is_seat(connection, email=email)


async def find_granted(
    connection: Connection, *, application: Application, contract_id: int, now: datetime
) -> HiringContract:
    """Returns the contract with this number or sandbox number that was granted to ``application`` and is in force.

    Raises ``Refused(HIRING_CONTRACT_DENIED)`` with the same message for an unknown, an ungranted and an ended
    contract, so that callers cannot probe for contracts (spec 16, row 9).
    """
    found = []
    if rules.is_contract_number(contract_id):
        found = await store.list_granted_contracts(
            connection, application_id=application.id, number=contract_id
        )
    for contract in found:
        if contract.is_active(now):
            return contract
    raise Refused(Fault.HIRING_CONTRACT_DENIED, contract=contract_id)


async def grant(
    connection: Connection, *, contract: HiringContract, application: Application, now: datetime
) -> None:
    """Lets ``application`` post on the contract. Granting twice changes nothing."""
    await store.insert_grant(
        connection, contract_id=contract.id, application_id=application.id, granted_at=now
    )


async def revoke_grant(connection: Connection, *, contract: HiringContract, application_id: int) -> None:
    """Withdraws the grant: the application may still close its jobs on the contract, and nothing else."""
    await store.delete_grant(connection, contract_id=contract.id, application_id=application_id)


async def list_grants(connection: Connection, *, contract: HiringContract) -> list[int]:
    return await store.list_grants(connection, contract_id=contract.id)


async def page_grants(
    connection: Connection, *, contract: HiringContract, after: int, rows_max: int
) -> list[Grant]:
    """Returns the grants of a contract in the order of their applications' ids."""
    return await store.page_grants(connection, contract_id=contract.id, after=after, rows_max=rows_max)


async def list_partner_contracts(
    connection: Connection, *, partner_id: int, before: int, rows_max: int
) -> list[PartnerHiring]:
    """Returns the contracts that a partner's applications own or may post on, the newest first: those before an id."""
    return await store.list_partner_contracts(
        connection, partner_id=partner_id, contract_id=None, before=before, rows_max=rows_max
    )


async def find_partner_contract(
    connection: Connection, *, partner_id: int, contract_id: int
) -> PartnerHiring | None:
    """Returns a contract that a partner's applications own or may post on."""
    found = await store.list_partner_contracts(
        connection, partner_id=partner_id, contract_id=contract_id, before=contract_id + 1, rows_max=1
    )
    return next(iter(found), None)


async def list_partner_grants(
    connection: Connection, *, contract: HiringContract, partner_id: int, rows_max: int
) -> list[PartnerGrant]:
    """Returns a partner's applications that may post on a contract, in the order of their ids."""
    return await store.list_partner_grants(
        connection, contract_id=contract.id, partner_id=partner_id, rows_max=rows_max
    )


async def list_movements(
    connection: Connection, *, contract: HiringContract, rows_max: int
) -> list[BookedMovement]:
    """Returns units that were added or taken away, the newest first; not those that jobs use."""
    return await ledger.list_movements(
        connection,
        accounts=(contract.funding, contract.inventory),
        purposes=(Purpose.FUND, Purpose.ADJUST),
        rows_max=rows_max,
    )


async def end_hiring_contract(
    connection: Connection, *, contract: HiringContract, ends_at: datetime
) -> HiringContract:
    """Ends the contract at ``ends_at``: nothing is posted, edited or renewed after it; current runs continue."""
    await store.end_hiring_contract(connection, contract_id=contract.id, ends_at=ends_at)
    ended = await store.find_hiring_contract(connection, contract_id=contract.id)
    assert ended is not None
    return ended


async def set_hiring_price(
    connection: Connection, *, contract: HiringContract, price_micros: int, valid_from: datetime
) -> None:
    """Sets the price of one posting or renewal from ``valid_from`` until a later line of the list.

    Raises ``Refused(OPERATOR_INPUT)`` where this would be another price for a credit that is used already.
    """
    await credits_flow.lock_prices(connection, contract_id=contract.id)
    if await read_hiring_price(connection, contract=contract, now=valid_from) != price_micros:
        await credits_flow.check_price_change(connection, contract_id=contract.id, valid_from=valid_from)
    await store.set_hiring_price(
        connection, contract_id=contract.id, valid_from=valid_from, price_micros=price_micros
    )


async def read_hiring_price(connection: Connection, *, contract: HiringContract, now: datetime) -> int:
    return await store.read_hiring_price(connection, contract_id=contract.id, now=now)


async def list_hiring_prices(connection: Connection, *, contract: HiringContract) -> list[HiringPrice]:
    """Returns the price list, past and future lines, in the order of their time."""
    return await store.list_hiring_prices(connection, contract_id=contract.id)


async def read_inventory(connection: Connection, *, contract: HiringContract) -> int | None:
    """Returns the unused units; ``None`` for a post-paid contract, which has no limit."""
    if contract.inventory.kind not in STORED_KINDS:
        return None
    return await ledger.read_balance(connection, contract.inventory)


async def add_units(
    connection: Connection,
    *,
    contract: HiringContract,
    units: int,
    reference: UUID,
    now: datetime,
    payment_id: int = 0,
) -> bool:
    """Tops up once for each ``reference``; returns whether this call did. Raises ``Refused(REFERENCE_REUSED)``.

    ``payment_id`` is the payment that pays for it, if it is recorded with it.
    """
    rules.check_units(contract, units, may_be_negative=False)
    return await _move(
        connection,
        contract,
        Purpose.FUND,
        (contract.funding, contract.inventory),
        units=units,
        reference=reference,
        now=now,
        cause=payment_id,
    )


async def adjust_units(
    connection: Connection, *, contract: HiringContract, units: int, reference: UUID, now: datetime
) -> bool:
    """Adds unused units or, below zero, removes them, once for each ``reference``.

    Raises ``Refused``: BALANCE_TOO_LOW when fewer are unused, REFERENCE_REUSED.
    """
    rules.check_units(contract, units, may_be_negative=True)
    movement = (contract.funding, contract.inventory) if units > 0 else (contract.inventory, contract.funding)
    return await _move(
        connection, contract, Purpose.ADJUST, movement, units=abs(units), reference=reference, now=now
    )


async def use_unit(connection: Connection, run: PaidRun, *, contract: HiringContract, now: datetime) -> None:
    """Takes the unit of one run of a job: a slot is occupied, a credit is consumed permanently, at the price of now.

    Raises ``Refused(INVENTORY_EMPTY)``; the caller must then roll back its savepoint.
    """
    if contract.kind is HiringKind.SLOTS:
        movement = (contract.inventory, Account(AccountKind.SLOT_HELD, run.job_id, run.shard))
        purpose, reference = Purpose.RESERVE, _slot_reference(run.job_id, run.run_number)
    else:
        movement = (contract.inventory, contract.used)
        purpose, reference = Purpose.CONSUME, make_reference("credit", run.job_id, run.run_number)
    try:
        is_new = await _move(
            connection, contract, purpose, movement, units=1, reference=reference, now=now, cause=run.job_id
        )
    except Refused as refused:
        if refused.fault is Fault.BALANCE_TOO_LOW:
            raise Refused(Fault.INVENTORY_EMPTY) from refused
        raise
    assert is_new, "a run takes its unit once"
    if purpose is Purpose.CONSUME:
        await credits_flow.keep_use(connection, run, contract_id=contract.id, reference=reference, now=now)


async def free_slot(
    connection: Connection, *, contract_id: int, shard: int, job_id: int, run_number: int, now: datetime
) -> None:
    """Returns the slot that the job's run occupied. A credit is never returned (spec 16, row 18)."""
    contract = await store.find_hiring_contract(connection, contract_id=contract_id)
    assert contract is not None, "a job of the XML API has a contract"
    if contract.kind is not HiringKind.SLOTS:
        return
    movement = (Account(AccountKind.SLOT_HELD, job_id, shard), contract.inventory)
    is_new = await _move(
        connection,
        contract,
        Purpose.RELEASE,
        movement,
        units=1,
        reference=_slot_reference(job_id, run_number),
        now=now,
        cause=job_id,
    )
    assert is_new, "a slot is freed once for each time it is held"


def _slot_reference(job_id: int, run_number: int) -> UUID:
    return make_reference("slot", job_id, run_number)


async def _move(
    connection: Connection,
    contract: HiringContract,
    purpose: Purpose,
    movement: tuple[Account, Account],
    *,
    units: int,
    reference: UUID,
    now: datetime,
    cause: int = 0,
) -> bool:
    posting = Posting(
        reference=reference,
        purpose=purpose,
        source=movement[0],
        destination=movement[1],
        amount=units,
        unit=contract.unit,
        day=day_of(now),
        booked_at=now,
        cause=cause,
    )
    return await ledger.book(connection, posting)


async def erase_seat(connection: Connection, *, email: str, substitute: str) -> int:
    """Puts ``substitute`` in the place of a seat and of a default poster; returns in how many contracts."""
    return await store.erase_seat(connection, email=email, substitute=substitute)
