"""Owns the verbs of notifications: enqueue one, manage endpoints, claim due deliveries, record their results."""

import base64
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import NOTICE_ENDPOINTS_MAX, NOTICE_KEPT_DAYS, SECRETS_LIVE_MAX
from jobmeter.base.sealing import seal, unseal
from jobmeter.database.connection import Connection
from jobmeter.notifications import rules, store
from jobmeter.notifications.model import (
    MAILED_KINDS,
    AttemptResult,
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    EndpointDraft,
    Follower,
    Notification,
    NotificationEndpoint,
    NotificationKind,
)
from jobmeter.partners.model import Application

CLAIM_SECONDS = (
    120  # longer than any attempt, and the limit on one process's deliveries to an endpoint in a row
)


async def enqueue_notification(
    connection: Connection,
    *,
    application_id: int,
    kind: NotificationKind,
    subject: str,
    body: dict[str, Any],
    now: datetime,
) -> int:
    """Queues a notification for each endpoint of the application, and of its parent, that subscribed to ``kind``.

    Runs in the caller's transaction: a rollback discards it. Returns the number of endpoints.
    """
    endpoints = await store.list_subscribers(connection, application_id=application_id, kind=kind)
    for endpoint in endpoints:
        await post_to(connection, endpoint, kind=kind, subject=subject, body=body, now=now)
    return len(endpoints)


async def post_to(
    connection: Connection,
    endpoint: NotificationEndpoint,
    *,
    kind: NotificationKind,
    subject: str,
    body: dict[str, Any],
    now: datetime,
) -> None:
    """Queues a notification for one endpoint: by webhook, and by e-mail if the kind is mailed."""
    channels = [Channel.WEBHOOK] if endpoint.url else []
    channels += [Channel.EMAIL] if endpoint.email and kind in MAILED_KINDS else []
    text = msgspec.json.encode({"type": kind, **body}).decode()
    for channel in channels:
        notification = Notification(
            id=uuid4(),
            endpoint_id=endpoint.id,
            channel=channel,
            kind=kind,
            subject=subject,
            body=text,
            created_at=now,
        )
        await store.insert_notification(connection, notification)


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
    sealed = seal(secret, setting=secret_key, owner=_owner(endpoint_id))
    await store.insert_secret(connection, endpoint_id=endpoint_id, sealed_secret=sealed)
    return secret


def _owner(endpoint_id: int) -> str:
    return f"notice endpoint {endpoint_id}"


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
) -> None:
    draft = EndpointDraft(url, email, tuple(kinds))
    await store.change_endpoint(connection, draft, endpoint_id=endpoint.id)


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


async def claim_delivery_attempts(
    connection: Connection, *, rows_max: int, secret_key: str, now: datetime, busy_ids: Collection[int] = ()
) -> list[DeliveryAttempt]:
    """Claims due deliveries for this process until their results are recorded or ``CLAIM_SECONDS`` have passed.

    Skips endpoints that another process is serving, and ``busy_ids``, which this one is serving: call
    ``free_endpoint`` when all deliveries to an endpoint are recorded.
    """
    claimed = await store.claim_notifications(
        connection,
        now=now,
        claimed_until=now + timedelta(seconds=CLAIM_SECONDS),
        busy_ids=list(busy_ids),
        rows_max=rows_max,
    )
    found = await store.find_endpoints(
        connection, endpoint_ids=sorted({delivery.endpoint_id for delivery in claimed})
    )
    endpoints = {endpoint.id: endpoint for endpoint in found}
    keys = {
        endpoint_id: await _read_secrets(connection, endpoint_id, secret_key) for endpoint_id in endpoints
    }
    return [
        _make_attempt(delivery, endpoints[delivery.endpoint_id], keys[delivery.endpoint_id])
        for delivery in sorted(claimed, key=lambda delivery: delivery.number)
    ]


