"""Owns the verbs of used credits: keep one with its price, read them; guard the price list that they were priced by.

Does not own units (``hiring``), or what is invoiced of them.
"""

from datetime import datetime
from uuid import UUID

from jobmeter.base.ids import shard_of
from jobmeter.contracts.credits import rules, store
from jobmeter.contracts.credits.model import CreditUse, PaidRun, PartnerCredits, UsedSpan, UsesPage
from jobmeter.database.connection import Connection
from jobmeter.partners.model import Application


async def keep_use(
    connection: Connection, run: PaidRun, *, contract_id: int, reference: UUID, now: datetime
) -> None:
    """Keeps the used credit with the price in force at ``now``, in the transaction of its posting in the ledger.

    Until that is committed, no other price can become valid at ``now``.
    """
    await store.lock_prices_to_read(connection, contract_id=contract_id)
    await store.insert_credit_use(
        connection,
        run,
        contract_id=contract_id,
        shard=shard_of(contract_id),
        reference=reference,
        used_at=now,
    )


async def lock_prices_to_read(connection: Connection, *, contract_id: int) -> None:
    """Lets no other price become valid until the transaction ends; credits may be used meanwhile."""
    await store.lock_prices_to_read(connection, contract_id=contract_id)


async def lock_prices(connection: Connection, *, contract_id: int) -> None:
    """Waits for credits that are being used, and lets no other be used until the transaction ends."""
    await store.lock_prices_to_change(connection, contract_id=contract_id)


async def check_price_change(connection: Connection, *, contract_id: int, valid_from: datetime) -> None:
    """Checks, with the prices locked, that no credit was used or paid for at ``valid_from`` or later.

    Raises ``Refused(OPERATOR_INPUT)`` naming the earliest moment that is possible.
    """
    last_used_at = await store.read_last_use(connection, contract_id=contract_id)
    rules.check_price_change(valid_from=valid_from, last_used_at=last_used_at)


async def list_uses(
    connection: Connection, *, contract_id: int, span: UsedSpan, page: UsesPage
) -> list[CreditUse]:
    """Returns the used credits of a contract, in the order of their time."""
    return await store.list_credit_uses(connection, contract_id=contract_id, span=span, page=page)


async def list_partner_credits(
    connection: Connection, *, application: Application, span: UsedSpan
) -> list[PartnerCredits]:
    """Returns the contracts for credits that the application owns, was granted, or used in the span.

    A partner's own application sees what its customers' applications see.
    """
    return await store.list_partner_credits(connection, application_id=application.id, span=span)


async def list_partner_uses(
    connection: Connection,
    contracts: list[PartnerCredits],
    *,
    application: Application,
    span: UsedSpan,
    page: UsesPage,
) -> list[CreditUse]:
    """Returns the used credits of ``contracts`` as the application sees them, in the order of their time."""
    return await store.list_partner_uses(
        connection,
        application_id=application.id,
        contract_ids=[contract.contract_id for contract in contracts],
        are_owned=[contract.is_owner for contract in contracts],
        span=span,
        page=page,
    )


async def erase_poster(connection: Connection, *, email: str, substitute: str) -> int:
    """Puts ``substitute`` in the place of a poster's address; returns of how many used credits."""
    return await store.erase_poster(connection, email=email, substitute=substitute)
