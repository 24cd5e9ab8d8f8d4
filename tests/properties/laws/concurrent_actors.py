"""Owns actors that use one database concurrently, each with its own random sequence: senders, posters, settlers, an
operator, a clock. Does not own the invariants that are checked afterwards.

Refusals are expected; any other exception of an action fails the test.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from jobmeter.base.faults import Refused
from jobmeter.base.money import Money
from jobmeter.charging.corrections import flow as corrections
from jobmeter.contracts.partner import flow as contracts
from jobmeter.settlement.days import flow as settlement
from jobmeter.wire.events import Event
from jobmeter.worker import chores
from tests.support.databases.citus import CITUS_URL
from tests.support.scenario import (
    PRICE_MICROS,
    PRICES_BY_PLACE,
    SETTINGS,
    START,
    Scenario,
    make_element,
    make_event,
)

# On nodes the check of the laws stops writers, and Citus ends one of those that wait for each other.
CLUSTER_FAILURES = (DeadlockDetected,) if CITUS_URL else ()
NAMES = 12
VISITORS = 40
REFERENCES = UUID(int=0x6A6F62)

Act = Callable[[Random], Awaitable[None]]


class ConcurrentActors:
    """``now`` is the time that each action reads when it starts; it moves while others are still running."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.now = START
        self.sent: list[Event] = []
        self.job_ids: list[int] = []
        self.accepted = 0
        self.resent = 0
        self.refusals = 0
        self.topped_up: dict[UUID, int] = {}

    async def run(self, seed: int, steps: int) -> None:
        acts = {
            self.send: 4,
            self.post_or_close: 2,
            self.change_budget: 1,
            self.top_up: 1,
            self.credit: 1,
            self.settle: 2,
            self.pass_time: 1,
            self.look: 1,
        }
        for number in range(3):
            await self._try(self.post_or_close, Random(f"{seed} first {number}"))
        async with asyncio.TaskGroup() as tasks:
            for act, count in acts.items():
                for number in range(count):
                    tasks.create_task(self._repeat(act, Random(f"{seed} {act.__name__} {number}"), steps))

    async def _repeat(self, act: Act, rng: Random, steps: int) -> None:
        for _ in range(steps):
            await asyncio.sleep(rng.random() * 0.02)
            await self._try(act, rng)

    async def _try(self, act: Act, rng: Random) -> None:
        try:
            await act(rng)
        except (Refused, *CLUSTER_FAILURES):
            self.refusals += 1

    # -- the actions

    async def send(self, rng: Random) -> None:
        """Sends new events, early and late, and events that this or another sender has sent already or is sending."""
        now = self.now
        events = [self._make_event(rng, now) for _ in range(rng.randrange(1, 25))] if self.job_ids else []
        self.sent += events
        events += rng.sample(self.sent, min(len(self.sent), rng.randrange(12)))
        rng.shuffle(events)
        while events:
            try:
                reply = await self.scenario.ingest(events, now)
            except (SerializationFailure, *CLUSTER_FAILURES):
                # A day was closed during intake: nothing of the batch was recorded, and it is sent again. On nodes that holds of
                # each shard, and what was recorded is not accepted again.
                now = self.now
                self.resent += 1
            else:
                self.accepted += reply.accepted
                return

    def _make_event(self, rng: Random, now: datetime) -> Event:
        at = now - timedelta(hours=rng.choice([0, 0, 1, 6, 20, 47]), seconds=rng.randrange(3_600))
        return make_event(
            rng.choice(self.job_ids[-NAMES:]),
            f"e{len(self.sent)}-{rng.random()}",
            at,
            type=rng.choice(["view", "applyClick", "applyClick"]),
            visitor=f"v{rng.randrange(VISITORS)}",
        )

    async def post_or_close(self, rng: Random) -> None:
        customer, now = rng.choice(self.scenario.customers), self.now
        name = f"job-{rng.randrange(10_000)}"
        if self.job_ids and rng.random() < 0.3:
            rows = await self.scenario.rows(
                "SELECT external_id FROM job_postings WHERE application_id = %s AND state = 'LIVE'",
                [customer.child.id],
            )
            if rows:
                await self.scenario.close(customer, rng.choice(sorted(rows))[0], now)
            return
        element = make_element(
            customer,
            name,
            now,
            place=rng.choice(sorted(PRICES_BY_PLACE)),
            budget_micros=rng.randrange(1, 40) * PRICE_MICROS + rng.choice([0, 10_000]),
        )
        task_id = await self.scenario.take(customer, element, now)
        await chores.run_interactive(self.scenario.database, SETTINGS, now=now)
        job_id = await self.scenario.job_of_task(customer, task_id, now)
        if job_id is not None and job_id not in self.job_ids:
            self.job_ids.append(job_id)

    async def change_budget(self, rng: Random) -> None:
        rows = await self.scenario.rows(
            "SELECT application_id, external_id, location FROM job_postings WHERE state = 'LIVE'"
        )
        if rows:
            child_id, name, place = rng.choice(sorted(rows))
            (customer,) = [one for one in self.scenario.customers if one.child.id == child_id]
            budget = rng.randrange(1, 60) * PRICE_MICROS
            element = make_element(customer, name, self.now, place=place, budget_micros=budget)
            await self.scenario.take(customer, element | {"jobPostingOperationType": "UPDATE"}, self.now)

    async def top_up(self, rng: Random) -> None:
        """Uses few references, so that some are repeated, also concurrently."""
        reference = uuid5(REFERENCES, str(rng.randrange(6)))
        amount = (reference.int % 90 + 10) * 1_000_000

        async def ask() -> None:
            async with self.scenario.database.transaction() as connection:
                contract = await contracts.find_partner_contract(
                    connection, contract_id=self.scenario.contract.id
                )
                await contracts.top_up(
                    connection,
                    contract=contract,
                    amount=Money(amount, "EUR"),
                    reference=reference,
                    now=self.now,
                )

        await asyncio.gather(ask(), ask())
        self.topped_up[reference] = amount

    async def credit(self, rng: Random) -> None:
        rows = await self.scenario.rows(
            "SELECT reference, amount FROM charge_postings JOIN settled_days USING (day) ORDER BY number"
        )
        if rows:
            charge, amount = rng.choice(rows)
            async with self.scenario.database.transaction() as connection:
                await corrections.credit_charge(
                    connection,
                    charge=charge,
                    amount_micros=rng.randrange(1, amount + 1),
                    reference=f"credit {rng.randrange(4)}",
                    now=self.now,
                )

    async def settle(self, rng: Random) -> None:
        """Settles in small steps, sometimes with a clock that is behind, and sometimes aborted before the commit."""
        now = self.now - timedelta(minutes=rng.choice([0, 0, 30]))
        try:
            async with self.scenario.database.transaction() as connection:
                await settlement.settle_next(connection, final_after_days=3, now=now, jobs_per_step_max=3)
                if rng.random() < 0.2:
                    raise asyncio.InvalidStateError
        except (LockNotAvailable, asyncio.InvalidStateError):
            return

    async def pass_time(self, rng: Random) -> None:
        later = self.now + timedelta(hours=rng.choice([1, 6, 13, 25]))
        await self.scenario.open_day(later)
        self.now = later
        await chores.run_interactive(self.scenario.database, SETTINGS, now=later)

    async def look(self, _: Random) -> None:
        """Checks the laws during the run, not only at its end."""
        breaches = await self.scenario.breaches()
        assert not breaches, breaches
