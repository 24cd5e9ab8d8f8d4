"""Owns the statements of usage, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.billing.usage.model import (
    Amount,
    ContractBookings,
    ContractUse,
    UsageSpan,
    UsedContract,
)
from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.billing.usage", enums=(AccountKind, Purpose))


def _contract_use(
    *,
    contract_id: int,
    final_quantity: int,
    final_micros: int,
    estimated_quantity: int,
    estimated_micros: int,
    recent_quantity: int,
    recent_micros: int,
) -> ContractUse:
    return ContractUse(
        contract_id=contract_id,
        final=Amount(quantity=final_quantity, micros=final_micros),
        estimated=Amount(quantity=estimated_quantity, micros=estimated_micros),
        recent=Amount(quantity=recent_quantity, micros=recent_micros),
    )


async def list_used_contracts(
    connection: Connection, *, partner_id: int, account_id: int | None
) -> list[UsedContract]:
    parameters = {"partner_id": partner_id, "account_id": account_id}
    return await list_rows(connection, UsedContract, SQL["list_used_contracts"], parameters)


async def list_click_use(
    connection: Connection, span: UsageSpan, *, contract_ids: list[int], application_id: int | None
) -> list[ContractUse]:
    parameters = vars_of(span) | {"contract_ids": contract_ids, "application_id": application_id}
    return await list_rows(connection, _contract_use, SQL["list_click_use"], parameters)


async def list_credit_use(
    connection: Connection,
    *,
    since: datetime,
    until: datetime,
    mean_since: datetime,
    mean_until: datetime,
    contract_ids: list[int],
    application_id: int | None,
) -> list[ContractUse]:
    parameters = {
        "since": since,
        "until": until,
        "mean_since": mean_since,
        "mean_until": mean_until,
        "contract_ids": contract_ids,
        "application_id": application_id,
    }
    return await list_rows(connection, _contract_use, SQL["list_credit_use"], parameters)


async def list_bookings(
    connection: Connection,
    span: UsageSpan,
    *,
    contract_ids: list[int],
    shards: list[int],
    kinds: list[int],
    application_id: int | None,
) -> list[ContractBookings]:
    """``kinds`` are those of the accounts that hold what is unused of each contract."""
    parameters = vars_of(span) | {
        "contract_ids": contract_ids,
        "shards": shards,
        "kinds": kinds,
        "application_id": application_id,
    }
    return await list_rows(connection, ContractBookings, SQL["list_bookings"], parameters)
