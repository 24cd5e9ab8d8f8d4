"""Owns the statements of signed requests, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_scalar, list_rows, list_scalars
from jobmeter.database.statements import load_statements
from jobmeter.partners.oauth1.model import OwnedSecret

SQL = load_statements("jobmeter.partners.oauth1")


async def insert_signing_secret(
    connection: Connection, *, application_id: int, sealed_secret: bytes, created_at: datetime
) -> None:
    await connection.execute(
        SQL["insert_signing_secret"],
        {"application_id": application_id, "sealed_secret": sealed_secret, "created_at": created_at},
    )


async def list_signing_secrets(connection: Connection, *, application_id: int) -> list[bytes]:
    return await list_scalars(
        connection, bytes, SQL["list_signing_secrets"], {"application_id": application_id}
    )


async def list_all_signing_secrets(connection: Connection) -> list[OwnedSecret]:
    return await list_rows(connection, OwnedSecret, SQL["list_all_signing_secrets"])


async def replace_signing_secret(
    connection: Connection, *, application_id: int, sealed_secret: bytes, replacement: bytes
) -> None:
    parameters = {
        "application_id": application_id,
        "sealed_secret": sealed_secret,
        "replacement": replacement,
    }
    await connection.execute(SQL["replace_signing_secret"], parameters)


async def insert_nonce(
    connection: Connection, *, application_id: int, stamped_at: int, nonce_hash: bytes
) -> bool:
    """Returns ``False`` when the application has already sent this nonce at this time."""
    parameters = {"application_id": application_id, "stamped_at": stamped_at, "nonce_hash": nonce_hash}
    return await find_scalar(connection, int, SQL["insert_nonce"], parameters) is not None


async def delete_old_nonces(connection: Connection, *, stamped_before: int) -> int:
    return await change_rows(connection, SQL["delete_old_nonces"], {"stamped_before": stamped_before})
