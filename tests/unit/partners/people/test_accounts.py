"""People and their roles: invited once, seen by their own partner only, and no partner loses its last manager."""

import asyncio

import psycopg
import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ApplicationDraft
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.accounts.model import AccountChange, PeopleFilter
from jobmeter.people.model import Grant, Role
from tests.unit.partners.people.scene import EMAIL, NOW, invite

# All but one of the people that a partner may have.
FILL = """
    WITH made AS (INSERT INTO people (email, name, language, time_zone, theme, created_at)
                  SELECT number || '@fill.example', '', 'en', 'UTC', 'system', %(now)s
                    FROM generate_series(1, 199) AS number
                  RETURNING id)
    INSERT INTO person_grants (person_id, role, partner_id, granted_at)
    SELECT id, 'PARTNER_READER', %(partner_id)s, %(now)s FROM made
"""
MANAGER, READER = Role.PARTNER_MANAGER, Role.PARTNER_READER


async def make_partner(database, name="Partner"):
    async with database.transaction() as connection:
        return (await partners.create_parent(connection, name=name, now=NOW)).application


async def refuse(database, call):
    with pytest.raises(Refused) as refused:
        async with database.transaction() as connection:
            await call(connection)
    return refused.value.fault


async def test_an_invitation_is_safe_to_repeat_and_another_role_is_a_change(database):
    partner = await make_partner(database)
    grant = Grant(role=READER, partner_id=partner.id)
    first, second = await invite(database, grant), await invite(database, grant, email=EMAIL.upper())
    assert (first.is_new, second.is_new) == (True, False)
    assert first.listed == second.listed
    other = Grant(role=MANAGER, partner_id=partner.id)
    with pytest.raises(Refused) as refused:
        await invite(database, other)
    assert refused.value.fault is Fault.PERSON_ROLE_EXISTS
    assert (await invite(database, Grant(role=Role.OPERATOR))).is_new


async def test_a_role_is_bound_only_to_what_exists(database):
    partner = await make_partner(database)
    draft = ApplicationDraft(unique_foreign_id="c", name="C", description="c")
    async with database.transaction() as connection:
        child = (await partners.create_child(connection, parent=partner, draft=draft, now=NOW)).application
    assert (await invite(database, Grant(role=Role.CUSTOMER, application_id=child.id))).is_new
    for grant in (
        Grant(role=READER, partner_id=child.id),
        Grant(role=READER, partner_id=partner.id + 999),
        Grant(role=Role.CUSTOMER, application_id=partner.id),
        Grant(role=Role.CUSTOMER, application_id=child.id + 999),
    ):
        with pytest.raises(Refused) as refused:
            await invite(database, grant)
        assert refused.value.fault is Fault.OPERATOR_UNKNOWN


async def test_a_partner_sees_its_own_people_and_their_roles_with_it_only(database):
    one, other = await make_partner(database, "One"), await make_partner(database, "Other")
    ours = (await invite(database, Grant(role=READER, partner_id=one.id))).colleague_of(one.id)
    await invite(database, Grant(role=MANAGER, partner_id=other.id))
    grant = Grant(role=MANAGER, partner_id=other.id)
    theirs = (await invite(database, grant, email="b@a.example")).colleague_of(other.id)
    async with database.transaction() as connection:
        of_one = await accounts.list_colleagues(connection, partner_id=one.id, after=0, rows_max=10)
        of_other = await accounts.list_colleagues(
            connection, partner_id=other.id, after=theirs.id - 1, rows_max=10
        )
        everybody = await accounts.list_people(connection, PeopleFilter(after=0, rows_max=10))
        found = await accounts.list_people(connection, PeopleFilter(after=0, rows_max=10, search="B@a"))
        seen = await accounts.find_colleague(connection, grant_id=theirs.id, partner_id=other.id)
    assert (of_one, of_other, seen) == ([ours], [theirs], theirs)
    assert [len(row.grants) for row in everybody] == [2, 1]
    assert [row.person.id for row in found] == [theirs.person_id]

    async def find(connection):
        await accounts.find_colleague(connection, grant_id=theirs.id, partner_id=one.id)

    async def change(connection):
        await accounts.change_role(
            connection, person_id=theirs.person_id, grant_id=theirs.id, role=READER, partner_id=one.id
        )

    async def remove(connection):
        await accounts.remove_grant(
            connection, person_id=ours.person_id, grant_id=theirs.id, partner_id=one.id
        )

    refused = [await refuse(database, call) for call in (find, change, remove)]
    assert refused == [Fault.OPERATOR_UNKNOWN] * 3


