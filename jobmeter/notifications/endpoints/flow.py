"""Owns the verbs of an application's endpoints: register, change, remove, rotate the signing secret.

Does not own what is sent to them (``notifications.flow``).
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import NOTICE_ENDPOINTS_MAX, SECRETS_LIVE_MAX
from jobmeter.database.connection import Connection
from jobmeter.database.sealing import seal
from jobmeter.notifications import rules, store
from jobmeter.notifications.flow import owner_of
from jobmeter.notifications.model import EndpointDraft, NotificationEndpoint, NotificationKind
from jobmeter.partners.model import Application


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
    return endpoint, await _add_secret(connection, endpoint_id, secret_key)


async def _add_secret(connection: Connection, endpoint_id: int, secret_key: str) -> str:
    if not secret_key:
        raise Refused(Fault.NOTICE_KEY_MISSING)
    secret = rules.KEY_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()
    sealed = seal(secret, setting=secret_key, owner=owner_of(endpoint_id))
    await store.insert_secret(connection, endpoint_id=endpoint_id, sealed_secret=sealed)
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
) -> None:
    """Replaces what was registered, enables the endpoint, and makes its pending deliveries due at once."""
    draft = EndpointDraft(url, email, tuple(kinds))
    await store.change_endpoint(connection, draft, endpoint_id=endpoint.id)
    await store.enable_endpoint(connection, endpoint_id=endpoint.id)
    await store.hasten_notifications(connection, endpoint_id=endpoint.id, now=now)


async def remove_endpoint(connection: Connection, endpoint: NotificationEndpoint, *, now: datetime) -> None:
    """Removes the endpoint and drops pending deliveries; delivered and dead ones are removed after their retention."""
    await store.remove_endpoint(connection, endpoint_id=endpoint.id, removed_at=now)
    await store.drop_waiting(connection, endpoint_id=endpoint.id)


async def rotate_secret(connection: Connection, endpoint: NotificationEndpoint, *, secret_key: str) -> str:
    """Adds a secret: notifications carry one signature per secret. Raises ``Refused(SECRETS_TOO_MANY)``."""
    if len(await store.list_secrets(connection, endpoint_id=endpoint.id)) >= SECRETS_LIVE_MAX:
        raise Refused(Fault.SECRETS_TOO_MANY, key=f"webhook {endpoint.id}", secrets_max=SECRETS_LIVE_MAX)
    return await _add_secret(connection, endpoint.id, secret_key)


async def retire_older_secret(connection: Connection, endpoint: NotificationEndpoint) -> bool:
    """Removes the older of two secrets; returns ``False`` when there is only one."""
    live = await store.list_secrets(connection, endpoint_id=endpoint.id)
    if len(live) < SECRETS_LIVE_MAX:
        return False
    await store.remove_secret(connection, endpoint_id=endpoint.id, number=live[0].number)
    return True