def _make_attempt(
    delivery: Delivery, endpoint: NotificationEndpoint, secrets: tuple[str, ...]
) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery=delivery,
        application_id=endpoint.application_id,
        url=endpoint.url,
        email=endpoint.email,
        secrets=secrets,
    )


async def free_endpoint(connection: Connection, endpoint_id: int) -> None:
    """Releases the endpoint, so that any process may serve it."""
    await store.free_endpoint(connection, endpoint_id=endpoint_id)


async def _read_secrets(connection: Connection, endpoint_id: int, secret_key: str) -> tuple[str, ...]:
    sealed = await store.list_secrets(connection, endpoint_id=endpoint_id)
    opened = [unseal(one.sealed_secret, setting=secret_key, owner=_owner(endpoint_id)) for one in sealed]
    return tuple(secret for secret in opened if secret is not None)


def sign_attempt(attempt: DeliveryAttempt, *, now: datetime) -> dict[str, str]:
    """Returns the headers that identify and sign an attempt, as Standard Webhooks defines them."""
    delivery, timestamp = attempt.delivery, to_ms(now) // 1_000
    return {
        "webhook-id": str(delivery.id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": rules.sign(str(delivery.id), timestamp, delivery.body.encode(), attempt.secrets),
        "webhook-attempt": str(delivery.attempts + 1),
    }


async def record_attempt(
    connection: Connection, delivery: Delivery, *, failure: str | None, now: datetime, rng: Random
) -> DeliveryState:
    """Records the result of an attempt: delivered, to be retried, or given up."""
    again = None
    if failure is not None:
        again = rules.next_try(delivery.attempts + 1, now=now, rng=rng)
    state = DeliveryState.DELIVERED if failure is None else DeliveryState.DEAD
    state = DeliveryState.WAITING if again is not None else state
    result = AttemptResult(
        state=state,
        due_at=again,
        finished_at=None if state is DeliveryState.WAITING else now,
        last_outcome=(failure or "delivered")[: rules.OUTCOME_CHARACTERS_MAX],
    )
    await store.finish_attempt(connection, result, notice_id=delivery.id)
    return state


async def list_deliveries(
    connection: Connection,
    endpoint: NotificationEndpoint,
    *,
    state: DeliveryState | None,
    after: int,
    rows_max: int,
) -> list[Delivery]:
    return await store.list_deliveries(
        connection, endpoint_id=endpoint.id, state=state, after=after, rows_max=rows_max
    )


async def replay(
    connection: Connection,
    endpoint: NotificationEndpoint,
    *,
    notice_ids: Sequence[UUID] | None,
    now: datetime,
) -> int:
    """Queues dead or named deliveries again, under the same ids. Returns how many."""
    return await store.replay_notifications(
        connection,
        endpoint_id=endpoint.id,
        notice_ids=None if notice_ids is None else list(notice_ids),
        now=now,
    )


async def list_followers(connection: Connection, *, kind: NotificationKind) -> list[Follower]:
    """Returns every endpoint that subscribed to ``kind``, with the cursor up to which it was notified."""
    return await store.list_followers(connection, kind=kind)


async def lock_cursor(connection: Connection, endpoint: NotificationEndpoint, *, begin_at: int) -> int:
    """Locks and returns the endpoint's cursor; a new one starts at ``begin_at``."""
    return await store.lock_cursor(connection, endpoint_id=endpoint.id, begin_at=begin_at)


async def move_cursor(connection: Connection, endpoint: NotificationEndpoint, *, sent_until: int) -> None:
    await store.move_cursor(connection, endpoint_id=endpoint.id, sent_until=sent_until)


async def sweep_notifications(connection: Connection, *, rows_max: int, now: datetime) -> int:
    """Removes deliveries that finished before the retention period; returns how many."""
    return await store.sweep_notifications(
        connection, before=now - timedelta(days=NOTICE_KEPT_DAYS), rows_max=rows_max
    )
