"""Random concurrency: senders, posters, settlers, credits, top-ups and a moving clock; afterwards every law holds."""

import os
from datetime import timedelta

import pytest

from jobmeter.database.pool import Database
from tests.properties.laws.concurrent_actors import ConcurrentActors
from tests.support.databases.citus import CITUS_URL
from tests.support.scenario import set_up

LIMIT_MICROS = 1_500_000_000
SEEDS = int(os.environ.get("JOBMETER_TEST_SEEDS", "12"))
FIGURES = "SELECT job_id, day, views, apply_clicks, clicks_charged, clicks_reversed, charge_micros FROM job_day_sums"


async def play(database_url: str, seed: int, steps: int) -> None:
    async with Database.opened(database_url, connections_max=12) as database:
        actors = ConcurrentActors(await set_up(database, LIMIT_MICROS))
        await actors.run(seed, steps)
        await check(actors)


async def check(actors: ConcurrentActors) -> None:
    scenario = actors.scenario
    assert await scenario.breaches() == []
    assert actors.job_ids
    assert actors.accepted > 0

    # every accepted event is stored once, and is charged, free or reversed
    ((stored, distinct),) = await scenario.rows(
        "SELECT count(*), count(DISTINCT event_key) FROM events WHERE verdict = 0"
    )
    assert stored == distinct
    assert stored >= actors.accepted if CITUS_URL and actors.resent else stored == actors.accepted
    ((counted,),) = await scenario.rows(
        "SELECT sum(views + apply_clicks + clicks_reversed) FROM job_day_sums"
    )
    assert counted == stored

    # each top-up counted once, and no budget was exceeded by a micro
    ((limit,),) = await scenario.rows("SELECT limit_micros FROM partner_contracts")
    assert limit == LIMIT_MICROS + sum(actors.topped_up.values())
    over = await scenario.rows(
        "SELECT job_id FROM job_budgets JOIN (SELECT job_id, sum(charge_micros) AS charged FROM job_day_sums GROUP BY job_id)"
        " AS days USING (job_id) WHERE charged > budget_micros - lowered_micros OR charged < spent_micros"
    )
    assert over == []

    # once every day is final, repeating everything changes nothing
    await scenario.run_due(actors.now + timedelta(days=4))
    final = sorted(await scenario.rows(FIGURES))
    assert await scenario.breaches() == []
    reply = await scenario.ingest(actors.sent, actors.now + timedelta(days=4))
    assert reply.accepted == 0
    await scenario.run_due(actors.now + timedelta(days=4))
    assert sorted(await scenario.rows(FIGURES)) == final
    assert await scenario.breaches() == []


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
async def test_concurrent_actors_keep_every_law(database_url: str, seed: int) -> None:
    await play(database_url, seed, 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + SEEDS))
async def test_many_concurrent_actors_keep_every_law(database_url: str, seed: int) -> None:
    """``JOBMETER_TEST_SEEDS`` sets the number of runs."""
    await play(database_url, seed, 80)
