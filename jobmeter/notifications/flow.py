"""Owns the verbs of notifications: enqueue one, claim due deliveries, record their results, replay them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import msgspec

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import NOTICE_KEPT_DAYS
from jobmeter.database.connection import Connection
from jobmeter.database.sealing import unseal
from jobmeter.notifications import rules, store
from jobmeter.notifications.model import (
    MAILED_KINDS,
    AttemptResult,
    Channel,
    ClaimedDelivery,
    Delivery,
    DeliveryAttempt,
    DeliveryCount,
    DeliveryFilter,
    DeliveryState,
    Follower,
    Notification,
    NotificationEndpoint,
    NotificationKind,
    Sent,
    Turn,
)

CLAIM_SECONDS = (
    120  # longer than any attempt, and the limit on one process's deliveries to an endpoint in a row
)
EMPTY: Mapping[int, int] = MappingProxyType({})


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
    """Queues a notification for one endpoint: by webhook unless it is disabled, and by e-mail if the kind is mailed."""
    channels = [Channel.WEBHOOK] if endpoint.url and endpoint.gone_at is None else []
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


def owner_of(endpoint_id: int) -> str:
    return f"notice endpoint {endpoint_id}"


def check_enabled(endpoint: NotificationEndpoint) -> None:
    """Raises ``Refused(NOTICE_ENDPOINT_GONE)``."""
    if endpoint.gone_at is not None:
        raise Refused(Fault.NOTICE_ENDPOINT_GONE, webhook=endpoint.id)


async def post_test(connection: Connection, endpoint: NotificationEndpoint, *, now: datetime) -> None:
    """Queues a notification of kind TEST. Raises ``Refused(NOTICE_ENDPOINT_GONE)``."""
    check_enabled(endpoint)
    await post_to(
        connection,
        endpoint,
        kind=NotificationKind.TEST,
        subject="A test of your webhook",
        body={"webhook": endpoint.id, "sentAt": now.isoformat()},
        now=now,
    )


async def claim_delivery_attempts(
    connection: Connection,
    *,
    rows_max: int,
    secret_key: str,
    now: datetime,
    busy: Mapping[int, int] = EMPTY,
    tasks_max: int = rules.TASKS_OF_PARTNER_MAX,
) -> list[DeliveryAttempt]:
    """Claims due deliveries for this process until their results are recorded or ``CLAIM_SECONDS`` have passed.

    Skips endpoints that another process is serving, and those of ``busy``, which this one is serving, each with its
    partner: a partner has ``tasks_max`` at most. Call ``end_turn`` and ``free_endpoint`` when all deliveries to an endpoint
    are recorded.
    """
    claimed = await store.claim_notifications(
        connection,
        now=now,
        claimed_until=now + timedelta(seconds=CLAIM_SECONDS),
        busy_ids=list(busy),
        busy_partner_ids=list(busy.values()),
        tasks_max=tasks_max,
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
        for delivery in sorted(claimed, key=lambda delivery: (delivery.attempts > 0, delivery.number))
    ]


def _make_attempt(
    delivery: ClaimedDelivery, endpoint: NotificationEndpoint, secrets: tuple[str, ...]
) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery=delivery,
        application_id=endpoint.application_id,
        partner_id=delivery.partner_id,
        url=endpoint.url,
        email=endpoint.email,
        secrets=secrets,
    )


async def free_endpoint(connection: Connection, endpoint_id: int) -> None:
    """Releases the endpoint, so that any process may serve it."""
    await store.free_endpoint(connection, endpoint_id=endpoint_id)


async def _read_secrets(connection: Connection, endpoint_id: int, secret_key: str) -> tuple[str, ...]:
    sealed = await store.list_secrets(connection, endpoint_id=endpoint_id)
    opened = [unseal(one.sealed_secret, setting=secret_key, owner=owner_of(endpoint_id)) for one in sealed]
    return tuple(secret for secret in opened if secret is not None)


def sign_attempt(attempt: DeliveryAttempt, *, machine_now: datetime) -> dict[str, str]:
    """Returns the headers that identify and sign an attempt, as Standard Webhooks defines them.

    Receivers compare the timestamp with their own clock, which does not follow that of a sandbox.
    """
    delivery, timestamp = attempt.delivery, to_ms(machine_now) // 1_000
    return {
        "webhook-id": str(delivery.id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": rules.sign(str(delivery.id), timestamp, delivery.body.encode(), attempt.secrets),
        "webhook-attempt": str(delivery.attempts + 1),
    }


async def record_attempt(
    connection: Connection, delivery: Delivery, sent: Sent, *, now: datetime, rng: Random
) -> DeliveryState:
    """Records the result of an attempt that was made: delivered, to be retried, or given up."""
    failure, answer, again = sent.failure, sent.answer, None
    if failure is not None and not failure.is_gone:
        attempts = delivery.attempts + 1
        again = rules.next_try(attempts, retry_after=failure.retry_after, now=now, rng=rng)
    state = DeliveryState.DELIVERED if failure is None else DeliveryState.DEAD
    state = DeliveryState.WAITING if again is not None else state
    result = AttemptResult(
        state=state,
        due_at=again,
        finished_at=None if state is DeliveryState.WAITING else now,
        last_outcome="delivered" if failure is None else failure.text[: rules.OUTCOME_CHARACTERS_MAX],
        answer_status=None if answer is None else answer.status,
        answer_text=None if answer is None else answer.text,
        answer_ms=None if answer is None else answer.ms,
    )
    await store.finish_attempt(connection, result, notice_id=delivery.id)
    return state


async def end_turn(connection: Connection, turn: Turn, *, now: datetime, rng: Random) -> None:
    """Pauses or disables an endpoint on which deliveries failed; those that were not sent keep their attempts."""
    failure, is_webhook = turn.failure, turn.channel is Channel.WEBHOOK
    if failure is None:
        if is_webhook and turn.has_delivered:
            await store.resume_endpoint(connection, endpoint_id=turn.endpoint_id)
        return
    if failure.is_gone:
        await _disable(connection, turn, now)
        return
    failed_turns = turn.attempts
    if is_webhook:
        failed_turns = await store.count_failed_turn(
            connection, endpoint_id=turn.endpoint_id, has_delivered=turn.has_delivered
        )
    until = rules.next_turn(failed_turns, retry_after=failure.retry_after, now=now, rng=rng)
    if is_webhook:
        await store.pause_endpoint(connection, endpoint_id=turn.endpoint_id, until=until)
    await store.give_up_notifications(
        connection,
        endpoint_id=turn.endpoint_id,
        channel=turn.channel,
        queued_before=now - rules.GIVE_UP_AFTER,
        # What was tried has waits of its own, unless the endpoint itself has been through all of them.
        tried_ids=[] if failed_turns > len(rules.WAITS) else list(turn.tried_ids),
        last_outcome=f"not sent, because others could not be: {failure.text}",
        now=now,
    )
    await store.postpone_notifications(
        connection,
        endpoint_id=turn.endpoint_id,
        channel=turn.channel,
        skipped_ids=list(turn.skipped_ids),
        until=until,
    )


async def _disable(connection: Connection, turn: Turn, now: datetime) -> None:
    """Disables the endpoint's URL, gives up what waits for it, and notifies the owner by every other way."""
    disabled = await store.disable_endpoint(connection, endpoint_id=turn.endpoint_id, gone_at=now)
    await store.give_up_notifications(
        connection,
        endpoint_id=turn.endpoint_id,
        channel=turn.channel,
        queued_before=now + rules.GIVE_UP_AFTER,
        tried_ids=[],
        last_outcome="not sent: the webhook is disabled, because it answered 410",
        now=now,
    )
    if disabled is None:
        return
    others = await store.list_owner_endpoints(
        connection, application_id=disabled.application_id, endpoint_id=disabled.id
    )
    for endpoint in (disabled, *others):
        await post_to(
            connection,
            endpoint,
            kind=NotificationKind.WEBHOOK_DISABLED,
            subject=f"Webhook {disabled.id} is disabled: it answered 410 Gone",
            body={"webhook": disabled.id, "url": disabled.url, "disabledAt": now.isoformat()},
            now=now,
        )


