"""Owns the statements of notifications, one function each. Does not own when they run."""

from datetime import datetime
from typing import Any
from uuid import UUID

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, list_rows, read_scalar, value_of
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.notifications.model import (
    AttemptResult,
    Channel,
    ClaimedDelivery,
    Delivery,
    DeliveryCount,
    DeliveryFilter,
    EndpointDraft,
    EndpointSecret,
    Follower,
    Notification,
    NotificationEndpoint,
    SealedSecret,
)

SQL = load_statements("jobmeter.notifications")


async def insert_endpoint(
    connection: Connection, draft: EndpointDraft, *, application_id: int, created_at: datetime
) -> int:
    parameters = vars_of(draft) | {"application_id": application_id, "created_at": created_at}
    return await read_scalar(connection, int, SQL["insert_endpoint"], parameters)


async def list_endpoints(connection: Connection, *, application_id: int) -> list[NotificationEndpoint]:
    parameters = {"application_id": application_id}
    return await list_rows(connection, NotificationEndpoint, SQL["list_endpoints"], parameters)


async def list_subscribers(
    connection: Connection, *, application_id: int, kind: str
) -> list[NotificationEndpoint]:
    parameters = {"application_id": application_id, "kind": kind}
    return await list_rows(connection, NotificationEndpoint, SQL["list_subscribers"], parameters)


async def list_owner_endpoints(
    connection: Connection, *, application_id: int, endpoint_id: int
) -> list[NotificationEndpoint]:
    parameters = {"application_id": application_id, "endpoint_id": endpoint_id}
    return await list_rows(connection, NotificationEndpoint, SQL["list_owner_endpoints"], parameters)


async def list_followers(connection: Connection, *, kind: str) -> list[Follower]:
    return await list_rows(connection, _make_follower, SQL["list_followers"], {"kind": kind})


def _make_follower(*, sent_until: int, **endpoint: Any) -> Follower:
    return Follower(value_of(NotificationEndpoint, endpoint), sent_until)


async def lock_cursor(connection: Connection, *, endpoint_id: int, begin_at: int) -> int:
    return await read_scalar(
        connection, int, SQL["lock_cursor"], {"endpoint_id": endpoint_id, "begin_at": begin_at}
    )


async def move_cursor(connection: Connection, *, endpoint_id: int, sent_until: int) -> None:
    await connection.execute(SQL["move_cursor"], {"endpoint_id": endpoint_id, "sent_until": sent_until})


async def count_endpoints(connection: Connection, *, application_id: int) -> int:
    return await read_scalar(connection, int, SQL["count_endpoints"], {"application_id": application_id})


async def change_endpoint(connection: Connection, draft: EndpointDraft, *, endpoint_id: int) -> None:
    await connection.execute(SQL["change_endpoint"], vars_of(draft) | {"endpoint_id": endpoint_id})


async def remove_endpoint(connection: Connection, *, endpoint_id: int, removed_at: datetime) -> None:
    await connection.execute(SQL["remove_endpoint"], {"endpoint_id": endpoint_id, "removed_at": removed_at})


async def drop_waiting(connection: Connection, *, endpoint_id: int) -> None:
    await connection.execute(SQL["drop_waiting"], {"endpoint_id": endpoint_id})


async def lock_endpoint(connection: Connection, *, endpoint_id: int) -> NotificationEndpoint | None:
    parameters = {"endpoint_id": endpoint_id}
    return await find_row(connection, NotificationEndpoint, SQL["lock_endpoint"], parameters)


async def insert_secret(
    connection: Connection, *, endpoint_id: int, sealed_secret: bytes, created_at: datetime
) -> None:
    parameters = {"endpoint_id": endpoint_id, "sealed_secret": sealed_secret, "created_at": created_at}
    await connection.execute(SQL["insert_secret"], parameters)


async def list_secrets(connection: Connection, *, endpoint_id: int) -> list[SealedSecret]:
    """The oldest first."""
    return await list_rows(connection, SealedSecret, SQL["list_secrets"], {"endpoint_id": endpoint_id})


async def list_all_secrets(connection: Connection) -> list[EndpointSecret]:
    return await list_rows(connection, EndpointSecret, SQL["list_all_secrets"])


async def replace_secret(
    connection: Connection, *, endpoint_id: int, number: int, replacement: bytes
) -> None:
    parameters = {"endpoint_id": endpoint_id, "number": number, "replacement": replacement}
    await connection.execute(SQL["replace_secret"], parameters)


async def remove_secret(connection: Connection, *, endpoint_id: int, number: int) -> None:
    await connection.execute(SQL["remove_secret"], {"endpoint_id": endpoint_id, "number": number})


async def insert_notification(connection: Connection, notification: Notification) -> None:
    await connection.execute(SQL["insert_notification"], vars_of(notification))


