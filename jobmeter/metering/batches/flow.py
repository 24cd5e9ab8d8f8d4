"""Owns the verbs that record a batch in one transaction, or, where the database is distributed by shard, in one for each shard.

A transaction of one shard is carried out on one machine: no other machine has to agree before it commits, and nobody waits for a whole
shard. The events of a batch are then recorded as if its sender had sent a batch for each shard, with one reply. If the server is killed
in between, the sender has no reply and sends all of it again: what was recorded is a duplicate.
"""

from collections.abc import Sequence
from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.metering.batches import rules
from jobmeter.metering.intake import flow as intake
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.metering.model import IntakeReply
from jobmeter.wire.events import Event, Malformed


async def record_batch(
    database: Database,
    events: Sequence[Event | Malformed],
    *,
    known: IntakeCaches,
    now: datetime,
    future_tolerance_seconds: int,
) -> IntakeReply:
    """Records a batch: each event is stored once, counted once and charged at most once. All that the reply counts is durable.

    Raises as ``intake.take``: nothing is recorded then, or, where the database is distributed, some shards' events.
    """
    if not database.is_distributed:
        async with database.transaction() as connection:
            return await intake.ingest(
                connection, events, known=known, now=now, future_tolerance_seconds=future_tolerance_seconds
            )
    async with database.connection() as connection:
        batch = await intake.begin(
            connection, events, known=known, future_tolerance_seconds=future_tolerance_seconds
        )
    parts = []
    for rows in rules.divide(batch.columns.job_ids):
        async with database.transaction() as connection:
            parts.append((rows, await intake.take(connection, batch.select(rows), known=known, now=now)))
    async with database.transaction() as connection:
        return await intake.end(connection, events, batch, rules.put_together(parts), now=now)


async def record_before(
    database: Database,
    connection: Connection,
    events: Sequence[Event | Malformed],
    *,
    known: IntakeCaches,
    now: datetime,
    future_tolerance_seconds: int,
) -> IntakeReply:
    """Records a batch with what the caller's transaction says of it, such as how far a log was read: in that transaction.

    Where the database is distributed, the events are recorded before it commits, in transactions of their own; if it does not
    commit, they are duplicates when they come again. It has locked what it will change, so that nobody records them beside it.
    """
    if database.is_distributed:
        return await record_batch(
            database, events, known=known, now=now, future_tolerance_seconds=future_tolerance_seconds
        )
    return await intake.ingest(
        connection, events, known=known, now=now, future_tolerance_seconds=future_tolerance_seconds
    )
