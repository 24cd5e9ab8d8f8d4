"""Owns the verbs of an application's endpoints: register, change, remove, rotate the signing secret.

Does not own what is sent to them (``notifications.flow``).
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from jobmeter.base.credentials import last_four_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import NOTICE_ENDPOINTS_MAX, SECRETS_LIVE_MAX
from jobmeter.database.connection import Connection
from jobmeter.database.sealing import Resealing, count_resealing, reseal, seal, unseal
from jobmeter.ledger.chain import flow as chain
from jobmeter.notifications import rules, store
from jobmeter.notifications.flow import owner_of
from jobmeter.notifications.model import (
    EndpointDraft,
    NotificationEndpoint,
    NotificationKind,
    ShownSecret,
)
from jobmeter.partners.model import Application


def find_problems(draft: EndpointDraft, *, is_sandbox: bool) -> dict[str, str]:
    """Returns what each invalid field of a draft has to be. Whether ``email`` is an address is checked where it is read."""
    return dict(rules.list_problems(draft, is_sandbox=is_sandbox))


async def register_endpoint(
    connection: Connection,
    *,
    application: Application,
    url: str,
    email: str,
    kinds: Sequence[NotificationKind],
    secret_key: str,
    now: datetime,
) -> tuple[NotificationEndpoint, str]:
    """Registers an endpoint; its signing secret is shown only now. Raises ``Refused(NOTICE_ENDPOINTS_MANY)``."""
    if await store.count_endpoints(connection, application_id=application.id) >= NOTICE_ENDPOINTS_MAX:
        raise Refused(Fault.NOTICE_ENDPOINTS_MANY, endpoints_max=NOTICE_ENDPOINTS_MAX)
    draft = EndpointDraft(url, email, tuple(kinds))
    endpoint_id = await store.insert_endpoint(
        connection, draft, application_id=application.id, created_at=now
    )
    endpoint = NotificationEndpoint(
        id=endpoint_id,
        application_id=application.id,
        url=url,
        email=email,
        kinds=draft.kinds,
        created_at=now,
    )
    await _follow_charges(connection, endpoint)
    return endpoint, await _add_secret(connection, endpoint_id, secret_key=secret_key, now=now)


async def _follow_charges(connection: Connection, endpoint: NotificationEndpoint) -> None:
    """Starts notifications at the current end of the charge stream; earlier charges are in the stream."""
    if NotificationKind.CHARGES in endpoint.kinds:
        known = await chain.read_known_until(connection)
        await store.lock_cursor(connection, endpoint_id=endpoint.id, begin_at=known)


async def _add_secret(connection: Connection, endpoint_id: int, *, secret_key: str, now: datetime) -> str:
    if not secret_key:
        raise Refused(Fault.NOTICE_KEY_MISSING)
    secret = rules.KEY_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()
    sealed = seal(secret, setting=secret_key, owner=owner_of(endpoint_id))
    await store.insert_secret(connection, endpoint_id=endpoint_id, sealed_secret=sealed, created_at=now)
    return secret


async def list_endpoints(connection: Connection, *, application: Application) -> list[NotificationEndpoint]:
    return await store.list_endpoints(connection, application_id=application.id)


async def lock_endpoint(
    connection: Connection, *, application: Application, endpoint_id: int
) -> NotificationEndpoint:
    """Locks the application's own endpoint. Raises ``Refused(OPERATOR_UNKNOWN)``, for another application's too."""
    found = await store.lock_endpoint(connection, endpoint_id=endpoint_id)
    if found is None or found.application_id != application.id:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="webhook", key=endpoint_id)
    return found


async def change_endpoint(
    connection: Connection,
    endpoint: NotificationEndpoint,
    *,
    url: str,
    email: str,
    kinds: Sequence[NotificationKind],
    now: datetime,
) -> NotificationEndpoint:
    """Replaces what was registered, enables the endpoint, and makes its pending deliveries due at once; returns it as it is."""
    draft = EndpointDraft(url, email, tuple(kinds))
    await store.change_endpoint(connection, draft, endpoint_id=endpoint.id)
    await store.enable_endpoint(connection, endpoint_id=endpoint.id)
    await store.hasten_notifications(connection, endpoint_id=endpoint.id, now=now)
    changed = await store.lock_endpoint(connection, endpoint_id=endpoint.id)
    assert changed is not None, "the caller has locked it"
    await _follow_charges(connection, changed)
    return changed


async def remove_endpoint(connection: Connection, endpoint: NotificationEndpoint, *, now: datetime) -> None:
    """Removes the endpoint and drops pending deliveries; delivered and dead ones are removed after their retention."""
    await store.remove_endpoint(connection, endpoint_id=endpoint.id, removed_at=now)
    await store.drop_waiting(connection, endpoint_id=endpoint.id)


async def rotate_secret(
    connection: Connection, endpoint: NotificationEndpoint, *, secret_key: str, now: datetime
) -> str:
    """Adds a secret: notifications carry one signature per secret. Raises ``Refused(SECRETS_TOO_MANY)``."""
    if len(await store.list_secrets(connection, endpoint_id=endpoint.id)) >= SECRETS_LIVE_MAX:
        raise Refused(Fault.SECRETS_TOO_MANY, key=f"webhook {endpoint.id}", secrets_max=SECRETS_LIVE_MAX)
    return await _add_secret(connection, endpoint.id, secret_key=secret_key, now=now)


async def list_secrets(
    connection: Connection, endpoint: NotificationEndpoint, *, secret_key: str
) -> list[ShownSecret]:
    """Returns what is shown of each of the endpoint's secrets, the oldest first."""
    sealed = await store.list_secrets(connection, endpoint_id=endpoint.id)
    found = []
    for one in sealed:
        secret = unseal(one.sealed_secret, setting=secret_key, owner=owner_of(endpoint.id))
        last_four = None if secret is None else last_four_of(secret)
        found.append(ShownSecret(last_four=last_four, created_at=one.created_at))
    return found


async def retire_older_secret(connection: Connection, endpoint: NotificationEndpoint) -> bool:
    """Removes the older of two secrets; returns ``False`` when there is only one."""
    live = await store.list_secrets(connection, endpoint_id=endpoint.id)
    if len(live) < SECRETS_LIVE_MAX:
        return False
    await store.remove_secret(connection, endpoint_id=endpoint.id, number=live[0].number)
    return True


async def reseal_secrets(connection: Connection, *, secret_key: str) -> Resealing:
    """Seals the secrets of every endpoint with the newest of the keys, so that the others can be given up; they sign as before."""
    counts = Resealing()
    for one in await store.list_all_secrets(connection):
        replacement = reseal(one.sealed_secret, setting=secret_key, owner=owner_of(one.endpoint_id))
        counts += count_resealing(one.sealed_secret, replacement)
        if replacement is not None and replacement != one.sealed_secret:
            await store.replace_secret(
                connection, endpoint_id=one.endpoint_id, number=one.number, replacement=replacement
            )
    return counts
