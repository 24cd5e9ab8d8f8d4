"""Owns the verbs of streams: claim partitions, record a portion of one with its events and charges, leave them to others."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from jobmeter.base.faults import Refused
from jobmeter.base.limits import EVENTS_BATCH_ROWS_MAX
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.metering.batches import flow as batches
from jobmeter.metering.intake import flow as intake
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.metering.model import IntakeReply
from jobmeter.metering.streams import store
from jobmeter.metering.streams.model import (
    CLAIM_SPAN,
    PartitionState,
    Portion,
    PositionLostError,
    Progress,
)
from jobmeter.metering.streams.rules import share_partitions
from jobmeter.wire.events import Event, Malformed
from jobmeter.wire.messages import NDJSON, Message, join_lines, read_message

MESSAGES_AT_ONCE = 200
# A process that does nothing for so long in the middle of a transaction is stopped, or its machine is gone.
IDLE_MILLISECONDS_MAX = 60_000


async def find_unread(connection: Connection, *, stream: str, partitions: Collection[str]) -> set[str]:
    """Those of the partitions that nobody has read yet."""
    return set(partitions) - {one.partition for one in await store.list_positions(connection, stream=stream)}


async def claim(
    connection: Connection,
    *,
    stream: str,
    consumer: UUID,
    partitions: Collection[str],
    starts: Mapping[str, int],
    now: datetime,
) -> dict[str, int]:
    """Returns those of the partitions that are the consumer's for the next seconds, each with the offset at which it continues.

    ``starts`` are where reading begins of those that nobody has read. To be repeated every few seconds, also by a consumer that has
    no partition: it is there to take one over.
    """
    if starts:
        await store.add_positions(
            connection, stream=stream, partitions=list(starts), next_offsets=list(starts.values()), now=now
        )
    await store.save_consumer(connection, stream=stream, consumer=consumer, now=now)
    await store.drop_consumers(connection, stream=stream, seen_before=now - CLAIM_SPAN)
    consumers = await store.list_consumers(connection, stream=stream)
    kept = await store.list_positions(connection, stream=stream)
    positions = [one for one in kept if one.partition in partitions]
    share = share_partitions(positions, consumers, consumer=consumer, now=now)
    if share.left:
        await store.release_positions(
            connection, stream=stream, partitions=sorted(share.left), consumer=consumer
        )
    claimed = await store.claim_positions(
        connection,
        stream=stream,
        partitions=sorted(share.wanted),
        consumer=consumer,
        claimed_until=now + CLAIM_SPAN,
        now=now,
    )
    return {one.partition: one.next_offset for one in claimed}


async def leave(connection: Connection, *, stream: str, consumer: UUID) -> None:
    """Others take over at once what the consumer has read."""
    positions = await store.list_positions(connection, stream=stream)
    own = [one.partition for one in positions if one.consumer == consumer]
    await store.release_positions(connection, stream=stream, partitions=own, consumer=consumer)
    await store.drop_consumer(connection, stream=stream, consumer=consumer)


async def read_events(messages: Sequence[Message]) -> tuple[Sequence[Event | Malformed], int]:
    """Returns the events of the first messages, and how many messages these are: no more events than a batch may have, but always
    a message.
    """
    body = join_lines(messages)
    if body and len(messages) <= EVENTS_BATCH_ROWS_MAX:
        try:
            found = await intake.read_batch(body, NDJSON)
        except Refused:
            found = ()  # one of them is no JSON that a decoder can read; it is found below
        if len(found) == len(messages):
            return found, len(messages)
    events: list[Event | Malformed] = []
    for count, message in enumerate(messages):
        records = read_message(message)
        if count and len(events) + len(records) > EVENTS_BATCH_ROWS_MAX:
            return events, count
        events += records
        if count % MESSAGES_AT_ONCE == 0:
            await asyncio.sleep(0)
    return events, len(messages)


async def record(
    database: Database,
    connection: Connection,
    portion: Portion,
    events: Sequence[Event | Malformed],
    *,
    stream: str,
    consumer: UUID,
    known: IntakeCaches,
    now: datetime,
    future_tolerance_seconds: int,
) -> IntakeReply | None:
    """Records the events of a portion, and that it was read: both or nothing, in the caller's transaction. ``None`` without events.

    Where the database is distributed, the events are recorded first (``batches``): if the caller's transaction does not commit, the
    portion is read again, and those that were recorded are duplicates. Raises ``PositionLostError`` if the partition is not the consumer's, or was read further or less far: also one that was slow,
    whose partition others have taken over, records nothing. Otherwise raises as ``ingest``.
    """
    await store.limit_idle_time(connection, milliseconds=IDLE_MILLISECONDS_MAX)
    kept = await store.lock_position(connection, stream=stream, partition=portion.partition)
    if kept is None or (kept.consumer, kept.next_offset) != (consumer, portion.first_offset):
        raise PositionLostError(f"{stream}, partition {portion.partition}")
    reply = None
    if len(events):
        reply = await batches.record_before(
            database,
            connection,
            events,
            known=known,
            now=now,
            future_tolerance_seconds=future_tolerance_seconds,
        )
    progress = Progress(
        next_offset=portion.next_offset,
        messages_waiting=portion.messages_waiting,
        seen_at=now,
        claimed_until=now + CLAIM_SPAN,
        accepted=reply.accepted if reply else 0,
        duplicate=reply.duplicate if reply else 0,
        rejected=reply.rejected if reply else 0,
    )
    await store.save_progress(connection, stream=stream, partition=portion.partition, progress=progress)
    return reply


async def list_states(connection: Connection) -> list[PartitionState]:
    """Returns every partition that was ever read, by stream and name."""
    return await store.list_states(connection)
