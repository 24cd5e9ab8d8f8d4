"""Owns the verbs of passkeys: register, log in, confirm, list, remove. ``None`` for what is not valid, as at other log-ins.

``browser_token`` is the token of the session or, before a log-in, of the browser: a signature is of use there alone.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from jobmeter.base.lists import list_parts
from jobmeter.base.settings import Settings
from jobmeter.database.connection import Connection
from jobmeter.people.model import NewSession, Origin, Person, SignedIn
from jobmeter.people.passkeys import ceremonies, rules, store
from jobmeter.people.passkeys.model import Passkey, Site, StoredPasskey
from jobmeter.people.sessions import flow as sessions

NAME_CHARACTERS_MAX = 100


def site_of(settings: Settings) -> Site:
    parts = urlsplit(settings.base_url)
    return Site(
        name=parts.hostname or "",
        origin=f"{parts.scheme}://{parts.netloc}",
        secret_keys=tuple(list_parts(settings.secret_key)) or ("",),
    )


def is_available(site: Site) -> bool:
    """Whether there can be passkeys: the library is installed, and the site has a name, because numbers are no site.

    Otherwise nothing else here may be called but to list and to remove.
    """
    return ceremonies.is_installed() and rules.is_name(site.name)


async def begin_registration(
    connection: Connection, person: Person, site: Site, *, browser_token: str, now: datetime
) -> str:
    """The options with which a browser makes a passkey, as JSON."""
    known_ids = await store.list_credential_ids(connection, person_id=person.id)
    challenge = rules.make_challenge(site.secret_keys[0], browser_token, now)
    return ceremonies.make_registration(person, site, challenge=challenge, known_ids=known_ids)


async def finish_registration(
    connection: Connection,
    person: Person,
    site: Site,
    *,
    credential: str,
    name: str,
    browser_token: str,
    now: datetime,
) -> bool:
    """Stores the passkey that the browser made; ``name`` is how its owner recognizes it."""
    read = rules.read_credential(credential)
    if read is None or not await _use(connection, read[1], site, browser_token=browser_token, now=now):
        return False
    made = ceremonies.check_registration(credential, site, challenge=read[1])
    return made is not None and await store.insert_passkey(
        connection, made, person_id=person.id, name=name[:NAME_CHARACTERS_MAX] or "passkey", created_at=now
    )


def begin_authentication(site: Site, *, browser_token: str, now: datetime) -> str:
    """The options with which a browser uses a passkey, as JSON; nothing is stored."""
    challenge = rules.make_challenge(site.secret_keys[0], browser_token, now)
    return ceremonies.make_authentication(site, challenge=challenge)


async def finish_login(
    connection: Connection, origin: Origin, site: Site, *, credential: str, browser_token: str, now: datetime
) -> NewSession | None:
    """Logs in the person whose passkey signed."""
    passkey = await _check(connection, credential, site, browser_token=browser_token, now=now)
    if passkey is None:
        return None
    person = await store.find_person(connection, person_id=passkey.person_id)
    return await sessions.begin_session(connection, person, origin, now=now)


async def finish_confirmation(
    connection: Connection, signed_in: SignedIn, site: Site, *, credential: str, token: str, now: datetime
) -> NewSession | None:
    """Confirms the session of ``token`` by a passkey of the same person; the session continues with another token."""
    passkey = await _check(connection, credential, site, browser_token=token, now=now)
    if passkey is None or passkey.person_id != signed_in.person.id:
        return None
    return await sessions.confirm_session(connection, token=token, now=now)


async def _check(
    connection: Connection, credential: str, site: Site, *, browser_token: str, now: datetime
) -> StoredPasskey | None:
    read = rules.read_credential(credential)
    if read is None or not await _use(connection, read[1], site, browser_token=browser_token, now=now):
        return None
    passkey = await store.lock_passkey(connection, credential_id=read[0])
    if passkey is None:
        return None
    count = ceremonies.check_authentication(credential, passkey, site, challenge=read[1])
    if count is None:
        return None
    await store.use_passkey(connection, passkey_id=passkey.id, sign_count=count, used_at=now)
    return passkey


async def _use(
    connection: Connection, challenge: bytes, site: Site, *, browser_token: str, now: datetime
) -> bool:
    """Whether the challenge was made for this browser and is used for the first time."""
    if not rules.is_valid(challenge, site.secret_keys, browser_token, now):
        return False
    return await store.use_challenge(connection, challenge_hash=sha256(challenge).digest(), used_at=now)


async def list_passkeys(connection: Connection, *, person_id: int) -> list[Passkey]:
    return await store.list_passkeys(connection, person_id=person_id)


async def remove_passkey(connection: Connection, *, passkey_id: int, person_id: int) -> bool:
    """``False`` where the person has no passkey with this id. Sessions that it began continue."""
    return await store.delete_passkey(connection, passkey_id=passkey_id, person_id=person_id)


async def sweep_challenges(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Deletes up to ``rows_max`` challenges that are too old to be used again; returns how many."""
    used_before = now - timedelta(minutes=rules.CHALLENGE_MINUTES)
    return await store.delete_old_challenges(connection, used_before=used_before, rows_max=rows_max)
