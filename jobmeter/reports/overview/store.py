"""Owns the statements of overviews, one function each. Does not own when they run."""

from dataclasses import dataclass
from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.reports.overview.model import ContractRow, DeadWebhook, DueInvoice, FaultyFeed, HiringRow

SQL = load_statements("jobmeter.reports.overview", enums=(AccountKind, Purpose))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose overview it is: a parent's with all its children, or one application's."""

    partner_id: int
    application_id: int
    is_parent: bool
    rows_max: int


async def list_contracts(
    connection: Connection,
    *,
    partner_id: int,
    final_through: date,
    contract_id: int | None,
    before: int,
    rows_max: int,
) -> list[ContractRow]:
    parameters = {
        "partner_id": partner_id,
        "final_through": final_through,
        "contract_id": contract_id,
        "before": before,
        "rows_max": rows_max,
    }
    return await list_rows(connection, ContractRow, SQL["list_contracts"], parameters)


async def list_named_contracts(
    connection: Connection, *, contract_ids: list[int], final_through: date
) -> list[ContractRow]:
    parameters = {"contract_ids": contract_ids, "final_through": final_through}
    return await list_rows(connection, ContractRow, SQL["list_named_contracts"], parameters)


async def read_final_day(connection: Connection) -> date:
    return await read_scalar(connection, date, SQL["read_final_day"])


async def list_due_invoices(connection: Connection, *, partner_id: int, rows_max: int) -> list[DueInvoice]:
    parameters = {"partner_id": partner_id, "rows_max": rows_max}
    return await list_rows(connection, DueInvoice, SQL["list_due_invoices"], parameters)


async def list_dead_webhooks(connection: Connection, owner: Owner) -> list[DeadWebhook]:
    return await list_rows(connection, DeadWebhook, SQL["list_dead_webhooks"], vars_of(owner))


async def list_faulty_feeds(connection: Connection, owner: Owner) -> list[FaultyFeed]:
    return await list_rows(connection, FaultyFeed, SQL["list_faulty_feeds"], vars_of(owner))


async def list_hiring_contracts(connection: Connection, owner: Owner, *, now: datetime) -> list[HiringRow]:
    parameters = vars_of(owner) | {"now": now}
    return await list_rows(connection, HiringRow, SQL["list_hiring_contracts"], parameters)
