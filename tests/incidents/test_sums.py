"""Incidents 3 and 6: sums that depend on housekeeping, and events that are accepted and never billed."""

from datetime import timedelta
from random import Random

import psycopg
import pytest

from jobmeter.base.days import day_of, final_at
from jobmeter.metering.retention import flow as retention
from jobmeter.settlement.days import flow as settlement
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_event, open_scenario

LATER = START + timedelta(hours=1)
FIGURES = "SELECT job_id, day, views, apply_clicks, clicks_charged, clicks_reversed, charge_micros FROM job_day_sums"
POSTED = "SELECT purpose, count(*), sum(amount)::bigint FROM ledger_postings GROUP BY purpose"
HOUSEKEEPING = (
    "VACUUM (FULL, ANALYZE) events, job_days, job_budgets, charge_postings, ledger_bookings",
    "REINDEX TABLE events",
    "REINDEX TABLE charge_postings",
    "CLUSTER job_days USING job_days_pkey",
    "CHECKPOINT",
)


async def read_sums(scenario: Scenario) -> tuple[list, list]:
    return sorted(await scenario.rows(FIGURES)), sorted(await scenario.rows(POSTED))


def serialize_clicks(rng: Random, job_ids: list[int], count: int) -> list:
    return [
        make_event(
            rng.choice(job_ids),
            f"e{rng.random()}",
            START + timedelta(seconds=rng.randrange(3_000)),
            type=rng.choice(["applyClick", "applyClick", "view"]),
            visitor=f"v{rng.randrange(30)}",
            user_agent=rng.choice([None, None, None, "Googlebot/2.1"]),
        )
        for _ in range(count)
    ]


async def test_sums_do_not_depend_on_housekeeping(database_url: str) -> None:
    """3. Rows were deduplicated by background merges, "maybe never": until then sums counted them twice."""

    async with open_scenario(database_url) as scenario:
        job_ids = [await scenario.post(f"job-{n}", budget_micros=9 * PRICE_MICROS) for n in range(3)]
        events = serialize_clicks(Random(3), job_ids, 120)
        await scenario.ingest(events[:80], LATER)
        await scenario.ingest(events[40:], LATER)
        before = await read_sums(scenario)
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            for statement in HOUSEKEEPING:
                await connection.execute(statement)
                assert await read_sums(scenario) == before

        # nor on the deletion of the events themselves
        await scenario.run_due(final_at(day_of(START)))
        settled = await read_sums(scenario)
        async with scenario.database.transaction() as connection:
            while day := await retention.drop_next_day(
                connection, retention_days=0, export_folder="", now=final_at(day_of(START))
            ):
                await settlement.delete_reversal_marks(connection, day=day)
        assert await scenario.rows("SELECT count(*) FROM events") == [(0,)]
        assert await read_sums(scenario) == settled
        assert await scenario.breaches() == []


@pytest.mark.parametrize("seed", range(3))
async def test_accepted_is_charged_free_or_reversed_after_each_batch(database_url: str, seed: int) -> None:
    """6. Events were accepted and never billed. Here there is no step in between that could fall behind."""

    rng, accepted, charged = Random(seed), 0, 0
    async with open_scenario(database_url) as scenario:
        job_ids = [
            await scenario.post(f"job-{n}", budget_micros=(n * 10 + 1) * PRICE_MICROS) for n in range(3)
        ]
        for _ in range(8):
            events = serialize_clicks(rng, job_ids, 40)
            reply = await scenario.ingest(events, LATER)
            assert reply.accepted + reply.duplicate + reply.rejected == len(events)
            accepted, charged = accepted + reply.accepted, charged + reply.clicks_charged
            assert await count_all(scenario) == (accepted, charged)
        await scenario.run_due(final_at(day_of(START)))
        everything, standing = await count_all(scenario)
        ((taken_back,),) = await scenario.rows("SELECT count(*) FROM event_reversals WHERE amount_micros > 0")
        assert (everything, standing) == (accepted, charged - taken_back)
        assert taken_back > 0


async def count_all(scenario: Scenario) -> tuple[int, int]:
    """Returns all views and clicks ever counted, and the charged clicks that were not reversed."""
    ((everything, charged),) = await scenario.rows(
        "SELECT sum(views + (apply_clicks - clicks_charged) + clicks_charged + clicks_reversed), sum(clicks_charged)"
        " FROM job_day_sums"
    )
    return everything, charged
