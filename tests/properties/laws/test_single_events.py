"""Groups of single events leave the same behind whether one statement records them or they are ingested as a batch: over
midnights, repeats, budgets that run out, daily budgets, closed jobs, new filters, and batches between them.
"""

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobmeter.base.days import day_of, start_of
from jobmeter.base.faults import Refused
from jobmeter.database.pool import Database
from jobmeter.jobs.pages.model import ApplyTarget
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.filters.model import FilterPolicy
from jobmeter.metering.intake.singles import flow as singles
from jobmeter.wire.events import Event
from tests.support.databases.citus import CITUS_URL
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
# A hot job, two whose budgets run out, and one with a daily budget, which runs out too.
CLICKS_OF_BUDGET = (200, 5, 9, 12)
DAILY, CLOSED = 3, 2
TO_MIDNIGHT = start_of(day_of(START)) + timedelta(days=1) - START
MOVES = (timedelta(0), timedelta(seconds=1), timedelta(minutes=7), timedelta(minutes=7), TO_MIDNIGHT)
# Events of the moment, as those of candidates are, of any job but that with a daily budget. A number that was used before is a
# repeat. In some groups one is not like that.
NAMES = st.integers(0, 400) | st.integers(0, 12)
PLAIN = st.tuples(
    st.integers(0, DAILY - 1),
    st.sampled_from(("applyClick", "applyClick", "view")),
    NAMES,
    st.just(0),
    st.none(),
)
ODD = st.tuples(
    st.integers(0, DAILY),
    st.sampled_from(("applyClick", "view")),
    NAMES,
    st.sampled_from((0, 3, 3_600)),
    st.sampled_from((None, CRAWLER)),
)
GROUPS = st.lists(PLAIN, min_size=1, max_size=12) | st.tuples(st.lists(PLAIN, max_size=4), ODD).map(
    lambda parts: [*parts[0], parts[1]]
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(MOVES),
        GROUPS,
        st.sampled_from(("", "", "", "", "", "", "batch", "close", "policy", "exclude")),
    ),
    min_size=6,
    max_size=14,
)
FIGURES = {
    "budgets": "SELECT external_id, spent_micros, released_micros, clicks_taken > 0, live_day, day_views, day_clicks,"
    " day_charged, day_refused FROM job_budgets JOIN job_postings USING (job_id)",
    "days": "SELECT external_id, day, views, apply_clicks, clicks_charged, clicks_refused, charge_micros"
    " FROM job_day_sums JOIN job_postings USING (job_id)",
    "charges": "SELECT external_id, purpose, day, amount, booked_at, destination_id = job_postings.partner_contract_id"
    " FROM charge_postings JOIN job_postings ON job_id = source_id"
    " WHERE reference = charge_reference(day, job_id, cause)",
    "events": "SELECT external_id, kind, verdict, visitor, address, event_key FROM events JOIN job_postings USING (job_id)",
    "refusals": "SELECT external_id, day, verdict, clicks FROM job_day_refusals JOIN job_postings USING (job_id)",
    "restated": "SELECT external_id, day, cause, after_charge_micros"
    " FROM job_day_restatements JOIN job_postings USING (job_id)",
    "noted": "SELECT external_id FROM job_notes JOIN job_postings USING (job_id)",
}

Record = Callable[[Scenario, Sequence[Event], datetime], Awaitable[list[ApplyTarget | None]]]


async def record_as_batch(
    scenario: Scenario, events: Sequence[Event], now: datetime
) -> list[ApplyTarget | None]:
    async with scenario.database.transaction() as connection:
        return await singles.ingest_single_events(
            connection,
            events,
            known=scenario.known,
            now=now,
            future_tolerance_seconds=SETTINGS.future_tolerance_seconds,
        )


async def try_statement(
    scenario: Scenario, events: Sequence[Event], now: datetime
) -> list[ApplyTarget | None] | None:
    async with scenario.database.keyed_connection() as connection:
        return await singles.take_events(
            connection,
            events,
            known=scenario.known,
            now=now,
            future_tolerance_seconds=SETTINGS.future_tolerance_seconds,
        )


async def post_jobs(scenario: Scenario) -> list[int]:
    customer, jobs = scenario.customers[0], []
    for number, clicks in enumerate(CLICKS_OF_BUDGET):
        element = make_element(customer, f"job-{number}", START, budget_micros=clicks * PRICE_MICROS)
        if number == DAILY:
            element["budget"]["payForPerformanceDailyBudget"] = {"currencyCode": "EUR", "amount": "6.00"}
        task = await scenario.take(customer, element, START)
        await scenario.run_due(START)
        jobs.append(await scenario.job_of_task(customer, task, START) or 0)
    return jobs


async def play(database: Database, steps: Sequence[Any], record: Record) -> dict[str, Any]:
    """Returns all that is left behind, by the names of jobs."""
    await clear(database)
    scenario = await set_up(database, 10**10)
    jobs = await post_jobs(scenario)
    now, answers = START + timedelta(hours=1), []
    for number, (moved, sent, act) in enumerate(steps):
        now += moved
        await scenario.open_day(now)
        events = [
            make_event(
                jobs[job],
                f"{job}-{kind}-{name}",
                now - timedelta(seconds=age),
                type=kind,
                user_agent=agent,
                visitor=f"v{name % 5}",
            )
            for job, kind, name, age, agent in sent
        ]
        await _act(scenario, act, number, events, now)
        answers.append(await record(scenario, events, now))
    assert await scenario.breaches() == []
    figures = {name: Counter(await scenario.rows(text)) for name, text in FIGURES.items()}
    return figures | {"answers": answers}


async def _act(scenario: Scenario, act: str, number: int, events: list[Event], now: datetime) -> None:
    """What others do between two groups, of which this process knows nothing."""
    if act == "batch":
        others = [make_event(event.job, f"{number} {place}", now) for place, event in enumerate(events)]
        await scenario.ingest([*others, *events[:2]], now)
    elif act == "close":
        with contextlib.suppress(Refused):  # it is closed already
            await scenario.close(scenario.customers[0], f"job-{CLOSED}", now)
    elif act == "policy":
        policy = FilterPolicy(
            refuses_crawlers=bool(number % 2), refuses_bursts=number % 3 == 0, visitor_clicks_max=2
        )
        async with scenario.database.transaction() as connection:
            await filters.set_policy(connection, contract_id=scenario.contract.id, policy=policy)
    elif act == "exclude":
        async with scenario.database.transaction() as connection:
            await filters.exclude(
                connection,
                application=scenario.customers[0].child,
                is_address=False,
                subject=int((await scenario.rows("SELECT coalesce(max(visitor), 1) FROM events"))[0][0]),
                note="",
                now=now,
            )


@in_parts(5, 15, parts=9)
def test_one_statement_leaves_what_a_batch_leaves(database_url: str, part: int, examples: int) -> None:
    decided = Counter[bool]()

    async def record(scenario: Scenario, events: Sequence[Event], now: datetime) -> list[ApplyTarget | None]:
        taken = await try_statement(scenario, events, now)
        decided[taken is not None] += 1
        return taken or await record_as_batch(scenario, events, now)

    with open_for_examples(database_url) as (runner, database):

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
        @given(STEPS, st.integers(part * 1_000, part * 1_000 + 999))
        def agrees(steps, _: int) -> None:
            by_statement = runner.run(play(database, steps, record))
            assert by_statement == runner.run(play(database, steps, record_as_batch))

        agrees()
    # What a process knows is good for some seconds, and on a cluster a step may take as long.
    assert min(decided[True], decided[False]) > (0 if CITUS_URL else examples // 2), decided
