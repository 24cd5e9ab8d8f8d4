"""Logging in by mail: a link works once, in time, in the browser that asked; a code in five tries; mails are limited."""

from datetime import timedelta

import psycopg
import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.people.logins import flow as logins
from jobmeter.people.model import AS_MEMBER, Grant, Origin, Role
from tests.unit.partners.people.scene import (
    BROWSER,
    EMAIL,
    NOW,
    ORIGIN,
    begin,
    find,
    follow,
    invite,
    log_in,
    type_code,
)

MINUTE = timedelta(minutes=1)


async def test_a_poster_logs_in_by_the_link_and_is_a_member(database):
    mail = await begin(database, email="Ida@Hafenkontor.example")
    assert (mail.to, mail.language, mail.device) == (EMAIL, "en", "Firefox on Linux")
    made = await follow(database, mail, now=NOW + MINUTE)
    assert (made.signed_in.person.email, made.signed_in.grant) == (EMAIL, AS_MEMBER)
    assert await find(database, made.token, now=NOW + MINUTE) == made.signed_in


async def test_a_link_works_once(database):
    mail = await begin(database)
    assert await follow(database, mail) is not None
    assert await follow(database, mail) is None
    assert await type_code(database, mail.code) is None


@pytest.mark.parametrize("minutes", [14, 15])
async def test_a_link_and_its_code_work_for_fifteen_minutes(database, minutes):
    mail, now = await begin(database), NOW + minutes * MINUTE
    async with database.transaction() as connection:
        shown = await logins.find_login(connection, token=mail.token, browser_token=BROWSER, now=now)
    assert (shown is not None) is (minutes < 15)
    assert (await type_code(database, mail.code, now=now) is not None) is (minutes < 15)
    assert await follow(database, mail, now=NOW + 15 * MINUTE) is None


async def test_a_link_does_nothing_in_another_browser_and_still_works_in_the_first(database):
    mail = await begin(database)
    async with database.transaction() as connection:
        shown = await logins.find_login(connection, token=mail.token, browser_token="another", now=NOW)
    assert (shown.email, shown.is_same_browser) == ("i…@hafenkontor.example", False)
    assert await follow(database, mail, browser="another") is None
    assert await type_code(database, mail.code, browser="another") is None
    assert await follow(database, mail) is not None


async def test_looking_at_a_link_changes_nothing(database):
    mail = await begin(database)
    for _ in range(3):
        async with database.transaction() as connection:
            shown = await logins.find_login(connection, token=mail.token, browser_token=BROWSER, now=NOW)
        assert shown.is_same_browser
    assert await follow(database, mail) is not None


async def test_the_code_is_read_as_people_type_it(database):
    mail = await begin(database)
    typed = f"{mail.code[:4].lower()} - {mail.code[4:]}"
    assert await type_code(database, typed) is not None


async def test_after_five_wrong_codes_the_right_one_is_refused_and_the_link_still_works(database):
    mail = await begin(database)
    for _ in range(5):
        assert await type_code(database, "WRONG234") is None
    assert await type_code(database, mail.code) is None
    assert await follow(database, mail) is not None


async def test_after_a_log_in_the_other_mails_of_the_address_open_nothing(database):
    first, second = await begin(database), await begin(database, now=NOW + MINUTE)
    assert await follow(database, second, now=NOW + MINUTE) is not None
    assert await follow(database, first, now=NOW + MINUTE) is None


async def test_an_address_without_a_role_or_a_job_gets_no_mail_and_leaves_no_person(database_url, database):
    assert await begin(database, is_poster=False) is None
    with psycopg.connect(database_url) as connection:
        (requests, people) = connection.execute(
            "SELECT (SELECT count(*) FROM login_requests), (SELECT count(*) FROM people)"
        ).fetchone()
    assert (requests, people) == (1, 0)


async def test_an_invited_address_gets_a_mail_in_its_language_until_the_role_is_removed(database):
    await invite(database, Grant(role=Role.OPERATOR))
    mail = await begin(database, is_poster=False, language="de")
    assert mail.language == "en"  # that of the person; of one who is new, that of the browser
    made = await follow(database, mail)
    assert made.signed_in.grant.role is Role.OPERATOR
    assert made.signed_in.ends_at == NOW + timedelta(hours=2)
    assert (await begin(database, email="new@a.example", language="de")).language == "de"
    assert (await begin(database, email="other@a.example", language="fr")).language == "en"


async def refuse_next(database, **changed):
    with pytest.raises(Refused) as refused:
        await begin(database, **changed)
    assert refused.value.fault is Fault.LOGINS_TOO_MANY
    return refused.value.message


@pytest.mark.parametrize("is_poster", [True, False])
async def test_an_address_gets_five_mails_an_hour_whether_it_is_known_or_not(database, is_poster):
    for minute in range(5):
        await begin(database, is_poster=is_poster, now=NOW + minute * MINUTE)
    message = await refuse_next(database, is_poster=is_poster, now=NOW + 5 * MINUTE)
    assert message == "Too many mails were asked for: try again in 55 minutes"
    assert await begin(database, email="other@a.example") is not None
    await begin(database, is_poster=is_poster, now=NOW + 60 * MINUTE)


async def test_a_network_gets_twenty_mails_an_hour_and_one_that_is_not_known_has_no_limit(database):
    for number in range(20):
        await begin(database, email=f"p{number}@a.example")
    await refuse_next(database, email="p20@a.example")
    await begin(database, email="p20@a.example", origin=Origin(device="", network="198.51.100.0/24"))
    for number in range(21):
        await begin(database, email=f"q{number}@a.example", origin=Origin(device="", network=""))


async def test_nothing_secret_is_stored(database_url, database):
    mail = await begin(database)
    made = await follow(database, mail)
    await begin(database)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT login_requests::text FROM login_requests UNION ALL SELECT person_sessions::text FROM person_sessions"
        ).fetchall()
    assert len(rows) == 3
    assert not any(secret in str(rows) for secret in (mail.token, mail.code, made.token, BROWSER))


async def test_requests_are_deleted_when_they_count_no_more(database):
    await begin(database)
    await begin(database, now=NOW + 30 * MINUTE, origin=ORIGIN)
    for minutes, deleted in ((59, 0), (61, 1), (61, 0)):
        async with database.transaction() as connection:
            assert await logins.sweep_logins(connection, rows_max=10, now=NOW + minutes * MINUTE) == deleted


async def test_a_code_confirms_a_session_of_the_same_person_alone(database):
    """Somebody who finds an open browser cannot confirm it with a mail to themselves."""
    mine = await log_in(database)
    theirs = await begin(database, email="else@hafenkontor.example")
    later = NOW + 10 * MINUTE

    async def confirm(code):
        async with database.transaction() as connection:
            return await logins.confirm_by_code(
                connection, mine.signed_in, code=code, browser_token=BROWSER, token=mine.token, now=later
            )

    assert await confirm(theirs.code) is None
    mail = await begin(database, now=later)
    confirmed = await confirm(mail.code)
    assert confirmed.signed_in.is_confirmed(later)
    assert confirmed.token != mine.token
    assert await confirm(mail.code) is None
