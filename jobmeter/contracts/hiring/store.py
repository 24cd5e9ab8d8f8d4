"""Owns the statements of hiring contracts, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from jobmeter.contracts.hiring.model import (
    Grant,
    HiringContract,
    HiringKind,
    HiringPrice,
    PartnerGrant,
    PartnerHiring,
)
from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, list_rows, list_scalars, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("jobmeter.contracts.hiring", enums=(AccountKind, Purpose))


def _share(*, is_owner: bool, unused: int | None, funded: int, **columns: Any) -> PartnerHiring:
    columns |= {"kind": HiringKind(columns["kind"]), "seats": tuple(columns["seats"])}
    return PartnerHiring(contract=HiringContract(**columns), is_owner=is_owner, unused=unused, funded=funded)


async def insert_hiring_contract(
    connection: Connection, contract: HiringContract, *, created_at: datetime
) -> None:
    # The driver sends a list as an array, and a tuple as a record.
    parameters = vars_of(contract) | {"seats": list(contract.seats), "created_at": created_at}
    await connection.execute(SQL["insert_hiring_contract"], parameters)


async def find_hiring_contract(connection: Connection, *, contract_id: int) -> HiringContract | None:
    parameters = {"contract_id": contract_id}
    return await find_row(connection, HiringContract, SQL["find_hiring_contract"], parameters)


async def is_seat(connection: Connection, *, email: str) -> bool:
    return await read_scalar(connection, bool, SQL["is_seat"], {"email": email})


async def list_hiring_contracts(connection: Connection, *, after: int, rows_max: int) -> list[HiringContract]:
    parameters = {"after": after, "rows_max": rows_max}
    return await list_rows(connection, HiringContract, SQL["list_hiring_contracts"], parameters)


async def list_granted_contracts(
    connection: Connection, *, application_id: int, number: int
) -> list[HiringContract]:
    parameters = {"application_id": application_id, "number": number}
    return await list_rows(connection, HiringContract, SQL["list_granted_contracts"], parameters)


async def list_partner_contracts(
    connection: Connection, *, partner_id: int, contract_id: int | None, before: int, rows_max: int
) -> list[PartnerHiring]:
    parameters = {
        "partner_id": partner_id,
        "contract_id": contract_id,
        "before": before,
        "rows_max": rows_max,
    }
    return await list_rows(connection, _share, SQL["list_partner_contracts"], parameters)


async def list_partner_grants(
    connection: Connection, *, contract_id: int, partner_id: int, rows_max: int
) -> list[PartnerGrant]:
    parameters = {"contract_id": contract_id, "partner_id": partner_id, "rows_max": rows_max}
    return await list_rows(connection, PartnerGrant, SQL["list_partner_grants"], parameters)


async def end_hiring_contract(connection: Connection, *, contract_id: int, ends_at: datetime) -> None:
    parameters = {"contract_id": contract_id, "ends_at": ends_at}
    await connection.execute(SQL["end_hiring_contract"], parameters)


async def insert_grant(
    connection: Connection, *, contract_id: int, application_id: int, granted_at: datetime
) -> None:
    parameters = {"contract_id": contract_id, "application_id": application_id, "granted_at": granted_at}
    await connection.execute(SQL["insert_grant"], parameters)


async def delete_grant(connection: Connection, *, contract_id: int, application_id: int) -> None:
    parameters = {"contract_id": contract_id, "application_id": application_id}
    await connection.execute(SQL["delete_grant"], parameters)


async def list_grants(connection: Connection, *, contract_id: int) -> list[int]:
    return await list_scalars(connection, int, SQL["list_grants"], {"contract_id": contract_id})


async def page_grants(connection: Connection, *, contract_id: int, after: int, rows_max: int) -> list[Grant]:
    parameters = {"contract_id": contract_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, Grant, SQL["page_grants"], parameters)


async def set_hiring_price(
    connection: Connection, *, contract_id: int, valid_from: datetime, price_micros: int
) -> None:
    parameters = {"contract_id": contract_id, "valid_from": valid_from, "price_micros": price_micros}
    await connection.execute(SQL["set_hiring_price"], parameters)


async def read_hiring_price(connection: Connection, *, contract_id: int, now: datetime) -> int:
    parameters = {"contract_id": contract_id, "now": now}
    return await read_scalar(connection, int, SQL["read_hiring_price"], parameters)


async def list_hiring_prices(connection: Connection, *, contract_id: int) -> list[HiringPrice]:
    return await list_rows(connection, HiringPrice, SQL["list_hiring_prices"], {"contract_id": contract_id})


async def erase_seat(connection: Connection, *, email: str, substitute: str) -> int:
    return await change_rows(connection, SQL["erase_seat"], {"email": email, "substitute": substitute})
