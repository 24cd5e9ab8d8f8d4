"""Random histories of operations, clicks and settlement compared with a plain model: each outcome, state and micro.

What a partner decided (to downgrade, pause, close a job) is undone by its opposite alone, whatever happens meanwhile.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobmeter.base.faults import Refused
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.pool import Database
from jobmeter.jobs.campaigns import flow as campaigns
from jobmeter.jobs.campaigns.model import CampaignChange, CampaignDraft, CampaignStatus
from jobmeter.jobs.postings import flow as jobs
from jobmeter.jobs.status import flow as status
from jobmeter.jobs.status.model import Listing, Promotion
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.model import Criterion, Exclusion
from jobmeter.worker.chores import next_due
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
        st.tuples(st.just("EXCLUDE"), st.sampled_from(NAMES), st.just(0), st.just(0)),
        st.tuples(st.sampled_from(["PAUSE", "RESUME"]), st.just(""), st.just(0), st.just(0)),
        st.tuples(st.sampled_from(["WAIT", "SETTLE"]), st.just(""), st.integers(1, 20), st.just(0)),
    ),
    min_size=1,
    max_size=25,
)
# Clicks that settlement takes back once a decision was made.
SPENT = [("CREATE", "a", 30_000_000, 0), ("CLICK", "a", 4, 0), ("EXCLUDE", "a", 0, 0)]
PAUSED = [
    ("CREATE", "c", 6_000_000, 0),
    ("CLICK", "c", 3, 0),
    ("EXCLUDE", "c", 0, 0),
    ("PAUSE", "", 0, 0),
]
SETTLE = ("SETTLE", "", 0, 0)
CAMPAIGN = "spring"
PAUSABLE = "c"  # the job that joins the campaign


@dataclass(frozen=True)
class Job:
    limit: int
    spent: int
    content: int
    until: datetime
    open: bool = True
    returned: bool = False
    downgraded: bool = False
    paused: bool = False

    @property
    def held(self) -> int:
        return 0 if self.returned else self.limit - self.spent

    @property
    def promoted(self) -> bool:
        return self.open and not self.downgraded and not self.paused and self.held >= PRICE_MICROS


class Model:
    """A plain model of operations as the interpretations page describes them."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.charged: dict[tuple[str, date], int] = {}
        self.excluded: set[tuple[str, date]] = set()
        self.is_paused = False
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
        paused = name == PAUSABLE and self.is_paused
        self.jobs[name] = Job(budget, 0, content, self.now + RUN, paused=paused)
        return DONE

    def _update(self, name: str, job: Job, budget: int, content: int) -> Job | str:
        if self._is_taken(name, content):
            return FAILED
        if job.downgraded:
            return replace(job, content=content)
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
        return replace(job, limit=budget, downgraded=False)

    def _downgrade(self, _name: str, job: Job, _budget: int, _content: int) -> Job:
        return replace(job, limit=job.spent, downgraded=True)

    def click(self, name: str, count: int) -> None:
        job = self.jobs.get(name)
        if job is not None and job.open and not job.paused:
            charged = min(count, job.held // PRICE_MICROS) * PRICE_MICROS
            self.jobs[name] = replace(job, spent=job.spent + charged)
            day = self.now.date()
            self.charged[name, day] = self.charged.get((name, day), 0) + charged

    def exclude(self, name: str) -> None:
        if name in self.jobs:
            self.excluded.add((name, self.now.date()))

    def set_paused(self, is_paused: bool) -> None:
        self.is_paused = is_paused
        job = self.jobs.get(PAUSABLE)
        if job is not None and job.open:
            self.jobs[PAUSABLE] = replace(job, paused=is_paused)

    def wait(self, days: int) -> None:
        """Midnight by midnight: runs end at their time, and the third midnight after a day makes it final."""
        target = self.now + timedelta(days=days)
        while True:
            midnight = datetime.combine(self.now.date() + timedelta(days=1), time(), UTC)
            self.now = min(midnight, target)
            for name, job in self.jobs.items():
                if job.open and job.until <= self.now:
                    self.jobs[name] = replace(job, open=False, returned=True)
            self._settle(self.now.date() - timedelta(days=3))
            if self.now == target:
                return

    def _settle(self, day: date) -> None:
        for name, job in self.jobs.items():
            if (name, day) not in self.excluded:
                continue
            back = self.charged.pop((name, day), 0)
            limit = job.limit - back if job.downgraded else job.limit
            self.jobs[name] = replace(job, spent=job.spent - back, limit=limit)


async def take(scenario: Scenario, step: Step, now: datetime) -> str:
    operation, name, budget, content = step
    element: dict[str, Any] = make_element(scenario.customers[0], name, now, budget_micros=budget) | {
        "jobPostingOperationType": operation,
        "title": f"Title {content}",
        "description": "One text for all of them, long enough to be one. " * 3,
    }
    if name == PAUSABLE and operation == "CREATE":
        element["partnerJobCampaignId"] = CAMPAIGN
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


async def exclude(scenario: Scenario, name: str, now: datetime) -> None:
    """All clicks of the day on the job, which settlement then takes back."""
    async with scenario.database.transaction() as connection:
        found = await status.read_statuses(
            connection, child=scenario.customers[0].child, external_ids=[name], now=now
        )
        if name in found:
            excluded = Exclusion(
                criterion=Criterion.JOB,
                subject=found[name].posting.job_id,
                origin=b"",
                day=now.date(),
                note="testers",
            )
            await click_rules.exclude(connection, excluded, now=now)


async def open_campaign(scenario: Scenario) -> int:
    draft = CampaignDraft(
        partner_job_campaign=CAMPAIGN,
        name="Spring",
        contract=scenario.customers[0].contract.urn,
        starts_at=START + timedelta(seconds=1),
        ends_at=None,
    )
    async with scenario.database.transaction() as connection:
        made = await campaigns.create_campaign(
            connection, child=scenario.customers[0].child, draft=draft, now=START
        )
    await scenario.run_due(START + timedelta(seconds=2))
    return made.id


async def set_paused(scenario: Scenario, campaign_id: int, is_paused: bool, now: datetime) -> None:
    change = CampaignChange(status=CampaignStatus.PAUSED if is_paused else CampaignStatus.ACTIVE)
    async with scenario.database.transaction() as connection:
        await campaigns.change_campaign(
            connection,
            child=scenario.customers[0].child,
            campaign_id=campaign_id,
            change=change,
            now=now,
        )


async def run_through(scenario: Scenario, begin: datetime, end: datetime) -> None:
    """Runs what falls due in between, in order, as a clock that runs does."""
    moment = begin
    while moment < end:
        moment = await next_due(scenario.database, after=moment, until=end)
        await scenario.run_due(moment)


async def check(scenario: Scenario, model: Model) -> None:
    child = scenario.customers[0].child
    async with scenario.database.connection() as connection:
        assert await contracts.read_available(connection, contract=scenario.contract) == model.available
        found = await status.read_statuses(connection, child=child, external_ids=list(NAMES), now=model.now)
    for name, job in model.jobs.items():
        standing, posting = found[name].standing, found[name].posting
        assert (standing.listing is Listing.LISTED) == job.open, name
        assert posting.expires_at == job.until
        assert (standing.promotion is Promotion.PROMOTED) == job.promoted, name


async def live(database: Database, steps: list[Step]) -> None:
    await clear(database)
    scenario = await set_up(database, LIMIT_MICROS)
    model, campaign_id = Model(), await open_campaign(scenario)
    for number, step in enumerate(steps):
        # Each step has a separate time, so that events never precede the job's publication.
        model.now += timedelta(seconds=10)
        if step[0] in {"WAIT", "SETTLE"}:
            # Events are kept for 90 days, and so are the partitions that all examples share.
            if model.now < START + timedelta(days=65):
                begin = model.now
                model.wait(step[2] if step[0] == "WAIT" else 4)
                await run_through(scenario, begin, model.now)
        elif step[0] == "EXCLUDE":
            await exclude(scenario, step[1], model.now)
            model.exclude(step[1])
        elif step[0] in {"PAUSE", "RESUME"}:
            await set_paused(scenario, campaign_id, step[0] == "PAUSE", model.now)
            model.set_paused(step[0] == "PAUSE")
        elif step[0] == "CLICK":
            await click(scenario, step[1], step[2], model.now, f"s{number}-")
            model.click(step[1], step[2])
        else:
            assert await take(scenario, step, model.now) == model.operate(*step), step
        await check(scenario, model)
    assert await scenario.breaches() == []


def test_operations_do_what_the_model_says(database_url: str) -> None:
    play(database_url, histories=2)


@pytest.mark.slow
def test_many_histories_do_what_the_model_says(database_url: str) -> None:
    play(database_url, histories=400)


def play(database_url: str, *, histories: int) -> None:
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(database_url, connections_max=2))

        @settings(max_examples=histories, deadline=None)
        @given(steps=STEPS)
        @example(steps=[*SPENT, ("DOWNGRADE", "a", 6_000_000, 0), SETTLE])
        @example(steps=[*SPENT, ("DOWNGRADE", "a", 6_000_000, 0), ("UPDATE", "a", 30_000_000, 1), SETTLE])
        @example(steps=[*SPENT, ("DOWNGRADE", "a", 6_000_000, 0), SETTLE, ("UPGRADE", "a", 6_000_000, 0)])
        @example(steps=[*SPENT, ("DOWNGRADE", "a", 6_000_000, 0), ("CLOSE", "a", 6_000_000, 0), SETTLE])
        @example(steps=[*SPENT, ("CLOSE", "a", 6_000_000, 0), SETTLE, ("UPDATE", "a", 30_000_000, 0)])
        @example(steps=[*PAUSED, ("UPDATE", "c", 15_000_000, 1), ("RENEW", "c", 6_000_000, 0), SETTLE])
        @example(steps=[*PAUSED, ("DOWNGRADE", "c", 6_000_000, 0), ("RESUME", "", 0, 0), SETTLE])
        def live_once(steps: list[Step]) -> None:
            runner.run(live(database, steps))

        try:
            live_once()
        finally:
            runner.run(database.close())
