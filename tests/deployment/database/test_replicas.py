"""Reads from a streaming standby: within a bound that the response states, and from the database where it is behind or away."""

import asyncio
import json
import shutil
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from jobmeter.api.routes import ENDPOINTS
from jobmeter.cli.main import main
from jobmeter.database.connection import Tenant
from jobmeter.database.embedded import start_embedded
from jobmeter.database.pool import Database
from jobmeter.database.postmaster.process import stop_postmaster
from jobmeter.database.rows import list_scalars
from jobmeter.http.pipeline import STALENESS_HEADER
from jobmeter.operations.programs import CONNECTION, run_program
from jobmeter.operations.restoring import OF_THE_RUNNING_SERVER
from jobmeter.replicas.flow import ReplicaWatch
from jobmeter.telemetry.metrics.series import OF_THIS_PROCESS
from tests.deployment.serving import wait_until
from tests.support.sandbox_client import bearer, open_sandbox_client

PATIENCE_SECONDS = 30
CURRENT = {"Cache-Control": "no-cache"}
# The user who runs the servers need have no name, by which the operating system would vouch for them.
TRUSTED = "local replication postgres trust\n"


def url_in(server, name):
    return server.url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replicated")
    with running(folder / "primary") as primary:
        hosts = primary.folder / "pg_hba.conf"
        hosts.write_text(TRUSTED + hosts.read_text())
        execute(primary.url, "SELECT pg_reload_conf()")
        copy = folder / "standby" / "postgresql"
        copy.parent.mkdir()
        run_program("pg_basebackup", [*CONNECTION, "--pgdata", copy, "-R", "--no-password"], url=primary.url)
        for name in OF_THE_RUNNING_SERVER:
            (copy / name).unlink(missing_ok=True)
        (copy / "postgresql.auto.conf").write_text(
            f"primary_conninfo = 'host={primary.folder} user=postgres'\n"
        )
        with running(folder / "standby") as standby:
            yield primary, standby
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(folder):
    server = start_embedded(folder, durable=False)
    try:
        yield server
    finally:
        server.stop()


def execute(url, statement, *values):
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(statement, values)
        return found.fetchall() if found.description else []


@dataclass(frozen=True)
class Urls:
    """A new database, on both servers."""

    primary: str
    standby: str


@pytest.fixture
def urls(servers, request):
    primary, standby = servers
    name = f"test_{abs(hash(request.node.name))}"
    execute(primary.url, f"CREATE DATABASE {name}")
    made = Urls(url_in(primary, name), url_in(standby, name))
    asyncio.run(open_once(made.primary))
    wait_for_replay(made)
    yield made
    execute(standby.url, "SELECT pg_wal_replay_resume()")


async def open_once(url):
    """The first process that opens a database writes its schema and the rights of its tenants."""
    async with Database.opened(url, connections_max=1):
        pass


