"""Owns the verb of settlement: settle the earliest day that is due."""

from datetime import date, datetime

from jobmeter.base.days import final_at
from jobmeter.settlement import store
from jobmeter.store.migrate import Connection


async def settle_next_day(connection: Connection, *, final_after_days: int, now: datetime) -> date | None:
    """Settles the earliest day that is due and returns it, or ``None`` when none is.

    In the caller's transaction, alone in the database. Interrupted, it has done nothing; repeated, nothing more.
    """
    if not await store.lock_settlement(connection):
        return None
    day = await store.first_open_day(connection)
    if day is None or final_at(day, final_after_days=final_after_days) > now:
        return None
    await store.insert_settled_day(connection, day=day, settled_at=now)
    return day