async def claim_notifications(
    connection: Connection,
    *,
    now: datetime,
    claimed_until: datetime,
    busy_ids: list[int],
    busy_partner_ids: list[int],
    tasks_max: int,
    rows_max: int,
) -> list[ClaimedDelivery]:
    """``busy_partner_ids`` has an entry for each endpoint of ``busy_ids``."""
    parameters = {
        "now": now,
        "claimed_until": claimed_until,
        "busy_ids": busy_ids,
        "busy_partner_ids": busy_partner_ids,
        "tasks_max": tasks_max,
        "rows_max": rows_max,
    }
    return await list_rows(connection, ClaimedDelivery, SQL["claim_notifications"], parameters)


async def free_endpoint(connection: Connection, *, endpoint_id: int) -> None:
    await connection.execute(SQL["free_endpoint"], {"endpoint_id": endpoint_id})


async def find_endpoints(connection: Connection, *, endpoint_ids: list[int]) -> list[NotificationEndpoint]:
    parameters = {"endpoint_ids": endpoint_ids}
    return await list_rows(connection, NotificationEndpoint, SQL["find_endpoints"], parameters)


async def finish_attempt(connection: Connection, result: AttemptResult, *, notice_id: UUID) -> None:
    await connection.execute(SQL["finish_attempt"], vars_of(result) | {"notice_id": notice_id})


async def count_failed_turn(connection: Connection, *, endpoint_id: int, has_delivered: bool) -> int:
    """Returns how many turns in a row have failed, including this one."""
    parameters = {"endpoint_id": endpoint_id, "has_delivered": has_delivered}
    return await read_scalar(connection, int, SQL["count_failed_turn"], parameters)


async def pause_endpoint(connection: Connection, *, endpoint_id: int, until: datetime) -> None:
    await connection.execute(SQL["pause_endpoint"], {"endpoint_id": endpoint_id, "until": until})


async def resume_endpoint(connection: Connection, *, endpoint_id: int) -> None:
    await connection.execute(SQL["resume_endpoint"], {"endpoint_id": endpoint_id})


async def postpone_notifications(
    connection: Connection,
    *,
    endpoint_id: int,
    channel: Channel,
    skipped_ids: list[UUID],
    until: datetime,
) -> None:
    parameters = {
        "endpoint_id": endpoint_id,
        "channel": channel,
        "skipped_ids": skipped_ids,
        "until": until,
    }
    await connection.execute(SQL["postpone_notifications"], parameters)


async def give_up_notifications(
    connection: Connection,
    *,
    endpoint_id: int,
    channel: Channel,
    queued_before: datetime,
    tried_ids: list[UUID],
    last_outcome: str,
    now: datetime,
) -> None:
    parameters = {
        "endpoint_id": endpoint_id,
        "channel": channel,
        "queued_before": queued_before,
        "tried_ids": tried_ids,
        "last_outcome": last_outcome,
        "now": now,
    }
    await connection.execute(SQL["give_up_notifications"], parameters)


async def disable_endpoint(
    connection: Connection, *, endpoint_id: int, gone_at: datetime
) -> NotificationEndpoint | None:
    """Returns ``None`` if it was disabled before."""
    parameters = {"endpoint_id": endpoint_id, "gone_at": gone_at}
    return await find_row(connection, NotificationEndpoint, SQL["disable_endpoint"], parameters)


async def enable_endpoint(connection: Connection, *, endpoint_id: int) -> None:
    await connection.execute(SQL["enable_endpoint"], {"endpoint_id": endpoint_id})


async def hasten_notifications(connection: Connection, *, endpoint_id: int, now: datetime) -> None:
    await connection.execute(SQL["hasten_notifications"], {"endpoint_id": endpoint_id, "now": now})


async def list_deliveries(
    connection: Connection, wanted: DeliveryFilter, *, endpoint_id: int
) -> list[Delivery]:
    parameters = vars_of(wanted) | {"endpoint_id": endpoint_id}
    return await list_rows(connection, Delivery, SQL["list_deliveries"], parameters)


async def count_deliveries(
    connection: Connection, *, endpoint_id: int, since: datetime, until: datetime
) -> list[DeliveryCount]:
    parameters = {"endpoint_id": endpoint_id, "since": since, "until": until}
    return await list_rows(connection, DeliveryCount, SQL["count_deliveries"], parameters)


async def find_deliveries(
    connection: Connection, *, endpoint_id: int, notice_ids: list[UUID]
) -> list[Delivery]:
    parameters = {"endpoint_id": endpoint_id, "notice_ids": notice_ids}
    return await list_rows(connection, Delivery, SQL["find_deliveries"], parameters)


async def replay_notifications(
    connection: Connection, *, endpoint_id: int, notice_ids: list[UUID] | None, now: datetime
) -> int:
    return await change_rows(
        connection,
        SQL["replay_notifications"],
        {"endpoint_id": endpoint_id, "notice_ids": notice_ids, "now": now},
    )


async def sweep_notifications(connection: Connection, *, before: datetime, rows_max: int) -> int:
    return await change_rows(connection, SQL["sweep_notifications"], {"before": before, "rows_max": rows_max})


async def erase_email(connection: Connection, *, email: str, substitute: str) -> int:
    return await change_rows(connection, SQL["erase_email"], {"email": email, "substitute": substitute})


async def count_receivers(connection: Connection, *, email: str) -> int:
    return await read_scalar(connection, int, SQL["count_receivers"], {"email": email})
