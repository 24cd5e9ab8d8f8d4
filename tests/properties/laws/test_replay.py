"""Replaying a stream changes no number; shuffled into other batches it gives the same reports, to the micro.

For deliveries within 48 hours of their events and jobs that stay open, every number is the same, with one
exception: a budget that runs out is spent on the clicks that arrive first, so the split of that job's charge
over its days depends on the order of arrival. Its sum does not, and if no event overtakes one of an earlier
day, neither does the split.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from random import Random
from typing import Any

import msgspec
import pytest

from jobmeter.base.clock import from_ms, to_ms
from jobmeter.base.days import DAY_MS, day_of, start_of
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.flow import JobListCache
from jobmeter.reports.job_reports.model import BudgetReport, JobReport, RangePage, ReportQuery
from jobmeter.sandbox.traffic.generator import HOUR_MS, generate_day
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan
from jobmeter.sandbox.traffic.schedule import ScheduledEvent
from jobmeter.wire.events import Event, Malformed, decode_events
from tests.conftest import TEMPLATE, make_database
from tests.support.scenario import START, Scenario, open_scenario

DAYS = 3
MIDNIGHT = start_of(day_of(START)) + timedelta(days=1)
AFTER = MIDNIGHT + timedelta(days=DAYS + 4)
AMPLE_MICROS = 900_000_000
TIGHT_MICROS = 10_000_000
JOBS = {"ample-1": AMPLE_MICROS, "tight-1": TIGHT_MICROS, "ample-2": AMPLE_MICROS, "tight-2": TIGHT_MICROS}
# Clicks that settlement reverses are left out where a budget runs out: the budget they had used would not
# return.
GENUINE = TrafficPlan(seed=5, apply_rate=0.3, double_click_rate=0, bot_rate=0, burst_clicks=5)
FULL = TrafficPlan(seed=6, apply_rate=0.3, late_rate=0.05, repeat_rate=0.05, burst_clicks=5)


@dataclass(frozen=True, slots=True)
class Batch:
    at: datetime
    deliveries: tuple[ScheduledEvent, ...]

    @property
    def events(self) -> Sequence[Event | Malformed]:
        body = msgspec.json.encode([delivery.event for delivery in self.deliveries])
        return [event for piece in decode_events(body, "application/json") for event in piece]


@dataclass(frozen=True, slots=True)
class Numbers:
    """All numbers, by what they describe. Jobs are named by their external ids."""

    counts: dict[tuple[str, Any], tuple[int, ...]]
    charges: dict[tuple[str, Any], tuple[int, int]]
    posted: list[tuple[Any, ...]]
    budgets: dict[str, tuple[int, ...]]
    accounts: list[tuple[Any, ...]]
    by_ids: dict[str, JobReport]
    by_range: RangePage
    budget: BudgetReport

    def charges_of(self, name: str) -> dict[Any, tuple[int, int]]:
        return {key: charge for key, charge in self.charges.items() if key[0].startswith(name)}

    def spent(self) -> dict[str, int | None]:
        return {name: report.spent_micros for name, report in self.by_ids.items()}


@pytest.fixture
def other_database_url(cluster_url: str) -> Iterator[str]:
    yield from make_database(cluster_url, TEMPLATE)


# -- streams


def make_stream(job_ids: Iterable[int], plan: TrafficPlan) -> list[ScheduledEvent]:
    first = to_ms(MIDNIGHT)
    jobs = [
        LiveJob(job_id=job_id, live_from_ms=first, live_until_ms=first + 30 * DAY_MS, popularity=1.0)
        for job_id in job_ids
    ]
    made = [generate_day(jobs, first + day * DAY_MS, plan)[0] for day in range(DAYS)]
    return sorted((one for day in made for one in day), key=lambda one: one.deliver_at_ms)


def cut(deliveries: Iterable[ScheduledEvent], rows_max: int) -> list[Batch]:
    """Batches within one hour, ingested at their last event's arrival: no event becomes too late by waiting."""
    batches = []
    for _, hour in groupby(deliveries, key=lambda one: one.deliver_at_ms // HOUR_MS):
        waiting = list(hour)
        for first in range(0, len(waiting), rows_max):
            part = waiting[first : first + rows_max]
            batches.append(Batch(from_ms(part[-1].deliver_at_ms), tuple(part)))
    return batches


def delay(deliveries: Iterable[ScheduledEvent], rng: Random) -> list[ScheduledEvent]:
    """Each event at a random moment of the 46 hours after it, so that days overtake each other; too late
    stays too late.
    """
    moved = [
        ScheduledEvent(one.event.time_ms + rng.randrange(46 * HOUR_MS), one.event)
        if one.deliver_at_ms - one.event.time_ms < 47 * HOUR_MS
        else one
        for one in deliveries
    ]
    return sorted(moved, key=lambda one: one.deliver_at_ms)


def shuffle_days(deliveries: Iterable[ScheduledEvent], rng: Random) -> list[ScheduledEvent]:
    """Each day's events in any order, all of them before the next day's."""
    moved = []
    for one in deliveries:
        ends = (one.event.time_ms // DAY_MS + 1) * DAY_MS
        moved.append(ScheduledEvent(ends + rng.randrange(HOUR_MS), one.event))
    return sorted(moved, key=lambda one: one.deliver_at_ms)


def in_time(deliveries: Iterable[ScheduledEvent]) -> list[ScheduledEvent]:
    return [one for one in deliveries if one.deliver_at_ms < (one.event.time_ms // DAY_MS + 1) * DAY_MS]


# -- ingesting and reading


async def post_all(scenario: Scenario) -> dict[str, int]:
    return {name: await scenario.post(name, budget_micros=budget) for name, budget in JOBS.items()}


async def ingest_all(scenario: Scenario, batches: Sequence[Batch], *, is_settling: bool) -> None:
    """The worker runs after each midnight, so that days become final along the way, or only at the end."""
    today = day_of(START)
    for batch in batches:
        if day_of(batch.at) != today:
            today = day_of(batch.at)
            await scenario.open_day(batch.at)
            if is_settling:
                await scenario.run_due(start_of(today))
        await scenario.ingest(batch.events, batch.at)


async def read_numbers(scenario: Scenario, job_ids: dict[str, int]) -> Numbers:
    names = {job_id: name for name, job_id in job_ids.items()}
    days = await scenario.rows(
        "SELECT job_id, day, views, apply_clicks, clicks_refused, clicks_charged, charge_micros FROM job_day_sums"
    )
    budgets = await scenario.rows(
        "SELECT job_id, budget_micros, spent_micros, released_micros FROM job_budgets"
    )
    posted = await scenario.rows(
        "SELECT purpose, source_kind, destination_kind, unit, sum(amount), sum(amount) FILTER (WHERE source_id = %s)"
        " FROM ledger_postings GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        [job_ids["tight-1"]],
    )
    first, last = day_of(MIDNIGHT), day_of(MIDNIGHT) + timedelta(days=DAYS - 1)
    query = ReportQuery(scenario.customers[0].child, first, last, None, AFTER)
    async with scenario.database.connection() as connection:
        (by_ids,) = await reports.report_by_ids(connection, [reports.parse_by_ids(query, list(JOBS))])
        by_range = await reports.report_by_range(connection, query, start=0, count=50, lists=JobListCache())
        budget = await reports.report_budget(connection, parent=scenario.parent, contract_id=None, now=AFTER)
    assert await scenario.breaches() == []
    return Numbers(
        counts={(names[row[0]], row[1]): row[2:5] for row in days},
        charges={(names[row[0]], row[1]): row[5:7] for row in days},
        posted=posted,
        budgets={names[row[0]]: row[1:] for row in budgets},
        accounts=await scenario.rows("SELECT kind, unit, amount FROM ledger_balances ORDER BY kind"),
        by_ids=by_ids,
        by_range=by_range,
        budget=budget,
    )


async def play(url: str, plan: TrafficPlan, arrange: Any) -> Numbers:
    """A new scenario ingests the plan's stream as ``arrange`` orders it; the stream itself is always the same."""
    async with open_scenario(url) as scenario:
        job_ids = await post_all(scenario)
        await ingest_all(scenario, arrange(make_stream(job_ids.values(), plan)), is_settling=True)
        await scenario.run_due(AFTER)
        return await read_numbers(scenario, job_ids)


async def test_a_replayed_stream_changes_no_number(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        # given all kinds of traffic and budgets that run out
        job_ids = await post_all(scenario)
        stream = make_stream(job_ids.values(), FULL)
        await ingest_all(scenario, cut(stream, 100), is_settling=False)
        before = await read_numbers(scenario, job_ids)
        assert {name for name, report in before.by_ids.items() if report.spent_micros} == set(JOBS)

        # when everything is sent again, at its own times, so that only the events' keys prevent a repeat, and
        # in other batches and another order, then no number changes
        await ingest_all(scenario, cut(stream, 100), is_settling=False)
        await ingest_all(scenario, cut(delay(stream, Random(3)), 7), is_settling=False)
        assert await read_numbers(scenario, job_ids) == before

        # and none changes when it is sent after the days became final
        await scenario.run_due(AFTER)
        final = await read_numbers(scenario, job_ids)
        await scenario.ingest(Batch(AFTER, tuple(stream)).events, AFTER)
        await scenario.run_due(AFTER)
        assert await read_numbers(scenario, job_ids) == final


@pytest.mark.parametrize("plan", [GENUINE, FULL], ids=["genuine", "full"])
async def test_a_shuffled_stream_gives_the_same_numbers(
    database_url: str, other_database_url: str, plan: TrafficPlan
) -> None:
    ordered = await play(database_url, plan, lambda stream: cut(stream, 500))
    shuffled = await play(other_database_url, plan, lambda stream: cut(delay(stream, Random(9)), 13))

    # every job's views and clicks of every day, and every figure of a job whose budget suffices
    assert shuffled.counts == ordered.counts
    assert shuffled.charges_of("ample") == ordered.charges_of("ample")
    assert shuffled.by_ids["ample-1"].figures == ordered.by_ids["ample-1"].figures
    if plan is GENUINE:
        # and the total charge of each job, the contract and the partner
        assert shuffled.spent() == ordered.spent()
        assert (shuffled.budgets, shuffled.accounts) == (ordered.budgets, ordered.accounts)
        assert (shuffled.budget, shuffled.posted) == (ordered.budget, ordered.posted)
        # although the tight budgets did run out
        assert ordered.spent()["tight-1"] == 9_000_000
        assert sum(clicks for (name, _), (_, clicks, _) in ordered.counts.items() if name == "tight-1") > 6
        assert shuffled.charges_of("tight") != ordered.charges_of("tight")


async def test_days_in_order_give_the_same_reports_though_budgets_run_out(
    database_url: str, other_database_url: str
) -> None:
    def in_order(stream: list[ScheduledEvent]) -> list[Batch]:
        return cut(in_time(stream), 500)

    def shuffled_by_day(stream: list[ScheduledEvent]) -> list[Batch]:
        return cut(shuffle_days(in_time(stream), Random(4)), 11)

    ordered = await play(database_url, GENUINE, in_order)
    shuffled = await play(other_database_url, GENUINE, shuffled_by_day)
    assert ordered.spent()["tight-1"] == 9_000_000
    assert shuffled == ordered
