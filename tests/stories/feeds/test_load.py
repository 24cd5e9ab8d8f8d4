"""A feed is applied as a difference: jobs are created, changed, closed, kept on errors, or held back."""

import asyncio
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jobmeter.database.pool import Database
from jobmeter.integrity import flow as integrity
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.loading.flow import load_feed
from jobmeter.jobs.feeds.model import FeedPolicy, FeedReport, FeedRun, FeedRunOutcome
from jobmeter.jobs.postings import flow as jobs
from jobmeter.partners.applications import flow as partners
from tests.support.feed_documents import serialize_feed, serialize_job, serialize_jobs

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
SMALL = FeedPolicy(batch_jobs=7, warning_rows_max=12)


@dataclass(frozen=True)
class Scenario:
    """One feed of one application; ``day`` counts from the first load."""

    url: str
    runner: asyncio.Runner
    database: Database

    def load(
        self, content: bytes, *, day: int = 0, place: str = "file:///a", may_close_all: bool = False
    ) -> FeedRun:
        return self.runner.run(self._load(content, NOW + timedelta(days=day), place, may_close_all))

    async def _load(self, content: bytes, now: datetime, place: str, may_close_all: bool) -> FeedRun:
        async with self.database.transaction() as connection:
            application = await partners.find_application(connection, application_id=self.application_id)
            assert application is not None
            feed = await feeds.register_feed(
                connection, application=application, location=place, interval_minutes=None, now=now
            )
            if may_close_all:
                await feeds.request_run(connection, feed=feed, may_close_all=True, now=now)
                feed = await feeds.find_feed(connection, feed_id=feed.id)
        return await load_feed(self.database, feed=feed, file=io.BytesIO(content), now=now, policy=SMALL)

    @property
    def application_id(self) -> int:
        return self.ask("SELECT min(id) FROM applications")[0][0]

    def ask(self, statement: str) -> list[tuple]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def states(self) -> dict[str, list[str]]:
        """Returns the states of each partner job id's postings, oldest first."""
        found: dict[str, list[str]] = {}
        for name, state in self.ask("SELECT external_id, state FROM job_postings ORDER BY job_id"):
            found.setdefault(name, []).append(state)
        return found

    def report(self) -> FeedReport:
        async def read() -> FeedReport:
            async with self.database.connection() as connection:
                feed = (await feeds.list_feeds(connection, after=0, rows_max=9))[0]
                return await feeds.read_report(connection, feed=feed, after=-1, rows_max=100)

        return self.runner.run(read())

    def check_laws(self) -> None:
        async def check() -> list[str]:
            async with self.database.transaction() as connection:
                return [found.law for found in await integrity.check_laws(connection) if found.breaches]

        assert self.runner.run(check()) == []


@pytest.fixture
def scenario(database_url: str) -> Iterator[Scenario]:
    with asyncio.Runner() as runner:

        async def begin() -> Database:
            database = await Database.open(database_url, connections_max=3)
            async with database.transaction() as connection:
                await partners.create_parent(connection, name="Feeder", now=NOW)
            return database

        database = runner.run(begin())
        yield Scenario(database_url, runner, database)
        runner.run(database.close())


def test_a_first_load_creates_live_jobs_without_a_price(scenario):
    run = scenario.load(serialize_feed(serialize_jobs(30)))
    assert (run.outcome, run.jobs, run.created, run.failed) == (FeedRunOutcome.DONE, 30, 30, 0)
    rows = scenario.ask(
        "SELECT state, channel, job_postings.job_id % 256 = shard, content ->> 'application_url' = apply_url, "
        "click_price_micros, budget_micros, live_until_ms = extract(epoch FROM expires_at) * 1000 "
        "FROM job_postings JOIN job_budgets USING (shard, job_id)"
    )
    assert rows == [("LIVE", "FEED", True, True, 0, 0, True)] * 30
    scenario.check_laws()