async def test_a_partner_keeps_its_last_manager_and_the_operator_may_remove_it(database):
    partner = await make_partner(database)
    listed = (await invite(database, Grant(role=MANAGER, partner_id=partner.id))).listed
    person_id, grant_id = listed.person.id, listed.grants[0].id

    async def remove(connection, *, partner_id=partner.id):
        await accounts.remove_grant(connection, person_id=person_id, grant_id=grant_id, partner_id=partner_id)

    async def demote(connection):
        await accounts.change_role(
            connection, person_id=person_id, grant_id=grant_id, role=READER, partner_id=partner.id
        )

    await invite(database, Grant(role=READER, partner_id=partner.id), email="reader@a.example")
    assert [await refuse(database, call) for call in (remove, demote)] == [Fault.LAST_MANAGER] * 2
    await invite(database, Grant(role=MANAGER, partner_id=partner.id), email="second@a.example")
    async with database.transaction() as connection:
        await demote(connection)
        await remove(connection)  # a reader
        (second,) = await accounts.list_people(
            connection, PeopleFilter(after=0, rows_max=10, search="second")
        )
        await accounts.remove_grant(
            connection, person_id=second.person.id, grant_id=second.grants[0].id, partner_id=None
        )
        assert (await accounts.find_person(connection, person_id=second.person.id)).grants == ()


async def test_two_managers_cannot_remove_each_other_at_once(database):
    partner = await make_partner(database)
    people = [
        (await invite(database, Grant(role=MANAGER, partner_id=partner.id), email=f"{name}@a.example")).listed
        for name in ("a", "b", "c")
    ]

    async def remove(listed):
        async with database.transaction() as connection:
            await accounts.remove_grant(
                connection, person_id=listed.person.id, grant_id=listed.grants[0].id, partner_id=partner.id
            )

    results = await asyncio.gather(*map(remove, people), return_exceptions=True)
    refused = [result for result in results if result is not None]
    assert [one.fault for one in refused] == [Fault.LAST_MANAGER]


async def test_a_partner_has_a_limit_of_people(database_url, database):
    partner = await make_partner(database)
    await invite(database, Grant(role=READER, partner_id=partner.id), email="a@a.example")
    with psycopg.connect(database_url) as connection:
        connection.execute(FILL, {"partner_id": partner.id, "now": NOW})
    with pytest.raises(Refused) as refused:
        await invite(database, Grant(role=READER, partner_id=partner.id), email="c@a.example")
    assert refused.value.fault is Fault.PEOPLE_TOO_MANY
    assert not (await invite(database, Grant(role=READER, partner_id=partner.id), email="a@a.example")).is_new


async def test_an_account_keeps_what_its_person_set(database):
    person_id = (await invite(database, Grant(role=Role.OPERATOR))).listed.person.id
    async with database.transaction() as connection:
        change = AccountChange(name="Ida", theme="dark", time_zone="Europe/Berlin")
        await accounts.change_account(connection, change, person_id=person_id)
        changed = await accounts.change_account(connection, AccountChange(language="de"), person_id=person_id)
    assert (changed.name, changed.theme, changed.time_zone, changed.language) == (
        "Ida",
        "dark",
        "Europe/Berlin",
        "de",
    )
