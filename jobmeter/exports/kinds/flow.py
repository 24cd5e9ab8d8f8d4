"""Owns the verb of reading an export: what is exported of whom, then its tables, page by page.

Holds no connection between pages, however slowly they are read; what is final never changes between two of them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.database.outages import UNUSABLE
from jobmeter.exports import rules
from jobmeter.exports.kinds import budget, charges, events, invoices, job_reports, store
from jobmeter.exports.kinds.sources import PAGE_ROWS, Connect, Sources
from jobmeter.exports.model import Column, ExportKind, ExportQuery, Scope, Table
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application, ListedPage
from jobmeter.reports.job_reports.flow import JobListCache

APPLICATIONS_AT_ONCE = 1_000
OUTAGE_SECONDS_MAX = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """``read`` returns tables with these columns, in an order in which each row's cursor continues. ``about`` is one row."""

    about: str
    columns: tuple[Column, ...]
    read: Callable[[Sources, ExportQuery, Scope], AsyncIterator[Table]]


KINDS = {
    ExportKind.JOB_REPORTS: Kind(job_reports.ABOUT, job_reports.COLUMNS, job_reports.read_tables),
    ExportKind.BUDGET: Kind(budget.ABOUT, budget.COLUMNS, budget.read_tables),
    ExportKind.CHARGES: Kind(charges.ABOUT, charges.COLUMNS, charges.read_tables),
    ExportKind.CLICKS_NOT_CHARGED: Kind(
        events.NOT_CHARGED_ABOUT, events.NOT_CHARGED_COLUMNS, events.read_not_charged
    ),
    ExportKind.INVOICES: Kind(invoices.ABOUT, invoices.COLUMNS, invoices.read_tables),
    ExportKind.EVENTS: Kind(events.ABOUT, events.COLUMNS, events.read_tables),
}


def choose_days(
    kind: ExportKind,
    first: date | None,
    last: date | None,
    *,
    now: datetime,
    kept_days: int,
    as_of: datetime | None = None,
) -> tuple[date, date]:
    """Returns the days of an export; by default all that are kept. With ``as_of``, those that were over then.

    Raises ``Refused`` as ``rules.check_range`` and ``rules.check_moment`` do.
    """
    if as_of is not None and last is None:
        last = day_of(as_of) - timedelta(days=1)
    chosen = rules.check_range(kind, first, last, now=now, kept_days=kept_days)
    if as_of is not None:
        rules.check_moment(as_of, chosen[1], now=now)
    return chosen


async def find_scope(connection: Connection, query: ExportQuery) -> Scope:
    """Returns the applications, contracts and jobs that the query selects, of those of the caller.

    Raises ``Refused``: APPLICATION_UNKNOWN, CONTRACT_UNKNOWN for those of others, as for those that do not exist.
    """
    applications = await _list_applications(connection, query.caller)
    if query.application_id is not None:
        applications = [one for one in applications if one.id == query.application_id]
        if not applications:
            raise Refused(Fault.APPLICATION_UNKNOWN, key=f"{URN_APPLICATION}{query.application_id}")
    listed = await contracts.list_partner_contracts(connection, partner_id=query.caller.partner_id)
    if query.contract_id is not None:
        listed = [one for one in listed if one.id == query.contract_id]
        if not listed:
            raise Refused(Fault.CONTRACT_UNKNOWN)
    job_ids = None
    if query.external_ids:
        job_ids = await store.find_jobs(
            connection,
            shards=[one.shard for one in applications],
            application_ids=[one.id for one in applications],
            external_ids=list(query.external_ids),
        )
    return Scope(tuple(applications), tuple(listed), None if job_ids is None else tuple(job_ids))


async def _list_applications(connection: Connection, caller: Application) -> list[Application]:
    """The caller itself, or all customers of a partner."""
    if caller.parent_id is not None:
        return [caller]
    found: list[Application] = []
    is_full, after = True, 0
    while is_full:
        page = await partners.list_applications(
            connection, ListedPage(after=after, rows_max=APPLICATIONS_AT_ONCE), partner_id=caller.id
        )
        found += [one for one in page if one.parent_id is not None]
        is_full = len(page) == APPLICATIONS_AT_ONCE
        after = page[-1].id if page else after
    return found


def make_sources(connect: Connect, job_lists: JobListCache, *, page_rows: int = PAGE_ROWS) -> Sources:
    """Returns what exports read from; ``connect`` lends a connection for one page."""
    return Sources(connect, job_lists, page_rows)


async def read_tables(sources: Sources, query: ExportQuery, scope: Scope) -> AsyncIterator[Table]:
    """Yields the rows after the query's cursor; tables without rows are left out. Raises ``Refused(PARAMETER_INVALID)``.

    An outage after the first table ends nothing: once the database is back, the rows after the last one follow.
    """
    failures = 0
    while True:
        try:
            async for table in KINDS[query.kind].read(sources, query, scope):
                if len(table):
                    yield table
                    query, failures = replace(query, after=table.cursors[-1]), 0
        except UNUSABLE:
            failures += 1
            if not query.after or failures > OUTAGE_SECONDS_MAX:
                raise
            await asyncio.sleep(1)
        else:
            return
