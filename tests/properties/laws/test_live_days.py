"""Days counted in budgets and moved out of them agree with a plain model, whatever comes between: midnights, late events,
repeats, budgets that run out, transactions that die, a clock set back, a mover that never runs.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobmeter.base.clock import from_ms
from jobmeter.base.days import day_from_number, day_of, start_of
from jobmeter.charging.charge import flow as charge
from jobmeter.database.pool import Database
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.model import ReportQuery, split_days
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.model import Criterion, Exclusion
from jobmeter.wire.events import Event
from tests.support.scenario import (
    PRICE_MICROS,
    START,
    Scenario,
    clear,
    in_parts,
    make_clicks,
    make_element,
    make_event,
    open_for_examples,
    set_up,
)

# A hot job, one whose budget runs out, one with a daily budget, and one of which settlement takes back every click.
CLICKS_OF_BUDGET = (400, 7, 60, 50)
DAILY, EXCLUDED = 2, 3
CLICKS_OF_DAY = 4
# Sums of these come to moments around midnight, before and after it.
MOVES = (
    timedelta(minutes=1),
    timedelta(hours=5),
    timedelta(hours=14, minutes=59, seconds=50),
    timedelta(hours=24),
    timedelta(hours=-2),
)
AGES = (timedelta(0), timedelta(seconds=-20), timedelta(minutes=2), timedelta(hours=9), timedelta(hours=30))
SENDS = st.tuples(
    st.integers(0, len(CLICKS_OF_BUDGET) - 1),
    st.sampled_from(("applyClick", "applyClick", "view")),
    st.integers(1, 6),
    st.sampled_from(AGES),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(MOVES),
        st.lists(SENDS, min_size=1, max_size=5),
        st.sampled_from(("", "", "repeat", "die")),
        st.sampled_from(("", "", "move", "die")),
    ),
    min_size=2,
    max_size=7,
)

LIVE = "SELECT count(*) FROM job_budgets WHERE live_day IS NOT NULL"


class DiedError(Exception):
    """The process ends before its transaction is committed."""


@dataclass(frozen=True, slots=True)
class Model:
    """Counts by job and day: views, clicks, charged clicks; what is left of each budget; the charges of each batch."""

    left: dict[int, int]
    daily_job: int
    days: dict[tuple[int, date], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    charges: list[tuple[int, date, int]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def ingest(self, events: list[Event]) -> None:
        counted: dict[tuple[date, int], list[int]] = defaultdict(lambda: [0, 0])
        for event in events:
            if event.id not in self.seen:
                self.seen.add(event.id)
                counted[day_of(from_ms(event.time)), event.job][event.type == "applyClick"] += 1
        for (day, job_id), (views, clicks) in sorted(counted.items()):
            counts = self.days[job_id, day]
            limit = CLICKS_OF_DAY - counts[2] if job_id == self.daily_job else clicks
            charged = max(0, min(clicks, limit, self.left[job_id]))
            self.left[job_id] -= charged
            if charged:
                self.charges.append((job_id, day, charged * PRICE_MICROS))
            self.days[job_id, day] = [counts[0] + views, counts[1] + clicks, counts[2] + charged]


async def post_jobs(scenario: Scenario) -> list[int]:
    jobs = []
    for number, clicks in enumerate(CLICKS_OF_BUDGET):
        element = make_element(
            scenario.customers[0], f"job-{number}", START, budget_micros=clicks * PRICE_MICROS
        )
        if number == DAILY:
            element["budget"]["payForPerformanceDailyBudget"] = {"currencyCode": "EUR", "amount": "6.00"}
        task = await scenario.take(scenario.customers[0], element, START)
        await scenario.run_due(START)
        job_id = await scenario.job_of_task(scenario.customers[0], task, START)
        assert job_id is not None
        jobs.append(job_id)
    return jobs


async def ingest(scenario: Scenario, events: list[Event], now: datetime, *, dies: bool = False) -> None:
    try:
        async with scenario.database.transaction() as connection:
            await scenario.ingest_on(connection, events, now)
            if dies:
                raise DiedError
    except DiedError:
        return


async def move(database: Database, now: datetime, *, dies: bool = False, rows_max: int = 1) -> int:
    """One transaction of the chore."""
    try:
        async with database.transaction() as connection:
            moved = await charge.move_past_days(connection, rows_max=rows_max, now=now)
            if dies:
                raise DiedError
    except DiedError:
        return 0
    return moved


async def check(scenario: Scenario, model: Model) -> None:
    days = await scenario.rows(
        "SELECT job_id, day, views, apply_clicks, clicks_charged, charge_micros FROM job_day_sums"
    )
    assert {row[:2]: list(row[2:5]) for row in days} == dict(model.days)
    assert all(charged * PRICE_MICROS == micros for *_, charged, micros in days)
    assert dict(await scenario.rows("SELECT job_id, spent_micros FROM job_budgets")) == {
        job_id: (clicks - model.left[job_id]) * PRICE_MICROS
        for job_id, clicks in zip(model.left, CLICKS_OF_BUDGET, strict=True)
    }
    charges = await scenario.rows("SELECT source_id, day, amount FROM charge_postings")
    assert sorted(charges) == sorted(model.charges)


async def check_reports(scenario: Scenario, model: Model, now: datetime) -> None:
    """A day that has a part in each place is one day of a report; what was charged today is not spent yet."""
    last = day_of(now) - timedelta(days=1)
    first = max(day_of(START), last.replace(day=1))
    if last < first:
        return
    query = ReportQuery(scenario.customers[0].child, first, last, None, now)
    async with scenario.database.connection() as connection:
        asked = reports.parse_by_ids(query, [f"job-{number}" for number in range(len(model.left))])
        (by_ids,) = await reports.report_by_ids(connection, [asked])
        by_range = await reports.report_jobs(connection, query, list(model.left), asked.days)
    assert list(by_ids.values()) == by_range
    for report in by_range:
        numbers, *counts = split_days(report.figures)
        days = {
            day: counted
            for (job_id, day), counted in sorted(model.days.items())
            if job_id == report.job.job_id and day <= last
        }
        assert list(zip(map(day_from_number, numbers), *counts, strict=True)) == [
            (day, views, clicks, charged * PRICE_MICROS)
            for day, (views, clicks, charged) in days.items()
            if day >= first
        ]
        assert report.spent_micros == sum(charged for *_, charged in days.values()) * PRICE_MICROS


async def play(database: Database, steps, is_moved_at_last: bool) -> None:
    await clear(database)
    scenario = await set_up(database, 10**10)
    jobs = await post_jobs(scenario)
    model = Model(dict(zip(jobs, CLICKS_OF_BUDGET, strict=True)), jobs[DAILY])
    now, latest, before = START + timedelta(hours=1), START, list[Event]()
    for number, (moved, sends, fate, chore) in enumerate(steps):
        now = max(now + moved, START + timedelta(minutes=1))
        latest = max(latest, now)
        await scenario.open_day(now)
        events = [
            make_event(
                jobs[job],
                f"{number}-{place}-{one}",
                max(now - age, START + timedelta(minutes=1)),
                type=kind,
            )
            for place, (job, kind, count, age) in enumerate(sends)
            for one in range(count)
        ]
        if fate == "die":
            await ingest(scenario, events, now, dies=True)
        await ingest(scenario, events, now)
        model.ingest(events)
        if fate == "repeat":
            await ingest(scenario, [*before, *events], now)
        before = events
        if chore:
            while await move(database, now, dies=chore == "die"):
                pass
        await check(scenario, model)
        await check_reports(scenario, model, now)
    assert await scenario.breaches() == []
    await settle(scenario, model, jobs[EXCLUDED], latest + timedelta(days=5), is_moved=is_moved_at_last)


async def settle(scenario: Scenario, model: Model, excluded: int, final: datetime, *, is_moved: bool) -> None:
    """Every day becomes final, moved by the chore before or only by settlement; no figure changes but those it takes back."""
    if is_moved:
        while await move(scenario.database, final, rows_max=2):
            pass
        assert await scenario.rows(LIVE) == [(0,)]
    async with scenario.database.transaction() as connection:
        await click_rules.exclude(
            connection, Exclusion(Criterion.JOB, excluded, b"", None, "its own staff"), now=START
        )
    await scenario.run_due(final)
    days = await scenario.rows(
        "SELECT job_id, day, views, apply_clicks, clicks_reversed, clicks_charged FROM job_days"
    )
    assert {row[:2]: list(row[2:]) for row in days} == {
        (job_id, day): [views, 0, clicks, 0] if job_id == excluded else [views, clicks, 0, charged]
        for (job_id, day), (views, clicks, charged) in model.days.items()
    }
    assert await scenario.rows(LIVE) == [(0,)]
    assert await scenario.breaches() == []


@in_parts(2, 15, parts=9)
def test_days_agree_with_a_plain_model_wherever_they_are_counted(
    database_url: str, part: int, examples: int
) -> None:
    with open_for_examples(database_url) as (runner, database):

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
        @given(STEPS, st.booleans(), st.integers(part * 1_000, part * 1_000 + 999))
        def agrees(steps, is_moved_at_last: bool, _: int) -> None:
            runner.run(play(database, steps, is_moved_at_last))

        agrees()


async def test_a_day_is_moved_while_it_is_counted(database_url: str) -> None:
    """Senders, just after midnight, of both days, against movers of the one that is over."""
    async with Database.opened(database_url, connections_max=8) as database:
        scenario = await set_up(database, 10**10)
        jobs = [await scenario.post(f"job-{n}", budget_micros=100 * PRICE_MICROS) for n in range(12)]
        evening = START + timedelta(hours=14)
        midnight = start_of(day_of(START)) + timedelta(days=1, minutes=1)
        await scenario.open_day(midnight)
        await scenario.ingest(
            [event for job_id in jobs for event in make_clicks(job_id, 3, evening)], evening
        )
        assert await scenario.rows(LIVE) == [(12,)]

        async def send(number: int) -> None:
            for batch in range(8):
                events = [
                    event
                    for job_id in jobs
                    for at in (evening, midnight)
                    for event in make_clicks(job_id, 1, at, prefix=f"{number}-{batch}-{at.day}-")
                ]
                await scenario.ingest(events, midnight)

        async def move_all() -> int:
            moved = 0
            for _ in range(40):
                moved += await move(database, midnight, rows_max=3)
                await asyncio.sleep(0)
            return moved

        *_, first, second = await asyncio.gather(
            *(send(number) for number in range(3)), move_all(), move_all()
        )

        # What senders held whenever it was looked at is moved when they are done; no day is moved twice.
        assert first + second + await move_all() == 12
        days = await scenario.rows(
            "SELECT day, job_id, apply_clicks, clicks_charged FROM job_day_sums ORDER BY day, job_id"
        )
        assert days == [
            (day, job_id, clicks, clicks)
            for day, clicks in ((day_of(evening), 27), (day_of(midnight), 24))
            for job_id in jobs
        ]
        assert await scenario.breaches() == []
