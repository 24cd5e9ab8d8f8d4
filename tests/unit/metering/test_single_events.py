"""One statement records a group of single events, or nothing: what it decides, what it leaves to a batch, what stops it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import psycopg
import pytest

from jobmeter.api.batchers import batch_single_events
from jobmeter.base.days import day_of, start_of
from jobmeter.base.settings import Settings
from jobmeter.charging.windows import flow as windows
from jobmeter.database.batching import Batcher
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.jobs.pages.model import ApplyTarget
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.filters.model import FilterPolicy
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.metering.intake.model import find_visitor
from jobmeter.metering.intake.singles import flow as singles
from jobmeter.wire.events import Event
from tests.support.databases.locks import until_someone_waits
from tests.support.databases.table_snapshots import nothing_written
from tests.support.scenario import (
    PRICE_MICROS,
    START,
    Scenario,
    make_clicks,
    make_element,
    make_event,
    open_scenario,
    set_up,
)

HOUR = timedelta(hours=1)
NOW = START + timedelta(hours=1)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
TARGET = ApplyTarget("https://careers.example.com/apply", is_live=True)


async def take(
    scenario: Scenario, events: Sequence[Event], *, known: IntakeCaches | None = None, now: datetime = NOW
) -> list[ApplyTarget | None] | None:
    async with scenario.database.keyed_connection() as connection:
        return await singles.take_events(
            connection, events, known=known or scenario.known, now=now, future_tolerance_seconds=300
        )


async def prepare(scenario: Scenario) -> int:
    """Posts a job, and records enough of the day that the process knows by which lists it is judged."""
    job_id = await scenario.post("job", budget_micros=100 * PRICE_MICROS)
    for name in ("first", "second"):
        await scenario.ingest([make_event(job_id, name, NOW)], NOW)
    return job_id


async def count_charges(scenario: Scenario) -> list[tuple[int, int, int]]:
    return await scenario.rows("SELECT apply_clicks, clicks_charged, charge_micros FROM job_day_sums")


async def test_one_statement_stores_counts_charges_and_returns_where_to_apply(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await prepare(scenario)
        events = [*make_clicks(job_id, 3, NOW), make_event(job_id, "seen", NOW, type="view")]
        assert await take(scenario, events) == [TARGET] * 4
        assert await take(scenario, [*events, *make_clicks(job_id, 4, NOW)]) == [TARGET] * 8
        assert await count_charges(scenario) == [(6, 6, 6 * PRICE_MICROS)]
        stored = await scenario.rows("SELECT batch, count(*) FROM events GROUP BY batch ORDER BY batch")
        assert [count for _, count in stored] == [1, 1, 4, 1]
        causes = await scenario.rows(
            "SELECT cause, amount FROM charge_postings"
            " WHERE reference = charge_reference(day, source_id, cause) ORDER BY cause"
        )
        assert causes == [
            (batch, clicks * PRICE_MICROS) for (batch, _), clicks in zip(stored, (1, 1, 3, 1), strict=True)
        ]
        assert await scenario.breaches() == []


async def test_a_budget_that_runs_out_is_noted(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await prepare(scenario)
        job_id = await scenario.post("small", budget_micros=3 * PRICE_MICROS)
        await scenario.run_due(NOW)
        assert await scenario.rows("SELECT FROM job_notes") == []
        assert await take(scenario, make_clicks(job_id, 5, NOW)) == [TARGET] * 5
        assert await scenario.rows("SELECT job_id FROM job_notes") == [(job_id,)]
        assert (5, 3, 3 * PRICE_MICROS) in await count_charges(scenario)
        assert await scenario.breaches() == []


async def make_capped(scenario: Scenario) -> int:
    element = make_element(scenario.customers[0], "capped", START, budget_micros=9 * PRICE_MICROS)
    element["budget"]["payForPerformanceDailyBudget"] = {"currencyCode": "EUR", "amount": "3.00"}
    task = await scenario.take(scenario.customers[0], element, START)
    await scenario.run_due(START)
    return await scenario.job_of_task(scenario.customers[0], task, START) or 0


async def refuse_bursts(scenario: Scenario) -> None:
    """Also in the memory of the process, as after any batch."""
    policy = FilterPolicy(refuses_bursts=True)
    async with scenario.database.transaction() as connection:
        await filters.set_policy(connection, contract_id=scenario.contract.id, policy=policy)
    await scenario.ingest([], NOW)


async def exclude(scenario: Scenario, visitor: str) -> None:
    async with scenario.database.transaction() as connection:
        await filters.exclude(
            connection,
            application=scenario.customers[0].child,
            is_address=False,
            subject=find_visitor(visitor),
            note="",
            now=NOW,
        )


Make = Callable[[Scenario, int], Awaitable[list[Event]]]


async def crawler(_: Scenario, job_id: int) -> list[Event]:
    return [make_event(job_id, "robot", NOW, user_agent=CRAWLER)]


async def unknown_job(_: Scenario, job_id: int) -> list[Event]:
    return [make_event(job_id + (1 << 40), "nobody's", NOW)]


async def closed_job(scenario: Scenario, job_id: int) -> list[Event]:
    await scenario.close(scenario.customers[0], "job", NOW - timedelta(minutes=1))
    return [make_event(job_id, "late", NOW)]


async def daily_budget(scenario: Scenario, _: int) -> list[Event]:
    return make_clicks(await make_capped(scenario), 1, NOW)


async def other_day(scenario: Scenario, job_id: int) -> list[Event]:
    """Of which this process has recorded nothing: the lists of its user agents are not known to be recorded."""
    scenario.known.recorded_days.clear()
    return [make_event(job_id, "unrecorded", NOW)]


async def burst(scenario: Scenario, job_id: int) -> list[Event]:
    await refuse_bursts(scenario)
    return [make_event(job_id, "busy", NOW)]


async def excluded(scenario: Scenario, job_id: int) -> list[Event]:
    await exclude(scenario, "staff")
    await scenario.ingest([], NOW)
    return [make_event(job_id, "own", NOW, visitor="staff")]


async def new_filters(scenario: Scenario, job_id: int) -> list[Event]:
    """Of which the process does not know yet."""
    await exclude(scenario, "staff")
    return [make_event(job_id, "own", NOW, visitor="staff")]


@pytest.mark.parametrize(
    "make",
    [
        crawler,
        unknown_job,
        closed_job,
        daily_budget,
        other_day,
        burst,
        excluded,
        new_filters,
    ],
)
async def test_what_it_does_not_decide_is_left_alone(database_url: str, make: Make) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await prepare(scenario)
        odd = await make(scenario, job_id)
        plain = make_clicks(await scenario.post("plain", budget_micros=PRICE_MICROS), 2, NOW)
        with nothing_written(database_url):
            assert await take(scenario, [*plain, *odd]) is None
        assert await scenario.breaches() == []


async def test_a_job_that_is_no_longer_for_the_public_is_left_alone(database_url: str) -> None:
    """The statement does not read whom a job is for: its live window closes with the change."""
    async with open_scenario(database_url) as scenario:
        job_id = await prepare(scenario)
        element = make_element(scenario.customers[0], "job", NOW, budget_micros=100 * PRICE_MICROS)
        element |= {"jobPostingOperationType": "UPDATE", "availability": "INTERNAL"}
        await scenario.take(scenario.customers[0], element, NOW)
        await scenario.run_due(NOW)
        found = "SELECT state, content ->> 'availability' FROM job_postings"
        assert await scenario.rows(found) == [("LIVE", "INTERNAL")]
        for known in (None, IntakeCaches()):
            with nothing_written(database_url):
                assert await take(scenario, make_clicks(job_id, 1, NOW), known=known) is None
        assert await scenario.breaches() == []
        await scenario.take(scenario.customers[0], element | {"availability": "PUBLIC"}, NOW + HOUR)
        await scenario.run_due(NOW + HOUR)
        assert await scenario.breaches() == []
        clicks = [*make_clicks(job_id, 1, NOW, prefix="while private"), *make_clicks(job_id, 1, NOW + HOUR)]
        assert (await scenario.ingest(clicks, NOW + HOUR)).clicks_charged == 1


async def test_a_day_that_is_over_and_two_days_at_once_are_left_alone(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await prepare(scenario)
        midnight = start_of(day_of(NOW) + timedelta(days=1))
        for name in ("third", "fourth"):
            await scenario.ingest([make_event(job_id, name, midnight)], midnight)
        evening, morning = (
            make_event(job_id, name, midnight + timedelta(milliseconds=at))
            for name, at in (("e", -1), ("m", 0))
        )
        with nothing_written(database_url):
            assert await take(scenario, [evening], now=midnight) is None
            assert await take(scenario, [evening, morning], now=midnight) is None
        assert await take(scenario, [morning], now=midnight) == [TARGET]
        # A clock that is a little ahead: the day is not over here.
        assert await take(
            scenario, [make_event(job_id, "m2", midnight)], now=midnight - timedelta(seconds=1)
        ) == [TARGET]
        assert await scenario.breaches() == []


async def test_a_window_that_changed_before_is_seen_before_anything_is_stored(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await prepare(scenario)
        async with scenario.database.transaction() as connection:
            await windows.set_market(connection, shard=job_id % 256, job_id=job_id, market=7)
        number = "SELECT last_value FROM event_batches"
        before = await scenario.rows(number)
        with nothing_written(database_url):
            assert await take(scenario, make_clicks(job_id, 2, NOW)) is None
        assert await scenario.rows(number) == before


async def start_waiting(
    database: Database, scenario: Scenario, connection: psycopg.AsyncConnection, job_id: int
) -> "asyncio.Task[list[ApplyTarget | None] | None]":
    """A group that has stored its events and waits for its job, which ``connection`` holds."""
    await connection.execute("SELECT FROM job_budgets WHERE job_id = %s FOR UPDATE", [job_id])
    waiting = asyncio.create_task(take(scenario, make_clicks(job_id, 3, NOW)))
    await until_someone_waits(scenario.database)
    return waiting


async def test_a_window_that_changes_meanwhile_takes_everything_back(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=4) as database:
        scenario = await set_up(database, 10**10)
        job_id = await prepare(scenario)
        async with database.transaction() as connection:
            waiting = await start_waiting(database, scenario, connection, job_id)
            await windows.set_market(connection, shard=job_id % 256, job_id=job_id, market=7)
        assert await waiting is None
        assert await count_charges(scenario) == [(2, 2, 2 * PRICE_MICROS)]
        assert await scenario.rows("SELECT count(*) FROM events") == [(2,)]
        assert await scenario.breaches() == []


async def test_a_budget_that_changes_meanwhile_is_the_one_that_pays(database_url: str) -> None:
    """The statement began before the other charge was committed, and must not spend what that has spent."""
    async with Database.opened(database_url, connections_max=4) as database:
        scenario = await set_up(database, 10**10)
        await prepare(scenario)
        job_id = await scenario.post("small", budget_micros=4 * PRICE_MICROS)
        async with database.transaction() as connection:
            await scenario.ingest_on(connection, make_clicks(job_id, 2, NOW, prefix="other"), NOW)
            waiting = asyncio.create_task(take(scenario, make_clicks(job_id, 3, NOW)))
            await until_someone_waits(scenario.database)
        assert await waiting == [TARGET] * 3
        assert (5, 4, 4 * PRICE_MICROS) in await count_charges(scenario)
        assert await scenario.breaches() == []


async def test_a_statement_that_is_killed_leaves_nothing(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=4) as database:
        scenario = await set_up(database, 10**10)
        job_id = await prepare(scenario)
        async with database.transaction() as connection:
            waiting = await start_waiting(database, scenario, connection, job_id)
            await scenario.rows(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pg_blocking_pids(pid) <> '{}'"
            )
            with pytest.raises(psycopg.OperationalError):
                await waiting
        assert await scenario.rows("SELECT count(*) FROM events") == [(2,)]
        assert await take(scenario, make_clicks(job_id, 3, NOW)) == [TARGET] * 3
        assert await count_charges(scenario) == [(5, 5, 5 * PRICE_MICROS)]
        assert await scenario.breaches() == []


class WatchedDatabase(Database):
    """Counts what is not one statement."""

    transactions = 0

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[Connection]:
        self.transactions += 1
        async with super().pipeline() as connection:
            yield connection


async def test_candidates_need_a_transaction_only_until_the_day_is_known(database_url: str) -> None:
    database = await WatchedDatabase.open(database_url, connections_max=2)
    scenario = await set_up(database, 10**10)
    job_id = await scenario.post("job", budget_micros=100 * PRICE_MICROS)
    worker, needed = open_worker(scenario), []
    for number in range(6):
        await asyncio.gather(*map(worker.submit, make_clicks(job_id, 3, NOW, prefix=str(number))))
        needed.append(database.transactions)
    await database.close()
    assert needed == [1, 2, 2, 2, 2, 2]


def open_worker(scenario: Scenario) -> Batcher[Event, ApplyTarget | None]:
    """A server process: what it remembers is its own."""

    async def read_clock() -> datetime:
        return NOW

    return batch_single_events(scenario.database, Settings(), read_clock=read_clock, known=IntakeCaches())


async def test_two_workers_and_batches_share_budgets_that_run_out(database_url: str) -> None:
    """Each event reaches both workers, some also a batch; jobs are in other orders in each. No lock waits in a ring."""
    async with Database.opened(database_url, connections_max=12) as database:
        scenario = await set_up(database, 10**10)
        jobs = [await scenario.post(f"job-{n}", budget_micros=20 * PRICE_MICROS) for n in range(6)]
        workers = [open_worker(scenario) for _ in range(2)]
        rounds = [[make_event(job, f"{n}-{job}", NOW) for job in jobs] for n in range(40)]

        async def come(worker: Batcher[Event, ApplyTarget | None], *, is_backwards: bool) -> None:
            for events in rounds:
                group = events[::-1] if is_backwards else events
                assert await asyncio.gather(*map(worker.submit, group)) == [TARGET] * len(jobs)

        async def send() -> None:
            for first in range(0, len(rounds), 5):
                await scenario.ingest(
                    [event for group in rounds[first : first + 5] for event in group[::-1]], NOW
                )

        await asyncio.gather(
            come(workers[0], is_backwards=False), come(workers[1], is_backwards=True), send(), send()
        )
        assert await count_charges(scenario) == [(40, 20, 20 * PRICE_MICROS)] * len(jobs)
        assert await scenario.rows("SELECT count(*) FROM events") == [(40 * len(jobs),)]
        assert await scenario.breaches() == []
