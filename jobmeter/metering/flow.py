"""Owns the verbs of metering: take a batch in, make the partitions that the next days need."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from psycopg.errors import DeadlockDetected, SerializationFailure, UniqueViolation

from jobmeter.base.days import day_of
from jobmeter.base.ids import SHARD_COUNT
from jobmeter.base.limits import REFUSALS_LISTED_MAX
from jobmeter.charging import flow as charging
from jobmeter.charging.model import Charged, Meters, StaleMetersError
from jobmeter.jobs import flow as jobs
from jobmeter.metering import rules, store
from jobmeter.metering.columns import list_external_names, make_columns
from jobmeter.metering.flow_meters import MeterCache
from jobmeter.metering.model import VERDICTS, EventColumns, IntakeReply, Rejection, Verdict
from jobmeter.store.arrays import Column
from jobmeter.store.migrate import Connection
from jobmeter.wire.events import Event, Malformed

# What ends an intake without a fault of the sender's: nothing was taken in, and the same batch may be sent again.
TAKEN_BACK = (SerializationFailure, DeadlockDetected, StaleMetersError)
JUDGEMENTS_MAX = 25
NOTHING_CHARGED = Charged(0, 0, 0, ())


async def take_in(
    connection: Connection,
    events: Sequence[Event | Malformed],
    *,
    known_meters: MeterCache,
    now: datetime,
    future_tolerance_seconds: int,
) -> IntakeReply:
    """Takes a batch in: each event is stored once, counted once and charged at most once (laws 5 and 6).

    In the caller's transaction; what the reply says is true once that commits. Raises ``StaleMetersError`` when
    the meters of its jobs change time and again; nothing is taken in then.
    """
    names = list_external_names(events)
    columns = make_columns(events, await jobs.resolve_external_ids(connection, names))
    job_ids = np.unique(columns.job_ids)
    meters = await _find_meters(connection, job_ids, known_meters)
    for _ in range(JUDGEMENTS_MAX - 1):
        try:
            return await _take_columns(connection, columns, meters, now, future_tolerance_seconds)
        except StaleMetersError:
            # Jobs are not held while they are judged: intake stores events before it locks jobs, never after.
            meters = await charging.read_meters(connection, job_ids)
            known_meters.keep(meters)
    return await _take_columns(connection, columns, meters, now, future_tolerance_seconds)


async def _take_columns(
    connection: Connection,
    columns: EventColumns,
    meters: Meters,
    now: datetime,
    future_tolerance_seconds: int,
) -> IntakeReply:
    verdicts = rules.judge(columns, meters, now=now, future_tolerance_seconds=future_tolerance_seconds)
    rows = rules.order_for_storage(columns, verdicts)
    rows, charged = await _store_and_charge(connection, columns, verdicts, rows, meters=meters, now=now)
    return _make_reply(columns, verdicts, rows, charged)


async def _find_meters(connection: Connection, job_ids: Column, known_meters: MeterCache) -> Meters:
    found, missing = known_meters.find(job_ids)
    if len(missing) == 0:
        return found
    read = await charging.read_meters(connection, missing)
    known_meters.keep(read)
    return found.merge(read)


async def _store_and_charge(
    connection: Connection,
    columns: EventColumns,
    verdicts: Column,
    rows: Column,
    *,
    meters: Meters,
    now: datetime,
) -> tuple[Column, Charged]:
    """Stores the rows that are new and charges them; returns their numbers and what they came to.

    Batches without a repeated event are the rule, so the rows go straight in; only when the key refuses
    one does the batch go through a staging table (design, storage). In a savepoint: all of it or nothing.
    """
    if len(rows) == 0:
        return rows, NOTHING_CHARGED
    batch = await store.next_batch(connection)
    packed = _pack_rows(columns, verdicts, rows, batch)
    try:
        async with connection.transaction():
            await store.copy_events(connection, packed)
            tally = rules.make_tally(columns, verdicts, rows, meters)
            return rows, await charging.charge(connection, tally, batch=batch, now=now)
    except UniqueViolation:
        async with connection.transaction():
            await store.make_staging(connection)
            await store.copy_staged(connection, [*packed, rows.astype(">i4")])
            new_rows = np.array(await store.add_staged(connection), dtype=np.int64)
            if len(new_rows) == 0:
                return new_rows, NOTHING_CHARGED
            tally = rules.make_tally(columns, verdicts, new_rows, meters)
            return new_rows, await charging.charge(connection, tally, batch=batch, now=now)


def _pack_rows(columns: EventColumns, verdicts: Column, rows: Column, batch: int) -> list[Column]:
    job_ids = columns.job_ids[rows]
    return [
        (job_ids % SHARD_COUNT).astype(">i2"),
        columns.keys[rows],
        job_ids.astype(">i8"),
        columns.kinds[rows].astype(">i2"),
        verdicts[rows].astype(">i2"),
        columns.visitors[rows].astype(">i8"),
        columns.addresses[rows].astype(">i8"),
        np.full(len(rows), batch, dtype=">i8"),
    ]


def _make_reply(columns: EventColumns, verdicts: Column, new_rows: Column, charged: Charged) -> IntakeReply:
    refused = np.flatnonzero(verdicts != Verdict.COUNTED)
    accepted = int(np.count_nonzero(verdicts[new_rows] == Verdict.COUNTED))
    rejections = []
    for index in refused[:REFUSALS_LISTED_MAX].tolist():
        verdict = VERDICTS[int(verdicts[index])]
        rejections.append(Rejection(index, verdict, columns.flaws.get(index, verdict.says)))
    return IntakeReply(
        accepted=accepted,
        duplicate=len(columns) - len(refused) - accepted,
        rejected=len(refused),
        rejections=tuple(rejections),
        clicks_charged=charged.clicks_charged,
        jobs_noted=charged.jobs_noted,
    )


async def make_event_days(connection: Connection, *, now: datetime) -> None:
    """Partitions for every day whose events may come in now or within two days. Safe to repeat."""
    await store.make_event_days(
        connection, first=day_of(now - timedelta(days=3)), last=day_of(now + timedelta(days=2))
    )
