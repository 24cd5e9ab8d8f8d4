"""What is done shard by shard leaves what one transaction leaves: the same books and the same replies to batches, to whatever customers
their events belong, also if the server is killed between two shards and a batch is sent again; the same jobs posted, settled and expired.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jobmeter.base.days import day_of, start_of
from jobmeter.database.pool import Database
from jobmeter.metering.batches import flow as batches
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.filters.flow import LAST_EVENTS_MAX
from jobmeter.metering.filters.model import FilterPolicy
from jobmeter.metering.intake.model import find_visitor
from jobmeter.metering.intake.singles.flow import find_shard
from jobmeter.metering.model import IntakeReply
from jobmeter.wire.events import Event, Malformed
from tests.support.databases.distributed import DistributedDatabase
from tests.support.databases.dying_database import Died
from tests.support.scenario import (
    PRICE_MICROS,
    SETTINGS,
    START,
    Scenario,
    clear,
    in_parts,
    make_element,
    make_event,
    open_for_examples,
    set_up,
)

CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
# Of each of two customers: a hot job, one whose budget runs out, and one with a daily budget.
CLICKS_OF_BUDGET = (200, 5, 12)
DAILY, JOBS = 2, 2 * len(CLICKS_OF_BUDGET)
TO_MIDNIGHT = start_of(day_of(START)) + timedelta(days=1) - START
MOVES = (timedelta(0), timedelta(seconds=1), timedelta(minutes=7), TO_MIDNIGHT)
# Few names, so that many events are repeats, in one batch as well. Some are of the day before, too old, or of no job, and some of a
# visitor whom the first customer has excluded.
EVENTS = st.tuples(
    st.integers(0, JOBS),
    st.sampled_from(("applyClick", "applyClick", "view")),
    st.integers(0, 40),
    st.sampled_from((0, 0, 0, 5, 15 * 3_600, 60 * 3_600)),
    st.sampled_from((None, None, None, CRAWLER)),
)
# At a commit point of reading, of the first shard, of the second, or of the end; the last comes never.
READ, FIRST, SECOND = (0, 1), (2, 3), (4, 5)
DIES_AT = st.sampled_from((*READ, *FIRST, *SECOND, 6, 7, 100))
STEPS = st.lists(
    st.tuples(st.sampled_from(MOVES), st.lists(EVENTS, min_size=1, max_size=25), DIES_AT),
    min_size=3,
    max_size=8,
)
# Two batches of both customers, whose server dies after the commit of the first shard and before that of the second.
BETWEEN_SHARDS = [
    (MOVES[1], [(0, "applyClick", 1, 0, None), (len(CLICKS_OF_BUDGET), "applyClick", name, 0, None)], dies_at)
    for name, dies_at in enumerate((FIRST[1], SECOND[0]), start=2)
]
# Of both customers in turn, so that the last of a batch are not the last of its parts.
MORE_REFUSED_THAN_KEPT = [
    (MOVES[1], [(number % JOBS, "view", 20 + number, 0, CRAWLER) for number in range(part, part + 18)], 100)
    for part in (0, 18, 36, 54)
]
FIGURES = {
    "budgets": "SELECT external_id, spent_micros, released_micros, live_day, day_views, day_clicks, day_charged, day_refused"
    " FROM job_budgets JOIN job_postings USING (job_id)",
    "days": "SELECT external_id, day, views, apply_clicks, clicks_charged, clicks_refused, charge_micros"
    " FROM job_day_sums JOIN job_postings USING (job_id)",
    "charges": "SELECT external_id, purpose, day, amount, booked_at, reference = charge_reference(day, job_id, cause)"
    " FROM charge_postings JOIN job_postings ON job_id = source_id",
    "events": "SELECT external_id, kind, verdict, event_key FROM events JOIN job_postings USING (job_id)",
    "refusals": "SELECT external_id, day, verdict, clicks FROM job_day_refusals JOIN job_postings USING (job_id)",
    "restated": "SELECT external_id, day, cause, views, job_day_restatements.apply_clicks, after_clicks_charged, after_charge_micros"
    " FROM job_day_restatements JOIN job_postings USING (job_id)",
    "accounts": "SELECT kind, unit, amount FROM ledger_balances",
}
REFUSED = {"refused": "SELECT owner_id = 0, event_id, verdict, message FROM refused_events"}

Record = Callable[[Scenario, Sequence[Event | Malformed], datetime, int], Awaitable[IntakeReply | None]]


async def record(
    database: Database, scenario: Scenario, events: Sequence[Event | Malformed], now: datetime
) -> IntakeReply:
    reply = await batches.record_batch(
        database,
        events,
        known=scenario.known,
        now=now,
        future_tolerance_seconds=SETTINGS.future_tolerance_seconds,
    )
    return replace(reply, jobs_noted=(len(reply.jobs_noted),))


async def post_jobs(scenario: Scenario) -> list[int]:
    jobs = []
    for place, customer in enumerate(scenario.customers):
        for number, clicks in enumerate(CLICKS_OF_BUDGET):
            name = f"job-{place}-{number}"
            element = make_element(customer, name, START, budget_micros=clicks * PRICE_MICROS)
            if number == DAILY:
                element["budget"]["payForPerformanceDailyBudget"] = {"currencyCode": "EUR", "amount": "6.00"}
            task = await scenario.take(customer, element, START)
            await scenario.run_due(START)
            jobs.append(await scenario.job_of_task(customer, task, START) or 0)
    assert len({job % 256 for job in jobs}) == len(scenario.customers)
    return jobs


def make_events(jobs: Sequence[int], sent: Sequence[Any], now: datetime) -> list[Event | Malformed]:
    made: list[Event | Malformed] = []
    for job, kind, name, age, agent in sent:
        event = make_event(
            (*jobs, 7)[job],
            f"{job}-{kind}-{name}",
            now - timedelta(seconds=age),
            type=kind,
            user_agent=agent,
            visitor=f"v{name % 7}",
        )
        made.append(event if name % 19 else Malformed("it is no event"))
    return made


async def play(database: Database, steps: Sequence[Any], act: Record, **policy: Any) -> dict[str, Any]:
    """Returns all that is left behind, by the names of jobs, and each answer."""
    await clear(database)
    scenario = await set_up(database, 10**10)
    jobs = await post_jobs(scenario)
    async with database.transaction() as connection:
        await filters.set_policy(connection, contract_id=scenario.contract.id, policy=FilterPolicy(**policy))
        await filters.exclude(
            connection,
            application=scenario.customers[0].child,
            is_address=False,
            subject=find_visitor("v3"),
            note="",
            now=START,
        )
    now, answers = START + timedelta(hours=1), []
    for moved, sent, dies_at in steps:
        now += moved
        await scenario.open_day(now)
        answers.append(await act(scenario, make_events(jobs, sent, now), now, dies_at))
    # Settlement reverses clicks and every job expires.
    for later in (4, 300):
        await scenario.run_due(now + timedelta(days=later))
    assert await scenario.rows("SELECT DISTINCT state FROM job_postings") == [("EXPIRED",)]
    assert await scenario.breaches() == []
    figures = {name: Counter(await scenario.rows(text)) for name, text in (FIGURES | REFUSED).items()}
    return figures | {"answers": answers}


def compare(
    found: dict[str, Any], expected: dict[str, Any], *, refused_as: type[Counter[Any] | set[Any]]
) -> None:
    """What did not count is compared as it says, and not where the operator's list of it is full: it has the last, and in another order
    others are the last.
    """
    lists = [figures.pop("refused") for figures in (found, expected)]
    assert found == expected
    if all(sum(times for row, times in kept.items() if row[0]) < LAST_EVENTS_MAX for kept in lists):
        assert refused_as(lists[0]) == refused_as(lists[1])


def as_counted(reply: IntakeReply) -> IntakeReply:
    """Without what depends on whether events were recorded now or before."""
    return replace(
        reply, accepted=0, duplicate=reply.accepted + reply.duplicate, clicks_charged=0, jobs_noted=()
    )


async def record_whole(
    scenario: Scenario, events: Sequence[Event | Malformed], now: datetime, _: int
) -> IntakeReply | None:
    return await record(scenario.database, scenario, events, now)


async def record_in_parts(
    scenario: Scenario, events: Sequence[Event | Malformed], now: datetime, _: int
) -> IntakeReply | None:
    """As a sender does who knows the shards."""
    shards = [find_shard(event) if isinstance(event, Event) else 0 for event in events]
    for shard in sorted(set(shards)):
        part = [event for event, of_shard in zip(events, shards, strict=True) if of_shard == shard]
        await record(scenario.database, scenario, part, now)
    return None


@in_parts(4, 20, parts=4)
def test_shard_by_shard_is_as_in_one_transaction(database_url: str, part: int, examples: int) -> None:
    with open_for_examples(database_url) as (runner, database):
        divided = runner.run(DistributedDatabase.open(database_url, connections_max=2))

        async def record_divided(
            scenario: Scenario, events: Sequence[Event | Malformed], now: datetime, _: int
        ) -> IntakeReply | None:
            return await record(divided, scenario, events, now)

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
        @given(STEPS, st.integers(part * 1_000, part * 1_000 + 999))
        def agrees(steps, _: int) -> None:
            whole = runner.run(play(database, steps, record_whole))
            assert runner.run(play(divided, steps, record_divided)) == whole

        agrees()
        assert divided.points > 8 * examples, "batches had several shards"
        runner.run(divided.close())


@in_parts(4, 20, parts=4)
def test_a_batch_that_is_sent_again_after_some_shards_is_counted_once(
    database_url: str, part: int, examples: int
) -> None:
    killed = Counter[int]()
    with open_for_examples(database_url) as (runner, database):
        divided = runner.run(DistributedDatabase.open(database_url, connections_max=2))

        async def record_until_acknowledged(
            scenario: Scenario, events: Sequence[Event | Malformed], now: datetime, dies_at: int
        ) -> IntakeReply | None:
            divided.restart(die_at=dies_at)
            try:
                reply = await record(divided, scenario, events, now)
            except Died:
                killed[dies_at] += 1
                divided.restart()
                reply = await record(divided, scenario, events, now)
            divided.restart()  # a small batch has fewer points, and what follows is not to die at one
            return as_counted(reply)

        async def record_once(
            scenario: Scenario, events: Sequence[Event | Malformed], now: datetime, _: int
        ) -> IntakeReply | None:
            return as_counted(await record(database, scenario, events, now))

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
        @example(BETWEEN_SHARDS, part * 1_000)
        @given(STEPS, st.integers(part * 1_000, part * 1_000 + 999))
        def agrees(steps, _: int) -> None:
            # If it dies after its last commit, the operator's list has what did not count twice, as after any lost reply.
            again = runner.run(play(divided, steps, record_until_acknowledged))
            compare(again, runner.run(play(database, steps, record_once)), refused_as=set)

        agrees()
        runner.run(divided.close())
    assert killed[FIRST[1]] + killed[SECOND[0]] > 0, killed


@in_parts(3, 20, parts=2)
def test_windows_of_clicks_are_judged_as_if_each_shard_were_sent_by_itself(
    database_url: str, part: int, examples: int
) -> None:
    """A limit on the clicks of a visitor or network holds for all customers of a contract."""
    with open_for_examples(database_url) as (runner, database):
        divided = runner.run(DistributedDatabase.open(database_url, connections_max=2))

        async def record_divided(
            scenario: Scenario, events: Sequence[Event | Malformed], now: datetime, _: int
        ) -> IntakeReply | None:
            await record(divided, scenario, events, now)
            return None

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
        @example(MORE_REFUSED_THAN_KEPT, part * 1_000)
        @given(STEPS, st.integers(part * 1_000, part * 1_000 + 999))
        def agrees(steps, _: int) -> None:
            policy = {"refuses_bursts": True, "visitor_clicks_max": 2}
            found = runner.run(play(database, steps, record_divided, **policy))
            whole = runner.run(play(database, steps, record_in_parts, **policy))
            compare(found, whole, refused_as=Counter)

        agrees()
        runner.run(divided.close())
