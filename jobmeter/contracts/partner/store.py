"""Owns the statements of contracts, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from jobmeter.contracts.partner.model import (
    ClickPrice,
    Customer,
    CustomerContract,
    JobTraits,
    Pacing,
    PartnerContract,
)
from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, list_rows
from jobmeter.database.statements import load_statements, vars_of

SQL = load_statements("jobmeter.contracts.partner")


def _customer_contract(
    *, customer_contract_id: int, application_id: int, pacing: Pacing, **columns: Any
) -> CustomerContract:
    return CustomerContract(customer_contract_id, application_id, PartnerContract(pacing=pacing, **columns))


def _click_price(*, valid_from: datetime, price_micros: int, **traits: str) -> ClickPrice:
    return ClickPrice(JobTraits(**traits), valid_from, price_micros)


async def insert_partner_contract(
    connection: Connection, contract: PartnerContract, *, created_at: datetime
) -> None:
    parameters = vars_of(contract) | {"created_at": created_at}
    await connection.execute(SQL["insert_partner_contract"], parameters)


async def set_pacing(connection: Connection, *, contract_id: int, pacing: str) -> None:
    await connection.execute(SQL["set_pacing"], {"contract_id": contract_id, "pacing": pacing})


async def raise_limit(connection: Connection, *, contract_id: int, amount_micros: int) -> None:
    parameters = {"contract_id": contract_id, "amount_micros": amount_micros}
    await connection.execute(SQL["raise_limit"], parameters)


async def list_partner_contracts(connection: Connection, *, partner_id: int) -> list[PartnerContract]:
    parameters = {"partner_id": partner_id}
    return await list_rows(connection, PartnerContract, SQL["list_partner_contracts"], parameters)


async def find_partner_contract(connection: Connection, *, contract_id: int) -> PartnerContract | None:
    parameters = {"contract_id": contract_id}
    return await find_row(connection, PartnerContract, SQL["find_partner_contract"], parameters)


async def insert_customer_contract(
    connection: Connection,
    *,
    contract_id: int,
    application_id: int,
    partner_contract_id: int,
    created_at: datetime,
) -> bool:
    """Returns ``False`` where the application has one with this partner contract."""
    parameters = {
        "contract_id": contract_id,
        "application_id": application_id,
        "partner_contract_id": partner_contract_id,
        "created_at": created_at,
    }
    return await change_rows(connection, SQL["insert_customer_contract"], parameters) > 0


async def list_all_partner_contracts(
    connection: Connection, *, after: int, rows_max: int, partner_id: int | None
) -> list[PartnerContract]:
    parameters = {"after": after, "rows_max": rows_max, "partner_id": partner_id}
    return await list_rows(connection, PartnerContract, SQL["list_all_partner_contracts"], parameters)


async def find_customer_contract(connection: Connection, *, contract_id: int) -> CustomerContract | None:
    parameters = {"contract_id": contract_id}
    return await find_row(connection, _customer_contract, SQL["find_customer_contract"], parameters)


async def list_customer_contracts(connection: Connection, *, application_id: int) -> list[CustomerContract]:
    parameters = {"application_id": application_id}
    return await list_rows(connection, _customer_contract, SQL["list_customer_contracts"], parameters)


async def list_customers(
    connection: Connection, *, contract_id: int, after: int, rows_max: int
) -> list[Customer]:
    parameters = {"contract_id": contract_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, Customer, SQL["list_customers"], parameters)


async def insert_click_price(
    connection: Connection,
    traits: JobTraits,
    *,
    contract_id: int,
    valid_from: datetime,
    price_micros: int,
) -> None:
    price = {"contract_id": contract_id, "valid_from": valid_from, "price_micros": price_micros}
    await connection.execute(SQL["insert_click_price"], vars_of(traits) | price)


async def list_click_prices(connection: Connection, *, contract_id: int) -> list[ClickPrice]:
    parameters = {"contract_id": contract_id}
    return await list_rows(connection, _click_price, SQL["list_click_prices"], parameters)
