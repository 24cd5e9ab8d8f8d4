"""Owns the statements of streams, one function each. Does not own when they run."""

from datetime import datetime
from uuid import UUID

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, list_rows, list_scalars
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.metering.streams.model import PartitionState, Position, Progress

SQL = load_statements("jobmeter.metering.streams")


async def add_positions(
    connection: Connection, *, stream: str, partitions: list[str], next_offsets: list[int], now: datetime
) -> None:
    values = {"stream": stream, "partitions": partitions, "next_offsets": next_offsets, "now": now}
    await connection.execute(SQL["add_positions"], values)


async def list_positions(connection: Connection, *, stream: str) -> list[Position]:
    return await list_rows(connection, Position, SQL["list_positions"], {"stream": stream})


async def save_consumer(connection: Connection, *, stream: str, consumer: UUID, now: datetime) -> None:
    await connection.execute(SQL["save_consumer"], {"stream": stream, "consumer": consumer, "now": now})


async def drop_consumers(connection: Connection, *, stream: str, seen_before: datetime) -> None:
    await connection.execute(SQL["drop_consumers"], {"stream": stream, "seen_before": seen_before})


async def list_consumers(connection: Connection, *, stream: str) -> list[UUID]:
    return await list_scalars(connection, UUID, SQL["list_consumers"], {"stream": stream})


async def claim_positions(
    connection: Connection,
    *,
    stream: str,
    partitions: list[str],
    consumer: UUID,
    claimed_until: datetime,
    now: datetime,
) -> list[Position]:
    """Returns those that are the consumer's now."""
    values = {
        "stream": stream,
        "partitions": partitions,
        "consumer": consumer,
        "claimed_until": claimed_until,
        "now": now,
    }
    return await list_rows(connection, Position, SQL["claim_positions"], values)


async def release_positions(
    connection: Connection, *, stream: str, partitions: list[str], consumer: UUID
) -> None:
    values = {"stream": stream, "partitions": partitions, "consumer": consumer}
    await connection.execute(SQL["release_positions"], values)


async def drop_consumer(connection: Connection, *, stream: str, consumer: UUID) -> None:
    await connection.execute(SQL["drop_consumer"], {"stream": stream, "consumer": consumer})


async def limit_idle_time(connection: Connection, *, milliseconds: int) -> None:
    await connection.execute(SQL["limit_idle_time"], {"milliseconds": milliseconds})


async def lock_position(connection: Connection, *, stream: str, partition: str) -> Position | None:
    values = {"stream": stream, "partition": partition}
    return await find_row(connection, Position, SQL["lock_position"], values)


async def save_progress(connection: Connection, *, stream: str, partition: str, progress: Progress) -> None:
    values = vars_of(progress) | {"stream": stream, "partition": partition}
    await connection.execute(SQL["save_progress"], values)


async def list_states(connection: Connection) -> list[PartitionState]:
    return await list_rows(connection, PartitionState, SQL["list_states"])