@pytest.mark.long
def test_the_events_of_a_job_count_only_while_it_is_for_the_public(scenario):
    """The window of a job that was private was once open from each of its changes to the next."""
    windows = "SELECT live_from_ms < live_until_ms FROM job_budgets"
    opened = "SELECT live_from_ms = floor(extract(epoch FROM created_at) * 1000) FROM job_budgets JOIN job_postings USING (shard, job_id)"

    def load(day, availability, title):
        job = serialize_job("a", jobPostingAvailability=availability, title=title)
        scenario.load(serialize_feed([job]), day=day)
        scenario.check_laws()
        return scenario.ask(windows)

    assert load(0, "INTERNAL", "First") == [(False,)]
    assert load(1, "INTERNAL", "Second") == [(False,)]
    assert load(2, "PUBLIC", "Third") == [(True,)]
    assert scenario.ask(opened) == [(True,)]
    assert load(3, "PRIVATE_TO_ATS_INTEGRATION", "Third") == [(False,)]
    assert load(4, "", "Fourth") == [(True,)]


def test_an_unchanged_reload_writes_no_job(scenario):
    scenario.load(serialize_feed(serialize_jobs(30)))
    before = scenario.ask("SELECT job_id, xmin::text FROM job_postings ORDER BY 1")
    run = scenario.load(serialize_feed(serialize_jobs(30)), day=1)
    assert (run.unchanged, run.created, run.updated, run.closed) == (30, 0, 0, 0)
    assert scenario.ask("SELECT job_id, xmin::text FROM job_postings ORDER BY 1") == before


def test_a_job_is_known_by_its_fields_or_by_its_element(scenario):
    # given jobs that a server of version 0.2.0 loaded, which stored the fingerprint of their fields alone, and others whose
    # fingerprint is another
    scenario.load(serialize_feed(serialize_jobs(30)))
    changed = scenario.ask(
        "UPDATE feed_jobs SET fingerprint = CASE WHEN partner_job_id < 'j2' THEN substr(fingerprint, 1, 16) "
        "ELSE decode(repeat('00', 16), 'hex') || substr(fingerprint, 17) END RETURNING octet_length(fingerprint)"
    )
    assert set(changed) == {(16,), (32,)}
    # when the feed has not changed
    run = scenario.load(serialize_feed(serialize_jobs(30)), day=1)
    # then no job has
    assert (run.unchanged, run.updated) == (30, 0)


def test_a_change_is_applied_and_the_job_keeps_its_id(scenario):
    scenario.load(serialize_feed(serialize_jobs(10)))
    before = scenario.ask("SELECT job_id FROM job_postings WHERE external_id = 'j3'")
    changed = [*serialize_jobs(10)[:3], serialize_job("j3", title="Rigger"), *serialize_jobs(10)[4:]]
    run = scenario.load(serialize_feed(changed), day=1)
    assert (run.updated, run.unchanged) == (1, 9)
    assert scenario.ask("SELECT job_id FROM job_postings WHERE title = 'Rigger' AND revision = 1") == before


def test_an_omitted_job_is_closed_and_returns_as_a_new_one(scenario):
    scenario.load(serialize_feed(serialize_jobs(10)))
    run = scenario.load(serialize_feed(serialize_jobs(9)), day=1)
    ended = scenario.ask(
        "SELECT state, closed_at, live_until_ms FROM job_postings JOIN job_budgets USING (shard, job_id) "
        "WHERE external_id = 'j9'"
    )
    day_after = NOW + timedelta(days=1)
    assert run.closed == 1
    assert ended == [("CLOSED", day_after, int(day_after.timestamp()) * 1000)]
    assert scenario.load(serialize_feed(serialize_jobs(10)), day=2).created == 1
    assert scenario.states()["j9"] == ["CLOSED", "LIVE"]
    scenario.check_laws()


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"description": "short"}, "job/description"),
        ({"applyUrl": "javascript:alert(1)"}, "job/applyUrl"),
        ({"expirationDate": "05/03/2026"}, "job/expirationDate"),
    ],
)
def test_a_job_with_an_error_is_unchanged_and_read_again(scenario, changed, path):
    scenario.load(serialize_feed(serialize_jobs(10)))
    run = scenario.load(serialize_feed([*serialize_jobs(9), serialize_job("j9", **changed)]), day=1)
    (error,) = scenario.report().errors
    assert (run.failed, run.closed, run.unchanged) == (1, 0, 9)
    assert (error.index, error.partner_job_id, error.path) == (9, "j9", path)
    assert scenario.states()["j9"] == ["LIVE"]
    # Once corrected it is written again, although it equals its first version.
    assert scenario.load(serialize_feed(serialize_jobs(10)), day=2).updated == 1
    assert scenario.report().errors == ()


def test_a_repeated_id_is_an_error_of_the_second_job(scenario):
    run = scenario.load(serialize_feed([serialize_job("same"), serialize_job("same", title="Other")]))
    assert (run.created, run.failed) == (1, 1)
    assert scenario.report().errors[0].index == 1


