"""Owns the statements of used credits, one function each. Does not own when they run."""

from datetime import datetime
from uuid import UUID

from jobmeter.contracts.credits.model import CreditUse, PaidRun, PartnerCredits, UsedSpan, UsesPage
from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_scalar, list_rows
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.contracts.credits", enums=(AccountKind, Purpose))


async def lock_prices_to_read(connection: Connection, *, contract_id: int) -> None:
    await connection.execute(SQL["lock_prices_to_read"], {"contract_id": contract_id})


async def lock_prices_to_change(connection: Connection, *, contract_id: int) -> None:
    await connection.execute(SQL["lock_prices_to_change"], {"contract_id": contract_id})


async def insert_credit_use(
    connection: Connection,
    run: PaidRun,
    *,
    contract_id: int,
    shard: int,
    reference: UUID,
    used_at: datetime,
) -> None:
    """The use is in the shard of its contract, like its posting in the ledger."""
    parameters = vars_of(run) | {
        "contract_id": contract_id,
        "shard": shard,
        "reference": reference,
        "used_at": used_at,
    }
    await connection.execute(SQL["insert_credit_use"], parameters)


async def read_last_use(connection: Connection, *, contract_id: int) -> datetime | None:
    return await find_scalar(connection, datetime, SQL["read_last_use"], {"contract_id": contract_id})


async def list_credit_uses(
    connection: Connection, *, contract_id: int, span: UsedSpan, page: UsesPage
) -> list[CreditUse]:
    parameters = vars_of(span) | vars_of(page) | {"contract_id": contract_id}
    return await list_rows(connection, CreditUse, SQL["list_credit_uses"], parameters)


async def list_partner_credits(
    connection: Connection, *, application_id: int, span: UsedSpan
) -> list[PartnerCredits]:
    parameters = vars_of(span) | {"application_id": application_id}
    return await list_rows(connection, PartnerCredits, SQL["list_partner_credits"], parameters)


async def list_partner_uses(
    connection: Connection,
    *,
    application_id: int,
    contract_ids: list[int],
    are_owned: list[bool],
    span: UsedSpan,
    page: UsesPage,
) -> list[CreditUse]:
    parameters = vars_of(span) | vars_of(page)
    parameters |= {
        "application_id": application_id,
        "contract_ids": contract_ids,
        "are_owned": are_owned,
    }
    return await list_rows(connection, CreditUse, SQL["list_partner_uses"], parameters)


async def erase_poster(connection: Connection, *, email: str, substitute: str) -> int:
    return await change_rows(connection, SQL["erase_poster"], {"email": email, "substitute": substitute})
