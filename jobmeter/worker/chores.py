"""Owns the list of chores, in the order in which they are due, and running them at a given time.

Does not own what a chore does: each is a flow of another package. Nor the loop (``loop``) or a sandbox's time.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from psycopg.errors import LockNotAvailable

from jobmeter.audit import flow as audit
from jobmeter.base.days import day_of, end_of
from jobmeter.base.settings import Settings
from jobmeter.billing.files import flow as files
from jobmeter.billing.invoices import flow as invoices
from jobmeter.charging.charge import flow as charge
from jobmeter.charging.corrections import flow as corrections
from jobmeter.charging.months import flow as months
from jobmeter.charging.retention import flow as report_days
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.job_lists import flow as lists
from jobmeter.jobs.campaigns import flow as campaigns
from jobmeter.jobs.postings import flow as jobs
from jobmeter.ledger.chain import flow as chain
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.intake import flow as metering
from jobmeter.metering.retention import flow as retention
from jobmeter.notifications import flow as notifications
from jobmeter.partners.tokens import flow as tokens
from jobmeter.promotion import flow as delivery
from jobmeter.promotion.alerts import flow as alerts
from jobmeter.request_control import flow as request_control
from jobmeter.settlement.days import flow as settlement
from jobmeter.worker import billing_log, cancellation, chore_log, feeds, machine_time, personal_data
from jobmeter.worker.model import ROUNDS_MAX, Chore, Occasion, Postponement, Queue, Run, in_batches, in_steps

SWEEP_ROWS_MAX = 5_000
WAITS_MAX, WAIT_SECONDS = 200, 0.02

log = logging.getLogger("jobmeter.worker")


async def _settle(connection: Connection, occasion: Occasion, _: int) -> int:
    return await settlement.settle_next(
        connection,
        final_after_days=occasion.settings.final_after_days,
        now=occasion.now,
        is_patient=occasion.is_patient,
        by_shard=occasion.is_distributed,
    )


async def _bill(connection: Connection, occasion: Occasion, rows_max: int) -> int:
    step = await invoices.bill_next(
        connection,
        final_after_days=occasion.settings.final_after_days,
        accounts_max=rows_max,
        now=occasion.now,
    )
    return 0 if step is None else max(step.accounts, 1)


async def _record_held(connection: Connection, occasion: Occasion, rows_max: int) -> int:
    return await billing_log.record_held(
        connection, settings=occasion.settings, rows_max=rows_max, now=occasion.now
    )


async def _remind(connection: Connection, occasion: Occasion, rows_max: int) -> int:
    return await billing_log.send_reminders(
        connection, settings=occasion.settings, rows_max=rows_max, now=occasion.now
    )


async def _make_files(connection: Connection, occasion: Occasion, rows_max: int) -> int:
    return await files.make_due_files(
        connection,
        settings=occasion.settings,
        rows_max=rows_max,
        now=occasion.now,
        is_patient=occasion.is_patient,
    )


async def _mail_documents(connection: Connection, occasion: Occasion, _: int) -> int:
    return await files.mail_next(connection, settings=occasion.settings, now=occasion.now)


async def _observe_jobs(connection: Connection, occasion: Occasion, rows_max: int) -> int:
    return await delivery.observe_jobs(
        connection, rows_max=rows_max, base_url=occasion.settings.base_url, now=occasion.now
    )


async def _copy_jobs(connection: Connection, _: Occasion, rows_max: int) -> int:
    return await lists.copy_changes(connection, rows_max=rows_max)


async def _advance_horizon(connection: Connection, _: Occasion, __: int) -> int:
    return await chain.advance_horizon(connection)


async def _seal(connection: Connection, occasion: Occasion, _: int) -> int:
    if not await chain.seal_next_round(connection, now=occasion.now):
        return 0
    await corrections.seal_restatements(connection)
    await audit.seal_records(connection)
    return 1


async def _drop_event_day(connection: Connection, occasion: Occasion, _: int) -> int:
    dropped = await retention.drop_next_day(
        connection,
        retention_days=occasion.settings.event_retention_days,
        export_folder=occasion.settings.export_folder,
        now=occasion.now,
    )
    if dropped is None:
        return 0
    await settlement.delete_reversal_marks(connection, day=dropped)
    return 1


async def _compact_report_days(connection: Connection, occasion: Occasion, rows_max: int) -> int:
    return await report_days.compact_old_days(
        connection,
        retention_days=occasion.settings.report_retention_days,
        rows_max=rows_max,
        now=occasion.now,
    )


async def _sweep_requests(connection: Connection, occasion: Occasion, rows_max: int) -> int:
    return await machine_time.sweep_requests(connection, settings=occasion.settings, rows_max=rows_max)


async def _sweep_people(connection: Connection, _: Occasion, rows_max: int) -> int:
    return await machine_time.sweep_people(connection, rows_max=rows_max)


def _sweep(name: str, run: Run) -> Chore:
    return Chore(name, Queue.SWEEP, run, rows_max=SWEEP_ROWS_MAX, again_from=SWEEP_ROWS_MAX)


# The list of all chores, in the order in which those of a queue run.
CHORES = (
    Chore("advance campaigns", Queue.INTERACTIVE, in_batches(campaigns.advance_campaigns), rows_max=50),
    Chore("carry out tasks", Queue.INTERACTIVE, in_batches(jobs.carry_out_tasks), rows_max=200),
    Chore("end jobs of campaigns", Queue.INTERACTIVE, in_batches(campaigns.end_campaign_jobs), rows_max=200),
    Chore("expire jobs", Queue.INTERACTIVE, in_batches(jobs.expire_jobs), rows_max=200),
    Chore(
        "settle days",
        Queue.SETTLEMENT,
        _settle,
        postponement=Postponement(
            (LockNotAvailable,),
            logging.INFO,
            "events are still written into a day that is due; it is settled later",
        ),
    ),
    # Right after settlement: a month is billed as soon as its last day is final, also by a moved clock.
    Chore("bill months", Queue.SETTLEMENT, _bill, rows_max=25),
    Chore("remind of overdue invoices", Queue.SETTLEMENT, _remind, rows_max=100, again_from=100),
    Chore("make files", Queue.DOCUMENTS, _make_files, rows_max=20),
    Chore("mail documents", Queue.DOCUMENTS, _mail_documents),
    Chore("observe jobs", Queue.OBSERVATION, _observe_jobs, rows_max=200, again_from=200),
    Chore("list jobs", Queue.OBSERVATION, _copy_jobs, rows_max=1_000, again_from=1_000),
    _sweep("sweep tokens", in_batches(tokens.sweep_tokens)),
    _sweep("sweep call counters and idempotency claims", in_batches(request_control.sweep_bookkeeping)),
    _sweep("sweep notifications", in_batches(notifications.sweep_notifications)),
    _sweep("sweep recorded requests", _sweep_requests),
    _sweep("sweep requests to log in and sessions", _sweep_people),
    Chore(
        "count figures for lists",
        Queue.MAINTENANCE,
        in_batches(lists.count_figures),
        rows_max=2_000,
        again_from=2_000,
    ),
    # Two transactions: the first marks the last posting, and only a later one can find that all up to it are committed.
    Chore("advance the horizon", Queue.MAINTENANCE, _advance_horizon, again_from=0, rounds_max=2),
    Chore("seal postings, restatements and audit records", Queue.MAINTENANCE, _seal, rounds_max=1),
    Chore(
        "record accounts that are not billed", Queue.MAINTENANCE, _record_held, rows_max=100, again_from=100
    ),
    Chore("observe contracts", Queue.MAINTENANCE, in_steps(alerts.observe_contracts), rounds_max=1),
    Chore("sweep the promotion feed", Queue.MAINTENANCE, in_steps(delivery.sweep_changes), rounds_max=1),
    Chore("trim refused events", Queue.MAINTENANCE, in_steps(filters.trim_refused), rounds_max=1),
    Chore(
        "delete old personal data", Queue.MAINTENANCE, personal_data.delete_old, rows_max=20, again_from=20
    ),
    # If the folder is not writable, the events stay and all other chores continue.
    Chore(
        "drop event days",
        Queue.MAINTENANCE,
        _drop_event_day,
        postponement=Postponement(
            (OSError, ValueError, LockNotAvailable),
            logging.ERROR,
            "events whose retention is over could not be exported and dropped",
        ),
    ),
    Chore("index final days", Queue.MAINTENANCE, in_steps(retention.index_next_day)),
    # Repeated until nothing is left: a partial batch only means that one contract is done.
    Chore("move live days", Queue.MAINTENANCE, in_batches(charge.move_past_days), rows_max=5_000),
    Chore("compact report days", Queue.MAINTENANCE, _compact_report_days, rows_max=SWEEP_ROWS_MAX),
    Chore("archive months", Queue.MAINTENANCE, in_steps(months.archive_next_final_day)),
    Chore("sweep nonces", Queue.MAINTENANCE, machine_time.sweep_nonces, rounds_max=1),
)


def list_chores(*queues: Queue) -> tuple[Chore, ...]:
    """Returns the chores of the queues, in the order of the list."""
    return tuple(chore for chore in CHORES if chore.queue in queues)


async def drain(database: Database, chores: Sequence[Chore], occasion: Occasion) -> int:
    """Runs each chore once per round until no chore has more work; returns how many items were done."""
    done = 0
    for number in range(ROUNDS_MAX):
        is_over = True
        for chore in chores:
            if number < chore.rounds_max:
                worked = await _run_once(database, chore, occasion)
                done += worked
                is_over = is_over and worked < chore.again_from
        if is_over:
            break
    return done


@chore_log.noted
async def _run_once(database: Database, chore: Chore, occasion: Occasion) -> int:
    cancellation.end_if_cancelled()
    occasion = replace(occasion, is_distributed=database.is_distributed)
    try:
        async with database.transaction() as connection:
            return await chore.run(connection, occasion, chore.rows_max)
    except chore.postponement.errors as error:
        trace = error if chore.postponement.level >= logging.ERROR else None
        log.log(chore.postponement.level, chore.postponement.message, exc_info=trace)
        if trace is not None:
            chore_log.note(database, chore.name, at=occasion.now, is_failed=True)
        return 0


async def drain_in_turn(database: Database, queue: Queue, occasion: Occasion) -> int:
    """Runs each chore of the queue to completion before the next; returns how many items were done."""
    return sum([await drain(database, (chore,), occasion) for chore in list_chores(queue)])


async def run_due(database: Database, settings: Settings, *, now: datetime) -> int:
    """Runs everything that is due at ``now``, in order; returns how many items were done. Safe to repeat."""
    done = await run_until_idle(database, settings, now=now)
    await run_maintenance(database, settings, now=now)
    return done


async def run_until_idle(database: Database, settings: Settings, *, now: datetime) -> int:
    """Reads the feeds that are due, then runs interactive chores and settlement in order until nothing is left."""
    occasion = Occasion(settings, now, is_patient=True)
    done = await feeds.load_all_due(database, settings, now=now)
    done += await drain(database, list_chores(Queue.INTERACTIVE, Queue.SETTLEMENT), occasion)
    # A month is billed at its own time, although requests that are still open delay what is known of it.
    for _ in range(WAITS_MAX):
        if not await _is_billing_waiting(database, occasion):
            break
        await asyncio.sleep(WAIT_SECONDS)
        done += await drain(database, list_chores(Queue.SETTLEMENT), occasion)
    await drain_in_turn(database, Queue.OBSERVATION, occasion)
    await drain_in_turn(database, Queue.DOCUMENTS, occasion)
    return done


async def _is_billing_waiting(database: Database, occasion: Occasion) -> bool:
    async with database.connection() as connection:
        return await invoices.is_waiting(
            connection, final_after_days=occasion.settings.final_after_days, now=occasion.now
        )


async def run_interactive(database: Database, settings: Settings, *, now: datetime) -> int:
    """Runs what someone is waiting for: tasks, campaigns, expiry. Never settlement or a feed, which may take long."""
    occasion = Occasion(settings, now)
    done = await drain(database, list_chores(Queue.INTERACTIVE), occasion)
    return done + await drain_in_turn(database, Queue.OBSERVATION, occasion)


async def run_settlement(database: Database, settings: Settings, *, now: datetime) -> int:
    """Settles every day that is due, step by step; returns how many items were done."""
    return await drain_in_turn(database, Queue.SETTLEMENT, Occasion(settings, now))


async def run_documents(database: Database, settings: Settings, *, now: datetime) -> int:
    """Makes the files of documents that have none, and mails them; returns how many items were done."""
    return await drain_in_turn(database, Queue.DOCUMENTS, Occasion(settings, now))


async def run_sweeps(database: Database, settings: Settings, *, now: datetime) -> None:
    """Deletes expired tokens, stored responses and notifications, batch by batch."""
    await drain_in_turn(database, Queue.SWEEP, Occasion(settings, now))


async def run_maintenance(database: Database, settings: Settings, *, now: datetime) -> None:
    """Runs what may wait a minute: seals, months of final days, retention of events, report days and signatures."""
    await chore_log.save_runs(database)
    await drain_in_turn(database, Queue.MAINTENANCE, Occasion(settings, now))


async def make_event_days(database: Database, *, now: datetime) -> None:
    """Creates the event partitions of the next days: before the first request, and once a day."""
    async with database.transaction() as connection:
        await metering.make_event_days(connection, now=now)


async def next_due(database: Database, *, after: datetime, until: datetime) -> datetime:
    """Returns the next instant after ``after`` at which something is due, at most ``until``.

    Midnight UTC always is one: days become final and reports change then.
    """
    async with database.connection() as connection:
        dues = (await jobs.next_expiry(connection), await campaigns.next_campaign_due(connection))
    moments = [end_of(day_of(after)), until, *(due for due in dues if due is not None and due > after)]
    return max(min(moments), after + timedelta(microseconds=1))
