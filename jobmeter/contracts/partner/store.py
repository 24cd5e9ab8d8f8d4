"""Owns the statements of contracts, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from jobmeter.contracts.partner.model import ClickPrice, CustomerContract, JobTraits, Pacing, PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.contracts.partner")


def _partner_contract(row: tuple[Any, ...]) -> PartnerContract:
    return PartnerContract(row[0], row[1], row[2], row[3], row[4], row[5], row[6], Pacing(row[7]))


async def next_contract_id(connection: Connection) -> int:
    row = await (await connection.execute(SQL["next_contract_id"])).fetchone()
    assert row is not None
    return int(row[0])


async def insert_partner_contract(
    connection: Connection,
    *,
    contract_id: int,
    partner_id: int,
    shard: int,
    currency: str,
    limit_micros: int,
    term_starts_at: datetime,
    term_ends_at: datetime,
    pacing: str,
    created_at: datetime,
) -> None:
    await connection.execute(SQL["insert_partner_contract"], locals())


async def set_pacing(connection: Connection, *, contract_id: int, pacing: str) -> None:
    await connection.execute(SQL["set_pacing"], locals())


async def raise_limit(connection: Connection, *, contract_id: int, amount_micros: int) -> None:
    await connection.execute(SQL["raise_limit"], locals())


async def list_partner_contracts(connection: Connection, *, partner_id: int) -> list[PartnerContract]:
    rows = await (await connection.execute(SQL["list_partner_contracts"], locals())).fetchall()
    return [_partner_contract(row) for row in rows]


async def find_partner_contract(connection: Connection, *, contract_id: int) -> PartnerContract | None:
    row = await (await connection.execute(SQL["find_partner_contract"], locals())).fetchone()
    return None if row is None else _partner_contract(row)


async def insert_customer_contract(
    connection: Connection,
    *,
    contract_id: int,
    application_id: int,
    partner_contract_id: int,
    created_at: datetime,
) -> None:
    await connection.execute(SQL["insert_customer_contract"], locals())


async def list_customer_contracts(connection: Connection, *, application_id: int) -> list[CustomerContract]:
    rows = await (await connection.execute(SQL["list_customer_contracts"], locals())).fetchall()
    return [CustomerContract(row[0], row[1], _partner_contract(row[2:])) for row in rows]


async def insert_click_price(
    connection: Connection,
    *,
    contract_id: int,
    country: str,
    job_function: str,
    experience_level: str,
    valid_from: datetime,
    price_micros: int,
) -> None:
    await connection.execute(SQL["insert_click_price"], locals())


async def list_click_prices(connection: Connection, *, contract_id: int) -> list[ClickPrice]:
    rows = await (await connection.execute(SQL["list_click_prices"], locals())).fetchall()
    return [ClickPrice(JobTraits(row[0], row[1], row[2]), row[3], row[4]) for row in rows]
