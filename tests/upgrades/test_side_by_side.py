"""The previous release, from its kept wheel, serves a database beside this one: during an upgrade both are there for a while."""

import asyncio
import os
import subprocess
from contextlib import contextmanager

import httpx2
import psycopg
import pytest

from jobmeter.database.migrations_runner import list_migrations
from tests.support.sandbox_client import SandboxClient, make_event
from tests.support.server_process import WHOLE, start_sandbox_server
from tests.upgrades.release import list_releases
from tests.upgrades.story import LIVE
from tests.upgrades.test_upgrade import list_breaches

PREVIOUS = list_releases()[-1]
# They refuse to start on a schema with migrations that they do not know. From 0.3.0 on a release starts on what a newer one has added.
REFUSE_NEWER = {"0.1.0", "0.2.0"}
CHARGED = "6.00"  # of two clicks at each server


@pytest.fixture
def code(tmp_path):
    """The environment in which ``python -m jobmeter`` is the previous release."""
    return PREVIOUS.unpack(tmp_path / "code")


@contextmanager
def start(database_url, folder, **environment):
    folder.mkdir()
    PREVIOUS.write_credentials(folder)
    with (
        start_sandbox_server(database_url, folder, program=WHOLE, **environment) as credentials,
        httpx2.Client(base_url=credentials["base_url"], timeout=60) as client,
    ):
        yield SandboxClient(client, credentials)


def make_clicks(server, job_ids, name):
    """Two clicks on each job, at the time of the server's clock."""
    return [
        make_event(job_id, f"{name}-{job_id}-{number}", server.now_ms, type="applyClick")
        for job_id in job_ids
        for number in range(2)
    ]


def send(server, events):
    reply = server.send(events).json()
    return reply["accepted"], reply["duplicate"], reply["rejected"]


def read_clicks(server, names, days):
    """The figures of jobs, as the server reports them."""
    results = server.report_by_ids(*names, days=days).json()["results"]
    return {name: report["jobPerformanceMetrics"] for name, report in results.items()}


def test_the_previous_release_serves_beside_this_one(empty_database_url, tmp_path, code):
    PREVIOUS.load(empty_database_url)
    with (
        start(empty_database_url, tmp_path / "old", **code) as old,
        start(empty_database_url, tmp_path / "new") as new,
    ):
        # given a database that the new server has upgraded while the old one serves it
        day = old.now.date()
        jobs = {name: server.post_job(name) for name, server in (("by-old", old), ("by-new", new))}
        # when both receive clicks on jobs of either, and each one's batches again
        clicked = [PREVIOUS.jobs[LIVE], *jobs.values()]
        for name, server, other in (("old", old, new), ("new", new, old)):
            clicks = make_clicks(server, clicked, name)
            assert send(server, clicks) == (6, 0, 0)
            assert send(other, clicks) == (0, 6, 0)
        assert old.close_job("by-new")["status"] == 202
        assert new.close_job("by-old")["status"] == 202
        old.advance_to_midnight()
        # then both report the same, and settle it
        reports = [read_clicks(server, jobs, (day, day)) for server in (old, new)]
        assert reports[0] == reports[1]
        assert {name: one[0]["charge"]["amount"] for name, one in reports[0].items()} == dict.fromkeys(
            jobs, CHARGED
        )
        new.advance_to_midnight(days=4)
        assert read_clicks(old, jobs, (day, day)) == read_clicks(new, jobs, (day, day))
    assert asyncio.run(list_breaches(empty_database_url)) == []


def test_the_previous_release_is_started_again_on_the_newer_schema(empty_database_url, tmp_path, code):
    """Or says in one line that it cannot be: then it is replaced and not restarted during an upgrade."""
    PREVIOUS.load(empty_database_url)
    subprocess.run(
        [*WHOLE, "db", "upgrade", "--database-url", empty_database_url], check=True, capture_output=True
    )
    if PREVIOUS.version not in REFUSE_NEWER:
        with start(empty_database_url, tmp_path / "old", **code) as old:
            old.send_clicks(PREVIOUS.jobs[LIVE], 2)
        return
    ended = subprocess.run(
        [*WHOLE, "sandbox", "--port", "0", "--data", str(tmp_path), "--database-url", empty_database_url],
        env=os.environ | code,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    newest, _ = list_migrations()[-1]
    assert (ended.returncode, ended.stderr) == (
        1,
        f"jobmeter: The database has {newest}, which this version of Jobmeter does not know\n",
    )
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT max(name) FROM schema_migrations").fetchone() == (newest,)
