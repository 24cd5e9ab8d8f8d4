"""Owns the statements of client secrets, one function each. Does not own when they run."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements
from jobmeter.operator_keys.model import LiveSecret

SQL = load_statements("jobmeter.partners.secrets")


async def lock_application(connection: Connection, *, application_id: int) -> None:
    await connection.execute(SQL["lock_application"], {"application_id": application_id})


async def list_live_secrets(connection: Connection, *, application_id: int) -> list[LiveSecret]:
    return await list_rows(
        connection, LiveSecret, SQL["list_live_secrets"], {"application_id": application_id}
    )


async def delete_secrets(connection: Connection, *, application_id: int) -> None:
    await connection.execute(SQL["delete_secrets"], {"application_id": application_id})


async def delete_older_secret(connection: Connection, *, application_id: int) -> None:
    await connection.execute(SQL["delete_older_secret"], {"application_id": application_id})
