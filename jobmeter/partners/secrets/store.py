"""Owns the statements about tokens' ends, secrets' ages and the permission to make tokens. Does not own when they run."""

from datetime import datetime

from jobmeter.database.migrations_runner import Connection
from jobmeter.database.statements import load_statements
from jobmeter.partners.model import TokenLife

SQL = load_statements("jobmeter.partners.secrets")


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


async def lock_application(connection: Connection, *, application_id: int) -> None:
    await connection.execute(SQL["lock_application"], locals())


async def list_secret_ages(connection: Connection, *, application_id: int) -> list[datetime]:
    rows = await (await connection.execute(SQL["list_secret_ages"], locals())).fetchall()
    return [row[0] for row in rows]


async def delete_older_secret(connection: Connection, *, application_id: int) -> None:
    await connection.execute(SQL["delete_older_secret"], locals())
