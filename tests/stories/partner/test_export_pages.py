"""Pages of exports: their size changes no row, and an outage between two of them loses and repeats none."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from jobmeter.base.clock import to_ms
from jobmeter.exports.kinds import flow as kinds
from jobmeter.exports.model import ExportKind, ExportQuery
from jobmeter.reports.job_reports.flow import JobListCache
from jobmeter.wire.events import Event
from tests.support.scenario import PRICE_MICROS, START, open_scenario

JOBS = 5
LATER = START + timedelta(days=5)
KINDS = [kind for kind in ExportKind if kind is not ExportKind.INVOICES]
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def make_days(scenario):
    """Jobs with clicks on three days, one of them repeated and reversed on each, one beyond the budget."""
    jobs = [await scenario.post(f"job-{n}", budget_micros=(3 + n) * PRICE_MICROS) for n in range(JOBS)]
    for day in range(3):
        now = START + timedelta(days=day, hours=1)
        await scenario.open_day(now)
        for job_id in jobs:
            clicks = [
                Event(
                    source="board",
                    id=f"{day}-{job_id}-{n}",
                    type="applyClick",
                    time=to_ms(now) + n,
                    job=job_id,
                    visitor=f"visitor {max(n, 1)}",
                )
                for n in range(3)
            ]
            await scenario.ingest(clicks, now)
        await scenario.run_due(now)
    await scenario.run_due(LATER)
    return jobs


def ask(scenario, kind, **changed):
    query = ExportQuery(
        kind=kind,
        caller=scenario.parent,
        first=START.date(),
        last=START.date() + timedelta(days=4),
        now=LATER,
    )
    return replace(query, **changed)


async def read(scenario, query, *, page_rows, between=None):
    sources = kinds.make_sources(scenario.database.connection, JobListCache(), page_rows=page_rows)
    async with scenario.database.connection() as connection:
        scope = await kinds.find_scope(connection, query)
    rows = []
    async for table in kinds.read_tables(sources, query, scope):
        rows += zip(*table.columns, table.cursors, strict=True)
        if between is not None:
            between()
    return rows


async def test_the_size_of_a_page_changes_no_row(database_url):
    async with open_scenario(database_url) as scenario:
        await make_days(scenario)
        for kind in KINDS:
            query = ask(scenario, kind)
            whole = await read(scenario, query, page_rows=10_000)
            assert whole
            for page_rows in (1, 2, 7):
                assert await read(scenario, query, page_rows=page_rows) == whole
            for place, row in enumerate(whole):
                rest = await read(scenario, replace(query, after=row[-1]), page_rows=2)
                assert rest == whole[place + 1 :]


@pytest.mark.parametrize("kind", [ExportKind.CHARGES, ExportKind.EVENTS])
async def test_an_outage_between_two_pages_loses_no_row_and_repeats_none(database_url, kind):
    async with open_scenario(database_url) as scenario:
        await make_days(scenario)
        query = ask(scenario, kind)
        whole = await read(scenario, query, page_rows=10_000)
        outages = [TERMINATE]

        def end_connections():
            if outages:
                with psycopg.connect(database_url, autocommit=True) as other:
                    other.execute(outages.pop())

        assert await read(scenario, query, page_rows=4, between=end_connections) == whole
        assert not outages
