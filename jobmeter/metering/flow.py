"""Owns the verbs of metering: take a batch in, make the partitions that the next days need."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from psycopg.errors import UniqueViolation

from jobmeter.base.days import day_of
from jobmeter.base.ids import SHARD_COUNT
from jobmeter.base.limits import REFUSALS_LISTED_MAX
from jobmeter.charging import flow as charging
from jobmeter.charging.model import Charged
from jobmeter.jobs import flow as jobs
from jobmeter.metering import rules, store
from jobmeter.metering.columns import list_external_names, make_columns
from jobmeter.metering.model import VERDICTS, EventColumns, IntakeReply, Rejection, Verdict
from jobmeter.store.arrays import Column
from jobmeter.store.migrate import Connection
from jobmeter.wire.events import Event, Malformed

NOTHING_CHARGED = Charged(0, 0, 0, ())


async def take_in(
    connection: Connection,
    events: Sequence[Event | Malformed],
    *,
    now: datetime,
    future_tolerance_seconds: int,
) -> IntakeReply:
    """Takes a batch in: each event is stored once, counted once and charged at most once (laws 5 and 6).

    In the caller's transaction; what the reply says is true once that commits.
    """
    names = list_external_names(events)
    columns = make_columns(events, await jobs.resolve_external_ids(connection, names))
    meters = await charging.read_meters(connection, np.unique(columns.job_ids))
    verdicts = rules.judge(columns, meters, now=now, future_tolerance_seconds=future_tolerance_seconds)
    rows = rules.order_for_storage(columns, verdicts)
    charged = NOTHING_CHARGED
    if len(rows):
        batch = await store.next_batch(connection)
        rows = await _store_events(connection, columns, verdicts, rows, batch)
        if len(rows):
            tally = rules.make_tally(columns, verdicts, rows)
            charged = await charging.charge(connection, tally, batch=batch, now=now)
    return _make_reply(columns, verdicts, rows, charged)


async def _store_events(
    connection: Connection, columns: EventColumns, verdicts: Column, rows: Column, batch: int
) -> Column:
    """Stores the rows that are new and returns their numbers.

    Batches without a repeated event are the rule, so the rows go straight in; only when the key refuses
    one does the batch go through a staging table (design, storage).
    """
    packed = _pack_rows(columns, verdicts, rows, batch)
    try:
        async with connection.transaction():
            await store.copy_events(connection, packed)
    except UniqueViolation:
        await store.make_staging(connection)
        await store.copy_staged(connection, [*packed, rows.astype(">i4")])
        return np.array(await store.add_staged(connection), dtype=np.int64)
    return rows


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
        jobs_run_out=charged.jobs_run_out,
    )


async def make_event_days(connection: Connection, *, now: datetime) -> None:
    """Partitions for every day whose events may come in now or within two days. Safe to repeat."""
    await store.make_event_days(
        connection, first=day_of(now - timedelta(days=3)), last=day_of(now + timedelta(days=2))
    )
