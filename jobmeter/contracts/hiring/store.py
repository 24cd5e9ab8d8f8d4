"""Owns the statements of hiring contracts, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from jobmeter.contracts.hiring.model import HiringContract, HiringKind
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.contracts.hiring")


def _contract(row: tuple[Any, ...]) -> HiringContract:
    values: tuple[Any, ...] = (*row[:2], HiringKind(row[2]), *row[3:9], tuple(row[9]), *row[10:])
    return HiringContract(*values)


async def insert_hiring_contract(
    connection: Connection,
    *,
    contract_id: int,
    shard: int,
    kind: str,
    owner_name: str,
    owner_application_id: int | None,
    is_postpaid: bool,
    currency: str,
    run_days: int,
    default_poster_email: str,
    seats: list[str],
    sandbox_number: int | None,
    starts_at: datetime,
    ends_at: datetime,
    created_at: datetime,
) -> None:
    await connection.execute(SQL["insert_hiring_contract"], locals())


async def find_hiring_contract(connection: Connection, *, contract_id: int) -> HiringContract | None:
    row = await (await connection.execute(SQL["find_hiring_contract"], locals())).fetchone()
    return None if row is None else _contract(row)


async def list_granted_contracts(
    connection: Connection, *, application_id: int, number: int
) -> list[HiringContract]:
    rows = await (await connection.execute(SQL["list_granted_contracts"], locals())).fetchall()
    return [_contract(row) for row in rows]


async def end_hiring_contract(connection: Connection, *, contract_id: int, ends_at: datetime) -> None:
    await connection.execute(SQL["end_hiring_contract"], locals())


async def insert_grant(
    connection: Connection, *, contract_id: int, application_id: int, granted_at: datetime
) -> None:
    await connection.execute(SQL["insert_grant"], locals())


async def delete_grant(connection: Connection, *, contract_id: int, application_id: int) -> None:
    await connection.execute(SQL["delete_grant"], locals())


async def list_grants(connection: Connection, *, contract_id: int) -> list[int]:
    rows = await (await connection.execute(SQL["list_grants"], locals())).fetchall()
    return [int(row[0]) for row in rows]


async def set_hiring_price(
    connection: Connection, *, contract_id: int, valid_from: datetime, price_micros: int
) -> None:
    await connection.execute(SQL["set_hiring_price"], locals())


async def read_hiring_price(connection: Connection, *, contract_id: int, now: datetime) -> int:
    row = await (await connection.execute(SQL["read_hiring_price"], locals())).fetchone()
    return 0 if row is None else int(row[0])
