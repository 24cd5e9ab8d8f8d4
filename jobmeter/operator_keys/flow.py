"""Owns the verbs of named keys: create, rotate, revoke, list, find whom a secret belongs to.

Does not own what a role permits at an endpoint (``http``), or the keys of the settings, with which the first one is made.
"""

from collections.abc import Sequence
from datetime import datetime

from jobmeter.base.credentials import USE_RECORDED_EVERY, hash_secret, last_four_of, make_secret
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import SECRETS_LIVE_MAX
from jobmeter.database.arrays import ByteaArray
from jobmeter.database.connection import Connection
from jobmeter.operator_keys import store
from jobmeter.operator_keys.model import KeyHolder, KeyRole, NewKey, OperatorKey


async def create_key(connection: Connection, *, name: str, role: KeyRole, now: datetime) -> NewKey:
    """Creates a key. Raises ``Refused(OPERATOR_KEY_EXISTS)`` where a valid key has the name; a revoked one's is free."""
    key = await store.insert_key(connection, name=name, role=role, created_at=now)
    if key is None:
        raise Refused(Fault.OPERATOR_KEY_EXISTS, name=name)
    return await _add_secret(connection, key, now)


async def rotate_key(connection: Connection, *, name: str, retires_older: bool, now: datetime) -> NewKey:
    """Issues a further secret; the other one stays valid until the next rotation ``retires_older``, so that there is no outage.

    Raises ``Refused``: OPERATOR_UNKNOWN, OPERATOR_KEY_ROTATING for a third secret.
    """
    key = await _lock_key(connection, name)
    if len(key.secrets) >= SECRETS_LIVE_MAX:
        if not retires_older:
            raise Refused(Fault.OPERATOR_KEY_ROTATING, name=name, secrets_max=SECRETS_LIVE_MAX)
        await store.delete_older_secret(connection, key_id=key.id)
    return await _add_secret(connection, key, now)


async def retire_older_secret(connection: Connection, *, name: str) -> OperatorKey:
    """Ends a rotation: removes the older of two secrets; an only secret stays. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    key = await _lock_key(connection, name)
    if len(key.secrets) >= SECRETS_LIVE_MAX:
        await store.delete_older_secret(connection, key_id=key.id)
    return await find_key(connection, name=name)


async def revoke_key(connection: Connection, *, name: str, now: datetime) -> OperatorKey:
    """Ends a key with all its secrets; every process refuses it from now on. A revoked key stays in the list.

    Revoking it again changes nothing. Raises ``Refused(OPERATOR_UNKNOWN)``.
    """
    if await store.lock_key(connection, name=name):
        key = await find_key(connection, name=name)
        await store.revoke_key(connection, key_id=key.id, revoked_at=now)
        await store.delete_secrets(connection, key_id=key.id)
    return await find_key(connection, name=name)


async def find_key(connection: Connection, *, name: str) -> OperatorKey:
    """The valid key of this name, otherwise the one that was revoked last. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    key = await store.find_key(connection, name=name)
    if key is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="key", key=name)
    return key


async def list_keys(connection: Connection, *, after: int, rows_max: int) -> list[OperatorKey]:
    """In the order in which they were created, revoked ones included."""
    return await store.list_keys(connection, after=after, rows_max=rows_max)


async def find_holders(connection: Connection, secrets: Sequence[str]) -> list[KeyHolder | None]:
    """Returns whom each of ``secrets`` belongs to; ``None`` for one that is not valid."""
    # The index compares hashes: what its time reveals of a hash says nothing of the secret.
    hashes = [hash_secret(secret) for secret in secrets]
    found = await store.list_holders(connection, secret_hashes=ByteaArray(hashes))
    return [found.get(one) for one in hashes]


def is_use_due(holder: KeyHolder, *, now: datetime) -> bool:
    """Whether an hour has passed since the use of a secret was recorded last."""
    return holder.last_used_at is None or now - holder.last_used_at >= USE_RECORDED_EVERY


async def record_use(connection: Connection, secret: str, *, now: datetime) -> None:
    """Records that a secret was used, at most once an hour."""
    await store.touch_secret(
        connection, secret_hash=hash_secret(secret), used_at=now, used_before=now - USE_RECORDED_EVERY
    )


async def _lock_key(connection: Connection, name: str) -> OperatorKey:
    if not await store.lock_key(connection, name=name):
        raise Refused(Fault.OPERATOR_UNKNOWN, what="key", key=name)
    return await find_key(connection, name=name)


async def _add_secret(connection: Connection, key: OperatorKey, now: datetime) -> NewKey:
    secret = make_secret()
    await store.insert_secret(
        connection,
        secret_hash=hash_secret(secret),
        key_id=key.id,
        last_four=last_four_of(secret),
        created_at=max(now, key.created_at),
    )
    return NewKey(key=await find_key(connection, name=key.name), secret=secret)
