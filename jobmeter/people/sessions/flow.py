"""Owns the verbs of sessions: begin, find, choose a role, look at a partner's pages, confirm, list, end, delete what is over.

``now`` is the machine's time: a sandbox's clock, which its user moves by days, must not log that user out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from jobmeter.base.credentials import hash_secret, make_session_token
from jobmeter.database.connection import Connection
from jobmeter.people import rules
from jobmeter.people.model import OPERATOR_ROLES, Grant, NewSession, Origin, Person, SignedIn
from jobmeter.people.sessions import store
from jobmeter.people.sessions.model import ListedSession, StoredSession


def describe_origin(*, user_agent: str, address: str | None) -> Origin:
    """Where a request comes from, as its owner recognizes it in the list of sessions."""
    return Origin(device=rules.name_device(user_agent), network=rules.name_network(address))


async def begin_session(
    connection: Connection, person: Person, origin: Origin, *, now: datetime
) -> NewSession:
    """Logs a person in, in the role that has precedence among theirs. The token is always a new one."""
    grants = await store.list_grants(connection, person_id=person.id)
    token = make_session_token()
    await store.insert_session(
        connection,
        origin,
        token_hash=hash_secret(token),
        person_id=person.id,
        grant_id=rules.choose_first(grants).id,
        began_at=now,
    )
    signed_in = await find_session(connection, token=token, now=now)
    assert signed_in is not None, "a session that just began is not over"
    return NewSession(token=token, signed_in=signed_in)


async def find_session(connection: Connection, *, token: str, now: datetime) -> SignedIn | None:
    """Whose session the token is; ``None`` where it is over. Renews its last use, at most once a minute."""
    stored = await store.find_session(connection, token_hash=hash_secret(token))
    if stored is None:
        return None
    grants = await store.list_grants(connection, person_id=stored.person.id)
    signed_in = _show(stored, grants, now)
    if signed_in is not None and now - stored.last_used_at >= timedelta(seconds=rules.TOUCH_SECONDS):
        await store.touch_session(connection, session_id=stored.id, last_used_at=now)
    return signed_in


def _show(stored: StoredSession, grants: Sequence[Grant], now: datetime) -> SignedIn | None:
    grant = rules.find_chosen(grants, stored.grant_id)
    stored_end = rules.find_end(grants, began_at=stored.began_at, last_used_at=stored.last_used_at)
    if grant is None or now >= stored_end:
        return None
    return SignedIn(
        session_id=stored.id,
        person=stored.person,
        grants=tuple(grants),
        grant=rules.find_shown(grant, stored.viewed_partner_id),
        is_looking=stored.viewed_partner_id is not None,
        confirmed_at=stored.confirmed_at,
        ends_at=rules.find_end(grants, began_at=stored.began_at, last_used_at=max(now, stored.last_used_at)),
    )


async def choose_grant(
    connection: Connection, *, token: str, grant_id: int | None, now: datetime
) -> NewSession | None:
    """Continues a session in another role, with another token; the former one is over. Without an id, as a member.

    ``None`` where the session is over or the person does not have the role: nothing is changed then.
    """
    signed_in = await find_session(connection, token=token, now=now)
    if signed_in is None or rules.find_chosen(signed_in.grants, grant_id) is None:
        return None
    return await _replace(connection, token, grant_id, confirmed_at=signed_in.confirmed_at, now=now)


async def view_partner(
    connection: Connection, *, token: str, partner_id: int, now: datetime
) -> NewSession | None:
    """Continues an operator's session with the pages of a partner, as one of its readers, until another role is chosen.

    ``None`` as for ``choose_grant``.
    """
    signed_in = await find_session(connection, token=token, now=now)
    if signed_in is None or signed_in.grant.role not in OPERATOR_ROLES:
        return None
    confirmed_at, grant_id = signed_in.confirmed_at, signed_in.grant.id
    return await _replace(
        connection, token, grant_id, viewed_partner_id=partner_id, confirmed_at=confirmed_at, now=now
    )


async def confirm_session(connection: Connection, *, token: str, now: datetime) -> NewSession | None:
    """Records that the person just proved who they are, with another token; ``None`` where the session is over."""
    signed_in = await find_session(connection, token=token, now=now)
    if signed_in is None:
        return None
    viewed = signed_in.grant.partner_id if signed_in.is_looking else None
    return await _replace(
        connection, token, signed_in.grant.id, viewed_partner_id=viewed, confirmed_at=now, now=now
    )


async def _replace(
    connection: Connection,
    token: str,
    grant_id: int | None,
    *,
    viewed_partner_id: int | None = None,
    confirmed_at: datetime,
    now: datetime,
) -> NewSession | None:
    made = make_session_token()
    is_replaced = await store.replace_token(
        connection,
        token_hash=hash_secret(token),
        new_hash=hash_secret(made),
        grant_id=grant_id,
        viewed_partner_id=viewed_partner_id,
        confirmed_at=confirmed_at,
    )
    signed_in = await find_session(connection, token=made, now=now) if is_replaced else None
    return None if signed_in is None else NewSession(token=made, signed_in=signed_in)


async def list_sessions(connection: Connection, *, person_id: int, now: datetime) -> list[ListedSession]:
    """Those that are not over, the one that was used last first."""
    grants = await store.list_grants(connection, person_id=person_id)
    return [
        one
        for one in await store.list_sessions(connection, person_id=person_id)
        if now < rules.find_end(grants, began_at=one.began_at, last_used_at=one.last_used_at)
    ]


async def end_session(connection: Connection, *, session_id: int, person_id: int) -> bool:
    """Ends a session of the person at once; ``False`` where they have none with this id."""
    return await store.delete_session(connection, session_id=session_id, person_id=person_id) > 0


async def end_all_sessions(connection: Connection, *, person_id: int) -> int:
    """Ends all sessions of a person at once; returns how many."""
    return await store.delete_sessions(connection, person_id=person_id)


async def sweep_sessions(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Deletes up to ``rows_max`` sessions that are over for everybody; returns how many."""
    return await store.delete_over_sessions(
        connection,
        used_before=now - timedelta(hours=rules.IDLE_HOURS_MAX),
        begun_before=now - timedelta(days=rules.SESSION_DAYS_MAX),
        rows_max=rows_max,
    )
