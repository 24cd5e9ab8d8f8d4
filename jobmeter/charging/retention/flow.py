"""Owns the end of report days: those older than the retention are folded into one row for each job.

Does not own the events of a day (``jobmeter.metering``). Postings stay as they are, for ever.
"""

from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.charging.retention import store
from jobmeter.database.connection import Connection

RETENTION_DAYS_MIN = 366  # reports may be asked for a year, and a year may have a leap day


async def compact_old_days(
    connection: Connection, *, retention_days: int, rows_max: int, now: datetime
) -> int:
    """Folds some of the days that reports no longer show, in the caller's transaction; returns how many rows.

    The sums of a job and of a contract do not change. A retention shorter than the year that reports show is a year.
    """
    before = day_of(now) - timedelta(days=max(retention_days, RETENTION_DAYS_MIN))
    contract_ids = await store.list_contracts_to_compact(connection, before=before)
    if not contract_ids:
        return 0
    await store.advance_compaction(connection, before=before)
    return await store.compact_job_days(
        connection, contract_id=contract_ids[0], before=before, rows_max=rows_max
    )


async def find_folded_before(connection: Connection, *, contract_id: int) -> date | None:
    """Returns the day before which days of the contract are folded; ``None`` while each of its days is kept.

    Nothing is folded until the caller's transaction ends.
    """
    folded_before = await store.lock_folds(connection)
    if folded_before is None or not await store.has_folded_days(connection, contract_id=contract_id):
        return None
    return folded_before
