"""Runs the statements of access tokens."""

from datetime import datetime

from jobmeter.database.arrays import ByteaArray
from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.partners.applications.store import _application
from jobmeter.partners.model import IssuedToken, TokenLife

SQL = load_statements("jobmeter.partners.tokens")


async def insert_token(
    connection: Connection,
    *,
    token_hash: bytes,
    application_id: int,
    issued_at: datetime,
    expires_at: datetime,
) -> None:
    await connection.execute(SQL["insert_token"], locals())


async def find_tokens(connection: Connection, *, token_hashes: ByteaArray) -> dict[bytes, IssuedToken]:
    rows = await (await connection.execute(SQL["find_tokens"], locals())).fetchall()
    return {row[11]: IssuedToken(_application(row), row[9], row[10]) for row in rows}


async def find_own_token(
    connection: Connection, *, token_hash: bytes, application_id: int
) -> TokenLife | None:
    row = await (await connection.execute(SQL["find_own_token"], locals())).fetchone()
    return None if row is None else TokenLife(row[0], row[1], row[2])


async def revoke_token(
    connection: Connection, *, token_hash: bytes, application_id: int, revoked_at: datetime
) -> None:
    await connection.execute(SQL["revoke_token"], locals())


async def revoke_tokens_of(connection: Connection, *, application_id: int, revoked_at: datetime) -> int:
    return (await connection.execute(SQL["revoke_tokens_of"], locals())).rowcount


async def delete_expired_tokens(connection: Connection, *, expired_before: datetime, rows_max: int) -> int:
    return (await connection.execute(SQL["delete_expired_tokens"], locals())).rowcount


async def read_token_permission(connection: Connection, *, application_id: int) -> bool:
    row = await (await connection.execute(SQL["read_token_permission"], locals())).fetchone()
    assert row is not None
    return bool(row[0])


async def set_token_permission(connection: Connection, *, application_id: int, is_allowed: bool) -> None:
    await connection.execute(SQL["set_token_permission"], locals())
