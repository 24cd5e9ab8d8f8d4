"""Owns the verbs of people and their roles: invite, list, change, remove; the settings of one's own account.

``partner_id`` restricts a verb to one partner's people, for the partner itself. Without it, it is the operator's.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import flow as partners
from jobmeter.people.accounts import rules, store
from jobmeter.people.accounts.model import AccountChange, Colleague, Invited, ListedPerson, PeopleFilter
from jobmeter.people.model import Grant, Person, Role
from jobmeter.people.rules import normalize_email
from jobmeter.people.sessions import flow as sessions

PARTNER_PEOPLE_MAX = 200


async def invite(
    connection: Connection, grant: Grant, *, email: str, name: str = "", language: str = "en", now: datetime
) -> Invited:
    """Gives a role to the person with this address, who need not be known; name and language are those of a new one.

    Whether a hiring contract exists is the caller's to check. Raises ``Refused``: OPERATOR_INPUT, OPERATOR_UNKNOWN for a
    partner or customer, PERSON_ROLE_EXISTS where the person has another role for the same thing, PEOPLE_TOO_MANY.
    """
    rules.check_grant(grant)
    await _check_bound_to(connection, grant)
    if grant.partner_id is not None:
        await store.lock_partner(connection, partner_id=grant.partner_id)
    person = await open_person(connection, email=email, name=name, language=language, now=now)
    is_new = await store.insert_grant(connection, grant, person_id=person.id, granted_at=now)
    listed = await find_person(connection, person_id=person.id)
    if not is_new and not any(replace(one, id=None) == grant for one in listed.grants):
        raise Refused(Fault.PERSON_ROLE_EXISTS, email=person.email, role=grant.role)
    if is_new and grant.partner_id is not None:
        await _check_count(connection, grant.partner_id)
    return Invited(listed=listed, is_new=is_new)


async def _check_bound_to(connection: Connection, grant: Grant) -> None:
    if grant.partner_id is not None:
        await partners.find_partner(connection, partner_id=grant.partner_id)
    if grant.application_id is not None:
        found = await partners.find_application(connection, application_id=grant.application_id)
        if found is None or found.parent_id is None:
            raise Refused(Fault.OPERATOR_UNKNOWN, what="child application", key=grant.application_id)


async def _check_count(connection: Connection, partner_id: int) -> None:
    if await store.count_people(connection, partner_id=partner_id) > PARTNER_PEOPLE_MAX:
        raise Refused(Fault.PEOPLE_TOO_MANY, people_max=PARTNER_PEOPLE_MAX)


async def open_person(
    connection: Connection, *, email: str, name: str = "", language: str = "en", now: datetime
) -> Person:
    """The person with this address; a new one without any role if there is none."""
    normalized = normalize_email(email)
    await store.insert_person(connection, email=normalized, name=name, language=language, created_at=now)
    found = await store.find_person_by_email(connection, email=normalized)
    assert found is not None, "it was written if it did not exist"
    return found


async def find_person(connection: Connection, *, person_id: int) -> ListedPerson:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    found = await store.find_listed(connection, person_id=person_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="person", key=person_id)
    return found


def describe_person(listed: ListedPerson) -> dict[str, Any]:
    """Returns what the operator and the audit log are shown of a person. ``lastUsedAt`` is of the sessions that are kept."""
    person = listed.person
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "roles": [
            {
                "id": grant.id,
                "role": grant.role,
                "partnerId": grant.partner_id,
                "applicationId": grant.application_id,
                "hiringContractId": grant.hiring_contract_id,
            }
            for grant in listed.grants
        ],
        "createdAt": listed.created_at.isoformat(),
        "lastUsedAt": None if listed.last_used_at is None else listed.last_used_at.isoformat(),
    }


def describe_role(listed: ListedPerson, grant: Grant) -> dict[str, Any]:
    """Returns what a record of a role says: whose it is, and of what."""
    bound_to = {
        "partnerId": grant.partner_id,
        "applicationId": grant.application_id,
        "hiringContractId": grant.hiring_contract_id,
    }
    named = {name: value for name, value in bound_to.items() if value is not None}
    return {"email": listed.person.email, "role": grant.role} | named


async def find_tenant(connection: Connection, grant: Grant) -> int | None:
    """Returns the partner that a role concerns: of a customer's, that of its application."""
    if grant.application_id is None:
        return grant.partner_id
    found = await partners.find_application(connection, application_id=grant.application_id)
    return None if found is None else found.partner_id


