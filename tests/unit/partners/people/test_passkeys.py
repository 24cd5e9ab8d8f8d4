"""Passkeys: registered by a person, used to log in once for each challenge, in the browser and on the site they are for."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from jobmeter.base.settings import Settings
from jobmeter.people.passkeys import flow as passkeys
from jobmeter.people.passkeys.model import Site
from tests.unit.partners.people.authenticator import PRESENT, Authenticator
from tests.unit.partners.people.scene import BROWSER, EMAIL, NOW, ORIGIN, find, log_in

SITE = passkeys.site_of(Settings(base_url="https://board.example:8443/", secret_key="first, older"))
OWN = "https://board.example:8443"


async def register(database, made, authenticator, *, name="laptop"):
    person, token = made.signed_in.person, made.token
    async with database.transaction() as connection:
        options = await passkeys.begin_registration(connection, person, SITE, browser_token=token, now=NOW)
        return await passkeys.finish_registration(
            connection,
            person,
            SITE,
            credential=authenticator.create(options),
            name=name,
            browser_token=token,
            now=NOW,
        )


async def use(database, credential, *, site=SITE, browser=BROWSER, now=NOW):
    async with database.transaction() as connection:
        return await passkeys.finish_login(
            connection, ORIGIN, site, credential=credential, browser_token=browser, now=now
        )


def ask(now=NOW, *, site=SITE, browser=BROWSER):
    return passkeys.begin_authentication(site, browser_token=browser, now=now)


async def test_a_passkey_logs_its_person_in_and_is_removed(database):
    made, authenticator = await log_in(database), Authenticator(OWN)
    assert Site(name="board.example", origin=OWN, secret_keys=("first", "older")) == SITE
    assert await register(database, made, authenticator)
    session = await use(database, authenticator.get(ask()))
    assert session.signed_in.person.email == EMAIL
    assert await find(database, session.token) == session.signed_in
    person_id = made.signed_in.person.id
    async with database.transaction() as connection:
        (listed,) = await passkeys.list_passkeys(connection, person_id=person_id)
        assert (listed.name, listed.last_used_at) == ("laptop", NOW)
        assert not await passkeys.remove_passkey(connection, passkey_id=listed.id, person_id=person_id + 1)
        assert await passkeys.remove_passkey(connection, passkey_id=listed.id, person_id=person_id)
    assert await use(database, authenticator.get(ask())) is None


async def test_a_signature_is_of_use_once_soon_here_and_in_its_browser(database):
    authenticator = Authenticator(OWN)
    assert await register(database, await log_in(database), authenticator)
    used = authenticator.get(ask())
    assert await use(database, used) is not None
    for credential in (
        used,
        authenticator.get(ask(NOW - timedelta(minutes=5))),
        authenticator.get(ask(NOW + timedelta(seconds=1))),
        authenticator.get(ask(browser="another")),
        authenticator.get(ask(site=replace(SITE, secret_keys=("another",)))),
        authenticator.get(ask(site=replace(SITE, name="evil.example"))),
        replace(authenticator, origin="https://evil.example").get(ask()),
        replace(authenticator, flags=PRESENT).get(ask()),  # nobody's finger, face or PIN
        Authenticator(OWN).get(ask()),  # another key under the same id
        replace(authenticator, credential_id=b"unknown").get(ask()),
    ):
        assert await use(database, credential) is None
    assert await use(database, authenticator.get(ask(site=replace(SITE, secret_keys=("older",))))) is not None


@pytest.mark.parametrize(
    "text", ["", "{}", "null", '{"rawId": "AA", "response": {"clientDataJSON": "!"}}', "[" * 1_000]
)
async def test_what_no_browser_returns_is_refused(database, text):
    made = await log_in(database)
    assert await use(database, text) is None
    async with database.transaction() as connection:
        assert not await passkeys.finish_registration(
            connection,
            made.signed_in.person,
            SITE,
            credential=text,
            name="x",
            browser_token=made.token,
            now=NOW,
        )


async def test_a_copied_passkey_is_refused_once_its_count_falls(database):
    authenticator = Authenticator(OWN)
    await register(database, await log_in(database), authenticator)
    assert await use(database, authenticator.get(ask(), count=7)) is not None
    later = NOW + timedelta(seconds=1)
    assert await use(database, authenticator.get(ask(later), count=7), now=later) is None


async def test_a_credential_belongs_to_one_person(database):
    authenticator = Authenticator(OWN)
    assert await register(database, await log_in(database), authenticator)
    other = await log_in(database, email="other@a.example")
    assert not await register(database, other, authenticator)
    unverified = Authenticator(OWN, flags=PRESENT, credential_id=b"other")
    assert not await register(database, other, unverified)


async def test_a_confirmation_needs_a_passkey_of_the_same_person(database):
    authenticator, later = Authenticator(OWN), NOW + timedelta(minutes=3)
    made = await log_in(database)
    other = await log_in(database, email="other@a.example")
    await register(database, made, authenticator)

    async def confirm(session):
        options = passkeys.begin_authentication(SITE, browser_token=session.token, now=later)
        async with database.transaction() as connection:
            return await passkeys.finish_confirmation(
                connection,
                session.signed_in,
                SITE,
                credential=authenticator.get(options),
                token=session.token,
                now=later,
            )

    assert await confirm(other) is None
    confirmed = await confirm(made)
    assert confirmed.signed_in.confirmed_at == later
    assert confirmed.token != made.token


async def test_used_challenges_are_deleted_when_they_are_too_old(database_url, database):
    authenticator = Authenticator(OWN)
    await register(database, await log_in(database), authenticator)
    await use(database, authenticator.get(ask()))
    for minutes, deleted in ((5, 0), (6, 2), (6, 0)):
        async with database.transaction() as connection:
            now = NOW + timedelta(minutes=minutes)
            assert await passkeys.sweep_challenges(connection, rows_max=10, now=now) == deleted
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM passkeys").fetchone() == (1,)
