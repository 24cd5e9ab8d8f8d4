"""Sessions: found by their token, renewed, ended singly and all at once, over when idle or old, with a new token for a new role."""

import asyncio
from datetime import timedelta

import psycopg

from jobmeter.people.accounts import flow as accounts
from jobmeter.people.model import AS_MEMBER, Grant, Role
from jobmeter.people.sessions import flow as sessions
from tests.unit.partners.people.scene import NOW, ORIGIN, find, invite, log_in

HOUR = timedelta(hours=1)


async def test_each_log_in_has_its_own_token_and_an_invented_one_opens_nothing(database):
    first, second = await log_in(database), await log_in(database)
    assert first.token != second.token
    assert first.signed_in.person == second.signed_in.person
    assert await find(database, "invented") is None
    assert await find(database, "") is None


async def test_a_session_lasts_twelve_hours_from_its_last_use_and_thirty_days_in_all(database):
    made, now = await log_in(database), NOW
    while now < NOW + timedelta(days=30):
        assert (await find(database, made.token, now=now)).ends_at > now
        now += 11 * HOUR
    assert await find(database, made.token, now=now) is None
    idle = await log_in(database)
    assert await find(database, idle.token, now=NOW + 12 * HOUR) is None


async def test_the_last_use_is_written_once_a_minute(database_url, database):
    made = await log_in(database)
    for seconds in (1, 59, 61, 100):
        await find(database, made.token, now=NOW + timedelta(seconds=seconds))
    with psycopg.connect(database_url) as connection:
        (used_at,) = connection.execute("SELECT last_used_at FROM person_sessions").fetchone()
    assert used_at == NOW + timedelta(seconds=61)


async def test_another_role_has_another_token_and_the_former_one_is_over(database):
    operator = (await invite(database, Grant(role=Role.OPERATOR))).listed.grants[0]
    made = await log_in(database)
    assert made.signed_in.grant == operator
    async with database.transaction() as connection:
        member = await sessions.choose_grant(connection, token=made.token, grant_id=None, now=NOW)
    assert (member.signed_in.grant, member.signed_in.grants) == (AS_MEMBER, (operator,))
    assert member.signed_in.session_id == made.signed_in.session_id
    assert await find(database, made.token) is None
    async with database.transaction() as connection:
        for token, grant_id in ((made.token, operator.id), (member.token, operator.id + 1)):
            assert await sessions.choose_grant(connection, token=token, grant_id=grant_id, now=NOW) is None
        again = await sessions.choose_grant(connection, token=member.token, grant_id=operator.id, now=NOW)
    assert again.signed_in.grant == operator


async def test_two_changes_of_one_token_at_once_make_one_session(database):
    made = await log_in(database)

    async def choose():
        async with database.transaction() as connection:
            return await sessions.choose_grant(connection, token=made.token, grant_id=None, now=NOW)

    results = await asyncio.gather(*(choose() for _ in range(4)))
    assert sum(result is not None for result in results) == 1


async def test_a_confirmation_lasts_ten_minutes_and_changes_the_token(database):
    made, later = await log_in(database), NOW + HOUR
    async with database.transaction() as connection:
        confirmed = await sessions.confirm_session(connection, token=made.token, now=later)
    assert made.signed_in.is_confirmed(NOW + timedelta(minutes=9, seconds=59))
    assert not made.signed_in.is_confirmed(NOW + timedelta(minutes=10))
    assert confirmed.signed_in.is_confirmed(later)
    assert await find(database, made.token, now=later) is None


async def test_sessions_are_listed_and_ended_singly_and_all_at_once(database):
    made = [await log_in(database, now=NOW + minutes * HOUR / 60) for minutes in range(3)]
    stranger = await log_in(database, email="other@a.example")
    person_id, now = made[0].signed_in.person.id, NOW + HOUR
    async with database.transaction() as connection:
        listed = await sessions.list_sessions(connection, person_id=person_id, now=now)
        assert [one.id for one in listed] == [one.signed_in.session_id for one in reversed(made)]
        assert (listed[0].device, listed[0].network) == (ORIGIN.device, ORIGIN.network)
        theirs = stranger.signed_in.session_id
        assert not await sessions.end_session(connection, session_id=theirs, person_id=person_id)
        first = made[0].signed_in.session_id
        assert await sessions.end_session(connection, session_id=first, person_id=person_id)
    assert await find(database, made[0].token, now=now) is None
    async with database.transaction() as connection:
        assert await sessions.end_all_sessions(connection, person_id=person_id) == 2
    assert await find(database, made[2].token, now=now) is None
    assert await find(database, stranger.token, now=now) is not None


async def test_sessions_end_at_once_with_the_role_the_change_of_a_role_or_the_person(database):
    grant = Grant(role=Role.OPERATOR)
    for change in ("role", "removal", "person"):
        listed = (await invite(database, grant)).listed
        made, person_id, grant_id = await log_in(database), listed.person.id, listed.grants[0].id
        async with database.transaction() as connection:
            if change == "role":
                await accounts.change_role(
                    connection, person_id=person_id, grant_id=grant_id, role=Role.OPERATOR_READER
                )
            elif change == "removal":
                await accounts.remove_grant(connection, person_id=person_id, grant_id=grant_id)
            else:
                await accounts.remove_person(connection, person_id=person_id)
        assert await find(database, made.token) is None, change
        grant = Grant(role=Role.OPERATOR_READER) if change == "role" else grant


async def test_sessions_that_are_over_are_deleted(database):
    await log_in(database)
    await log_in(database, email="other@a.example", now=NOW + HOUR)
    for hours, deleted in ((11, 0), (12.5, 1), (12.5, 0), (14, 1)):
        async with database.transaction() as connection:
            assert await sessions.sweep_sessions(connection, rows_max=10, now=NOW + hours * HOUR) == deleted


async def test_a_browser_is_described_without_its_whole_address():
    shown = sessions.describe_origin(user_agent="Mozilla/5.0 Firefox/140.0", address="203.0.113.77")
    assert (shown.device, shown.network) == ("Firefox", "203.0.113.0/24")
