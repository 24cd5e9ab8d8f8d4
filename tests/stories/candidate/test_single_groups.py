"""Batches of single events commit as one: new events, repeated events, and events after a job changed."""

import asyncio
from datetime import datetime, timedelta

from jobmeter.api.batchers import batch_single_events
from jobmeter.base.days import day_of, start_of
from jobmeter.base.settings import Settings
from jobmeter.database.batching import Batcher
from jobmeter.jobs.pages.model import ApplyTarget
from jobmeter.wire.events import Event
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_clicks, open_scenario

NOW = START + timedelta(hours=1)


def open_batcher(scenario: Scenario, now: datetime = NOW) -> Batcher[Event, ApplyTarget | None]:
    async def read_clock() -> datetime:
        return now

    return batch_single_events(scenario.database, Settings(), read_clock=read_clock, known=scenario.known)


async def submit(
    grouper: Batcher[Event, ApplyTarget | None], events: list[Event]
) -> list[ApplyTarget | None]:
    return await asyncio.gather(*map(grouper.submit, events))


async def counted(scenario: Scenario) -> list[tuple[int, int, int]]:
    return await scenario.rows("SELECT apply_clicks, clicks_charged, charge_micros FROM job_day_sums")


async def test_a_repeated_event_redirects_and_counts_once(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("again", budget_micros=100 * PRICE_MICROS)
        grouper, clicks = open_batcher(scenario), make_clicks(job_id, 5, NOW)
        first = await submit(grouper, clicks[:3])
        again = await submit(grouper, clicks)  # three exist already, two are new
        twice = await submit(grouper, [clicks[4], *make_clicks(job_id, 1, NOW, prefix="more"), clicks[4]])
        assert {target.is_live for target in first + again + twice if target} == {True}
        assert await counted(scenario) == [(6, 6, 6 * PRICE_MICROS)]
        assert await scenario.breaches() == []


async def test_a_click_whose_batch_commits_after_midnight_restates_its_day(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("midnight", budget_micros=100 * PRICE_MICROS)
        midnight = start_of(day_of(NOW) + timedelta(days=1))
        grouper = open_batcher(scenario, midnight + timedelta(milliseconds=3))
        await submit(grouper, make_clicks(job_id, 4, midnight - timedelta(milliseconds=2)))
        assert await counted(scenario) == [(2, 2, 2 * PRICE_MICROS)] * 2
        restated = await scenario.rows(
            "SELECT day, apply_clicks, after_charge_micros FROM job_day_restatements"
        )
        assert restated == [(day_of(NOW), 2, 2 * PRICE_MICROS)]
        assert await scenario.breaches() == []


async def test_a_job_closed_after_it_was_cached_is_not_charged(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("closed", budget_micros=100 * PRICE_MICROS)
        grouper = open_batcher(scenario)
        await submit(grouper, make_clicks(job_id, 1, NOW))
        await scenario.close(scenario.customers[0], "closed", NOW - timedelta(minutes=1))
        await submit(grouper, make_clicks(job_id, 4, NOW, prefix="after"))
        assert await counted(scenario) == [(1, 1, PRICE_MICROS)]
        assert await scenario.breaches() == []
