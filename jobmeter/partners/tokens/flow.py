"""Owns the verbs of access tokens: issue, verify, revoke, delete expired ones."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from jobmeter.base.credentials import USE_RECORDED_EVERY, hash_secret, make_access_token, same_secret
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import TOKEN_REMEMBERED_HOURS, TOKEN_SECONDS
from jobmeter.database.arrays import ByteaArray
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import store
from jobmeter.partners.model import Application, IssuedToken, TokenLife
from jobmeter.partners.tokens import rules as tokens_rules
from jobmeter.partners.tokens import store as tokens_store


async def authenticate_client(connection: Connection, *, client_id: str, client_secret: str) -> Application:
    """Returns the application with these credentials (spec 2.2).

    Raises ``Refused``: CLIENT_ID_INVALID for an unknown client, CLIENT_AUTHENTICATION for a wrong secret.
    """
    application = await store.find_by_client_id(connection, client_id=client_id)
    if application is None:
        raise Refused(Fault.CLIENT_ID_INVALID, client_id=client_id[:80])
    hashes = await store.list_secret_hashes(connection, application_id=application.id)
    # Every live secret is compared, so that the response time does not reveal which one was close.
    if not any([same_secret(client_secret, kept) for kept in hashes]):  # noqa: C419
        raise Refused(Fault.CLIENT_AUTHENTICATION)
    return application


async def issue_token(
    connection: Connection, *, client_id: str, client_secret: str, now: datetime
) -> tuple[str, int]:
    """Issues an access token; returns it with its lifetime in seconds (spec 2.2).

    Raises ``Refused`` as ``authenticate_client`` does, and CLIENT_NOT_ALLOWED when the operator has forbidden
    it.
    """
    application = await authenticate_client(connection, client_id=client_id, client_secret=client_secret)
    if not await tokens_store.lock_token_permission(connection, application_id=application.id):
        raise Refused(Fault.CLIENT_NOT_ALLOWED)
    await tokens_store.touch_secret(
        connection,
        application_id=application.id,
        secret_hash=hash_secret(client_secret),
        used_at=now,
        used_before=now - USE_RECORDED_EVERY,
    )
    token = make_access_token()
    await tokens_store.insert_token(
        connection,
        token_hash=hash_secret(token),
        application_id=application.id,
        issued_at=now,
        expires_at=now + timedelta(seconds=TOKEN_SECONDS),
    )
    return token, TOKEN_SECONDS


async def find_tokens(connection: Connection, tokens: Sequence[str]) -> list[IssuedToken | None]:
    """Returns the stored data of each of ``tokens``; ``None`` for one that was never issued."""
    hashes = [hash_secret(token) for token in tokens]
    found = await tokens_store.find_tokens(connection, token_hashes=ByteaArray(hashes))
    return [found.get(token_hash) for token_hash in hashes]


def check_token(found: IssuedToken | None, now: datetime) -> Application:
    """Returns the application that the token authenticates. Raises ``Refused`` as ``rules.check_token`` does."""
    return tokens_rules.check_token(found, now).application


async def find_own_token(connection: Connection, *, application: Application, token: str) -> TokenLife | None:
    """Returns the dates of a token of ``application``; another application's token is reported as unknown."""
    return await tokens_store.find_own_token(
        connection, token_hash=hash_secret(token), application_id=application.id
    )


async def revoke_token(
    connection: Connection, *, application: Application, token: str, now: datetime
) -> None:
    """Revokes a token of ``application`` at once, for every process; silently ignores other applications' tokens."""
    await tokens_store.revoke_token(
        connection, token_hash=hash_secret(token), application_id=application.id, revoked_at=now
    )


async def allow_tokens(
    connection: Connection,
    *,
    application: Application,
    is_allowed: bool,
    includes_children: bool,
    now: datetime,
) -> int:
    """Lets ``application`` sign in, or forbids it and revokes its tokens; returns how many (spec 2.2).

    Its children, which have credentials of their own, continue unless they are included.
    """
    changed = await tokens_store.set_token_permission(
        connection,
        application_id=application.id,
        is_allowed=is_allowed,
        includes_children=includes_children,
    )
    if is_allowed:
        return 0
    return await tokens_store.revoke_tokens_of(connection, application_ids=changed, revoked_at=now)


async def revoke_all_tokens(connection: Connection, *, application: Application, now: datetime) -> int:
    """Revokes every token of ``application`` at once; returns how many. It may create new ones with a valid secret."""
    return await tokens_store.revoke_tokens_of(connection, application_ids=[application.id], revoked_at=now)


async def is_permitted(connection: Connection, *, application: Application) -> bool:
    """Whether the application may create tokens."""
    return await tokens_store.read_token_permission(connection, application_id=application.id)


async def sweep_tokens(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Removes up to ``rows_max`` tokens that expired at least a day ago; returns how many."""
    return await tokens_store.delete_expired_tokens(
        connection, expired_before=now - timedelta(hours=TOKEN_REMEMBERED_HOURS), rows_max=rows_max
    )
