"""Pages of exports: their size changes no row, and an outage between two of them loses and repeats none."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from jobmeter.base.clock import to_ms
from jobmeter.base.ids import SHARD_COUNT
from jobmeter.charging.corrections import flow as corrections
from jobmeter.exports.kinds import flow as kinds
from jobmeter.exports.model import ExportKind, ExportQuery
from jobmeter.reports.job_reports.flow import JobListCache
from jobmeter.wire.events import Event
from tests.support.scenario import PRICE_MICROS, START, one_of, open_scenario, set_up

JOBS = 5
LATER = START + timedelta(days=5)
KINDS = [kind for kind in ExportKind if kind is not ExportKind.INVOICES]
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def make_days(scenario, *, is_settled=True):
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
    if is_settled:
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


@pytest.mark.long
@one_of(7)
async def test_the_size_of_a_page_changes_no_row(database_url, every):
    """Nor does the row after which a page begins, of which one of ``every`` is tried."""
    async with open_scenario(database_url) as scenario:
        await make_days(scenario)
        for kind in KINDS:
            query = ask(scenario, kind)
            whole = await read(scenario, query, page_rows=10_000)
            assert whole
            for page_rows in (1, 2, 7):
                assert await read(scenario, query, page_rows=page_rows) == whole
            for place in range(len(whole))[::every]:
                rest = await read(scenario, replace(query, after=whole[place][-1]), page_rows=2)
                assert rest == whole[place + 1 :]


LEDGER = """
SELECT (SELECT sum(amount) FROM charge_postings)::bigint,
       (SELECT sum(amount) FROM ledger_bookings WHERE corrects IS NOT NULL AND purpose IN (5, 6))::bigint
"""


async def test_the_sum_of_the_charges_is_that_of_the_ledger_credits_included(database_url):
    async with open_scenario(database_url) as scenario:
        await make_days(scenario)
        references = await scenario.rows("SELECT reference FROM charge_postings ORDER BY number LIMIT 1")
        async with scenario.database.transaction() as connection:
            assert await corrections.credit_charge(
                connection, charge=references[0][0], amount_micros=700_000, reference="goodwill", now=LATER
            )
        query = ask(scenario, ExportKind.CHARGES, last=LATER.date())
        rows = await read(scenario, query, page_rows=3)
        names = [column.name for column in kinds.KINDS[ExportKind.CHARGES].columns]
        types, nets = names.index("type"), names.index("net")
        assert {row[types] for row in rows} == {"CHARGE", "REVERSE", "ADJUST"}
        ((charged, returned),) = await scenario.rows(LEDGER)
        assert sum(row[nets] for row in rows) == charged - returned
        assert returned > 700_000
        # The credit belongs to the day on which it was given, not to that of its charge.
        before = await read(scenario, replace(query, last=query.first), page_rows=3)
        assert "ADJUST" not in {row[types] for row in before}


@pytest.mark.long
async def test_partners_whose_customers_share_a_shard_see_their_own_rows(database_url):
    async with open_scenario(database_url) as scenario:
        mine = scenario.customers[0].child
        await scenario.execute(f"SELECT setval('application_ids', {mine.id + SHARD_COUNT - 2})")
        other = await set_up(scenario.database, 10_000_000_000)
        assert other.customers[0].child.shard == mine.shard
        jobs = set(await make_days(scenario, is_settled=False))
        others = set(await make_days(other))
        for one, ids in ((scenario, jobs), (other, others)):
            for kind in (kind for kind in KINDS if kind is not ExportKind.BUDGET):
                columns = [column.name for column in kinds.KINDS[kind].columns]
                place = columns.index("jobPosting")
                for page_rows in (1, 5, 10_000):
                    rows = await read(one, ask(one, kind), page_rows=page_rows)
                    assert {int(row[place].rpartition(":")[2]) for row in rows} == ids


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