async def name_bound_to(connection: Connection, grant: Grant) -> str:
    """Returns the name of the partner or customer that a role is bound to; empty for any other role, and for an unknown one."""
    number = grant.partner_id or grant.application_id
    found = None if number is None else await partners.find_application(connection, application_id=number)
    return "" if found is None else found.name


async def list_people(connection: Connection, wanted: PeopleFilter) -> list[ListedPerson]:
    """In the order of their ids, each with all roles."""
    return await store.list_people(connection, wanted)


async def list_colleagues(
    connection: Connection, *, partner_id: int, after: int, rows_max: int
) -> list[Colleague]:
    """The people of a partner, as it sees them, in the order in which they were invited."""
    return await store.list_colleagues(connection, partner_id=partner_id, after=after, rows_max=rows_max)


async def find_colleague(connection: Connection, *, grant_id: int, partner_id: int) -> Colleague:
    """Raises ``Refused(OPERATOR_UNKNOWN)``, also for a person of another partner."""
    found = await store.find_colleague(connection, grant_id=grant_id, partner_id=partner_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="person", key=grant_id)
    return found


async def change_role(
    connection: Connection, *, person_id: int, grant_id: int, role: Role, partner_id: int | None = None
) -> ListedPerson:
    """Changes a role, for example of a reader to a manager, and ends the person's sessions at once.

    Raises ``Refused``: OPERATOR_UNKNOWN, OPERATOR_INPUT for a role that cannot be bound to the same thing, LAST_MANAGER
    for a partner that would have none left; the operator may leave it without one.
    """
    grant = await _lock_grant(connection, person_id=person_id, grant_id=grant_id, partner_id=partner_id)
    rules.check_grant(replace(grant, role=role))
    if role is not grant.role:
        if role is not Role.PARTNER_MANAGER:
            await _check_managers(connection, grant, person_id, partner_id)
        await store.change_role(connection, grant_id=grant_id, role=role)
        await sessions.end_all_sessions(connection, person_id=person_id)
    return await find_person(connection, person_id=person_id)


async def remove_grant(
    connection: Connection, *, person_id: int, grant_id: int, partner_id: int | None = None
) -> None:
    """Takes a role from a person, and ends the person's sessions at once. Raises ``Refused`` as ``change_role``."""
    grant = await _lock_grant(connection, person_id=person_id, grant_id=grant_id, partner_id=partner_id)
    await _check_managers(connection, grant, person_id, partner_id)
    await store.delete_grant(connection, grant_id=grant_id)
    await sessions.end_all_sessions(connection, person_id=person_id)


async def remove_person(connection: Connection, *, person_id: int) -> None:
    """Removes a person with all roles, sessions and passkeys. Raises ``Refused(OPERATOR_UNKNOWN)``.

    Somebody whose address is that of a job's poster can still log in, and sees these jobs.
    """
    await find_person(connection, person_id=person_id)
    await store.delete_person(connection, person_id=person_id)


async def change_account(connection: Connection, change: AccountChange, *, person_id: int) -> Person:
    """Sets name, language, time zone and theme of one's own account. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    changed = await store.change_person(connection, change, person_id=person_id)
    if changed is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="person", key=person_id)
    return changed


async def _lock_grant(
    connection: Connection, *, person_id: int, grant_id: int, partner_id: int | None
) -> Grant:
    """Locks the people of the partner that it is bound to, so that two managers cannot remove each other at once."""
    grant = await _find_grant(connection, person_id, grant_id)
    if grant is not None and grant.partner_id is not None:
        await store.lock_partner(connection, partner_id=grant.partner_id)
        grant = await _find_grant(connection, person_id, grant_id)
    if grant is None or partner_id not in {None, grant.partner_id}:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="role", key=grant_id)
    return grant


async def _find_grant(connection: Connection, person_id: int, grant_id: int) -> Grant | None:
    listed = await find_person(connection, person_id=person_id)
    return next((one for one in listed.grants if one.id == grant_id), None)


async def _check_managers(
    connection: Connection, grant: Grant, person_id: int, partner_id: int | None
) -> None:
    if partner_id is None or grant.role is not Role.PARTNER_MANAGER:
        return
    if not await store.count_other_managers(connection, partner_id=partner_id, person_id=person_id):
        raise Refused(Fault.LAST_MANAGER)


async def erase_person(connection: Connection, *, email: str) -> int:
    """Deletes the person with this address, with roles, sessions and passkeys; returns how many there were, one at most."""
    return await store.erase_person(connection, email=email)
