"""Owns the statements of client secrets, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_scalars
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.partners.secrets")


async def lock_application(connection: Connection, *, application_id: int) -> None:
    await connection.execute(SQL["lock_application"], {"application_id": application_id})


async def list_secret_ages(connection: Connection, *, application_id: int) -> list[datetime]:
    return await list_scalars(
        connection, datetime, SQL["list_secret_ages"], {"application_id": application_id}
    )


async def delete_secrets(connection: Connection, *, application_id: int) -> None:
    await connection.execute(SQL["delete_secrets"], {"application_id": application_id})


async def delete_older_secret(connection: Connection, *, application_id: int) -> None:
    await connection.execute(SQL["delete_older_secret"], {"application_id": application_id})
