"""Within a UTC day the answer to one question is one answer: which jobs, in which order, with which contents, whatever
happens between two pages. Only clicks and money change.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jobmeter.base.faults import Refused
from jobmeter.database.pool import Database
from jobmeter.jobs.campaigns import flow as campaigns
from jobmeter.jobs.campaigns.model import CampaignChange, CampaignDraft, CampaignStatus
from jobmeter.metering.intake import model as identity
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.flow import JobListCache
from jobmeter.reports.job_reports.model import JobReport, ReportQuery, split_days
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.model import Criterion, Exclusion
from tests.support.scenario import (
    PRICE_MICROS,
    Scenario,
    clear,
    few_or_many,
    make_element,
    make_event,
    open_for_examples,
    open_scenario,
    set_up,
)

BEGINS = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
BUDGET_MICROS = 900_000_000
NAMES = ("a", "b", "c", "d", "e", "f")
CODES = ("code-0", "code-1")
CAMPAIGN = "spring"
KINDS = (
    ["POST", "CLICK", "CLICK", "LATE"] * 2
    + ["CLOSE", "UPDATE", "RENEW", "DOWNGRADE", "UPGRADE", "EXCLUDE"]
    + ["END_CAMPAIGN"]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES), st.integers(0, 3)),
        st.tuples(st.just("WAIT"), st.just(""), st.sampled_from([1, 6, 24, 49])),
    ),
    min_size=12,
    max_size=40,
)
Step = tuple[str, str, int]


class Job:
    """What the model knows of a job: when it was posted and closed, and whether it was ever charged."""

    def __init__(self, job_id: int, posted_at: datetime, *, is_member: bool) -> None:
        self.job_id = job_id
        self.posted_at = posted_at
        self.is_member = is_member
        self.closed_at: datetime | None = None
        self.is_promoted = True
        self.was_charged = False

    def is_shown(self, midnight: datetime) -> bool:
        is_over = self.closed_at is not None and self.closed_at < midnight
        return self.posted_at < midnight and (self.was_charged or not is_over)

    def is_in(self, first: date, last: date, midnight: datetime) -> bool:
        is_over = self.closed_at is not None and self.closed_at < midnight
        ends = self.closed_at.date() if is_over and self.closed_at is not None else last
        return self.is_shown(midnight) and self.posted_at.date() <= last and ends >= first


class History:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.customer = scenario.customers[0]
        self.now = BEGINS
        self.jobs: dict[str, Job] = {}
        self.campaign_id: int | None = None
        self.serial = 0
        self.lists = JobListCache()
        self.first_answers: dict[date, dict[str, Any]] = {}

    async def begin(self) -> None:
        draft = CampaignDraft(
            partner_job_campaign=CAMPAIGN,
            name="Spring",
            contract=self.customer.contract.urn,
            starts_at=self.now,
            ends_at=None,
        )
        async with self.scenario.database.transaction() as connection:
            made = await campaigns.create_campaign(
                connection, child=self.customer.child, draft=draft, now=self.now
            )
        self.campaign_id = made.id
        await self.scenario.run_due(self.now)

    async def take(self, step: Step) -> None:
        kind, name, number = step
        self.now += timedelta(minutes=2)
        job = self.jobs.get(name)
        if kind == "WAIT":
            self.now += timedelta(hours=number)
            await self.scenario.open_day(self.now)
        elif kind == "POST" and job is None:
            await self._post(name, number)
        elif kind == "END_CAMPAIGN":
            await self._end_campaign()
        elif kind == "EXCLUDE":
            await self._exclude(f"v-{number}")
        elif kind in {"CLICK", "LATE"} and job is not None:
            await self._click(job, number, hours=9 * number if kind == "LATE" else 0)
        elif job is not None and kind in {"CLOSE", "UPDATE", "RENEW", "DOWNGRADE", "UPGRADE"}:
            await self._operate(kind, name, job, number)
        await self.scenario.run_due(self.now)

    async def _post(self, name: str, number: int) -> None:
        element = make_element(self.customer, name, self.now, budget_micros=BUDGET_MICROS)
        element |= {"companyJobCode": CODES[number % 2]}
        is_member = number >= 2 and self.campaign_id is not None
        if is_member:
            element |= {"partnerJobCampaignId": CAMPAIGN}
        task = await self.scenario.take(self.customer, element, self.now)
        await self.scenario.run_due(self.now)
        job_id = await self.scenario.job_of_task(self.customer, task, self.now)
        assert job_id is not None
        self.jobs[name] = Job(job_id, self.now, is_member=is_member)

    async def _operate(self, kind: str, name: str, job: Job, number: int) -> None:
        element = make_element(self.customer, name, self.now, budget_micros=BUDGET_MICROS)
        element |= {"jobPostingOperationType": kind}
        if kind == "UPDATE":
            element |= {
                "title": f"Title {number}",
                "companyJobCode": CODES[number % 2],
                "companyApplyUrl": f"https://careers.example.com/{number}",
                "companyName": f"Company {number}",
            }
            del element["budget"]
        try:
            await self.scenario.take(self.customer, element, self.now)
        except Refused:
            return
        if kind == "CLOSE" and job.closed_at is None:
            job.closed_at = self.now
        elif job.closed_at is None and kind in {"DOWNGRADE", "UPGRADE"}:
            job.is_promoted = kind == "UPGRADE"

    async def _end_campaign(self) -> None:
        if self.campaign_id is None:
            return
        async with self.scenario.database.transaction() as connection:
            await campaigns.change_campaign(
                connection,
                child=self.customer.child,
                campaign_id=self.campaign_id,
                change=CampaignChange(status=CampaignStatus.CLOSED),
                now=self.now,
            )
        self.campaign_id = None
        for job in self.jobs.values():
            if job.is_member and job.closed_at is None:
                job.closed_at = self.now

    async def _exclude(self, visitor: str) -> None:
        exclusion = Exclusion(Criterion.VISITOR, identity.find_visitor(visitor), b"", None, "a tester")
        async with self.scenario.database.transaction() as connection:
            await click_rules.exclude(connection, exclusion, now=self.now)

    async def _click(self, job: Job, number: int, *, hours: int) -> None:
        self.serial += 1
        at = self.now - timedelta(hours=hours)
        event = make_event(job.job_id, f"e{self.serial}", at, visitor=f"v-{number}")
        reply = await self.scenario.ingest([event], self.now)
        if reply.accepted and job.closed_at is None and job.is_promoted:
            job.was_charged = True

    async def check(self) -> None:
        """Requests everything again, with and without what a process remembers."""
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        last = midnight.date() - timedelta(days=1)
        if last < BEGINS.date():
            return
        found = await self._request_all(last, JobListCache())
        assert found == await self._request_all(last, self.lists)
        assert found == self.first_answers.setdefault(midnight.date(), found)
        for name, first in (("day", last), ("week", last - timedelta(days=6))):
            expected = [job.job_id for job in self.jobs.values() if job.is_in(first, last, midnight)]
            pages = [found[f"{name} {start}"] for start in range(0, 8, 2)]
            assert [job.job_id for page, _ in pages for job in page] == sorted(expected)
            assert {total for _, total in pages} == {len(expected)}
        shown = {name for name, job in self.jobs.items() if job.is_shown(midnight)}
        assert set(found["ids"]) - set(CODES) == shown

    async def _request_all(self, last: date, lists: JobListCache) -> dict[str, Any]:
        found: dict[str, Any] = {}
        async with self.scenario.database.connection() as connection:
            query = self._query(last, last)
            asked = reports.parse_by_ids(query, [*NAMES, *CODES])
            (by_ids,) = await reports.report_by_ids(connection, [asked])
            found["ids"] = {name: report.job for name, report in by_ids.items()}
            for name, first in (("day", last), ("week", last - timedelta(days=6))):
                for start in range(0, 8, 2):
                    page = await reports.report_by_range(
                        connection, self._query(first, last), start=start, count=2, lists=lists
                    )
                    found[f"{name} {start}"] = ([report.job for report in page.reports], page.total)
        return found

    def _query(self, first: date, last: date) -> ReportQuery:
        return ReportQuery(self.customer.child, first, last, None, self.now)


async def live(database: Database, steps: list[Step]) -> None:
    await clear(database)
    history = History(await set_up(database, 10**13, begins=BEGINS))
    await history.begin()
    for step in [*(("POST", name, number) for number, name in enumerate("abc")), ("WAIT", "", 9), *steps]:
        await history.take(step)
        await history.check()
    assert await history.scenario.breaches() == []


@few_or_many(2, 60)
def test_a_days_answers_do_not_change_whatever_happens(database_url: str, examples: int) -> None:
    with open_for_examples(database_url) as (runner, database):

        @settings(max_examples=examples)
        @given(steps=STEPS)
        def live_once(steps: list[Step]) -> None:
            runner.run(live(database, steps))

        live_once()


def _figures(report: JobReport) -> list[tuple[int, int, int]]:
    _, *counts = split_days(report.figures)
    return list(zip(*counts, strict=True))


async def test_a_closed_job_whose_only_charge_was_reversed_stays_with_zeros(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        history = History(scenario)
        await scenario.open_day(BEGINS)
        job_id = await scenario.post("a", now=BEGINS, budget_micros=BUDGET_MICROS)
        history.jobs["a"] = Job(job_id, BEGINS, is_member=False)
        await history.take(("CLICK", "a", 1))
        await history.take(("EXCLUDE", "a", 1))
        await history.take(("CLOSE", "a", 0))
        seen = []
        for _ in range(5):
            await history.take(("WAIT", "", 24))
            async with scenario.database.connection() as connection:
                asked = reports.parse_by_ids(history._query(BEGINS.date(), BEGINS.date()), ["a"])
                (found,) = await reports.report_by_ids(connection, [asked])
                page = await reports.report_by_range(
                    connection,
                    history._query(BEGINS.date(), BEGINS.date()),
                    start=0,
                    count=50,
                    lists=history.lists,
                )
            assert list(page.reports) == [found["a"]]
            seen.append((_figures(found["a"]), found["a"].spent_micros))
    charged, reversed_ = ([(0, 1, PRICE_MICROS)], PRICE_MICROS), ([(0, 0, 0)], 0)
    assert seen == [charged, charged, reversed_, reversed_, reversed_]


async def test_a_run_that_no_chore_has_ended_yet_is_reported_as_ended(database_url: str) -> None:
    """The chore that ends runs may be late; the answer of the day is the same before and after it."""
    async with open_scenario(database_url) as scenario:
        history = History(scenario)
        await scenario.post("a", now=BEGINS, budget_micros=BUDGET_MICROS)
        history.now = BEGINS + timedelta(days=33)
        last = history.now.date() - timedelta(days=1)
        before = await history._request_all(last, JobListCache())
        await scenario.open_day(history.now)
        await scenario.run_due(history.now)
        assert await history._request_all(last, JobListCache()) == before
        assert before["ids"]["a"].closed_at == BEGINS + timedelta(days=30)
        assert before["day 0"] == ([], 0)
        assert len(before["week 0"][0]) == 1
