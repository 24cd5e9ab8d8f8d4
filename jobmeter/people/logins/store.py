"""Owns the statements of requests to log in, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, list_rows, read_row
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.people.logins.model import Addressee, LoginDraft, RecentLogins, StoredLogin

SQL = load_statements("jobmeter.people.logins")


async def lock_requests(connection: Connection, *, key: str) -> None:
    await connection.execute(SQL["lock_requests"], {"key": key})


async def count_of_email(connection: Connection, *, email: str, made_after: datetime) -> RecentLogins:
    parameters = {"email": email, "made_after": made_after}
    return await read_row(connection, RecentLogins, SQL["count_of_email"], parameters)


async def count_of_network(connection: Connection, *, network: str, made_after: datetime) -> RecentLogins:
    parameters = {"network": network, "made_after": made_after}
    return await read_row(connection, RecentLogins, SQL["count_of_network"], parameters)


async def find_addressee(connection: Connection, *, email: str) -> Addressee:
    return await read_row(connection, Addressee, SQL["find_addressee"], {"email": email})


async def insert_login(connection: Connection, draft: LoginDraft) -> None:
    await connection.execute(SQL["insert_login"], vars_of(draft))


async def find_login(connection: Connection, *, token_hash: bytes) -> StoredLogin | None:
    return await find_row(connection, StoredLogin, SQL["find_login"], {"token_hash": token_hash})


async def lock_login(connection: Connection, *, token_hash: bytes) -> StoredLogin | None:
    return await find_row(connection, StoredLogin, SQL["lock_login"], {"token_hash": token_hash})


async def lock_logins_of_browser(
    connection: Connection, *, browser_hash: bytes, tries_max: int, made_after: datetime
) -> list[StoredLogin]:
    parameters = {"browser_hash": browser_hash, "tries_max": tries_max, "made_after": made_after}
    return await list_rows(connection, StoredLogin, SQL["lock_logins_of_browser"], parameters)


async def count_try(connection: Connection, *, ids: list[int]) -> None:
    await connection.execute(SQL["count_try"], {"ids": ids})


async def use_logins(connection: Connection, *, email: str, used_at: datetime) -> None:
    await connection.execute(SQL["use_logins"], {"email": email, "used_at": used_at})


async def delete_old_logins(connection: Connection, *, made_before: datetime, rows_max: int) -> int:
    parameters = {"made_before": made_before, "rows_max": rows_max}
    return await change_rows(connection, SQL["delete_old_logins"], parameters)


async def erase_logins(connection: Connection, *, email: str) -> int:
    return await change_rows(connection, SQL["erase_logins"], {"email": email})