def test_an_id_of_another_feed_stays_with_that_feed(scenario):
    scenario.load(serialize_feed(serialize_jobs(3)))
    run = scenario.load(serialize_feed(serialize_jobs(4)), place="file:///b")
    assert (run.created, run.failed) == (1, 3)
    assert scenario.states() == {f"j{number}": ["LIVE"] for number in range(4)}


@pytest.mark.parametrize(
    ("left", "outcome", "closed"), [(160, FeedRunOutcome.DONE, 40), (159, FeedRunOutcome.STOPPED, 0)]
)
def test_at_most_a_fifth_of_the_jobs_may_close_at_once(scenario, left, outcome, closed):
    scenario.load(serialize_feed(serialize_jobs(200)))
    run = scenario.load(serialize_feed(serialize_jobs(left)), day=1)
    assert (run.outcome, run.closed, run.closed + run.held_back) == (outcome, closed, 200 - left)
    assert scenario.ask("SELECT count(*) FROM job_postings WHERE state = 'LIVE'") == [(200 - closed,)]


def test_twenty_jobs_may_always_close_and_the_operator_may_close_all(scenario):
    scenario.load(serialize_feed(serialize_jobs(50)))
    assert scenario.load(serialize_feed(serialize_jobs(30)), day=1).closed == 20
    assert scenario.load(serialize_feed(serialize_jobs(5)), day=2).outcome is FeedRunOutcome.STOPPED
    assert scenario.load(serialize_feed([]), day=2).outcome is FeedRunOutcome.STOPPED
    assert scenario.load(serialize_feed([]), day=3, may_close_all=True).closed == 30
    scenario.check_laws()


@pytest.mark.parametrize(
    "content",
    [
        serialize_feed([]),
        b"<source/>",
        b"<source><jobs/></source>",
        b"<rss><channel/></rss>",
        b"[]",
        serialize_feed([], "<expectedJobCount>5</expectedJobCount>"),
        serialize_feed(serialize_jobs(3), "<expectedJobCount>5</expectedJobCount>"),
        serialize_feed([serialize_job(f"j{number}", description="short") for number in range(5)]),
        serialize_feed([serialize_job("new", description="short")]),
        serialize_feed(serialize_jobs(3)).replace(b"<source>", b"<source><jobs>").replace(b"</source>", b"</jobs></source>"),
    ],
)  # fmt: skip
def test_a_document_in_doubt_closes_nothing_however_few_jobs_are_live(scenario, content):
    scenario.load(serialize_feed(serialize_jobs(5)))
    run = scenario.load(content, day=1)
    assert (run.outcome, run.closed) == (FeedRunOutcome.STOPPED, 0)
    assert "none" in run.message
    assert scenario.states() == {f"j{number}": ["LIVE"] for number in range(5)}


@pytest.mark.parametrize("shape", ["source/jobs/job", "jobs/job", "listing/entry"])
def test_a_feed_of_another_shape_is_loaded_again_as_it_is(scenario, shape):
    """A published format once came to no job at all, and all live jobs were closed."""
    *outer, inner = shape.split("/")
    body = "".join(serialize_jobs(5)).replace("<job>", f"<{inner}>").replace("</job>", f"</{inner}>")
    content = (
        "".join(f"<{name}>" for name in outer) + body + "".join(f"</{name}>" for name in reversed(outer))
    )
    first = scenario.load(content.encode())
    again = scenario.load(content.encode(), day=1)
    assert (first.created, first.shape, again.unchanged, again.closed) == (5, shape, 5, 0)


def test_a_feed_that_shows_its_newest_jobs_closes_none(scenario):
    def serialize_page(first: int) -> bytes:
        jobs = [serialize_job(f"j{first + number}").replace("job>", "item>") for number in range(10)]
        return f"<rss><channel>{''.join(jobs)}</channel></rss>".encode()

    scenario.load(serialize_page(0))
    run = scenario.load(serialize_page(10), day=1)
    assert (run.outcome, run.created, run.closed) == (FeedRunOutcome.DONE, 10, 0)
    assert scenario.ask("SELECT count(*) FROM job_postings WHERE state = 'LIVE'") == [(20,)]


