"""Owns the statements of people and what they were granted, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, list_rows, read_scalar, value_of
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.people.accounts.model import AccountChange, Colleague, ListedPerson, PeopleFilter
from jobmeter.people.model import Grant, Person, Role

SQL = load_statements("jobmeter.people.accounts")


async def insert_person(
    connection: Connection, *, email: str, name: str, language: str, created_at: datetime
) -> None:
    parameters = {"email": email, "name": name, "language": language, "created_at": created_at}
    await connection.execute(SQL["insert_person"], parameters)


async def find_person_by_email(connection: Connection, *, email: str) -> Person | None:
    return await find_row(connection, Person, SQL["find_person_by_email"], {"email": email})


async def change_person(connection: Connection, change: AccountChange, *, person_id: int) -> Person | None:
    parameters = vars_of(change) | {"person_id": person_id}
    return await find_row(connection, Person, SQL["change_person"], parameters)


async def find_listed(connection: Connection, *, person_id: int) -> ListedPerson | None:
    return await find_row(connection, _make_listed, SQL["find_listed"], {"person_id": person_id})


async def list_people(connection: Connection, wanted: PeopleFilter) -> list[ListedPerson]:
    return await list_rows(connection, _make_listed, SQL["list_people"], vars_of(wanted))


async def list_colleagues(
    connection: Connection, *, partner_id: int, after: int, rows_max: int
) -> list[Colleague]:
    parameters = {"partner_id": partner_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, Colleague, SQL["list_colleagues"], parameters)


async def find_colleague(connection: Connection, *, grant_id: int, partner_id: int) -> Colleague | None:
    parameters = {"grant_id": grant_id, "partner_id": partner_id}
    return await find_row(connection, Colleague, SQL["find_colleague"], parameters)


def _make_listed(
    *,
    grants: list[dict[str, Any]],
    created_at: datetime,
    last_used_at: datetime | None,
    **person: Any,
) -> ListedPerson:
    return ListedPerson(
        person=Person(**person),
        grants=tuple(value_of(Grant, grant) for grant in grants),
        created_at=created_at,
        last_used_at=last_used_at,
    )


async def lock_partner(connection: Connection, *, partner_id: int) -> None:
    await connection.execute(SQL["lock_partner"], {"partner_id": partner_id})


async def count_people(connection: Connection, *, partner_id: int) -> int:
    return await read_scalar(connection, int, SQL["count_people"], {"partner_id": partner_id})


async def count_other_managers(connection: Connection, *, partner_id: int, person_id: int) -> int:
    parameters = {"partner_id": partner_id, "person_id": person_id}
    return await read_scalar(connection, int, SQL["count_other_managers"], parameters)


async def insert_grant(connection: Connection, grant: Grant, *, person_id: int, granted_at: datetime) -> bool:
    """Returns ``False`` where the person has a role for the same thing."""
    parameters = vars_of(grant) | {"person_id": person_id, "granted_at": granted_at}
    return await change_rows(connection, SQL["insert_grant"], parameters) > 0


async def change_role(connection: Connection, *, grant_id: int, role: Role) -> None:
    await connection.execute(SQL["change_role"], {"grant_id": grant_id, "role": role})


async def delete_grant(connection: Connection, *, grant_id: int) -> None:
    await connection.execute(SQL["delete_grant"], {"grant_id": grant_id})


async def delete_person(connection: Connection, *, person_id: int) -> None:
    await connection.execute(SQL["delete_person"], {"person_id": person_id})


async def erase_person(connection: Connection, *, email: str) -> int:
    return await change_rows(connection, SQL["erase_person"], {"email": email})
