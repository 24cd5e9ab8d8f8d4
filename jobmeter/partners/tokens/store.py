"""Owns the statements of access tokens, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from jobmeter.database.arrays import ByteaArray
from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, list_rows, list_scalars, read_scalar, value_of
from jobmeter.database.statements import load_statements
from jobmeter.partners.model import Application, IssuedToken, TokenLife

SQL = load_statements("jobmeter.partners.tokens")


async def touch_secret(
    connection: Connection,
    *,
    application_id: int,
    secret_hash: bytes,
    used_at: datetime,
    used_before: datetime,
) -> None:
    parameters = {
        "application_id": application_id,
        "secret_hash": secret_hash,
        "used_at": used_at,
        "used_before": used_before,
    }
    await connection.execute(SQL["touch_secret"], parameters)


async def insert_token(
    connection: Connection,
    *,
    token_hash: bytes,
    application_id: int,
    issued_at: datetime,
    expires_at: datetime,
) -> None:
    parameters = {
        "token_hash": token_hash,
        "application_id": application_id,
        "issued_at": issued_at,
        "expires_at": expires_at,
    }
    await connection.execute(SQL["insert_token"], parameters)


async def find_tokens(connection: Connection, *, token_hashes: ByteaArray) -> dict[bytes, IssuedToken]:
    """Returns rows by the hash of each token that was issued."""
    return dict(await list_rows(connection, _make_token, SQL["find_tokens"], {"token_hashes": token_hashes}))


def _make_token(
    *,
    token_hash: bytes,
    expires_at: datetime,
    revoked_at: datetime | None,
    is_permitted: bool,
    **application: Any,
) -> tuple[bytes, IssuedToken]:
    return token_hash, IssuedToken(value_of(Application, application), expires_at, revoked_at, is_permitted)


async def find_own_token(
    connection: Connection, *, token_hash: bytes, application_id: int
) -> TokenLife | None:
    parameters = {"token_hash": token_hash, "application_id": application_id}
    return await find_row(connection, TokenLife, SQL["find_own_token"], parameters)


async def revoke_token(
    connection: Connection, *, token_hash: bytes, application_id: int, revoked_at: datetime
) -> None:
    await connection.execute(
        SQL["revoke_token"],
        {"token_hash": token_hash, "application_id": application_id, "revoked_at": revoked_at},
    )


async def revoke_tokens_of(
    connection: Connection, *, application_ids: list[int], revoked_at: datetime
) -> int:
    return await change_rows(
        connection,
        SQL["revoke_tokens_of"],
        {"application_ids": application_ids, "revoked_at": revoked_at},
    )


async def delete_expired_tokens(connection: Connection, *, expired_before: datetime, rows_max: int) -> int:
    return await change_rows(
        connection, SQL["delete_expired_tokens"], {"expired_before": expired_before, "rows_max": rows_max}
    )


async def lock_token_permission(connection: Connection, *, application_id: int) -> bool:
    return await read_scalar(
        connection, bool, SQL["lock_token_permission"], {"application_id": application_id}
    )


async def read_token_permission(connection: Connection, *, application_id: int) -> bool:
    return await read_scalar(
        connection, bool, SQL["read_token_permission"], {"application_id": application_id}
    )


async def set_token_permission(
    connection: Connection, *, application_id: int, is_allowed: bool, includes_children: bool
) -> list[int]:
    """Returns the ids of the applications that were changed."""
    parameters = {
        "application_id": application_id,
        "is_allowed": is_allowed,
        "includes_children": includes_children,
    }
    return await list_scalars(connection, int, SQL["set_token_permission"], parameters)
