"""Owns the end of a day's events: closed when it is settled, indexed, exported and dropped when its retention is over."""

from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.database.connection import Connection
from jobmeter.metering.retention import export, store

RETENTION_DAYS = 90
INVOICED_RETENTION_DAYS = 180  # an invoice is opened to its clicks until it is long due


async def close_event_day(connection: Connection, *, day: date) -> None:
    """Lets no more events of ``day`` in, having waited for those on their way.

    An intake that read the clock just before the day became too old fails here and may be sent again.
    """
    await store.close_event_day(connection, day=day)


async def drop_next_day(
    connection: Connection, *, retention_days: int | None, export_folder: str, now: datetime
) -> date | None:
    """Exports (where a folder or an object store is named) and drops the oldest day whose retention is over.

    In the caller's transaction: the partition goes only after its file is complete, and a repeated export
    replaces the file. Only settled days are dropped, each by one process. ``None`` when there is no such day. Without
    ``retention_days`` events are kept longer once clicks are invoiced.
    """
    usual, invoiced = (
        (RETENTION_DAYS, INVOICED_RETENTION_DAYS) if retention_days is None else (retention_days,) * 2
    )
    day = await store.claim_expired_event_day(
        connection,
        before=day_of(now) - timedelta(days=usual),
        invoiced_before=day_of(now) - timedelta(days=invoiced),
    )
    if day is None:
        return None
    if export_folder:
        await export.write_day(connection, day=day, folder=export_folder)
    dropped = await store.drop_event_day(connection, day=day, dropped_at=now)
    assert dropped, "a claimed day is there and settled"
    return day


async def index_next_day(connection: Connection, *, now: datetime) -> date | None:
    """Indexes the clicks of the oldest final day that may be invoiced by their jobs; ``None`` when all are.

    A page of the clicks of an invoice's line then reads no clicks of other jobs. Intake writes into other days.
    """
    day = await store.claim_unindexed_day(connection, before=day_of(now))
    if day is not None:
        await store.index_event_day(connection, day=day)
    return day
