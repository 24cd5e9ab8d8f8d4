"""Owns the statements of signed requests, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.partners.oauth1")


async def insert_signing_secret(
    connection: Connection, *, application_id: int, sealed_secret: bytes, created_at: datetime
) -> None:
    await connection.execute(SQL["insert_signing_secret"], locals())


async def list_signing_secrets(connection: Connection, *, application_id: int) -> list[bytes]:
    rows = await (await connection.execute(SQL["list_signing_secrets"], locals())).fetchall()
    return [bytes(row[0]) for row in rows]


async def insert_nonce(
    connection: Connection, *, application_id: int, stamped_at: int, nonce_hash: bytes
) -> bool:
    """``False`` when the application has sent this nonce at this time already."""
    cursor = await connection.execute(SQL["insert_nonce"], locals())
    return await cursor.fetchone() is not None


async def delete_old_nonces(connection: Connection, *, stamped_before: int) -> int:
    cursor = await connection.execute(SQL["delete_old_nonces"], locals())
    return cursor.rowcount
