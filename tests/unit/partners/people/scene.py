"""Owns actions of the tests of people on a database. Does not own any expectation."""

from datetime import UTC, datetime

from jobmeter.people.accounts import flow as accounts
from jobmeter.people.logins import flow as logins
from jobmeter.people.model import Origin
from jobmeter.people.sessions import flow as sessions

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
EMAIL = "ida@hafenkontor.example"
BROWSER = "the token of this browser"
ORIGIN = Origin(device="Firefox on Linux", network="203.0.113.0/24")


async def begin(
    database, *, email=EMAIL, is_poster=True, browser=BROWSER, origin=ORIGIN, language="en", now=NOW
):
    """Returns the mail; ``None`` where none is sent."""
    async with database.transaction() as connection:
        return await logins.begin_login(
            connection,
            origin,
            email=email,
            is_poster=is_poster,
            browser_token=browser,
            language=language,
            now=now,
        )


async def follow(database, mail, *, browser=BROWSER, now=NOW):
    async with database.transaction() as connection:
        return await logins.finish_login_by_link(
            connection, ORIGIN, token=mail.token, browser_token=browser, now=now
        )


async def type_code(database, code, *, browser=BROWSER, now=NOW):
    async with database.transaction() as connection:
        return await logins.finish_login_by_code(
            connection, ORIGIN, code=code, browser_token=browser, now=now
        )


async def log_in(database, *, email=EMAIL, now=NOW):
    """A session of the person with this address, who is created if need be."""
    async with database.transaction() as connection:
        person = await accounts.open_person(connection, email=email, now=now)
        return await sessions.begin_session(connection, person, ORIGIN, now=now)


async def find(database, token, *, now=NOW):
    async with database.transaction() as connection:
        return await sessions.find_session(connection, token=token, now=now)


async def invite(database, grant, *, email=EMAIL, now=NOW):
    async with database.transaction() as connection:
        return await accounts.invite(connection, grant, email=email, now=now)
