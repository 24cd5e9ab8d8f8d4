"""Owns the statements of notices, one function each. Does not own when they run."""

from datetime import datetime
from uuid import UUID

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.notifications.model import Channel, Delivery, DeliveryState, NotificationEndpoint

SQL = load_statements("jobmeter.notifications")


async def insert_endpoint(
    connection: Connection,
    *,
    application_id: int,
    url: str,
    email: str,
    kinds: list[str],
    created_at: datetime,
) -> int:
    row = await (await connection.execute(SQL["insert_endpoint"], locals())).fetchone()
    assert row is not None
    return int(row[0])


async def list_endpoints(connection: Connection, *, application_id: int) -> list[NotificationEndpoint]:
    rows = await (await connection.execute(SQL["list_endpoints"], locals())).fetchall()
    return [_make_endpoint(row) for row in rows]


async def list_subscribers(
    connection: Connection, *, application_id: int, kind: str
) -> list[NotificationEndpoint]:
    rows = await (await connection.execute(SQL["list_subscribers"], locals())).fetchall()
    return [_make_endpoint(row) for row in rows]


async def list_followers(connection: Connection, *, kind: str) -> list[tuple[NotificationEndpoint, int]]:
    rows = await (await connection.execute(SQL["list_followers"], locals())).fetchall()
    return [(_make_endpoint(row[:6]), row[6]) for row in rows]


async def lock_cursor(connection: Connection, *, endpoint_id: int, begin_at: int) -> int:
    row = await (await connection.execute(SQL["lock_cursor"], locals())).fetchone()
    assert row is not None
    return int(row[0])


async def move_cursor(connection: Connection, *, endpoint_id: int, told_until: int) -> None:
    await connection.execute(SQL["move_cursor"], locals())


async def count_endpoints(connection: Connection, *, application_id: int) -> int:
    row = await (await connection.execute(SQL["count_endpoints"], locals())).fetchone()
    assert row is not None
    return int(row[0])


async def change_endpoint(
    connection: Connection, *, endpoint_id: int, url: str, email: str, kinds: list[str]
) -> None:
    await connection.execute(SQL["change_endpoint"], locals())


async def remove_endpoint(connection: Connection, *, endpoint_id: int, removed_at: datetime) -> None:
    await connection.execute(SQL["remove_endpoint"], locals())


async def drop_waiting(connection: Connection, *, endpoint_id: int) -> None:
    await connection.execute(SQL["drop_waiting"], locals())


async def lock_endpoint(connection: Connection, *, endpoint_id: int) -> NotificationEndpoint | None:
    row = await (await connection.execute(SQL["lock_endpoint"], locals())).fetchone()
    return None if row is None else _make_endpoint(row)


async def insert_secret(connection: Connection, *, endpoint_id: int, sealed_secret: bytes) -> None:
    await connection.execute(SQL["insert_secret"], locals())


async def list_secrets(connection: Connection, *, endpoint_id: int) -> list[tuple[int, bytes]]:
    rows = await (await connection.execute(SQL["list_secrets"], locals())).fetchall()
    return [(row[0], bytes(row[1])) for row in rows]


async def remove_secret(connection: Connection, *, endpoint_id: int, number: int) -> None:
    await connection.execute(SQL["remove_secret"], locals())


async def insert_notification(
    connection: Connection,
    *,
    notice_id: UUID,
    endpoint_id: int,
    way: Channel,
    kind: str,
    subject: str,
    body: str,
    now: datetime,
) -> None:
    await connection.execute(SQL["insert_notification"], locals())


async def claim_notifications(
    connection: Connection, *, now: datetime, claimed_until: datetime, busy_ids: list[int], rows_max: int
) -> list[Delivery]:
    rows = await (await connection.execute(SQL["claim_notifications"], locals())).fetchall()
    return [_make_delivery(row) for row in rows]


async def free_endpoint(connection: Connection, *, endpoint_id: int) -> None:
    await connection.execute(SQL["free_endpoint"], locals())


async def find_endpoints(
    connection: Connection, *, endpoint_ids: list[int]
) -> dict[int, NotificationEndpoint]:
    rows = await (await connection.execute(SQL["find_endpoints"], locals())).fetchall()
    return {row[0]: _make_endpoint(row) for row in rows}


async def finish_attempt(
    connection: Connection,
    *,
    notice_id: UUID,
    state: DeliveryState,
    due_at: datetime | None,
    finished_at: datetime | None,
    last_outcome: str,
) -> None:
    await connection.execute(SQL["finish_attempt"], locals())


async def list_deliveries(
    connection: Connection, *, endpoint_id: int, state: DeliveryState | None, after: int, rows_max: int
) -> list[Delivery]:
    rows = await (await connection.execute(SQL["list_deliveries"], locals())).fetchall()
    return [_make_delivery(row) for row in rows]


async def replay_notifications(
    connection: Connection, *, endpoint_id: int, notice_ids: list[UUID] | None, now: datetime
) -> int:
    return (await connection.execute(SQL["replay_notifications"], locals())).rowcount


async def sweep_notifications(connection: Connection, *, before: datetime, rows_max: int) -> int:
    return (await connection.execute(SQL["sweep_notifications"], locals())).rowcount


async def next_due(connection: Connection) -> datetime | None:
    row = await (await connection.execute(SQL["next_due"])).fetchone()
    due: datetime | None = None if row is None else row[0]
    return due


def _make_endpoint(row: tuple[object, ...]) -> NotificationEndpoint:
    identity, application_id, url, email, kinds, created_at = row
    assert isinstance(kinds, list)
    return NotificationEndpoint(identity, application_id, url, email, tuple(kinds), created_at)  # type: ignore[arg-type]


def _make_delivery(row: tuple[object, ...]) -> Delivery:
    values = list(row)
    values[3], values[7] = Channel(str(values[3])), DeliveryState(str(values[7]))
    return Delivery(*values)  # type: ignore[arg-type]
