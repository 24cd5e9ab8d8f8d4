"""Owns the simulation of thirty days: uneven traffic on jobs of uneven popularity, charged by the real flows
hour by hour, and the spend of each job on each day. Does not own the expected spend.

``prepare`` configures how fast a budget may be spent, before the jobs are posted.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from jobmeter.base.clock import to_ms
from jobmeter.base.days import DAY_MS, day_of, start_of
from jobmeter.sandbox.traffic.generator import generate_day, sample_popularity
from jobmeter.sandbox.traffic.ground_truth import APPLY_CLICK, Truth
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan
from tests.properties.laws.test_replay import cut
from tests.support.scenario import PRICE_MICROS, START, Scenario

MIDNIGHT = start_of(day_of(START)) + timedelta(days=1)

Prepare = Callable[[Scenario], Awaitable[None]]


async def as_it_is(_: Scenario) -> None:
    """Leaves the contract as it was opened: budgets are spent as fast as clicks arrive."""


@dataclass(frozen=True, slots=True)
class Run:
    """A job's budget, and by day the possible and the actual spend: all in whole clicks at its price."""

    budget: int
    clicks: dict[date, int]
    spent: dict[date, int]

    @property
    def days(self) -> list[date]:
        return sorted(self.clicks)

    @property
    def even(self) -> float:
        """Returns each day's even share of the budget."""
        return self.budget / len(self.clicks)

    @property
    def has_enough_traffic(self) -> bool:
        """On every day there are more clicks than its share, with a tenth to spare."""
        return all(clicks >= 1.1 * self.even for clicks in self.clicks.values())

    @property
    def share_spent(self) -> float:
        return sum(self.spent.values()) / self.budget

    def list_uneven_days(self, tolerance: float) -> list[date]:
        """Returns the days whose spend deviated from even by more than ``tolerance``, a share of the even
        spend. One click is always tolerated: a budget is spent in clicks.
        """
        allowed = max(1.0, tolerance * self.even)
        return [day for day in self.days if abs(self.spent.get(day, 0) - self.even) > allowed]


@dataclass(frozen=True, slots=True)
class Month:
    """``fill`` is the share of a job's expected clicks that its budget can pay: below a half there is enough
    traffic on every day, including Sundays.
    """

    days: int = 30
    jobs: int = 12
    clicks_per_job_day: float = 120.0
    fill: float = 0.35
    seed: int = 1

    @property
    def plan(self) -> TrafficPlan:
        """Genuine visitors only, most of whom click: the simulation is about spending, not filtering."""
        rates = dict.fromkeys(
            ("double_click_rate", "bot_rate", "crawler_rate", "late_rate", "too_late_rate", "repeat_rate"),
            0.0,
        )
        return TrafficPlan(
            seed=self.seed, views_per_job_day=self.clicks_per_job_day / 0.9, apply_rate=0.9, **rates
        )

    async def play(self, scenario: Scenario, prepare: Prepare = as_it_is) -> list[Run]:
        await prepare(scenario)
        first_ms = to_ms(MIDNIGHT)
        popularity = self._sample_popularity()
        budgets = [
            max(30, int(self.fill * self.clicks_per_job_day * self.days * share)) for share in popularity
        ]
        posted = MIDNIGHT - timedelta(minutes=1)
        await scenario.open_day(posted)
        job_ids = [
            await scenario.post(f"job-{number}", now=posted, budget_micros=budget * PRICE_MICROS)
            for number, budget in enumerate(budgets)
        ]
        jobs = [
            LiveJob(
                job_id=job_id,
                live_from_ms=first_ms,
                live_until_ms=first_ms + self.days * DAY_MS,
                popularity=share,
            )
            for job_id, share in zip(job_ids, popularity, strict=True)
        ]
        truth = await self._live_through(scenario, jobs)
        return await self._read_runs(scenario, dict(zip(job_ids, budgets, strict=True)), truth)

    def _sample_popularity(self) -> list[float]:
        """Samples the power law, but not below a tenth of the average, so that each job has enough clicks."""
        numbers = np.arange(1_000, 1_000 + self.jobs)
        return [max(0.1, float(share)) for share in sample_popularity(numbers, self.seed)]

    async def _live_through(self, scenario: Scenario, jobs: list[LiveJob]) -> Truth:
        """Runs day after day, hour after hour; the worker runs after each midnight."""
        truths = []
        for number in range(self.days):
            midnight = MIDNIGHT + timedelta(days=number)
            await scenario.open_day(midnight)
            await scenario.run_due(midnight)
            deliveries, truth = generate_day(jobs, to_ms(midnight), self.plan)
            truths.append(truth)
            for batch in cut(deliveries, 1_000):
                await scenario.ingest(batch.events, batch.at)
        return Truth(tuple(truths))

    async def _read_runs(self, scenario: Scenario, budgets: dict[int, int], truth: Truth) -> list[Run]:
        spent: dict[int, dict[date, int]] = defaultdict(dict)
        for job_id, day, clicks in await scenario.rows(
            "SELECT job_id, day, clicks_charged FROM job_day_sums"
        ):
            spent[job_id][day] = clicks
        clicks: dict[int, dict[date, int]] = defaultdict(lambda: {day.day: 0 for day in truth.days})
        for day in truth.days:
            for cell, count in day.counts.items():
                if cell.type == APPLY_CLICK:
                    clicks[cell.job_id][day.day] += count
        return [Run(budget, clicks[job_id], spent[job_id]) for job_id, budget in budgets.items()]
