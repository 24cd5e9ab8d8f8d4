"""Owns the statements of named keys, one function each. Does not own when they run."""

from collections.abc import Sequence
from datetime import datetime

from jobmeter.database.arrays import ByteaArray
from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows
from jobmeter.database.statements import load_statements
from jobmeter.operator_keys.model import KeyHolder, KeyRole, LiveSecret, OperatorKey

SQL = load_statements("jobmeter.operator_keys")


async def insert_key(
    connection: Connection, *, name: str, role: KeyRole, created_at: datetime
) -> OperatorKey | None:
    """Returns ``None`` where a valid key has the name."""
    parameters = {"name": name, "role": role.value, "created_at": created_at}
    return await find_row(connection, _make_key, SQL["insert_key"], parameters)


async def insert_secret(
    connection: Connection, *, secret_hash: bytes, key_id: int, last_four: str, created_at: datetime
) -> None:
    parameters = {
        "secret_hash": secret_hash,
        "key_id": key_id,
        "last_four": last_four,
        "created_at": created_at,
    }
    await connection.execute(SQL["insert_secret"], parameters)


async def touch_secret(
    connection: Connection, *, secret_hash: bytes, used_at: datetime, used_before: datetime
) -> None:
    parameters = {"secret_hash": secret_hash, "used_at": used_at, "used_before": used_before}
    await connection.execute(SQL["touch_secret"], parameters)


async def lock_key(connection: Connection, *, name: str) -> bool:
    """Returns ``False`` where no valid key has the name."""
    return await find_scalar(connection, int, SQL["lock_key"], {"name": name}) is not None


async def find_key(connection: Connection, *, name: str) -> OperatorKey | None:
    return await find_row(connection, _make_key, SQL["find_key"], {"name": name})


async def list_keys(connection: Connection, *, after: int, rows_max: int) -> list[OperatorKey]:
    return await list_rows(connection, _make_key, SQL["list_keys"], {"after": after, "rows_max": rows_max})


async def delete_older_secret(connection: Connection, *, key_id: int) -> None:
    await connection.execute(SQL["delete_older_secret"], {"key_id": key_id})


async def revoke_key(connection: Connection, *, key_id: int, revoked_at: datetime) -> None:
    await connection.execute(SQL["revoke_key"], {"key_id": key_id, "revoked_at": revoked_at})


async def delete_secrets(connection: Connection, *, key_id: int) -> None:
    await connection.execute(SQL["delete_secrets"], {"key_id": key_id})


async def list_holders(connection: Connection, *, secret_hashes: ByteaArray) -> dict[bytes, KeyHolder]:
    """Returns whom each valid secret belongs to, by its hash."""
    return dict(
        await list_rows(connection, _make_holder, SQL["list_holders"], {"secret_hashes": secret_hashes})
    )


def _make_key(
    *,
    id: int,  # noqa: A002 -- the name of the column
    name: str,
    role: str,
    created_at: datetime,
    revoked_at: datetime | None,
    secrets_created_at: Sequence[datetime],
    last_fours: Sequence[str | None],
    last_used_at: Sequence[datetime | None],
) -> OperatorKey:
    described = zip(secrets_created_at, last_fours, last_used_at, strict=True)
    secrets = [
        LiveSecret(created_at=made, last_four=four, last_used_at=used) for made, four, used in described
    ]
    return OperatorKey(
        id=id,
        name=name,
        role=KeyRole(role),
        created_at=created_at,
        revoked_at=revoked_at,
        secrets=tuple(secrets),
    )


def _make_holder(
    *, secret_hash: bytes, key_id: int, name: str, role: str, last_used_at: datetime | None
) -> tuple[bytes, KeyHolder]:
    holder = KeyHolder(id=key_id, name=name, role=KeyRole(role), last_used_at=last_used_at)
    return secret_hash, holder
