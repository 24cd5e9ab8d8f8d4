"""Both job reports over random histories, compared with a naive model of the page's rules, near the ends of
days, months, years and of February.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobmeter.base.days import day_from_number
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.pool import Database
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.flow import JobListCache
from jobmeter.reports.job_reports.model import JobReport, ReportQuery, split_days
from tests.support.scenario import (
    PRICE_MICROS,
    Scenario,
    clear,
    few_or_many,
    make_element,
    make_event,
    open_for_examples,
    set_up,
)

BUDGET_MICROS = 900_000_000
LATE = timedelta(hours=48)
NAMES = ("a", "b", "c", "d")
BEGINNINGS = [
    datetime(2024, 2, 27, 20, 0, tzinfo=UTC),  # a leap day comes
    datetime(2023, 2, 27, 20, 0, tzinfo=UTC),
    datetime(2025, 12, 30, 12, 0, tzinfo=UTC),
    datetime(2025, 10, 25, 23, 0, tzinfo=UTC),  # summer time ends in Europe, which must have no effect
    datetime(2026, 3, 31, 0, 0, tzinfo=UTC),
]
# The offset of an event from the start of its day: the first and the last millisecond among others.
MOMENTS = [timedelta(0), timedelta(hours=24, milliseconds=-1), timedelta(hours=11), timedelta(milliseconds=1)]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("POST"), st.sampled_from(NAMES), st.integers(0, 1)),
        st.tuples(st.just("CLOSE"), st.sampled_from(NAMES), st.just(0)),
        st.tuples(st.just("EVENT"), st.sampled_from(NAMES), st.integers(0, 31)),
        st.tuples(st.just("EVENT"), st.sampled_from(NAMES), st.integers(0, 31)),
        st.tuples(st.just("WAIT"), st.just(""), st.sampled_from([1, 5, 12, 24, 30, 75])),
    ),
    min_size=3,
    max_size=30,
)
Step = tuple[str, str, int]


class Job:
    """A job in the model. Events are (moment, whether it is a click, charge)."""

    def __init__(self, job_id: int, code: str, posted_at: datetime) -> None:
        self.job_id = job_id
        self.code = code
        self.posted_at = posted_at
        self.closed_at: datetime | None = None
        self.events: list[tuple[datetime, bool, int]] = []

    def is_shown(self, now: datetime) -> bool:
        is_over = self.closed_at is not None and self.closed_at.date() < now.date()
        return self.posted_at.date() < now.date() and (
            not is_over or any(charge for _, _, charge in self.events)
        )

    def is_in(self, first: date, last: date) -> bool:
        return self.posted_at.date() <= last and (self.closed_at is None or self.closed_at.date() >= first)

    def list_days(self, first: date, last: date) -> list[tuple[date, int, int, int]]:
        found = []
        for day in sorted({moment.date() for moment, _, _ in self.events}):
            if first <= day <= last:
                events = [
                    (is_click, charge) for moment, is_click, charge in self.events if moment.date() == day
                ]
                clicks = sum(is_click for is_click, _ in events)
                found.append((day, len(events) - clicks, clicks, sum(charge for _, charge in events)))
        return found


class History:
    """Executes steps in a scenario, and records the expected results."""

    def __init__(self, scenario: Scenario, begins: datetime) -> None:
        self.scenario = scenario
        self.now = begins
        self.began = begins
        self.jobs: dict[str, Job] = {}
        self.serial = 0

    async def take(self, step: Step) -> None:
        kind, name, number = step
        self.now += timedelta(milliseconds=10)
        if kind == "WAIT":
            self.now += timedelta(hours=number)
            await self.scenario.open_day(self.now)
            await self.scenario.run_due(self.now)
        elif kind == "POST" and name not in self.jobs:
            element = make_element(self.scenario.customers[0], name, self.now, budget_micros=BUDGET_MICROS)
            code = f"code-{number}"
            task = await self.scenario.take(
                self.scenario.customers[0], element | {"companyJobCode": code}, self.now
            )
            await self.scenario.run_due(self.now)
            job_id = await self.scenario.job_of_task(self.scenario.customers[0], task, self.now)
            assert job_id is not None
            self.jobs[name] = Job(job_id, code, self.now)
        elif kind == "CLOSE" and name in self.jobs and self.jobs[name].closed_at is None:
            await self.scenario.close(self.scenario.customers[0], name, self.now)
            self.jobs[name].closed_at = self.now
        elif kind == "EVENT" and name in self.jobs:
            await self._send(self.jobs[name], number)

    async def _send(self, job: Job, number: int) -> None:
        days_ago, moment, is_click = number // 8, MOMENTS[number // 2 % 4], number % 2 == 0
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        at = midnight - timedelta(days=days_ago) + moment
        at = at.replace(microsecond=at.microsecond // 1_000 * 1_000)
        self.serial += 1
        kind = "applyClick" if is_click else "view"
        event = make_event(job.job_id, f"e{self.serial}", at, type=kind)
        reply = await self.scenario.ingest([event], self.now)
        begins = job.posted_at.replace(microsecond=job.posted_at.microsecond // 1_000 * 1_000)
        counts = (
            self.now - LATE < at <= self.now + timedelta(minutes=5)
            and at >= begins
            and (job.closed_at is None or at < job.closed_at)
        )
        assert reply.accepted == counts, (at, self.now, job)
        if counts:
            # A click from before a close that arrives after it is counted and free.
            job.events.append((at, is_click, PRICE_MICROS if is_click and job.closed_at is None else 0))

    async def check(self) -> None:
        last = self.now.date() - timedelta(days=1)
        first = max(self.began.date(), last.replace(day=1))
        week = max(self.began.date(), last - timedelta(days=6))
        if last < first:
            return
        async with self.scenario.database.connection() as connection:
            asked = [*NAMES, "code-0", "code-1", "none"]
            ours = reports.parse_by_ids(self._query(first, last), asked)
            others = reports.parse_by_ids(
                self._query(last, last), asked[::-1]
            )  # one group, each with its own response
            _, by_ids, of_last = await reports.report_by_ids(connection, [others, ours, others])
            page = await reports.report_by_range(
                connection, self._query(week, last), start=0, count=50, lists=JobListCache()
            )
            second = await reports.report_by_range(
                connection, self._query(week, last), start=1, count=2, lists=JobListCache()
            )
        self._check_by_ids(by_ids, asked, first, last)
        self._check_by_ids(of_last, asked, last, last)
        shown = [job for job in self._shown() if job.is_in(week, last)]
        assert [report.job.job_id for report in page.reports] == [job.job_id for job in shown]
        assert page.total == second.total == len(shown)
        assert [report.job.job_id for report in second.reports] == [job.job_id for job in shown[1:3]]
        for report, job in zip(page.reports, shown, strict=True):
            assert _read_days(report) == job.list_days(week, last)

    def _query(self, first: date, last: date) -> ReportQuery:
        return ReportQuery(self.scenario.customers[0].child, first, last, None, self.now)

    def _shown(self) -> list[Job]:
        return sorted(
            (job for job in self.jobs.values() if job.is_shown(self.now)), key=lambda job: job.job_id
        )

    def _check_by_ids(self, found: dict[str, JobReport], asked: list[str], first: date, last: date) -> None:
        shown = self._shown()
        for name in asked:
            named = [job for key, job in self.jobs.items() if key == name and job in shown]
            coded = [job for job in shown if job.code == name]
            meant = (named or coded)[-1:]
            assert (name in found) == bool(meant), name
            for job in meant:
                report = found[name]
                assert report.job.job_id == job.job_id
                assert _read_days(report) == job.list_days(first, last)
                lifetime = job.list_days(
                    self.began.date() - timedelta(days=9), self.now.date() - timedelta(days=1)
                )
                assert report.spent_micros == sum(day[3] for day in lifetime)


def _read_days(report: JobReport) -> list[tuple[date, int, int, int]]:
    numbers, *counts = split_days(report.figures)
    return list(zip(map(day_from_number, numbers), *counts, strict=True))


async def live(database: Database, begins: datetime, steps: list[Step]) -> None:
    await clear(database)
    history = History(await set_up(database, 10**13, begins=begins), begins)
    await history.scenario.open_day(begins)
    for step in [("POST", "a", 0), *steps]:
        await history.take(step)
        await history.check()
    assert await history.scenario.breaches() == []


def run_histories(database_url: str, begins: datetime, examples: int) -> None:
    with open_for_examples(database_url) as (runner, database):

        @settings(max_examples=examples)
        @given(steps=STEPS)
        def live_once(steps: list[Step]) -> None:
            runner.run(live(database, begins, steps))

        live_once()


@few_or_many(2, 100)
@pytest.mark.parametrize("begins", BEGINNINGS, ids=str)
def test_reports_say_what_the_model_says(database_url: str, begins: datetime, examples: int) -> None:
    run_histories(database_url, begins, examples)


async def test_a_range_of_today_is_refused_whatever_the_history(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=2) as database:
        scenario = await set_up(database, 10**13, begins=BEGINNINGS[0])
        query = ReportQuery(
            scenario.customers[0].child, BEGINNINGS[0].date(), BEGINNINGS[0].date(), None, BEGINNINGS[0]
        )
        async with database.connection() as connection:
            with pytest.raises(Refused) as refused:
                await reports.report_by_ids(connection, [reports.parse_by_ids(query, ["a"])])
    assert refused.value.fault is Fault.RANGE_NOT_PAST
