"""Where a day is counted: today in the row of the budget, and every other day in the roll-up."""

from datetime import datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.charging.charge import flow as charge
from jobmeter.worker import chores
from tests.support.scenario import (
    PRICE_MICROS,
    SETTINGS,
    START,
    Scenario,
    make_clicks,
    make_event,
    open_scenario,
)

TODAY = START + timedelta(hours=1)
TOMORROW = START + timedelta(days=1)


async def read_live(scenario: Scenario) -> list[tuple[object, ...]]:
    return await scenario.rows("SELECT live_day, day_clicks, day_charged FROM job_budgets ORDER BY job_id")


async def read_rolled_up(scenario: Scenario) -> list[tuple[object, ...]]:
    return await scenario.rows("SELECT day, apply_clicks, clicks_charged FROM job_days ORDER BY job_id, day")


async def move(scenario: Scenario, now: datetime, rows_max: int = 100) -> int:
    async with scenario.database.transaction() as connection:
        return await charge.move_past_days(connection, rows_max=rows_max, now=now)


async def test_a_batch_of_today_writes_no_row_of_the_roll_up(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=3 * PRICE_MICROS)
        await scenario.ingest(make_clicks(job_id, 2, TODAY, prefix="a"), TODAY)
        await scenario.ingest(make_clicks(job_id, 2, TODAY, prefix="b"), TODAY)
        assert await read_live(scenario) == [(day_of(TODAY), 4, 3)]
        assert await read_rolled_up(scenario) == []
        assert await scenario.breaches() == []


async def test_a_day_that_is_over_is_moved_and_today_is_counted_meanwhile(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=90 * PRICE_MICROS)
        await scenario.ingest(make_clicks(job_id, 2, TODAY), TODAY)
        await scenario.open_day(TOMORROW)
        # yesterday is still in the row: today goes elsewhere, and a late click still to yesterday
        await scenario.ingest(make_clicks(job_id, 3, TOMORROW, prefix="a"), TOMORROW)
        await scenario.ingest(make_clicks(job_id, 1, TODAY, prefix="late"), TOMORROW)
        assert await read_live(scenario) == [(day_of(TODAY), 3, 3)]
        assert await read_rolled_up(scenario) == [(day_of(TOMORROW), 3, 3)]
        assert await scenario.breaches() == []
        # once it is moved, the row takes today, which then has a part in each
        assert (await move(scenario, TOMORROW), await move(scenario, TOMORROW)) == (1, 0)
        await scenario.ingest(make_clicks(job_id, 4, TOMORROW, prefix="b"), TOMORROW)
        assert await read_live(scenario) == [(day_of(TOMORROW), 4, 4)]
        assert await read_rolled_up(scenario) == [(day_of(TODAY), 3, 3), (day_of(TOMORROW), 3, 3)]
        assert await scenario.breaches() == []
        # and the parts are added when it is over
        assert await move(scenario, TOMORROW + timedelta(days=1)) == 1
        assert await read_live(scenario) == [(None, 0, 0)]
        assert await read_rolled_up(scenario) == [(day_of(TODAY), 3, 3), (day_of(TOMORROW), 7, 7)]
        assert await scenario.breaches() == []


async def test_a_late_day_never_takes_the_place_of_today(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=90 * PRICE_MICROS)
        await scenario.open_day(TOMORROW)
        await scenario.ingest(make_clicks(job_id, 1, TODAY), TOMORROW)
        assert await read_live(scenario) == [(None, 0, 0)]
        assert await read_rolled_up(scenario) == [(day_of(TODAY), 1, 1)]
        assert await scenario.breaches() == []


async def test_a_day_is_moved_some_jobs_at_a_time_and_by_the_worker(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        jobs = [await scenario.post(f"job-{n}", budget_micros=90 * PRICE_MICROS) for n in range(5)]
        await scenario.ingest([one for job_id in jobs for one in make_clicks(job_id, 2, TODAY)], TODAY)
        assert await move(scenario, TODAY) == 0
        assert await move(scenario, TOMORROW, rows_max=2) == 2
        assert await read_live(scenario) == [(None, 0, 0)] * 2 + [(day_of(TODAY), 2, 2)] * 3
        await chores.run_maintenance(scenario.database, SETTINGS, now=TOMORROW)
        assert await read_live(scenario) == [(None, 0, 0)] * 5
        assert await read_rolled_up(scenario) == [(day_of(TODAY), 2, 2)] * 5
        assert await scenario.breaches() == []


async def test_settlement_does_not_wait_for_the_worker_to_move_a_day(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=90 * PRICE_MICROS)
        # the same person three times: settlement takes two clicks back
        for hour in range(3):
            at = TODAY + timedelta(hours=hour)
            await scenario.ingest([make_event(job_id, f"c{hour}", at, visitor="ada")], at)
        await chores.run_settlement(scenario.database, SETTINGS, now=START + timedelta(days=4))
        assert await read_live(scenario) == [(None, 0, 0)]
        assert await scenario.rows("SELECT day, apply_clicks, clicks_reversed FROM job_days") == [
            (day_of(TODAY), 1, 2)
        ]
        assert await scenario.breaches() == []
