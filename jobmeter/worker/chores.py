"""Owns the list of chores and one round through it at a given time.

Does not own the loop that calls it (``loop``) or the sandbox's way of moving time (``jobmeter.sandbox``).
"""

import logging
from datetime import datetime, timedelta

from psycopg.errors import LockNotAvailable

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.days import day_of, end_of
from jobmeter.base.settings import Settings
from jobmeter.charging.months import flow as months
from jobmeter.charging.retention import flow as report_days
from jobmeter.database.pool import Database
from jobmeter.jobs.campaigns import flow as campaigns
from jobmeter.jobs.postings import flow as jobs
from jobmeter.ledger.chain import flow as chain
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.intake import flow as metering
from jobmeter.metering.retention import flow as retention
from jobmeter.notifications import flow as notices
from jobmeter.partners.oauth1 import flow as signatures
from jobmeter.partners.tokens import flow as tokens
from jobmeter.promotion import flow as delivery
from jobmeter.promotion.alerts import flow as alerts
from jobmeter.request_control import flow as partners_edge
from jobmeter.settlement.days import flow as settlement
from jobmeter.worker import feeds

TASKS_ROWS_MAX = 200
EXPIRY_ROWS_MAX = 200
CAMPAIGN_ROWS_MAX = 50
OBSERVED_ROWS_MAX = 200
SWEEP_ROWS_MAX = 5_000
ROUNDS_MAX = 10_000

log = logging.getLogger("jobmeter.worker")


async def run_due(database: Database, settings: Settings, *, now: datetime) -> int:
    """Carries out everything that is due at ``now``, in order; returns how many things were done. Safe to repeat."""
    done = await run_until_idle(database, settings, now=now)
    await run_maintenance(database, settings, now=now)
    return done


async def run_until_idle(database: Database, settings: Settings, *, now: datetime) -> int:
    """What is awaited and settlement, until nothing is left: a moved clock lives through both in order."""
    done = 0
    for _ in range(ROUNDS_MAX):
        worked = await _run_round(database, now) + await _settle(database, settings, now, is_patient=True)
        if worked == 0:
            break
        done += worked
    await observe(database, settings, now=now)
    return done + await feeds.load_due(database, settings, now=now)


async def run_interactive(database: Database, settings: Settings, *, now: datetime) -> int:
    """What somebody waits for: tasks, campaigns, expiry. Never settlement or a feed, which may take their time."""
    done = 0
    for _ in range(ROUNDS_MAX):
        worked = await _run_round(database, now)
        if worked == 0:
            break
        done += worked
    await observe(database, settings, now=now)
    return done


async def observe(database: Database, settings: Settings, *, now: datetime) -> None:
    """Tells what changed of jobs: the feed, status notices, budget alerts."""
    for _ in range(ROUNDS_MAX):
        async with database.transaction() as connection:
            looked = await delivery.observe_jobs(
                connection, rows_max=OBSERVED_ROWS_MAX, base_url=settings.base_url, now=now
            )
        if looked < OBSERVED_ROWS_MAX:
            break


async def settle_due(database: Database, settings: Settings, *, now: datetime) -> None:
    """Settles every day that is due, step by step."""
    for _ in range(ROUNDS_MAX):
        if not await _settle(database, settings, now, is_patient=False):
            break


async def run_maintenance(database: Database, settings: Settings, *, now: datetime) -> None:
    """What may wait a minute: seals, months of final days, the end of events, of report days and of signatures."""
    await _keep_chain(database, now)
    async with database.transaction() as connection:
        await alerts.observe_contracts(connection, now=now)
    async with database.transaction() as connection:
        await delivery.sweep_changes(connection, now=now)
    async with database.transaction() as connection:
        await filters.trim_refused(connection)
    await _end_event_days(database, settings, now)
    await _compact_report_days(database, settings, now)
    await _archive_months(database, now)
    async with database.connection() as connection:
        # Signatures are judged by the machine's clock, which a sandbox's may be far ahead of.
        await signatures.sweep_nonces(connection, machine_now=read_machine_clock())


