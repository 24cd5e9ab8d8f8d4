"""No hot transaction writes two shards, seen by the rows that it writes; where the database is one server, a batch does."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from jobmeter.api.batchers import batch_single_events
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.metering.batches import flow as batches
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.wire.events import Event
from tests.support.databases.distributed import DistributedDatabase
from tests.support.scenario import (
    PRICE_MICROS,
    SETTINGS,
    START,
    Scenario,
    make_clicks,
    make_element,
    make_event,
    set_up,
)

NOW = START + timedelta(hours=30)
# Records what each transaction writes: one number of the transaction, savepoints included.
RECORD_WRITES = """
CREATE TABLE written (transaction_id xid8, table_name text, shard integer);
CREATE FUNCTION record_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO written VALUES (pg_current_xact_id(), TG_TABLE_NAME, coalesce(NEW.shard, OLD.shard));
    RETURN NULL;
END $$;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT DISTINCT indrelid::regclass::text
                  FROM pg_index
                  JOIN pg_class ON pg_class.oid = indrelid
                  JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
                 WHERE indisunique AND attname = 'shard' AND relkind IN ('r', 'p')
                   AND relnamespace = current_schema()::regnamespace
                   AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = indexrelid)
    LOOP
        EXECUTE format('CREATE TRIGGER record_write AFTER INSERT OR UPDATE OR DELETE ON %s
                        FOR EACH ROW EXECUTE FUNCTION record_write()', name);
    END LOOP;
END $$
"""


async def record_writes(scenario: Scenario) -> None:
    await scenario.execute(RECORD_WRITES)


async def list_writes(scenario: Scenario) -> list[tuple[set[str], set[int]]]:
    """Of each transaction since the last time, the tables and the shards that it wrote."""
    tables, shards = defaultdict(set), defaultdict(set)
    for number, table, shard in await scenario.rows(
        "SELECT transaction_id::text, regexp_replace(table_name, '_\\d+$', ''), shard FROM written"
    ):
        tables[number].add(table)
        shards[number].add(shard)
    await scenario.execute("TRUNCATE written")
    return [(tables[number], shards[number]) for number in tables]


async def post_of_each(scenario: Scenario) -> list[int]:
    """A job with much and one with little money of each customer; the latter has a daily budget too."""
    jobs = []
    for customer in scenario.customers:
        for clicks in (100, 3):
            name = f"{customer.child.id}-{clicks}"
            element = make_element(customer, name, START, budget_micros=clicks * PRICE_MICROS)
            if clicks == 3:
                element["budget"]["payForPerformanceDailyBudget"] = {"currencyCode": "EUR", "amount": "3.00"}
            task = await scenario.take(customer, element, START)
            await scenario.run_due(START)
            jobs.append(await scenario.job_of_task(customer, task, START) or 0)
    return jobs


def make_batch(jobs: Sequence[int], now: datetime, prefix: str) -> list[Event]:
    """Clicks of now and of the day before, views, and what does not count, of all jobs."""
    late = now - timedelta(hours=20)
    return [
        event
        for job in jobs
        for event in (
            *make_clicks(job, 4, now, prefix=prefix),
            *make_clicks(job, 2, late, prefix=f"{prefix}-late"),
            make_event(job, f"{prefix}-{job}-view", now, type="view"),
            make_event(job, f"{prefix}-{job}-robot", now, is_crawler=True),
        )
    ]


async def send(database: Database, scenario: Scenario, events: Sequence[Event]) -> None:
    await batches.record_batch(
        database,
        events,
        known=scenario.known,
        now=NOW,
        future_tolerance_seconds=SETTINGS.future_tolerance_seconds,
    )


async def read_clock() -> datetime:
    return NOW


async def click(database: Database, scenario: Scenario, jobs: Sequence[int]) -> None:
    """Candidates of all jobs at one moment, twice: by the way of batches at first, then by one statement."""
    batcher = batch_single_events(database, Settings(), read_clock=read_clock, known=IntakeCaches())
    for number in range(4):
        events = [make_event(job, f"single-{number}-{job}", NOW) for job in jobs]
        await asyncio.gather(*map(batcher.submit, events))


@pytest.fixture
async def divided(database_url):
    async with DistributedDatabase.opened(database_url, connections_max=4) as opened:
        yield opened


HOT = {"events", "job_budgets", "charge_postings"}


async def test_what_is_recorded_by_shard_writes_one_shard_in_each_transaction(divided):
    scenario = await set_up(divided, 10**10)
    await scenario.open_day(NOW)
    jobs = await post_of_each(scenario)
    assert len({job % 256 for job in jobs}) == 2
    await record_writes(scenario)
    for prefix in ("a", "b", "a"):
        await send(divided, scenario, [*make_batch(jobs, NOW, prefix), *make_batch(jobs[1:], NOW, "x")])
        await click(divided, scenario, jobs[::2])
    written = await list_writes(scenario)
    assert {table for tables, _ in written for table in tables} >= HOT | {"job_days", "job_day_restatements"}
    assert [(tables, shards) for tables, shards in written if len(shards) > 1] == []
    assert await scenario.breaches() == []


async def test_one_transaction_of_a_batch_writes_the_shards_of_all_its_customers(database_url):
    """What the test above looks for is found where it is so."""
    async with Database.opened(database_url, connections_max=4) as database:
        scenario = await set_up(database, 10**10)
        jobs = await post_of_each(scenario)
        await scenario.open_day(NOW)
        await record_writes(scenario)
        await send(database, scenario, make_batch(jobs, NOW, "a"))
        assert [len(shards) for _, shards in await list_writes(scenario)] == [2]
        await click(database, scenario, jobs[::2])
        assert {len(shards) for _, shards in await list_writes(scenario)} == {2}


async def test_money_between_a_contract_and_a_job_of_a_customer_is_in_two_shards(divided):
    """A contract's balance is in the shard of the contract: what posts and ends jobs writes there too (decision 31)."""
    scenario = await set_up(divided, 10**10)
    children = [customer.child for customer in scenario.customers]
    await record_writes(scenario)
    jobs = await post_of_each(scenario)
    await scenario.close(scenario.customers[0], f"{children[0].id}-100", NOW)
    wide = [
        (tables, shards)
        for tables, shards in await list_writes(scenario)
        if len(shards) > 1 and tables != {"ledger_seals"}
    ]
    assert len(wide) == len(jobs) + 1, wide
    assert {frozenset(shards - {scenario.contract.shard}) for _, shards in wide} == {
        frozenset({child.shard}) for child in children
    }
    assert [
        tables for tables, _ in wide if "ledger_balances" not in tables or tables & HOT != {"job_budgets"}
    ] == []
