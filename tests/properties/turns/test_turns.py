"""Flows take turns at every exchange with the database, and connections are lost at any of them: what is acknowledged is there
once, every law holds, and the same seed gives the same history.
"""

import contextlib
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from uuid import UUID

import psutil
import psycopg
import pytest
from psycopg_pool import PoolTimeout

from jobmeter.base.days import day_of, final_at
from jobmeter.base.money import Money
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.pool import Database
from jobmeter.metering.intake.flow import TAKEN_BACK
from jobmeter.wire.events import Event
from tests.properties.turns.taking_turns import open_turns
from tests.slow.faults.auditor import audit_events, read_stored
from tests.slow.faults.receipts import Receipts
from tests.support.scenario import PRICE_MICROS, START, Scenario, clear, make_event, set_up

LATER = START + timedelta(hours=1)
LOSSES = 0.04
SENDERS, BATCHES, ROWS, REPEATED = 3, 3, 6, 2
TRIES_MAX = 20
TOP_UP = UUID(int=7)
LOST = (psycopg.OperationalError, PoolTimeout, *TAKEN_BACK)


@dataclass(frozen=True)
class Played:
    """A history, what was acknowledged, and what the database has in the end."""

    history: list[tuple[str, str]]
    answers: list[tuple[str, int, int, int]] = field(default_factory=list)
    figures: list[tuple[int, ...]] = field(default_factory=list)


async def until_it_works(act: Callable[[], Awaitable[None]]) -> None:
    """Repeats what a sender repeats: everything that was not acknowledged."""
    failures = []
    for _ in range(TRIES_MAX):
        try:
            return await act()
        except LOST as error:
            failures.append(repr(error))
    raise AssertionError(f"it never works: {failures}")


@dataclass(frozen=True)
class Sender:
    name: str
    scenario: Scenario
    rng: Random
    jobs: tuple[int, ...]
    receipts: Receipts
    answers: list[tuple[str, int, int, int]]

    async def run(self) -> None:
        sent: list[Event] = []
        for number in range(BATCHES):
            fresh = [
                make_event(
                    self.rng.choice(self.jobs),
                    f"{self.name}-{number}-{n}",
                    START + timedelta(seconds=number),
                    type=self.rng.choice(("applyClick", "applyClick", "view")),
                )
                for n in range(ROWS)
            ]
            batch = fresh + self.rng.sample(sent, min(REPEATED, len(sent)))
            rows = [{"visitor": one.visitor, "job": one.job, "type": one.type} for one in batch]
            self.receipts.send(rows)
            await until_it_works(lambda: self._send(batch, rows))  # noqa: B023 -- awaited at once
            sent += fresh

    async def _send(self, batch: list[Event], rows: list[dict]) -> None:
        reply = await self.scenario.ingest(batch, LATER)
        assert reply.rejected == 0
        self.receipts.acknowledge(rows, {"rejected": 0, "rejections": []})
        self.answers.append((self.name, reply.accepted, reply.duplicate, reply.clicks_charged))


async def top_up(scenario: Scenario) -> None:
    async with scenario.database.transaction() as connection:
        amount = Money(PRICE_MICROS, "EUR")
        await contracts.top_up(
            connection, contract=scenario.contract, amount=amount, reference=TOP_UP, now=LATER
        )


async def run_chores(scenario: Scenario) -> None:
    for minutes in range(3):
        await scenario.run_due(LATER + timedelta(minutes=minutes))


async def play(plain: Database, seed: int) -> Played:
    """A history of a seed, on a database that is emptied first. ``plain`` is that database, in which nobody waits for turns."""
    rng, receipts, answers = Random(seed), Receipts(), list[tuple[str, int, int, int]]()
    await clear(plain)
    prepared = await set_up(plain, 10_000_000_000)
    budgets = (90 * PRICE_MICROS, 4 * PRICE_MICROS)
    jobs = tuple([await prepared.post(f"job-{n}", budget_micros=budget) for n, budget in enumerate(budgets)])
    await prepared.run_due(START)  # what a process reads once is read by now, in the first history too
    async with open_turns(plain.url, rng, losses=LOSSES, flows_max=SENDERS + 2) as (database, turns):
        scenario = replace(prepared, database=database)
        flows: dict[str, Callable[[], Awaitable[None]]] = {
            "top up": lambda: until_it_works(lambda: top_up(scenario)),
            "chores": lambda: until_it_works(lambda: run_chores(scenario)),
        }
        for number in range(SENDERS):
            name = f"sender {number}"
            sender = Sender(name, scenario, Random(f"{seed} {name}"), jobs, receipts, answers)
            flows[name] = sender.run
        await turns.run(flows)
    await prepared.run_due(final_at(day_of(START)))
    assert await prepared.breaches() == []
    verdict = audit_events(receipts, read_stored(plain.url), open_jobs=jobs)
    assert verdict.is_clean, verdict
    figures = await prepared.rows(
        "SELECT views, apply_clicks, clicks_charged, charge_micros FROM job_day_sums ORDER BY 1, 2, 3"
    )
    return Played(turns.history, answers, figures)


def count_losses(turns: list[tuple[str, str]]) -> int:
    return sum(fate != "-" for _, fate in turns)


@pytest.mark.long
async def test_the_same_seed_gives_the_same_history(database: Database) -> None:
    first, again, other = [await play(database, seed) for seed in (1, 1, 2)]
    assert first == again
    assert first.history != other.history
    assert count_losses(first.history) > 0
    assert len({name for name, _ in first.history}) == SENDERS + 2


@pytest.mark.slow
async def test_many_seeds_keep_what_was_acknowledged(database: Database) -> None:
    async with database.connection() as connection:
        postmaster = psutil.Process(connection.info.backend_pid).parent()
    began_at, used, losses, seeds = time.monotonic(), read_processor_seconds(postmaster), 0, range(10)
    for seed in seeds:
        losses += count_losses((await play(database, seed)).history)
    rate = len(seeds) / (time.monotonic() - began_at)
    of_processor = len(seeds) / (read_processor_seconds(postmaster) - used)
    # Shown with -s.
    sys.stdout.write(
        f"{rate:.2f} seeds a second, {of_processor:.2f} of processor time, {losses} connections lost\n"
    )
    assert losses > len(seeds)


def read_processor_seconds(postmaster: psutil.Process) -> float:
    """Of this process and of PostgreSQL."""
    ended = postmaster.cpu_times()
    seconds = time.process_time() + ended.children_user + ended.children_system
    for child in postmaster.children():
        with contextlib.suppress(psutil.Error):
            seconds += sum(child.cpu_times()[:2])
    return seconds
