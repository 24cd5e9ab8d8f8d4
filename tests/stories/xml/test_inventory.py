"""Slots and credits compared with a model: 402 and 409 exactly as predicted, inventory never negative, never lost."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_reference
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringKind
from jobmeter.database.pool import Database
from jobmeter.jobs.postings import flow as jobs
from jobmeter.jobs.xml_jobs import flow as xml_jobs
from jobmeter.wire.xml.job.fields import JobContent, JobDocument
from jobmeter.wire.xml.job.keys import JobKey
from tests.support.scenario import open_for_examples
from tests.support.xml_scenario import RUN_DAYS, START, XmlScenario, make_document, open_xml_scenario

POSTS = 100_000
SLOTS = 1_000
CONNECTIONS = 16

SLOT, CREDIT = HiringKind.SLOTS, HiringKind.CREDITS
kinds = st.sampled_from(HiringKind)
ids = st.sampled_from(["A", "B", "C"])


@dataclass(frozen=True, slots=True)
class ModelJob:
    """``expires_at`` is ``None`` once the job is closed."""

    kind: HiringKind
    expires_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at > now


class Inventory(RuleBasedStateMachine):
    """The flows, compared with a dictionary."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.run = runner.run
        self.database = database
        self.scenario: XmlScenario = runner.run(open_xml_scenario(database, slot_count=2, credit_count=3))
        self.units = {SLOT: 2, CREDIT: 3}
        self.now = START
        self.jobs: dict[str, ModelJob] = {}
        self.top_ups = 0

    # -- the model

    def available(self, kind: HiringKind) -> int:
        held = sum(job.is_live(self.now) for job in self.jobs.values() if job.kind is kind)
        return self.units[kind] - (held if kind is SLOT else 0)

    def predict_post(self, name: str, kind: HiringKind) -> Fault | None:
        if name in self.jobs and self.jobs[name].expires_at is not None:
            return Fault.JOB_DUPLICATE
        return None if self.available(kind) else Fault.INVENTORY_EMPTY

    def predict_change(self, name: str, *, renewal: bool) -> Fault | None:
        if name not in self.jobs:
            return Fault.JOB_UNKNOWN
        job = self.jobs[name]
        if job.expires_at is None:
            return Fault.JOB_CLOSED
        if not renewal:
            return None if job.is_live(self.now) else Fault.JOB_EXPIRED
        is_free = job.kind is SLOT and job.is_live(self.now)
        return None if is_free or self.available(job.kind) else Fault.INVENTORY_EMPTY

    # -- what happens

    @rule(name=ids, kind=kinds)
    def post(self, name: str, kind: HiringKind) -> None:
        expected = self.predict_post(name, kind)

        async def act() -> None:
            document = make_document(name, self.scenario.contracts[kind])
            async with self.database.transaction() as connection:
                await xml_jobs.post_job(
                    connection, application=self.scenario.application, document=document, now=self.now
                )

        assert self.attempt(act) is expected
        if expected is None:
            self.units[kind] -= kind is CREDIT
            self.jobs[name] = ModelJob(kind, self.now + timedelta(days=RUN_DAYS))

    @rule(name=ids, renewal=st.booleans(), salary=st.sampled_from([None, "10", "20"]))
    def change(self, name: str, renewal: bool, salary: str | None) -> None:
        expected = self.predict_change(name, renewal=renewal)
        kind = self.jobs[name].kind if name in self.jobs else SLOT
        content = JobContent(contract_id=self.scenario.contracts[kind].id, salary=salary)

        async def act() -> None:
            async with self.database.transaction() as connection:
                await xml_jobs.change_job(
                    connection,
                    application=self.scenario.application,
                    key=JobKey(None, name),
                    document=JobDocument(content, renewal=renewal),
                    now=self.now,
                )

        assert self.attempt(act) is expected
        if expected is None and renewal:
            job = self.jobs[name]
            assert job.expires_at is not None
            self.units[kind] -= kind is CREDIT
            expires_at = max(self.now, job.expires_at) + timedelta(days=RUN_DAYS)
            self.jobs[name] = replace(job, expires_at=expires_at)

    @rule(name=ids)
    def close(self, name: str) -> None:
        async def act() -> None:
            async with self.database.transaction() as connection:
                await xml_jobs.close_job(
                    connection, application=self.scenario.application, key=JobKey(None, name), now=self.now
                )

        assert self.attempt(act) is (None if name in self.jobs else Fault.JOB_UNKNOWN)
        if name in self.jobs:
            self.jobs[name] = replace(self.jobs[name], expires_at=None)

    @rule(kind=kinds, units=st.integers(1, 2))
    def top_up(self, kind: HiringKind, units: int) -> None:
        self.top_ups += 1
        contract = self.scenario.contracts[kind]
        reference = make_reference("test", contract.id, self.top_ups)

        async def act() -> None:
            async with self.database.transaction() as connection:
                await hiring.add_units(
                    connection, contract=contract, units=units, reference=reference, now=self.now
                )

        assert self.attempt(act) is None
        self.units[kind] += units

    @rule(days=st.sampled_from([1, RUN_DAYS - 1, RUN_DAYS, 2 * RUN_DAYS]))
    def pass_time(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def expire(self) -> None:
        async def act() -> None:
            async with self.database.transaction() as connection:
                await jobs.expire_jobs(connection, rows_max=100, now=self.now)

        assert self.attempt(act) is None
        assert self.run(self.scenario.unused(SLOT)) == self.available(SLOT)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.run(self.scenario.unused(CREDIT)) == self.units[CREDIT]
        unused, held = self.run(self.scenario.unused(SLOT)), self.run(self.scenario.count_held())
        assert unused >= 0
        assert unused + held == self.units[SLOT]
        # Only an ended run may hold its slot, until the next use or sweep frees it.
        jobs_on_slots = [job for job in self.jobs.values() if job.kind is SLOT]
        live = sum(job.is_live(self.now) for job in jobs_on_slots)
        over = sum(job.expires_at is not None for job in jobs_on_slots) - live
        assert live <= held <= live + over

    @invariant()
    def jobs_are_as_the_model_says(self) -> None:
        async def read() -> dict[str, tuple[bool, datetime]]:
            async with self.database.connection() as connection:
                return {
                    name: (found.state == "LIVE", found.expires_at)
                    for name in self.jobs
                    for found in [
                        await xml_jobs.find_job(
                            connection,
                            application=self.scenario.application,
                            key=JobKey(None, name),
                            now=self.now,
                        )
                    ]
                }

        for name, (is_live, expires_at) in self.run(read()).items():
            assert is_live == self.jobs[name].is_live(self.now)
            assert self.jobs[name].expires_at in {None, expires_at}

    def attempt(self, act) -> Fault | None:
        try:
            self.run(act())
        except Refused as refused:
            return refused.fault
        return None


def test_inventory_matches_a_model(database_url: str) -> None:
    with open_for_examples(database_url) as (runner, database):
        run_state_machine_as_test(
            lambda: Inventory(runner, database),
            settings=settings(max_examples=25, stateful_step_count=30),
        )


async def post_many(database: Database, scenario: XmlScenario, *, first: int, posts: int) -> int:
    """Posts jobs one after the other; returns how many got a slot."""
    posted = 0
    contract = scenario.contracts[SLOT]
    for number in range(first, first + posts):
        try:
            async with database.transaction() as connection:
                await xml_jobs.post_job(
                    connection,
                    application=scenario.application,
                    document=make_document(f"J-{number}", contract),
                    now=START,
                )
        except Refused as refused:
            if refused.fault is not Fault.INVENTORY_EMPTY:
                raise
        else:
            posted += 1
    return posted


async def contend(database_url: str, *, slots: int, posts: int) -> tuple[int, int, int]:
    """Returns how many jobs were posted, slots unused, slots held."""
    async with Database.opened(database_url, connections_max=CONNECTIONS) as database:
        scenario = await open_xml_scenario(database, slot_count=slots, credit_count=0)
        share = posts // CONNECTIONS
        posted = await asyncio.gather(
            *(post_many(database, scenario, first=share * at, posts=share) for at in range(CONNECTIONS))
        )
        return sum(posted), await scenario.unused(SLOT), await scenario.count_held()


async def test_the_last_slot_is_sold_once(database_url: str) -> None:
    assert await contend(database_url, slots=7, posts=160) == (7, 0, 7)


@pytest.mark.slow
async def test_a_hundred_thousand_posts_against_a_thousand_slots(database_url: str) -> None:
    assert await contend(database_url, slots=SLOTS, posts=POSTS) == (SLOTS, 0, SLOTS)


async def work(database: Database, scenario: XmlScenario, hand: int) -> None:
    for turn in range(40):
        now = START + timedelta(days=turn)
        name, key = f"R-{turn % 4}", JobKey(None, f"R-{turn % 4}")
        document = make_document(name, scenario.contracts[SLOT])
        try:
            async with database.transaction() as connection:
                application = scenario.application
                if (turn + hand) % 4 == 0:
                    await xml_jobs.close_job(connection, application=application, key=key, now=now)
                elif (turn + hand) % 4 == 1:
                    await xml_jobs.change_job(
                        connection,
                        application=application,
                        key=key,
                        document=JobDocument(JobContent(), renewal=True),
                        now=now,
                    )
                elif (turn + hand) % 4 == 2:
                    await jobs.expire_jobs(connection, rows_max=100, now=now + timedelta(days=25))
                else:
                    await xml_jobs.post_job(connection, application=application, document=document, now=now)
        except Refused:
            continue


async def test_renewals_and_closings_do_not_deadlock(database_url: str) -> None:
    """Many callers use few jobs and few slots: there is no deadlock, and no slot is lost."""
    async with Database.opened(database_url, connections_max=8) as database:
        scenario = await open_xml_scenario(database, slot_count=3, credit_count=0)
        await asyncio.gather(*(work(database, scenario, hand) for hand in range(8)))
        async with database.transaction() as connection:
            await jobs.expire_jobs(connection, rows_max=100, now=START + timedelta(days=10_000))
        assert (await scenario.unused(SLOT), await scenario.count_held()) == (3, 0)
