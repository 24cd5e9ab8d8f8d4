"""Owns the statements of partners, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.partners.model import Application

SQL = load_statements("jobmeter.partners.applications")


def _application(row: tuple[Any, ...]) -> Application:
    return Application(row[0], row[1], row[2], row[3], row[4], row[5], row[6], tuple(row[7]), tuple(row[8]))


async def next_application_id(connection: Connection) -> int:
    row = await (await connection.execute(SQL["next_application_id"])).fetchone()
    assert row is not None
    return int(row[0])


async def insert_application(
    connection: Connection,
    *,
    application_id: int,
    parent_id: int | None,
    shard: int,
    client_id: str,
    unique_foreign_id: str | None,
    name: str,
    description: str,
    callback_urls: list[str],
    js_domains: list[str],
    created_at: datetime,
) -> bool:
    """``False`` when the parent has a child with this foreign id already."""
    cursor = await connection.execute(SQL["insert_application"], locals())
    return await cursor.fetchone() is not None


async def insert_secret(
    connection: Connection, *, application_id: int, secret_hash: bytes, created_at: datetime
) -> None:
    await connection.execute(SQL["insert_secret"], locals())


async def find_by_client_id(connection: Connection, *, client_id: str) -> Application | None:
    row = await (await connection.execute(SQL["find_by_client_id"], locals())).fetchone()
    return None if row is None else _application(row)


async def find_by_foreign_id(
    connection: Connection, *, parent_id: int, unique_foreign_id: str
) -> Application | None:
    row = await (await connection.execute(SQL["find_by_foreign_id"], locals())).fetchone()
    return None if row is None else _application(row)


async def find_by_id(connection: Connection, *, application_id: int) -> Application | None:
    row = await (await connection.execute(SQL["find_by_id"], locals())).fetchone()
    return None if row is None else _application(row)


async def update_application(
    connection: Connection,
    *,
    application_id: int,
    name: str,
    description: str,
    callback_urls: list[str],
    js_domains: list[str],
) -> None:
    await connection.execute(SQL["update_application"], locals())


async def list_secret_hashes(connection: Connection, *, application_id: int) -> list[bytes]:
    rows = await (await connection.execute(SQL["list_secret_hashes"], locals())).fetchall()
    return [bytes(row[0]) for row in rows]
