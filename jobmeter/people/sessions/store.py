"""Owns the statements of sessions, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, find_scalar, list_rows
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.people.model import Grant, Origin, Person
from jobmeter.people.sessions.model import ListedSession, StoredSession

SQL = load_statements("jobmeter.people.sessions")


async def insert_session(
    connection: Connection,
    origin: Origin,
    *,
    token_hash: bytes,
    person_id: int,
    grant_id: int | None,
    began_at: datetime,
) -> None:
    parameters = {
        "token_hash": token_hash,
        "person_id": person_id,
        "grant_id": grant_id,
        "began_at": began_at,
    }
    await connection.execute(SQL["insert_session"], parameters | vars_of(origin))


async def find_session(connection: Connection, *, token_hash: bytes) -> StoredSession | None:
    return await find_row(connection, _make_session, SQL["find_session"], {"token_hash": token_hash})


def _make_session(
    *,
    session_id: int,
    grant_id: int | None,
    viewed_partner_id: int | None,
    began_at: datetime,
    confirmed_at: datetime,
    last_used_at: datetime,
    **person: Any,
) -> StoredSession:
    return StoredSession(
        id=session_id,
        grant_id=grant_id,
        viewed_partner_id=viewed_partner_id,
        began_at=began_at,
        confirmed_at=confirmed_at,
        last_used_at=last_used_at,
        person=Person(**person),
    )


async def list_grants(connection: Connection, *, person_id: int) -> list[Grant]:
    return await list_rows(connection, Grant, SQL["list_grants"], {"person_id": person_id})


async def touch_session(connection: Connection, *, session_id: int, last_used_at: datetime) -> None:
    await connection.execute(SQL["touch_session"], {"session_id": session_id, "last_used_at": last_used_at})


async def replace_token(
    connection: Connection,
    *,
    token_hash: bytes,
    new_hash: bytes,
    grant_id: int | None,
    viewed_partner_id: int | None,
    confirmed_at: datetime,
) -> bool:
    """Returns ``False`` where no session has the token."""
    parameters = {
        "token_hash": token_hash,
        "new_hash": new_hash,
        "grant_id": grant_id,
        "viewed_partner_id": viewed_partner_id,
        "confirmed_at": confirmed_at,
    }
    return await find_scalar(connection, int, SQL["replace_token"], parameters) is not None


async def list_sessions(connection: Connection, *, person_id: int) -> list[ListedSession]:
    return await list_rows(connection, ListedSession, SQL["list_sessions"], {"person_id": person_id})


async def delete_session(connection: Connection, *, session_id: int, person_id: int) -> int:
    return await change_rows(
        connection, SQL["delete_session"], {"session_id": session_id, "person_id": person_id}
    )


async def delete_sessions(connection: Connection, *, person_id: int) -> int:
    return await change_rows(connection, SQL["delete_sessions"], {"person_id": person_id})


async def delete_over_sessions(
    connection: Connection, *, used_before: datetime, begun_before: datetime, rows_max: int
) -> int:
    parameters = {"used_before": used_before, "begun_before": begun_before, "rows_max": rows_max}
    return await change_rows(connection, SQL["delete_over_sessions"], parameters)