async def _run_round(database: Database, now: datetime) -> int:
    async with database.transaction() as connection:
        worked = await campaigns.advance_campaigns(connection, rows_max=CAMPAIGN_ROWS_MAX, now=now)
    async with database.transaction() as connection:
        worked += await jobs.carry_out_tasks(connection, rows_max=TASKS_ROWS_MAX, now=now)
    async with database.transaction() as connection:
        worked += await campaigns.end_campaign_jobs(connection, rows_max=EXPIRY_ROWS_MAX, now=now)
    async with database.transaction() as connection:
        worked += await jobs.expire_jobs(connection, rows_max=EXPIRY_ROWS_MAX, now=now)
    return worked


async def _settle(database: Database, settings: Settings, now: datetime, *, is_patient: bool) -> bool:
    try:
        async with database.transaction() as connection:
            return await settlement.settle_next(
                connection, final_after_days=settings.final_after_days, now=now, is_patient=is_patient
            )
    except LockNotAvailable:
        log.info("events are still written into a day that is due; it is settled later")
        return False


async def _keep_chain(database: Database, now: datetime) -> None:
    """Notes the last posting, finds it known (two transactions at the least), and seals what is due."""
    for _ in range(2):
        async with database.transaction() as connection:
            await chain.advance_horizon(connection)
    async with database.transaction() as connection:
        await chain.seal_next_round(connection, now=now)


async def _end_event_days(database: Database, settings: Settings, now: datetime) -> None:
    """A folder that cannot be written to keeps the events and nothing else waiting."""
    try:
        for _ in range(ROUNDS_MAX):
            async with database.transaction() as connection:
                dropped = await retention.drop_next_day(
                    connection,
                    retention_days=settings.event_retention_days,
                    export_folder=settings.export_folder,
                    now=now,
                )
                if dropped is not None:
                    await settlement.delete_reversal_marks(connection, day=dropped)
            if dropped is None:
                break
    except (OSError, ValueError, LockNotAvailable):
        log.exception("events whose retention is over could not be exported and dropped")


async def _compact_report_days(database: Database, settings: Settings, now: datetime) -> None:
    for _ in range(ROUNDS_MAX):
        async with database.transaction() as connection:
            folded = await report_days.compact_old_days(
                connection,
                retention_days=settings.report_retention_days,
                rows_max=SWEEP_ROWS_MAX,
                now=now,
            )
        if folded == 0:
            break


async def _archive_months(database: Database, now: datetime) -> None:
    for _ in range(ROUNDS_MAX):
        async with database.transaction() as connection:
            kept = await months.archive_next_final_day(connection, now=now)
        if kept is None:
            break


async def make_event_days(database: Database, *, now: datetime) -> None:
    """Makes the partitions that events of the next days need."""
    async with database.transaction() as connection:
        await metering.make_event_days(connection, now=now)


async def sweep_expired(database: Database, *, now: datetime) -> int:
    """Removes tokens and kept answers whose time is over, batch by batch; returns how many."""
    done = 0
    for sweep in (tokens.sweep_tokens, partners_edge.sweep_bookkeeping, notices.sweep_notifications):
        for _ in range(ROUNDS_MAX):
            async with database.transaction() as connection:
                removed = await sweep(connection, rows_max=SWEEP_ROWS_MAX, now=now)
            done += removed
            if removed < SWEEP_ROWS_MAX:
                break
    return done


async def next_due(database: Database, *, after: datetime, until: datetime) -> datetime:
    """The next instant after ``after`` at which something falls due, at most ``until``.

    Midnight UTC is always one: days become final and reports change there.
    """
    async with database.connection() as connection:
        dues = (await jobs.next_expiry(connection), await campaigns.next_campaign_due(connection))
    moments = [end_of(day_of(after)), until]
    moments += [due for due in dues if due is not None and due > after]
    return max(min(moments), after + timedelta(microseconds=1))
