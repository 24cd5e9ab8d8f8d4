"""Incident 20: databases that claimed to be serializable let transactions see each other halfway.

Modelled on Elle: many small batches over a few tight budgets run at the same moment, each holding its locks
for a random time. The charge of each batch is its observation; the observations determine, job by job, which
batch came before which. If some order of all batches explains every charge, that relation has no cycle.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from random import Random
from uuid import UUID

import pytest

from jobmeter.charging.budgets import flow as limits
from jobmeter.database.pool import Database
from jobmeter.metering.intake.model import find_event_key
from tests.support.databases.locks import until_someone_waits
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_event, set_up

LATER = START + timedelta(hours=1)
JOBS, BATCHES, AT_ONCE = 4, 24, 8


@dataclass(frozen=True)
class Batch:
    """``asked`` and ``charged`` are clicks by job; ``begun`` and ``ended`` count the events of the whole run."""

    number: int
    begun: int
    ended: int
    asked: dict[int, int]
    charged: dict[int, int]


def precedences(batches: list[Batch]) -> dict[int, set[int]]:
    """Returns for each batch those that must precede it. A budget is spent once: a batch that got nothing, or
    only a part, follows every batch that got something; a batch that began after another had ended follows
    it.
    """
    before: dict[int, set[int]] = defaultdict(set)
    for one in batches:
        for other in batches:
            if one is other:
                continue
            if other.ended < one.begun:
                before[one.number].add(other.number)
            for job, asked in one.asked.items():
                got, others = one.charged.get(job, 0), other.charged.get(job, 0)
                is_cut = got < asked
                other_is_full = others == other.asked.get(job, 0)
                if is_cut and others > 0 and (got == 0 or other_is_full):
                    before[one.number].add(other.number)
    return before


def find_ring(batches: list[Batch]) -> list[int]:
    try:
        TopologicalSorter(precedences(batches)).prepare()
    except CycleError as error:
        return error.args[1]
    return []


async def run_batches(scenario: Scenario, job_ids: list[int], seed: int) -> list[Batch]:
    rng, ticks, gate = Random(seed), iter(range(1_000_000)), asyncio.Semaphore(AT_ONCE)

    async def run_one(
        name: int, clicks: dict[int, int], waits: float
    ) -> tuple[str, int, int, dict[int, int]]:
        events = [
            make_event(job, f"{name}-{job}-{n}", START + timedelta(milliseconds=n))
            for job, count in clicks.items()
            for n in range(count)
        ]
        async with gate:
            begun = next(ticks)
            async with scenario.database.transaction() as connection:
                await scenario.ingest_on(connection, events, LATER)
                await asyncio.sleep(waits)
            return f"{name}", begun, next(ticks), clicks

    asked = [
        {job: rng.randrange(1, 6) for job in rng.sample(job_ids, rng.randrange(1, JOBS + 1))}
        for _ in range(BATCHES)
    ]
    ran = await asyncio.gather(
        *(run_one(name, clicks, rng.random() * 0.02) for name, clicks in enumerate(asked))
    )
    return [await observe(scenario, *one) for one in ran]


async def observe(scenario: Scenario, name: str, begun: int, ended: int, asked: dict[int, int]) -> Batch:
    """Returns the charge of the batch, found by one of its own events."""
    job = next(iter(asked))
    rows = await scenario.rows(
        "SELECT source_id, amount / %s FROM charge_postings WHERE cause ="
        " (SELECT batch FROM events WHERE job_id = %s AND event_key = %s)",
        [PRICE_MICROS, job, key_of(name, job)],
    )
    return Batch(int(name), begun, ended, asked, dict(rows))


def key_of(name: str, job: int) -> UUID | None:
    event = make_event(job, f"{name}-{job}-0", START)
    return find_event_key(source=event.source, event_id=event.id, time=event.time)


@pytest.mark.parametrize("seed", range(4))
async def test_some_order_of_the_batches_explains_every_charge(database_url: str, seed: int) -> None:
    async with Database.opened(database_url, connections_max=AT_ONCE + 2) as database:
        scenario = await set_up(database, 10_000_000_000)
        clicks = 9 + seed
        job_ids = [
            await scenario.post(f"job-{n}", budget_micros=(clicks + n) * PRICE_MICROS) for n in range(JOBS)
        ]
        batches = await run_batches(scenario, job_ids, seed)
        for number, job in enumerate(job_ids):
            asked = sum(batch.asked.get(job, 0) for batch in batches)
            charged = sum(batch.charged.get(job, 0) for batch in batches)
            assert charged == min(asked, clicks + number)
        assert find_ring(batches) == []
        assert await scenario.breaches() == []


def test_a_cycle_would_be_found() -> None:
    """Two batches, each of which got what the other missed: no order explains that."""
    one = Batch(1, 0, 9, {10: 2, 11: 2}, {10: 2})
    other = Batch(2, 0, 9, {10: 2, 11: 2}, {11: 2})
    assert find_ring([one, other])
    assert not find_ring([one, Batch(2, 0, 9, {10: 2, 11: 2}, {})])
    # and one that began later must not have got what an earlier one missed
    assert find_ring([Batch(1, 0, 1, {10: 2}, {}), Batch(2, 2, 3, {10: 2}, {10: 2})])


async def test_a_batch_that_waits_for_an_uncommitted_top_up_is_charged(database_url: str) -> None:
    """While a spent budget is being raised, a click waits. It sees the new budget, not an old version."""

    async with Database.opened(database_url, connections_max=4) as database:
        scenario = await set_up(database, 10_000_000_000)
        job_id = await scenario.post("job", budget_micros=PRICE_MICROS)
        await scenario.ingest([make_event(job_id, "first", START)], LATER)
        async with database.transaction() as connection:
            held = await limits.lock_job_budget(connection, shard=job_id % 256, job_id=job_id)
            waiting = asyncio.create_task(scenario.ingest([make_event(job_id, "second", START)], LATER))
            await until_someone_waits(scenario.database)
            await limits.change_limit(
                connection, held, scenario.contract, limit_micros=2 * PRICE_MICROS, now=LATER
            )
        assert (await waiting).clicks_charged == 1
        assert await scenario.rows("SELECT spent_micros FROM job_budgets") == [(2 * PRICE_MICROS,)]
        assert await scenario.breaches() == []