def wait_for_replay(urls):
    ((written,),) = execute(urls.primary, "SELECT pg_current_wal_insert_lsn()")
    wait_until(
        lambda: execute(urls.standby, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", written) == [(True,)],
        NoLog(),
    )


@dataclass(frozen=True)
class NoLog:
    """What a wait that fails prints."""

    def read_text(self):
        return "it did not come to that"


@contextmanager
def reading(urls, seconds_max):
    with open_sandbox_client(
        urls.primary, replica_url=urls.standby, replica_stale_seconds_max=seconds_max
    ) as opened:
        yield opened


def list_jobs(sandbox_client, **headers):
    answer = sandbox_client.client.get("/partner/jobs", headers=bearer(sandbox_client.token()) | {**headers})
    assert answer.status_code == 200, answer.text
    return {one["externalJobPostingId"] for one in answer.json()["elements"]}, answer.headers.get(
        STALENESS_HEADER
    )


def wait_for_list(sandbox_client, jobs, **headers):
    wait_until(lambda: list_jobs(sandbox_client, **headers)[0] == jobs, NoLog())


def wait_for_replica(sandbox_client):
    wait_until(lambda: list_jobs(sandbox_client)[1] is not None, NoLog())


def test_reports_and_exports_are_read_from_the_replica_and_say_so(urls):
    with reading(urls, seconds_max=30) as sandbox_client:
        day, job_id = sandbox_client.now.date(), sandbox_client.post_job("fitter")
        sandbox_client.send_clicks(job_id, 3)
        sandbox_client.advance_to_midnight()
        wait_for_replay(urls)
        wait_for_replica(sandbox_client)
        days = (day, day)
        answers = [
            sandbox_client.report_by_ids("fitter", days=days),
            sandbox_client.report_by_range(days),
            sandbox_client.budget(),
            *(
                sandbox_client.client.get(path, headers=bearer(sandbox_client.token()))
                for path in ("/partner/exports/jobReports?format=csv", "/partner/reportDays")
            ),
        ]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert all(0 <= int(answer.headers[STALENESS_HEADER]) <= 30 for answer in answers)
    assert [
        row["charge"]["amount"] for row in answers[0].json()["results"]["fitter"]["jobPerformanceMetrics"]
    ] == ["4.50"]
    assert "4.50" in answers[3].text


def test_within_the_bound_it_may_be_behind_unless_the_caller_wants_what_is_current(urls):
    with reading(urls, seconds_max=30) as sandbox_client:
        sandbox_client.post_job("before")
        wait_for_list(sandbox_client, {"before"})
        wait_for_replica(sandbox_client)
        execute(urls.standby, "SELECT pg_wal_replay_pause()")
        sandbox_client.post_job("after")  # its task is read from the database
        wait_for_list(sandbox_client, {"before", "after"}, **CURRENT)
        assert list_jobs(sandbox_client, **CURRENT) == ({"before", "after"}, None)
        behind, staleness = list_jobs(sandbox_client)
        assert (behind, int(staleness) <= 30) == ({"before"}, True)


def test_beyond_the_bound_the_database_answers_until_it_has_caught_up(urls):
    with reading(urls, seconds_max=1) as sandbox_client:
        sandbox_client.post_job("before")
        wait_for_replica(sandbox_client)
        execute(urls.standby, "SELECT pg_wal_replay_pause()")
        sandbox_client.post_job("after")
        beyond = time.monotonic() + 1  # until then an answer without it is within the bound
        expected = ({"before", "after"}, None)
        wait_until(lambda: list_jobs(sandbox_client) == expected and time.monotonic() > beyond, NoLog())
        for _ in range(5):
            assert list_jobs(sandbox_client) == ({"before", "after"}, None)
        execute(urls.standby, "SELECT pg_wal_replay_resume()")
        wait_for_replica(sandbox_client)
        wait_for_list(sandbox_client, {"before", "after"})


def test_no_request_fails_while_it_goes_away_and_comes_back(servers, urls):
    _, standby = servers
    with reading(urls, seconds_max=30) as sandbox_client:
        sandbox_client.post_job("fitter")
        wait_for_list(sandbox_client, {"fitter"})
        wait_for_replica(sandbox_client)
        stop_postmaster(standby.folder)
        found = [list_jobs(sandbox_client) for _ in range(10)]
        assert found == [({"fitter"}, None)] * 10
        standby.start_again()
        wait_for_replica(sandbox_client)


def test_without_its_server_a_start_succeeds(urls):
    away = Urls(urls.primary, "postgresql://127.0.0.1:1/none")
    with reading(away, seconds_max=30) as sandbox_client:
        sandbox_client.post_job("fitter")
        wait_for_list(sandbox_client, {"fitter"})
        assert list_jobs(sandbox_client)[1] is None


@asynccontextmanager
async def both_opened(primary_url, replica_url):
    async with Database.opened(primary_url, connections_max=2) as primary:
        replica = await primary.open_replica(replica_url, connections_max=2, wait_seconds=10, prepares=True)
        try:
            yield primary, replica
        finally:
            await replica.close()


async def find_staleness(primary_url, replica_url):
    async with both_opened(primary_url, replica_url) as (primary, replica):
        watch = ReplicaWatch(primary, replica, seconds_max=30)
        await watch.look()
        return watch.find_staleness()


class WatchOfOneAway(ReplicaWatch):
    """Of a replica that can be looked at until ``is_away``."""

    is_away = False

    async def look(self):
        if self.is_away:
            raise PoolTimeout("away")
        await super().look()


async def test_how_far_behind_it_is_is_known_while_it_is_away(urls):
    seconds = [100.0]
    async with both_opened(urls.primary, urls.standby) as (primary, replica):
        watch = WatchOfOneAway(primary, replica, seconds_max=30, read_seconds=lambda: seconds[0])
        seconds[0] = 107.0
        assert (watch.find_staleness(), watch.find_seconds_behind()) == (None, 7.0)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while watch.find_staleness() is None:
                await watch.look()
                await asyncio.sleep(0.05)
        assert watch.find_seconds_behind() == 0.0

        watch.is_away, seconds[0] = True, 150.0
        watching = asyncio.create_task(watch.watch())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while OF_THIS_PROCESS.get_sample_value("jobmeter_replica_behind_seconds") != 43.0:  # noqa: ASYNC110 -- it has no event
                await asyncio.sleep(0.05)
        watching.cancel()
        assert watch.find_staleness() is None


def test_a_tenant_sees_nothing_of_others_there_either(urls):
    with reading(urls, seconds_max=30) as sandbox_client:
        sandbox_client.post_job("fitter")
    wait_for_replay(urls)
    assert asyncio.run(count_jobs(urls)) == {"all": 1, "nobody's": 0}


async def count_jobs(urls):
    async with both_opened(urls.primary, urls.standby) as (_, replica):
        of_nobody = replica.of_tenant(Tenant(application_id=0, partner_id=0))
        found = {}
        for name, database in (("all", replica), ("nobody's", of_nobody)):
            async with database.snapshot() as connection:
                (found[name],) = await list_scalars(connection, int, "SELECT count(*) FROM job_postings")
        return found


async def test_a_server_that_is_no_replica_or_that_of_another_database_answers_nothing(
    urls, database_url, empty_database_url
):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await find_staleness(urls.primary, urls.standby) is None:  # noqa: ASYNC110 -- a look itself may write
            await asyncio.sleep(0.05)
    assert await find_staleness(urls.primary, urls.primary) is None  # as one that has taken over
    assert await find_staleness(database_url, urls.standby) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("standby", "it is at most 3 s behind the database"),
        ("primary", "the replica is more than 3 s behind, or a copy of another database"),
        ("nobody", "the replica cannot be reached"),
    ],
)
def test_the_doctor_says_whether_the_replica_follows(urls, monkeypatch, capsys, name, text):
    monkeypatch.setenv("JOBMETER_REPLICA_URL", getattr(urls, name, "postgresql://nobody@127.0.0.1:1/none"))
    monkeypatch.setenv("JOBMETER_REPLICA_STALE_SECONDS_MAX", "3")
    with pytest.raises(SystemExit):
        main(["doctor", "--json", "--database-url", urls.primary])
    findings = json.loads(capsys.readouterr().out)["findings"]
    (found,) = [one for one in findings if one["subject"] == "replica"]
    assert found["text"].startswith(text)
    assert (found["grade"] == "good") == (name == "standby") == (found["remedy"] == "")


def test_what_a_replica_may_answer_is_only_read_and_promises_nothing_of_a_moment_ago():
    stale = {(one.method, one.path) for one in ENDPOINTS if one.may_be_stale}
    assert {one.verb for one in ENDPOINTS if one.may_be_stale} == {"GET"}
    assert {path for _, path in stale if not path.startswith("/partner/exports/")} == {
        "/rest/partnerJobReports",
        "/rest/partnerBudgetReports",
        "/partner/jobs",
        "/partner/reportDays",
    }