def test_a_feed_of_changes_closes_what_it_says(scenario):
    scenario.load(serialize_feed(serialize_jobs(5)))
    changes = [
        serialize_job("j1", action="delete"),
        serialize_job("j7"),
        serialize_job("j9", action="delete"),
    ]
    run = scenario.load(serialize_feed(changes, "<isfullfeed>false</isfullfeed>"), day=1)
    assert (run.outcome, run.created, run.closed) == (FeedRunOutcome.DONE, 1, 1)
    assert scenario.states()["j1"] == ["CLOSED"]
    assert scenario.ask("SELECT count(*) FROM job_postings WHERE state = 'LIVE'") == [(5,)]
    scenario.check_laws()


def test_what_came_before_a_break_is_carried_out_with_its_errors(scenario):
    jobs = serialize_jobs(100)
    jobs[30] = serialize_job("j30", description="short")
    jobs[60] = serialize_job("j60", title="Fitter&nbsp;60")
    run = scenario.load(serialize_feed(jobs))
    assert (run.outcome, run.created, run.failed) == (FeedRunOutcome.MALFORMED, 59, 1)
    assert "Entity 'nbsp' not defined, line 1, column" in run.message
    assert [error.partner_job_id for error in scenario.report().errors] == ["j30"]


def test_a_feed_that_is_cut_off_keeps_every_whole_job(scenario):
    whole = serialize_feed(serialize_jobs(50))
    run = scenario.load(whole[: whole.rindex(b"<job>") + 40])
    assert (run.outcome, run.created) == (FeedRunOutcome.MALFORMED, 49)


def test_warnings_stay_in_the_report_while_their_job_is_unchanged(scenario):
    jobs = serialize_jobs(5)
    jobs[3] = serialize_job("j3", expirationDate="soon", jobtype="gig", priority="1")
    first = scenario.load(serialize_feed(jobs))
    again = scenario.load(serialize_feed([serialize_job("new"), *jobs]), day=1)
    assert (first.created, first.warned, first.failed) == (5, 1, 0)
    assert (again.unchanged, again.warned) == (5, 1)
    assert again.notes == ("job/priority is not used (1 jobs, first: 4)",)
    (row,) = scenario.report().errors
    assert (row.index, row.partner_job_id, row.title, row.is_error) == (4, "j3", "Fitter j3", False)
    assert [flaw.path for flaw in row.flaws] == ["job/jobtype", "job/expirationDate"]
    jobs[3] = serialize_job("j3")
    assert scenario.load(serialize_feed(jobs), day=2).warned == 0
    assert scenario.report().errors == ()


def test_rows_of_warnings_are_limited_and_all_are_counted(scenario):
    jobs = [serialize_job(f"j{number}", country="Atlantis") for number in range(20)]
    run = scenario.load(serialize_feed(jobs))
    assert (run.created, run.warned, len(scenario.report().errors)) == (20, 20, SMALL.warning_rows_max)


def test_nothing_in_a_feed_prices_a_job(scenario):
    before = scenario.ask("SELECT count(*) FROM ledger_postings")
    scenario.load(serialize_feed([serialize_job("j0", cpc="0.30", bid="1", budget="500", sponsored="yes")]))
    assert scenario.ask("SELECT count(*) FROM ledger_postings") == before
    assert scenario.ask("SELECT click_price_micros, budget_micros FROM job_budgets") == [(0, 0)]


def test_a_truncated_feed_closes_nothing(scenario):
    scenario.load(serialize_feed(serialize_jobs(30)))
    whole = serialize_feed(serialize_jobs(30))
    run = scenario.load(whole[: len(whole) * 29 // 30], day=1)
    assert (run.outcome, run.closed) == (FeedRunOutcome.MALFORMED, 0)
    assert run.message
    assert set(map(tuple, scenario.states().values())) == {("LIVE",)}


def test_a_job_is_renewed_while_it_is_in_the_feed_until_its_own_expiry(scenario):
    content = serialize_feed([serialize_job("stays"), serialize_job("ends", expirationDate="2026-05-10")])
    scenario.load(content)
    assert scenario.load(content, day=119).updated == 0
    assert scenario.load(content, day=120).updated == 1

    async def expire() -> None:
        async with scenario.database.transaction() as connection:
            await jobs.expire_jobs(connection, rows_max=10, now=NOW + timedelta(days=200))

    scenario.runner.run(expire())
    assert scenario.states() == {"stays": ["LIVE"], "ends": ["EXPIRED"]}
    scenario.check_laws()
