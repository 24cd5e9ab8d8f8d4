"""Random histories of operations compared with a plain model: each outcome, each state, each micro."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jobmeter.base.faults import Refused
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.pool import Database
from jobmeter.jobs.postings import flow as jobs
from jobmeter.jobs.status import flow as status
from jobmeter.jobs.status.model import Listing
from tests.support.scenario import PRICE_MICROS, START, Scenario, clear, make_clicks, make_element, set_up

LIMIT_MICROS = 40_000_000
RUN = timedelta(days=30)
NAMES = ("a", "b", "c")
BUDGETS = (1_000_000, 6_000_000, 15_000_000, 30_000_000)
Step = tuple[str, str, int, int]
DONE, FAILED = "SUCCEEDED", "FAILED"

STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["CREATE", "CREATE", "UPDATE", "RENEW", "CLOSE", "UPGRADE", "DOWNGRADE"]),
            st.sampled_from(NAMES),
            st.sampled_from(BUDGETS),
            st.integers(0, 2),
        ),
        st.tuples(st.just("CLICK"), st.sampled_from(NAMES), st.integers(1, 6), st.just(0)),
        st.tuples(st.just("WAIT"), st.just(""), st.integers(1, 20), st.just(0)),
    ),
    min_size=1,
    max_size=25,
)


@dataclass(frozen=True)
class Job:
    limit: int
    spent: int
    content: int
    until: datetime
    open: bool = True
    returned: bool = False

    @property
    def held(self) -> int:
        return 0 if self.returned else self.limit - self.spent


class Model:
    """A plain model of operations as the interpretations page describes them."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.now = START

    @property
    def available(self) -> int:
        return LIMIT_MICROS - sum(job.held + job.spent for job in self.jobs.values())

    def operate(self, operation: str, name: str, budget: int, content: int) -> str:
        """Returns the outcome: the status of the task, or the fault."""
        job = self.jobs.get(name)
        if operation == "CREATE":
            return self._create(name, budget, content)
        if operation == "CLOSE":
            if job is None or not job.open:
                return "JOB_NOT_CLOSABLE"
            self.jobs[name] = replace(job, open=False, returned=True)
            return DONE
        if job is None or not job.open:
            return FAILED
        changed = getattr(self, f"_{operation.lower()}")(name, job, budget, content)
        if isinstance(changed, str):
            return changed
        self.jobs[name] = changed
        return DONE

    def _is_taken(self, name: str, content: int) -> bool:
        others = (job for other, job in self.jobs.items() if other != name)
        return any(job.open and job.content == content for job in others)

    def _create(self, name: str, budget: int, content: int) -> str:
        if budget < PRICE_MICROS:
            return "JOB_BUDGET_BELOW_PRICE"
        if name in self.jobs:
            return FAILED
        if budget > self.available:
            return "CONTRACT_BUDGET_LOW"
        if self._is_taken(name, content):
            return FAILED
        self.jobs[name] = Job(budget, 0, content, self.now + RUN)
        return DONE

    def _update(self, name: str, job: Job, budget: int, content: int) -> Job | str:
        if self._is_taken(name, content):
            return FAILED
        if budget < job.spent:
            return "JOB_BUDGET_BELOW_SPENT"
        if budget < PRICE_MICROS:
            return "JOB_BUDGET_BELOW_PRICE"
        if budget - job.limit > self.available:
            return "CONTRACT_BUDGET_LOW"
        return replace(job, limit=budget, content=content)

    def _renew(self, _name: str, job: Job, _budget: int, _content: int) -> Job:
        return replace(job, until=max(job.until, min(job.until + RUN, self.now + timedelta(days=365))))

    def _upgrade(self, _name: str, job: Job, budget: int, _content: int) -> Job | str:
        if job.held >= PRICE_MICROS:
            return FAILED
        if budget - job.spent < PRICE_MICROS:
            return "JOB_BUDGET_BELOW_PRICE"
        if budget - job.limit > self.available:
            return "CONTRACT_BUDGET_LOW"
        return replace(job, limit=budget)

    def _downgrade(self, _name: str, job: Job, _budget: int, _content: int) -> Job:
        return replace(job, limit=job.spent)

    def click(self, name: str, count: int) -> None:
        job = self.jobs.get(name)
        if job is not None and job.open:
            charged = min(count, job.held // PRICE_MICROS) * PRICE_MICROS
            self.jobs[name] = replace(job, spent=job.spent + charged)

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)
        for name, job in self.jobs.items():
            if job.open and job.until <= self.now:
                self.jobs[name] = replace(job, open=False, returned=True)


async def take(scenario: Scenario, step: Step, now: datetime) -> str:
    operation, name, budget, content = step
    element: dict[str, Any] = make_element(scenario.customers[0], name, now, budget_micros=budget) | {
        "jobPostingOperationType": operation,
        "title": f"Title {content}",
        "description": "One text for all of them, long enough to be one. " * 3,
    }
    try:
        task_id = await scenario.take(scenario.customers[0], element, now)
    except Refused as refused:
        return refused.fault.name
    await scenario.run_due(now)
    async with scenario.database.connection() as connection:
        found = await jobs.find_tasks(
            connection, child=scenario.customers[0].child, task_ids=[task_id], now=now
        )
    return found[task_id].status.value


async def click(scenario: Scenario, name: str, count: int, now: datetime, prefix: str) -> None:
    async with scenario.database.connection() as connection:
        found = await status.read_statuses(
            connection, child=scenario.customers[0].child, external_ids=[name], now=now
        )
    if name in found:
        await scenario.open_day(now)
        await scenario.ingest(make_clicks(found[name].posting.job_id, count, now, prefix=prefix), now)


async def check(scenario: Scenario, model: Model) -> None:
    child = scenario.customers[0].child
    async with scenario.database.connection() as connection:
        assert await contracts.read_available(connection, contract=scenario.contract) == model.available
        found = await status.read_statuses(connection, child=child, external_ids=list(NAMES), now=model.now)
    for name, job in model.jobs.items():
        standing, posting = found[name].standing, found[name].posting
        assert (standing.listing is Listing.LISTED) == job.open, name
        assert posting.expires_at == job.until


async def live(database: Database, steps: list[Step]) -> None:
    await clear(database)
    scenario = await set_up(database, LIMIT_MICROS)
    model = Model()
    for number, step in enumerate(steps):
        # Each step has a separate time, so that events never precede the job's publication.
        model.now += timedelta(seconds=10)
        if step[0] == "WAIT":
            # Events are kept for 90 days, and so are the partitions that all examples share.
            if model.now < START + timedelta(days=65):
                model.wait(step[2])
                await scenario.run_due(model.now)
        elif step[0] == "CLICK":
            await click(scenario, step[1], step[2], model.now, f"s{number}-")
            model.click(step[1], step[2])
        else:
            assert await take(scenario, step, model.now) == model.operate(*step), step
        await check(scenario, model)
    assert await scenario.breaches() == []


def test_operations_do_what_the_model_says(database_url: str) -> None:
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(database_url, connections_max=2))

        @settings(max_examples=20)
        @given(steps=STEPS)
        def live_once(steps: list[Step]) -> None:
            runner.run(live(database, steps))

        try:
            live_once()
        finally:
            runner.run(database.close())