async def list_deliveries(
    connection: Connection, endpoint: NotificationEndpoint, wanted: DeliveryFilter
) -> list[Delivery]:
    return await store.list_deliveries(connection, wanted, endpoint_id=endpoint.id)


async def find_delivery(
    connection: Connection, endpoint: NotificationEndpoint, *, notice_id: UUID
) -> Delivery:
    """Raises ``Refused(OPERATOR_UNKNOWN)``, for a delivery to another endpoint too."""
    found = await store.find_deliveries(connection, endpoint_id=endpoint.id, notice_ids=[notice_id])
    if not found:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="delivery", key=notice_id)
    return found[0]


async def list_chosen(
    connection: Connection, endpoint: NotificationEndpoint, *, notice_ids: Sequence[UUID]
) -> list[Delivery]:
    """Returns those of the endpoint's deliveries that are named, the newest first."""
    return await store.find_deliveries(connection, endpoint_id=endpoint.id, notice_ids=list(notice_ids))


async def count_deliveries(
    connection: Connection, endpoint: NotificationEndpoint, *, since: datetime, until: datetime
) -> list[DeliveryCount]:
    """Counts the endpoint's deliveries of a time, whose end is not included, by state and kind."""
    return await store.count_deliveries(connection, endpoint_id=endpoint.id, since=since, until=until)


async def replay(
    connection: Connection,
    endpoint: NotificationEndpoint,
    *,
    notice_ids: Sequence[UUID] | None,
    now: datetime,
) -> int:
    """Queues dead or named deliveries again, under the same ids; a paused endpoint is tried at once. Returns how many.

    Raises ``Refused(NOTICE_ENDPOINT_GONE)`` for a disabled one.
    """
    check_enabled(endpoint)
    await store.resume_endpoint(connection, endpoint_id=endpoint.id)
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


async def erase_email(connection: Connection, *, email: str, substitute: str) -> int:
    """Puts ``substitute`` in the place of an address in what was sent or waits; returns in how many notifications."""
    return await store.erase_email(connection, email=email, substitute=substitute)


async def count_receivers(connection: Connection, *, email: str) -> int:
    """Returns how many endpoints send mails to the address."""
    return await store.count_receivers(connection, email=email)
