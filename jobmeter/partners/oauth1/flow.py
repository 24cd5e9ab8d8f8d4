"""Owns the verbs of signed requests: store a signing secret, authenticate a signature once, delete old nonces."""

from datetime import datetime

from jobmeter.base.clock import to_ms
from jobmeter.base.credentials import hash_secret, last_four_of, make_secret
from jobmeter.base.faults import Fault, Refused
from jobmeter.database import sealing
from jobmeter.database.arrays import ByteaArray
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import store
from jobmeter.partners.model import Application
from jobmeter.partners.oauth1 import rules
from jobmeter.partners.oauth1 import store as oauth1_store
from jobmeter.partners.oauth1.model import Signature, SignedRequest
from jobmeter.partners.tokens import store as tokens_store


async def save_signing_secret(
    connection: Connection, *, application: Application, secret: str, secret_key: str, now: datetime
) -> None:
    """Seals one of the application's client secrets, which lets it sign requests (decision 0003).

    Raises ``Refused(OPERATOR_INPUT)`` when the installation has no key to seal with.
    """
    if not sealing.list_keys(secret_key):
        raise Refused(Fault.OPERATOR_INPUT, field="withSigningSecret", why="set JOBMETER_SECRET_KEY first")
    await oauth1_store.insert_signing_secret(
        connection,
        application_id=application.id,
        sealed_secret=sealing.seal(secret, setting=secret_key, owner=application.client_id),
        created_at=now,
    )


async def make_signing_secret(
    connection: Connection, *, application: Application, secret_key: str, now: datetime
) -> str:
    """Issues a further client secret for tokens and signatures; readable only now. Raises as
    ``save_signing_secret``.
    """
    secret = make_secret()
    await store.insert_secret(
        connection,
        application_id=application.id,
        secret_hash=hash_secret(secret),
        last_four=last_four_of(secret),
        created_at=now,
    )
    await save_signing_secret(
        connection, application=application, secret=secret, secret_key=secret_key, now=now
    )
    return secret


async def find_consumer(connection: Connection, *, consumer_key: str) -> Application | None:
    """Returns the application with this client id, which signed requests call the consumer key."""
    return await store.find_by_client_id(connection, client_id=consumer_key)


async def authenticate_signature(
    connection: Connection, *, request: SignedRequest, secret_key: str, machine_now: datetime, now: datetime
) -> Application:
    """Returns the application that signed ``request``; a signature is accepted once (xml spec 4).

    ``machine_now`` is compared with the signature's timestamp: a sandbox's clock may be far ahead of its
    clients'. A token is tolerated and grants no access: an own token must be valid, any other is ignored.
    Raises ``Refused`` with the OAUTH_ faults, in their order.
    """
    signature = rules.read_signature(request)
    application = await find_consumer(connection, consumer_key=signature.consumer_key)
    if application is None:
        raise Refused(Fault.OAUTH_CONSUMER_UNKNOWN)
    secrets = await _read_secrets(connection, application, secret_key)
    rules.check_time(signature, machine_now)
    if not any(rules.is_signed_by(secret, signature, request) for secret in secrets):
        raise Refused(Fault.OAUTH_SIGNATURE)
    if not await tokens_store.read_token_permission(connection, application_id=application.id):
        raise Refused(Fault.OAUTH_CONSUMER_REFUSED)
    await _check_token(connection, application, signature, now)
    is_new = await oauth1_store.insert_nonce(
        connection,
        application_id=application.id,
        stamped_at=signature.stamped_at,
        nonce_hash=rules.hash_nonce(signature),
    )
    if not is_new:
        raise Refused(Fault.OAUTH_NONCE)
    return application


async def _read_secrets(connection: Connection, application: Application, secret_key: str) -> list[str]:
    sealed = await oauth1_store.list_signing_secrets(connection, application_id=application.id)
    opened = [sealing.unseal(one, setting=secret_key, owner=application.client_id) for one in sealed]
    # A secret that was retired for tokens is retired for signatures too.
    live = await store.list_secret_hashes(connection, application_id=application.id)
    secrets = [secret for secret in opened if secret is not None and hash_secret(secret) in live]
    if not secrets:
        raise Refused(Fault.OAUTH_CONSUMER_REFUSED)
    return secrets


async def _check_token(
    connection: Connection, application: Application, signature: Signature, now: datetime
) -> None:
    if not signature.token:
        return
    token_hash = hash_secret(signature.token)
    found = (await tokens_store.find_tokens(connection, token_hashes=ByteaArray([token_hash]))).get(
        token_hash
    )
    if found is None:
        return
    is_dead = (
        found.expires_at <= now
        or not found.is_permitted
        or (found.revoked_at is not None and found.revoked_at <= now)
    )
    if is_dead or found.application.id != application.id:
        raise Refused(Fault.OAUTH_TOKEN_REJECTED)


async def sweep_nonces(connection: Connection, *, machine_now: datetime) -> int:
    """Removes nonces of signatures that are too old to be accepted; returns how many."""
    seconds = to_ms(machine_now) // 1_000
    return await oauth1_store.delete_old_nonces(connection, stamped_before=seconds - rules.NONCE_KEPT_SECONDS)


async def reseal_signing_secrets(connection: Connection, *, secret_key: str) -> sealing.Resealing:
    """Seals every signing secret with the newest of the keys, so that the others can be given up; they sign as before."""
    counts = sealing.Resealing()
    for one in await oauth1_store.list_all_signing_secrets(connection):
        replacement = sealing.reseal(one.sealed_secret, setting=secret_key, owner=one.owner)
        counts += sealing.count_resealing(one.sealed_secret, replacement)
        if replacement is not None and replacement != one.sealed_secret:
            await oauth1_store.replace_signing_secret(
                connection,
                application_id=one.application_id,
                sealed_secret=one.sealed_secret,
                replacement=replacement,
            )
    return counts
