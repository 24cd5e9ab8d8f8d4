"""Owns the verbs of logging in by mail: begin, look at a link, finish by the link or the code, confirm by the code, delete what is over.

``now`` is the machine's time, as for sessions. A refused link or code is ``None`` and no error, so that the caller commits
what was counted.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from jobmeter.base.credentials import hash_secret, make_login_code, make_session_token
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.logins import rules, store
from jobmeter.people.logins.model import LoginDraft, OpenLogin, StoredLogin
from jobmeter.people.mails.model import LoginMail
from jobmeter.people.mails.rules import LANGUAGES, LOGIN_MINUTES
from jobmeter.people.model import NewSession, Origin, SignedIn
from jobmeter.people.rules import mask_email, normalize_email
from jobmeter.people.sessions import flow as sessions


async def begin_login(
    connection: Connection,
    origin: Origin,
    *,
    email: str,
    is_poster: bool,
    browser_token: str,
    language: str,
    next_path: str = "",
    now: datetime,
) -> LoginMail | None:
    """Records a request of the browser with ``browser_token``; returns the mail, to be sent after the commit.

    An address is known if it has a role, or ``is_poster``: it is that of a job. For one that is not known, ``None``
    after the same work. ``language`` is that of a person who has chosen none; ``next_path`` is the page that was wanted. Raises ``Refused(LOGINS_TOO_MANY)``.
    """
    normalized = normalize_email(email)
    await _check_count(connection, normalized, origin.network, now)
    addressee = await store.find_addressee(connection, email=normalized)
    token, code = make_session_token(), make_login_code()
    is_known = addressee.has_role or is_poster
    chosen = next((one for one in (addressee.language, language) if one in LANGUAGES), LANGUAGES[0])
    draft = LoginDraft(
        email=normalized,
        is_known=is_known,
        language=chosen,
        network=origin.network,
        browser_hash=hash_secret(browser_token),
        token_hash=hash_secret(token),
        code_hash=_hash_code(code, browser_token),
        made_at=now,
    )
    await store.insert_login(connection, draft)
    mail = LoginMail(
        to=normalized,
        language=chosen,
        token=token,
        code=code,
        device=origin.device,
        next_path=next_path,
        sent_at=now,
    )
    return mail if is_known else None


async def _check_count(connection: Connection, email: str, network: str, now: datetime) -> None:
    """A network that is not known has no limit: it would be one for everybody behind the same proxy."""
    made_after = now - timedelta(hours=rules.WINDOW_HOURS)
    await store.lock_requests(connection, key=email)
    recent = await store.count_of_email(connection, email=email, made_after=made_after)
    minutes = rules.find_wait_minutes(recent, mails_max=rules.ADDRESS_MAILS_MAX, now=now)
    if network:
        await store.lock_requests(connection, key=network)
        recent = await store.count_of_network(connection, network=network, made_after=made_after)
        of_network = rules.find_wait_minutes(recent, mails_max=rules.NETWORK_MAILS_MAX, now=now)
        minutes = max(minutes, of_network)
    if minutes:
        raise Refused(Fault.LOGINS_TOO_MANY, minutes=minutes)


async def find_login(
    connection: Connection, *, token: str, browser_token: str, now: datetime
) -> OpenLogin | None:
    """What the page of a link may show; changes nothing. ``None`` for a link that is used, late or unknown."""
    found = await store.find_login(connection, token_hash=hash_secret(token))
    if found is None or not rules.is_open(found, now):
        return None
    return OpenLogin(email=mask_email(found.email), is_same_browser=_is_same_browser(found, browser_token))


async def finish_login_by_link(
    connection: Connection, origin: Origin, *, token: str, browser_token: str, now: datetime
) -> NewSession | None:
    """Logs in with the token of a link, once, in the browser that asked for it. ``None`` for any other use of it."""
    found = await store.lock_login(connection, token_hash=hash_secret(token))
    if found is None or not rules.is_open(found, now) or not _is_same_browser(found, browser_token):
        return None
    return await _finish(connection, found, origin, now)


async def finish_login_by_code(
    connection: Connection, origin: Origin, *, code: str, browser_token: str, now: datetime
) -> NewSession | None:
    """Logs in with the code of a mail that this browser asked for. ``None`` for a wrong, used or late one: it is counted."""
    found = await _find_by_code(connection, code, browser_token, now)
    return None if found is None else await _finish(connection, found, origin, now)


async def confirm_by_code(
    connection: Connection, signed_in: SignedIn, *, code: str, browser_token: str, token: str, now: datetime
) -> NewSession | None:
    """Confirms the session of ``token`` by the code of a mail to the same person; the session continues with another token.

    ``None`` as for ``finish_login_by_code``.
    """
    found = await _find_by_code(connection, code, browser_token, now)
    if found is None or found.email != signed_in.person.email:
        return None
    await store.use_logins(connection, email=found.email, used_at=now)
    return await sessions.confirm_session(connection, token=token, now=now)


async def _find_by_code(
    connection: Connection, code: str, browser_token: str, now: datetime
) -> StoredLogin | None:
    logins = await store.lock_logins_of_browser(
        connection,
        browser_hash=hash_secret(browser_token),
        tries_max=rules.TRIES_MAX,
        made_after=now - timedelta(minutes=LOGIN_MINUTES),
    )
    found = rules.find_by_code(_list_open(logins, now), _hash_code(rules.normalize_code(code), browser_token))
    if found is None:
        await store.count_try(connection, ids=[login.id for login in logins])
    return found


def _list_open(logins: Iterable[StoredLogin], now: datetime) -> list[StoredLogin]:
    return [login for login in logins if rules.is_open(login, now)]


def _hash_code(code: str, browser_token: str) -> bytes:
    """A code alone is short enough to be guessed from its hash; together with the token of its browser it is not."""
    return hash_secret(f"{browser_token} {code}")


def _is_same_browser(login: StoredLogin, browser_token: str) -> bool:
    return hmac.compare_digest(login.browser_hash, hash_secret(browser_token))


async def _finish(connection: Connection, login: StoredLogin, origin: Origin, now: datetime) -> NewSession:
    await store.use_logins(connection, email=login.email, used_at=now)
    person = await accounts.open_person(connection, email=login.email, language=login.language, now=now)
    return await sessions.begin_session(connection, person, origin, now=now)


async def sweep_logins(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Deletes up to ``rows_max`` requests that neither open anything nor count any more; returns how many."""
    return await store.delete_old_logins(
        connection, made_before=now - timedelta(hours=rules.WINDOW_HOURS), rows_max=rows_max
    )


async def erase_logins(connection: Connection, *, email: str) -> int:
    """Deletes the requests of this address to log in; returns how many there were."""
    return await store.erase_logins(connection, email=email)
